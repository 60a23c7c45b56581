"""Section 4 on images made by hand: each control fails on the flaw that it names, and no secret is stored."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts import Facts, images
from hullcheck.facts.host.accounts import Accounts, Group, User
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.images import Image
from hullcheck.facts.images.contents.probe import IMAGE_CONTENTS
from hullcheck.facts.images.installs import installers, unverified
from hullcheck.facts.images.package_managers import Act, act
from hullcheck.facts.images.probe import IMAGES
from hullcheck.facts.images.secrets import masked_step
from hullcheck.facts.images.steps import Step
from hullcheck.facts.images.trust import CONTENT_TRUST, ContentTrust, Setting
from hullcheck.facts.images.updates import left_alone
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy, PolicyError
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.secrets import kinds, masked
from hullcheck.verdicts import EvidenceError
from selftests.kit.judging import judged

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
ID = "ab" * 32
LAYERS = ["sha256:" + "01" * 32]
BASE = "/bin/sh -c #(nop) ADD file:8582af4daeaf0680 in / "


def image(identifier: str = ID, **more: Any) -> dict[str, Any]:
    """An image as the engine describes it."""
    config = {"Env": ["PATH=/bin"], "Labels": None, "Healthcheck": {"Test": ["CMD", "true"]}}
    document = {
        "Id": f"sha256:{identifier}",
        "RepoTags": ["web:1"],
        "RepoDigests": [],
        "Created": "2026-06-20T12:00:00.5Z",
        "Os": "linux",
        "Architecture": "amd64",
        "RootFS": {"Layers": LAYERS},
        "Config": config | more.pop("config", {}),
    }
    return document | more


def stored(*steps: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    """An image's configuration as the engine stores it."""
    history = [each if isinstance(each, dict) else {"created_by": each} for each in steps]
    document = {"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": LAYERS}, "history": history}
    return document | more


def output(
    images: Sequence[dict[str, Any]], files: dict[str, dict[str, Any]], listed: Sequence[str] = ()
) -> str:
    """What the probe prints on a target."""
    ids = listed or [each["Id"] for each in images]
    lines = [*ids, *(f"image {json.dumps(each)}" for each in images), "--blobs"]
    lines += [f"{digest}:{line}" for digest, file in files.items() for line in json.dumps(file).split("\n")]
    return "\n".join((*lines, ""))


def facts_of(
    text: str, policy: Policy | None = None, status: int = 0, stderr: str = "", keys: Sequence[str] = ()
) -> Facts:
    """The facts of a target that answered so, as they are after a look at the stored recording.

    Args:
        keys: the files in each image that are named as keys are.
    """
    answer = Answer(IMAGES.name, status, IMAGES.keep(text), stderr)
    inside = {"Special": [], "Capable": [], "Packages": [], "Databases": [], "Tools": [], "Keys": list(keys)}
    ids = [line for line in text.split("\n") if line.startswith("sha256:")]
    contents = "\n".join(json.dumps({"Id": each} | inside) for each in ids)
    answers = {IMAGES.name: answer, IMAGE_CONTENTS.name: Answer(IMAGE_CONTENTS.name, 0, contents, "")}
    recording = Recording("host", "local", answers, gathered=NOW.timestamp())
    return Facts(recording, policy or Policy(), engine=object())


def used(target: Facts, containers: Subjects[Any]) -> Facts:
    """The same target with these containers."""
    return Facts(target.recording, target.policy, engine=object(), container=containers)


def facts(*steps: str | dict[str, Any], policy: Policy | None = None, **more: Any) -> Facts:
    """The facts of a target with one image."""
    return facts_of(output([image(**more)], {ID: stored(*(steps or (BASE,)))}), policy)


def verdict(number: str, target: Facts) -> tuple[str, str]:
    """Verdict and reason on the one image."""
    (found,) = judged(number, target).values()
    return found


# ---- the fact


def only(target: Facts) -> Image:
    """The one image."""
    ((_, found),) = target.image
    return found


def test_image_is_read() -> None:
    """An image has its names, its time and its steps, and goes by its first tag or its short id."""
    found = only(facts(BASE, "CMD x", RepoTags=["web:2", "app:1"], RepoDigests=["r.io/a@sha256:12"]))
    assert (found.id, found.name, found.tags) == (f"sha256:{ID}", "app:1", ("app:1", "web:2"))
    assert (found.origins, found.healthcheck, found.variables) == (("r.io/a",), "CMD", ("PATH",))
    assert [each.keyword for each in found.steps] == ["ADD", "CMD"]
    assert found.days_old == pytest.approx(10, abs=0.01)
    assert only(facts(RepoTags=None)).name == "abababababab"
    assert only(facts(RepoTags=["<none>:<none>"])).name == "abababababab"


def test_image_between_is_passed_over() -> None:
    """What has no name and is only what another was built from is not judged by itself."""
    parent = image("cd" * 32, RepoTags=[])
    target = facts_of(output([image(Parent=parent["Id"]), parent], {}))
    assert [name for name, _ in target.image] == ["web:1"]
    assert len(facts_of(output([image(), parent], {})).image.named) == 2


def test_image_that_lost_its_name() -> None:
    """What another was built from is judged where a container was made from it, or a registry knows it."""
    parent = image("cd" * 32, RepoTags=[])
    target = facts_of(output([image(Parent=parent["Id"]), parent], {}))

    configuration = SimpleNamespace(image_id=parent["Id"], creation_time="2026-10-01T00:00:00Z")
    old = SimpleNamespace(configuration=configuration)
    target = used(target, Subjects("container", (("old", old),)))
    assert {name: found.used_by for name, found in target.image} == {"web:1": (), "cdcdcdcdcdcd": ("old",)}
    known = parent | {"RepoDigests": ["debian@sha256:12"]}
    target = facts_of(output([image(Parent=parent["Id"]), known], {}))
    assert [name for name, _ in target.image] == ["cdcdcdcdcdcd", "web:1"]


def test_history_in_the_store_of_containerd() -> None:
    """An index leads to manifests, and these to the history of the machine that the engine describes."""
    index, manifests = ID, ["cd" * 32, "ef" * 32]
    files: dict[str, dict[str, Any]] = {
        index: {"manifests": [{"digest": f"sha256:{each}"} for each in manifests]},
        manifests[0]: {"config": {"digest": "sha256:" + "12" * 32}, "layers": [{"digest": "sha256:99"}]},
        manifests[1]: {"config": {"digest": "sha256:" + "34" * 32}},
        "12" * 32: stored("RUN a"),
        "34" * 32: stored("RUN b", architecture="arm64"),
    }
    assert only(facts_of(output([image()], files))).steps[0].text == "RUN a"
    assert only(facts_of(output([image(Architecture="arm64")], files))).steps[0].text == "RUN b"
    for missing in (index, manifests[0], "12" * 32):
        rest = {digest: file for digest, file in files.items() if digest != missing}
        with pytest.raises(EvidenceError, match="history could not be read"):
            assert only(facts_of(output([image()], rest))).steps


def test_history_that_the_engine_was_asked() -> None:
    """It comes with the last step first; no layer says how an empty step came about."""
    steps = [
        {"created_by": "CMD x", "comment": "", "size": "0B"},
        {"created_by": BASE, "comment": "", "size": "2MB"},
    ]
    text = output([image()], {}) + "\n".join((f"history sha256:{ID}", *map(json.dumps, steps), ""))
    assert [each.keyword for each in only(facts_of(text)).steps] == ["ADD", "CMD"]
    for damaged in (text.replace('"comment": ""', '"comment', 1), text.partition('{"created')[0]):
        with pytest.raises(EvidenceError):
            assert only(facts_of(damaged)).steps
    silent = text.replace(json.dumps(BASE), '""')
    assert [each.silent for each in only(facts_of(silent)).steps] == [True, False]


@pytest.mark.parametrize(
    ("text", "status", "stderr"),
    [
        ("", 1, "Cannot connect to the Docker daemon"),
        (f"sha256:{ID}\n--blobs\n", 0, ""),
        (f'sha256:{ID}\nimage {{"Id":"sha256:{ID}","Config":{{}}}}\n--blobs\n', 0, ""),
        (f"sha256:{ID}\nimage 5\n--blobs\n", 0, ""),
        (output([image()], {}), 1, "permission denied"),
        (output([image()], {}), 1, "Error: No such image: sha256:cd\npermission denied"),
    ],
)
def test_answers_that_cannot_be_judged(text: str, status: int, stderr: str) -> None:
    """A failed probe, an image that is not described and a description that is cut off are errors."""
    with pytest.raises(EvidenceError):
        assert facts_of(text, status=status, stderr=stderr).image


def test_images_that_are_gone_or_were_never_there() -> None:
    """An image that went away meanwhile is passed over; none at all is not applicable."""
    listed = [f"sha256:{ID}", f"sha256:{'cd' * 32}"]
    text = output([image()], {}, listed)
    gone = f"Error response from daemon: No such image: {listed[1]}"
    assert [name for name, _ in facts_of(text, status=1, stderr=gone).image] == ["web:1"]
    with pytest.raises(EvidenceError, match="does not describe"):
        assert facts_of(text).image
    assert judged("4.6", facts_of("")) == {"host": ("not applicable", "the engine has no image")}


@pytest.mark.parametrize("number", ["4.7", "4.9", "4.10", "4.11"])
def test_history_that_is_missing(number: str) -> None:
    """Without the history nothing is judged by it; where no step says anything a person is asked."""
    unread = facts_of(output([image()], {}))
    assert verdict(number, unread) == ("error", "its history could not be read")
    assert verdict(number, facts({"created_by": "", "comment": "Imported from -"}))[0] == "manual"
    assert verdict(number, facts_of(output([image()], {ID: stored()})))[0] == "manual"
    assert verdict(number, facts({"created_by": "", "comment": "Imported from -"}, "RUN true"))[0] == "pass"


@pytest.mark.parametrize("number", ["4.7", "4.10", "4.11"])
def test_step_that_is_not_told(number: str) -> None:
    """A script of BuildKit's, a container that was worked in by hand, and a layer without words."""
    for step in ("RUN /bin/sh -c /dev/pipes/EOF # buildkit", "bash", "/bin/sh", {"created_by": ""}):
        assert verdict(number, facts(BASE, step))[0] == "manual"
    for told in ("RUN true", {"created_by": "", "empty_layer": True}):
        assert verdict(number, facts(BASE, told))[0] == "pass"
    squashed = {"created_by": "", "comment": "merge sha256:12 to sha256:34"}
    assert verdict(number, facts(BASE, squashed))[0] == "pass"


def test_users_of_an_image_are_named() -> None:
    """Where containers are known, a flaw says who uses the image."""
    target = facts(config={"Healthcheck": None})
    configuration = SimpleNamespace(image_id=f"sha256:{ID}", creation_time="2026-06-30T12:00:00Z")
    web = SimpleNamespace(configuration=configuration)
    target = used(target, Subjects("container", (("web", web),)))
    assert verdict("4.6", target) == ("fail", "has no health check (used by web)")


# ---- 4.2


def test_trusted_registries() -> None:
    """A digest that a registry knows decides, a part of a registry counts, and a tag proves nothing."""
    policy = Policy(allowed_registries=("reg.example:5000/base", "docker.io/library"))

    def found(**names: Any) -> tuple[str, str]:
        return verdict("4.2", facts(policy=policy, **names))

    assert found(RepoDigests=["reg.example:5000/base/a@sha256:12"])[0] == "pass"
    assert found(RepoDigests=["debian@sha256:12"]) == ("pass", "comes from docker.io/library/debian")
    assert found(RepoDigests=["bob/debian@sha256:12"])[0] == "fail"
    assert found(RepoDigests=["reg.example:5000/baseless/a@sha256:12"])[0] == "fail"
    assert found(RepoDigests=["reg.example/base/a@sha256:12"])[0] == "fail"
    assert found(RepoDigests=["reg.example/x@sha256:12", "debian@sha256:12"])[0] == "pass"
    assert found(RepoTags=["evil.example/web:1"])[0] == "fail"
    assert found(RepoTags=["reg.example:5000/base/a:1"])[0] == "manual"
    assert found(RepoTags=["web:1"])[0] == "manual"
    assert found(RepoTags=[], RepoDigests=[])[0] == "manual"


def test_origin_in_the_store_of_containerd() -> None:
    """There every image has its own digest under each of its names, so only what the engine pulled is known."""
    policy = Policy(allowed_registries=("docker.io",))
    own = [f"web@sha256:{ID}"]
    assert verdict("4.2", facts(policy=policy, RepoDigests=own))[0] == "manual"
    pulled = {"Pull": [{"Repository": "docker.io/library/web"}]}
    assert verdict("4.2", facts(policy=policy, RepoDigests=own, Identity=pulled))[0] == "pass"
    other = {"Pull": [{"Repository": "ghcr.io/x/web"}]}
    assert verdict("4.2", facts(policy=policy, RepoDigests=own, Identity=other))[0] == "fail"
    foreign = [f"ghcr.io/x/web@sha256:{ID}"]
    assert verdict("4.2", facts(policy=policy, RepoTags=[], RepoDigests=foreign))[0] == "fail"


def test_no_list_of_registries() -> None:
    """Without a list a person is shown where the image is from; an empty list allows none."""
    digests = ["debian@sha256:12"]
    found = verdict("4.2", facts(RepoDigests=digests))
    assert found == ("manual", "comes from docker.io/library/debian; the policy names no registries")
    assert verdict("4.2", facts(RepoDigests=digests, policy=Policy(allowed_registries=())))[0] == "fail"
    labels = {"org.opencontainers.image.base.name": "docker.io/library/debian:13"}
    assert "built from docker.io/library/debian:13" in verdict("4.2", facts(config={"Labels": labels}))[1]


# ---- 4.4


def test_age_of_an_image() -> None:
    """An old image fails where the policy says what old is, by the time of the recording; none passes."""
    assert verdict("4.4", facts(Created="2020-01-01T00:00:00Z"))[0] == "manual"
    policy = Policy(image_max_age_days=30)
    fresh, old = "2026-05-31T13:00:00Z", "2026-05-31T11:00:00+00:00"
    assert verdict("4.4", facts(Created=fresh, policy=policy))[0] == "manual"
    found = verdict("4.4", facts(Created=old, policy=policy))
    assert found == ("fail", "was built 30 days ago, allowed are 30")


@pytest.mark.parametrize(
    "created", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:01Z", "", None, "1980-01-01T00:00:01Z"]
)
def test_build_without_a_time(created: str | None) -> None:
    """Builds that shall always give the same set no true time."""
    found = verdict("4.4", facts(Created=created, policy=Policy(image_max_age_days=1)))
    assert found == ("manual", "does not say when it was built; no report of a scan was read")


# ---- 4.6


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ({"Test": ["CMD", "true"]}, "pass"),
        ({"Test": ["CMD-SHELL", "true"]}, "pass"),
        ({"Test": ["NONE"]}, "fail"),
        ({"Test": ["none"]}, "fail"),
        ({"Test": ["curl", "http://localhost"]}, "fail"),
        ({"Test": []}, "fail"),
        ({"Interval": 5}, "fail"),
        (None, "fail"),
    ],
)
def test_health_check(check: dict[str, Any] | None, expected: str) -> None:
    """A check counts, one that is switched off does not."""
    assert verdict("4.6", facts(config={"Healthcheck": check}))[0] == expected


# ---- 4.7


@pytest.mark.parametrize(
    "script",
    [
        "apt-get update",
        "apt-get -qq -o Acquire::Retries=3 update && rm -rf /var/lib/apt/lists/*",
        "set -eux; if true; then apt update; fi",
        "apt-get install -y curl && apt-get update",
        "apt-get update && apk add curl",
        "(apt-get update)",
        "DEBIAN_FRONTEND=noninteractive sudo -E apt-get update -y",
        "echo install; apt-get update",
        "bash -ec 'apt-get update'",
        "/usr/bin/apt-get update",
        "timeout 60 apt-get update",
        "bash <<E\napt-get update\nE\n",
        "apt-get update # && apt-get install -y x",
        "apt-get update && apt-get upgrade -y",
        "apk update",
        "apk upgrade --no-cache",
        "yum -y update",
        "dnf makecache",
        "microdnf update",
        "zypper --non-interactive ref",
        "pacman -Sy",
        "pacman -Syu --noconfirm",
        "true \\\n && apt-get \\\n update",
        "eval 'apt-get update'",
        "eval apt-get update",
        "su -c 'apt-get update'",
        "su - root -c 'apt-get update'",
        "runuser -u root -- apt-get update",
        "sh -c 'apt-get update'",
        "bash -lc 'apt-get update'",
        "bash -o pipefail -o nounset -c 'apt-get update'",
        "timeout 60 sh -c 'apt-get update'",
        "echo $(apt-get update)",
        'echo "$(apt-get update)"',
        'echo "a `apt-get update`"',
        'X="$(echo "$(apt-get update)")"',
        "A=apt-get; $A update",
        "A='apt-get update'; eval \"$A\"",
        "apt-get update || apt-get install -y x",
        "apt-get update || (apt-get install -y x)",
        "apt-get update >/dev/null 2>&1",
        "apt-get update && apt-get install --dry-run x",
        "apt-get update && apt-get -ys install x",
        "apt-get update && apt-get install -t stable -s x",
        "apk update && apk add -s x",
        "dnf makecache && dnf --assumeno install x",
        "apt-get update && apt-get install -y && rm -rf /x",
        "apt-get update; : apt-get install x",
        "apt-get update; f() { apt-get install -y x; }",
        "f() { apt-get update; }; apt-get install -y x; f",
        "if true; then f() { apt-get update; }; fi; apt-get install -y x; f",
        "apt-get update || bash <<E\napt-get install -y x\nE\n",
        "apt-get update || for p in x; do apt-get install -y $p; done",
        'echo "$(case x in x) apt-get update ;; esac)"',
        "cat > /x <<E\n$(apt-get update)\nE\n",
        "apt-get $(cat /options) update",
        "if ! apt-get update; then exit 1; fi",
        "yum -y update && yum clean all",
        "dnf upgrade --refresh",
        "apk -U upgrade",
        "pacman -Sy > /dev/null",
        "emerge --sync",
        "xbps-install -Syu",
        "opkg update",
        "tdnf makecache",
    ],
)
def test_update_alone(script: str) -> None:
    """A refreshed index without an installation after it, or an upgrade without one, fails in every form."""
    for step in (
        f"/bin/sh -c {script}",
        f"RUN {script} # buildkit",
        f"|1 A=b c /bin/bash -o pipefail -c {script}",
    ):
        found, reason = verdict("4.7", facts(BASE, step))
        assert (found, reason.partition(",")[0] in ("refreshes the package index", "upgrades packages")) == (
            "fail",
            True,
        )


@pytest.mark.parametrize(
    "step",
    [
        "RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit",
        "RUN |2 A=b c D=e /bin/sh -c apt-get update && apt-get install -y curl # buildkit",
        "/bin/sh -c apt-get update \t&& apt-get -y --no-install-recommends install curl",
        "/bin/sh -c apt-get update; \\\napt-get install x",
        "/bin/sh -c apt-get update && apt-get upgrade -y && apt-get install -y curl",
        "/bin/sh -c apt update 2>&1 && apt install -y x",
        "/bin/sh -c apt-get update && apt-get install -tstable x",
        "/bin/sh -c apt-get update && apt-get install -y -s x && apt-get install -y x",
        "/bin/sh -c apk add --no-cache curl",
        "/bin/sh -c apk --update add curl",
        "/bin/sh -c apk update && apk add curl",
        "/bin/sh -c dnf -y update && dnf -y install x && dnf clean all",
        "/bin/sh -c pacman -Syu --noconfirm curl",
        "/bin/sh -c apt-get install -y curl && apt-get upgrade -y",
        "/bin/sh -c apt-get update && xargs -a /list apt-get install -y",
        "/bin/sh -c apt-get update && xargs apt-get install -y < /list",
        "/bin/sh -c apt-get update; dpkg -i x.deb; apt-get install -fy -f",
        "/bin/sh -c cat > /x <<'E'\n$(apt-get update)\nE\n",
        "/bin/sh -c timeout 60 apt-get update && retry 5 /usr/bin/apt-get install -y x",
        "/bin/sh -c echo 'apt-get update'",
        "/bin/sh -c echo apt-get update",
        '/bin/sh -c echo "run apt-get update; apt-get update" > /etc/motd',
        "/bin/sh -c cat > /x.sh <<'E'\napt-get update\nE\n",
        "/bin/sh -c #(nop)  LABEL update.policy=apt-get update",
        "LABEL update.policy=apt-get update",
        "ENV EMAIL_ADDRESS=apt-get update",
        'CMD ["apt-get" "update"]',
        "/bin/sh -c git submodule update",
        "/bin/sh -c # apt-get update",
        "/bin/sh -c npm update && pip install --upgrade pip && update-ca-certificates",
        "/bin/sh -c bash -lc 'apt-get update && apt-get install -y x'",
        "/bin/sh -c timeout 60 sh -c 'apt-get update' && apt-get install -y x",
        "/bin/sh -c A=apt-get; $A update && $A install -y x",
        "/bin/sh -c $A update && $A install -y x",
        "/bin/sh -c apt-get update || (sleep 9; apt-get update) && apt-get install -y x",
        "/bin/sh -c apt-get update || exit 1; apt-get install -y x || exit 1",
        "/bin/sh -c apt-get update &&\n\n apt-get install -y x",
        "/bin/sh -c command -v x || (apt-get update && apt-get install -y x)",
        "/bin/sh -c if command -v apt-get; then apt-get update; apt-get install -y x; else apk add x; fi",
        "/bin/sh -c case $(arch) in a) apt-get update ;; *) apt-get update && apt-get install -y y ;; esac; "
        "apt-get install -y x",
        "/bin/sh -c for i in 1 2; do apt-get update && break || sleep 5; done; apt-get install -y x",
        "/bin/sh -c apt-get update && for p in a b; do apt-get install -y $p; done",
        "/bin/sh -c apt-get update && apt-get install -y `cat /list`",
        '/bin/sh -c retry() { "$@" || "$@"; }; retry apt-get update; retry apt-get install -y x',
        "/bin/sh -c emerge --sync && emerge x",
        "/bin/sh -c f() { apt-get install -y x; }; apt-get update && f",
        "/bin/sh -c f() { apt-get update; }; f; apt-get install -y x",
        "/bin/sh -c for p in x; do if true; then apt-get update; fi; done; apt-get install -y x",
        "/bin/sh -c bash <<E\napt-get update\napt-get install -y x\nE\n",
        "/bin/sh -c xbps-install -Sy x",
        "/bin/sh -c echo 'apt-get update' > /x.sh",
        "/bin/sh -c awk '{ if ($1) print \"a\" }' /x; apt-get update; apt-get install -y x",
        '/bin/sh -c X="$( a \'%n\' | awk \'system("[ " $1 " ]") == 0 { next } { print }\' )"; apk add $X',
    ],
)
def test_update_with_installation(step: str) -> None:
    """An installation in the same step passes, and words that are no command are passed over."""
    assert verdict("4.7", facts(BASE, step)) == ("pass", "")


def test_options_of_a_run() -> None:
    """Some builders keep the options of a RUN: they are no command."""
    step = "RUN --mount=type=cache,target=/x --network=none /bin/sh -c apt-get update"
    assert verdict("4.7", facts(BASE, step))[0] == "fail"
    assert verdict("4.7", facts(BASE, step.replace("apt-get", "echo apt-get")))[0] == "pass"


def test_update_before_a_script() -> None:
    """A script may install what the index was refreshed for: a person has to look."""
    for script in ("./setup.sh", "sh /tmp/x", ". /opt/lib"):
        assert verdict("4.7", facts(BASE, f"RUN /bin/sh -c apt-get update && {script}"))[0] == "manual"


@pytest.mark.parametrize(
    "script",
    [
        "$PM update",
        "$(which apt-get) update",
        "`which apt-get` update",
        "for p in apt-get; do $p update; done",
        "for a in update upgrade; do apt-get $a; done",
        "apt-get $TASK",
        "apt-get {update,upgrade}",
        "X='apt-get update'",
        "python3 -c \"run(['apt-get','update'])\"",
        "python3 <<E\nos.system('apt-get update')\nE\n",
        "echo 'apt-get update' | sh",
        "bash <<< 'apt-get update'",
        "cat > /x <<E\napt-get update\nE\nsh /x",
        "echo 'apt-get update' > x && chmod +x x && ./x",
        "apt-get update && if true; then apt-get install -y x; fi",
        'apt-get update && [ -n "$X" ] && apt-get install -y $X || true',
        "apt-get update && true || apt-get install -y x",
        'apt-get update && ([ -n "$X" ]) && apt-get install -y $X || true',
        'apt-get update; { [ -n "$X" ]; } && apt-get install -y $X || true',
        "apt-get update && $INSTALL x",
        "apt-get update && curl -fsS https://example.com | sh",
        "apt-get update && make deps",
        "f() { ./setup; }; apt-get update && f",
    ],
)
def test_update_that_may_be_alone(script: str) -> None:
    """What a shell would make of it is not told: a person has to look, and is shown the step."""
    found, reason = verdict("4.7", facts(BASE, f"RUN /bin/sh -c {script} # buildkit"))
    assert (found, script.split("\n")[0][:20] in reason) == ("manual", True)


@pytest.mark.parametrize(
    "shell",
    ["/bin/bash -eo pipefail -c ", "/bin/bash -o errexit -o nounset -c ", "conda run -n x /bin/bash -c ", ""],
)
def test_shells_of_a_build_file(shell: str) -> None:
    """Whatever shell the build file names, and where it names none, the commands are read."""
    for before in ("", "|1 A=b ", "RUN ", "RUN |1 A=b "):
        assert verdict("4.7", facts(BASE, f"{before}{shell}apt-get update"))[0] == "fail"
        good = f"{before}{shell}apt-get update && apt-get install x"
        assert verdict("4.7", facts(BASE, good))[0] == "pass"


def test_command_as_a_list() -> None:
    """Some builders keep the list of a build file."""
    listed = '["sh", "-c", "apt-get update"]'
    assert verdict("4.7", facts(BASE, f"RUN {listed}"))[0] == "fail"
    assert verdict("4.7", facts(BASE, 'RUN ["apt-get", "update"]'))[0] == "fail"
    good = listed.replace("update", "update && apt-get install x")
    assert verdict("4.7", facts(BASE, f"RUN {good}"))[0] == "pass"


def test_update_in_later_builds() -> None:
    """What an image leaves to builds from it counts, whether its history tells it or its settings alone."""
    update, whole = "RUN apt-get update", "RUN apt-get update && apt-get install x"
    for before in ("ONBUILD ", "/bin/sh -c #(nop)  ONBUILD "):
        found = verdict("4.7", facts(BASE, before + update, config={"OnBuild": [update]}))
        assert found == ("fail", f"refreshes the package index, installs nothing: ONBUILD {update}")
        assert verdict("4.7", facts(BASE, before + whole))[0] == "pass"
    imported = {"created_by": "", "comment": "Imported from -"}
    for steps in ((BASE,), (imported,)):
        assert verdict("4.7", facts(*steps, config={"OnBuild": [update]}))[0] == "fail"
        assert verdict("4.9", facts(*steps, config={"OnBuild": ["ADD a /b"]}))[0] == "fail"
    assert verdict("4.9", facts(BASE, config={"OnBuild": ["COPY a /b"]}))[0] == "pass"
    assert verdict("4.9", facts(imported, config={"OnBuild": ["COPY a /b"]}))[0] == "manual"
    target = facts(BASE, config={"OnBuild": [f"ENV X={SECRET}"]})
    assert SECRET not in target.recording.answers[IMAGES.name].stdout


@pytest.mark.parametrize(
    "text",
    [
        *('"$("' * 9000, "(" * 9000, "`" * 9001, "if " * 9000),
        *("A='eval $A; eval $A'; eval $A", 'eval "' * 5000, "sh -c " * 3000, "a\\ " * 2000),
        *("<<E " * 5000 + "\nE\n", "apt-get " * 9000),
    ],
)
def test_step_that_is_made_to_be_slow(text: str) -> None:
    """A step of any words is judged within the time that reading them takes."""
    start = time.monotonic()
    assert verdict("4.7", facts(BASE, f"RUN {text}"))[0] in ("pass", "manual", "error")
    assert time.monotonic() - start < 60


def test_one_bad_step_among_many_is_named() -> None:
    """The failing step is shown, cut, and the good ones are not."""
    long = f"RUN /bin/sh -c apt-get update && echo {'x ' * 100}"
    found, reason = verdict("4.7", facts(BASE, "RUN apt-get update && apt-get install x", long, "CMD sh"))
    assert (found, reason.count("RUN")) == ("fail", 1)
    assert reason.startswith("refreshes the package index, installs nothing: RUN apt-get update && echo x x")
    assert reason.endswith("...")


# ---- 4.9


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((BASE, "COPY f /f # buildkit"), "pass"),
        ((BASE, "ADD f /f # buildkit"), "fail"),
        ((BASE, "/bin/sh -c #(nop) ADD file:12 in /f "), "fail"),
        ((BASE, "/bin/bash -o pipefail -c #(nop) ADD file:12 in /f "), "fail"),
        (("ADD rootfs.tar.xz / # buildkit", "CMD sh"), "pass"),
        (("ARG A", "LABEL a=b", "ADD rootfs.tar / # buildkit", "COPY a b"), "pass"),
        (("ADD rootfs.tar / # buildkit", "ADD more.tar / # buildkit"), "fail"),
        (("COPY a /", "ADD b /"), "fail"),
        (("RUN true", "ADD b /"), "fail"),
        (("ADD https://example.com/rootfs.tar / # buildkit",), "fail"),
        (("ADD app /app # buildkit",), "fail"),
        (({"created_by": "", "comment": "Imported from -"}, "ADD b /"), "fail"),
        ((BASE, "ENV EMAIL_ADDRESS=x ADD y", "LABEL add=ADD x y", "RUN /bin/sh -c echo ADD x /"), "pass"),
        ((BASE, "/bin/sh -c echo #(nop) ADD x"), "pass"),
        ((BASE, "ONBUILD COPY . /app"), "pass"),
        ((BASE, "ONBUILD ADD . /app"), "fail"),
        ((BASE, "/bin/sh -c #(nop)  ONBUILD ADD . /app"), "fail"),
        (("ONBUILD ADD rootfs.tar /", "COPY a b"), "fail"),
        (("ONBUILD COPY a b", "ADD rootfs.tar /"), "pass"),
        ((f"/bin/sh -c #(nop) ADD {'4f' * 32} in / ",), "fail"),
        ((f"/bin/sh -c #(nop) ADD dir:{'4f' * 32} in / ",), "pass"),
        ((f"/bin/sh -c #(nop) ADD multi:{'4f' * 32} in / ",), "fail"),
        (("ADD git@github.com:example/x.git /",), "fail"),
        ((BASE, {"created_by": ""}), "manual"),
    ],
)
def test_add(steps: tuple[str, ...], expected: str) -> None:
    """Only the step that brings in the base's file system may be an ADD; other words are no instructions."""
    assert verdict("4.9", facts(*steps))[0] == expected


# ---- 4.10

SECRET = "Hunter2secret"
SECRETS = [
    f"ENV A=b DB_PASSWORD={SECRET}",
    f"/bin/sh -c #(nop)  ENV DB_PASSWORD={SECRET} with words",
    f"ARG NPM_TOKEN={SECRET}",
    f"LABEL api.token={SECRET}",
    f"RUN |1 NPM_TOKEN={SECRET} /bin/sh -c npm ci # buildkit",
    f"|2 A=b NPM_TOKEN={SECRET} /bin/sh -c npm ci",
    f"/bin/sh -c export PASSWORD='{SECRET}' && true",
    f'/bin/sh -c echo "password: {SECRET}" > /x',
    f"/bin/sh -c cat <<E > /x\npassword: {SECRET}\nE\n",
    f'/bin/sh -c echo \'{{"password": "{SECRET}"}}\' > x',
    f"/bin/sh -c echo '//registry.npmjs.org/:_authToken={SECRET}' > .npmrc",
    f"/bin/sh -c app --password={SECRET}",
    f"/bin/sh -c app --token {SECRET}",
    f"/bin/sh -c curl -u bob:{SECRET} https://example.com",
    f"/bin/sh -c curl --proxy-user bob:{SECRET} -x proxy:3128 https://example.com",
    f"/bin/sh -c curl -x proxy:3128 -U bob:{SECRET} https://example.com",
    f"/bin/sh -c curl -H 'Authorization: Bearer {SECRET}' https://example.com",
    f"/bin/sh -c curl -H 'Authorization: Basic {SECRET}' https://example.com",
    f"/bin/sh -c curl -H 'Authorization: Token {SECRET}' https://example.com",
    f"/bin/sh -c curl -H 'authorization: token {SECRET}' https://example.com",
    f"/bin/sh -c curl -H 'X-Api-Key: {SECRET}' https://example.com",
    f"ENV GPG_PASSPHRASE={SECRET}",
    f"/bin/sh -c git clone https://bob:{SECRET}@example.com/x",
    f"/bin/sh -c echo root:{SECRET} | chpasswd",
    f"/bin/sh -c echo '{SECRET}' | passwd --stdin root",
    f"/bin/sh -c useradd -m -p {SECRET} bob",
    f"/bin/sh -c mysql -uroot -p{SECRET} < /x",
    f"/bin/sh -c docker login -u bob -p {SECRET} reg",
    f"/bin/sh -c psql -c \"CREATE USER bob PASSWORD '{SECRET}'\"",
    f"/bin/sh -c echo root:{SECRET} > /x && chpasswd <<< root:{SECRET}",
    f"/bin/sh -c chpasswd <<< 'root:{SECRET}'",
    f"/bin/sh -c curl -H X-Api-Key:{SECRET} https://example.com",
    f"/bin/sh -c mysqladmin -u root password {SECRET}",
    f"/bin/sh -c echo {SECRET} | kinit admin",
    f"/bin/sh -c sshpass -p {SECRET} ssh bob@example.com",
    f"/bin/sh -c htpasswd -bc /x bob {SECRET}",
    f"/bin/sh -c openssl rsa -passin pass:{SECRET} -in k",
    f"/bin/sh -c echo machine example.com login bob password {SECRET} > /x",
    f'ENTRYPOINT ["app" "--password={SECRET}"]',
    f"/bin/sh -c echo -----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY----- > k",
    f"/bin/sh -c printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\n{SECRET}",
]


@pytest.mark.parametrize("step", SECRETS)
def test_secret_in_a_step(step: str) -> None:
    """It fails, and neither the reason nor the recording has the secret."""
    target = facts(BASE, step)
    found, reason = verdict("4.10", target)
    assert found == "fail"
    assert SECRET not in reason
    assert SECRET not in target.recording.answers[IMAGES.name].stdout


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("AKIA" + "ABCDEFGH23456723", "an AWS access key"),
        ("ghp_" + "a1" * 18, "a GitHub token"),
        ("glpat-" + "a1" * 10, "a GitLab token"),
        ("npm_" + "a1" * 18, "an npm token"),
        ("xoxb-" + "1234567890-a", "a Slack token"),
        ("AIza" + "a" * 35, "a Google API key"),
        ("sk_live_" + "a1" * 10, "a Stripe key"),
        ("pypi-" + "a1" * 25, "a PyPI token"),
        ("dckr_pat_" + "a1" * 10, "a Docker Hub token"),
        ("SG." + "a" * 22 + "." + "b" * 43, "a SendGrid key"),
        ("hf_" + "a1" * 15, "a Hugging Face token"),
        ("hvs." + "a1" * 12, "a Vault token"),
        ("sk-" + "a1" * 16, "an API key"),
        ("AGE-SECRET-KEY-1" + "A1" * 5, "an age key"),
        ("eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + ".c", "a signed token"),
    ],
)
def test_token_by_its_format(token: str, kind: str) -> None:
    """Some tokens say themselves what they are, wherever they stand."""
    target = facts(
        BASE, f"RUN /bin/sh -c fetch {token}", config={"Env": [f"X={token}"], "Labels": {"y": token}}
    )
    found, reason = verdict("4.10", target)
    assert found == "fail"
    assert reason == f"variable X: {kind}; label y: {kind}; {kind} in RUN fetch ***"
    assert token not in target.recording.answers[IMAGES.name].stdout


@pytest.mark.parametrize(
    "step",
    [
        "ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568",
        "ENV PASSWORD_FILE=/run/secrets/x TOKEN_URL=https://example.com MYSQL_ALLOW_EMPTY_PASSWORD=yes",
        "ENV SSL_KEY=/etc/ssl/key.pem PWD=/app PASSWORD=",
        "ARG NPM_TOKEN",
        "/bin/sh -c adduser --disabled-password app",
        "/bin/sh -c PASSWORD=$(cat /run/secrets/x) app --token $TOKEN",
        '/bin/sh -c if [ "$PASSWORD" = "x" ]; then true; fi',
        "/bin/sh -c grep password= /etc/x",
        "/bin/sh -c sed -i 's/PASSWORD=.*//' f",
        "/bin/sh -c mysqladmin -u root password $PASSWORD && echo $PASSWORD | kinit admin",
        "/bin/sh -c curl -u $USER:$PASS https://example.com",
        "/bin/sh -c curl --user-agent 'Foo:bar' https://example.com",
        "/bin/sh -c gpg --batch --passphrase '' --quick-gen-key x",
        "/bin/sh -c git clone https://github.com/x/y",
        "/bin/sh -c psql postgres://bob:${PASS}@db/x",
        "/bin/sh -c cat /run/secrets/token",
        "/bin/sh -c PWD=build make && useradd -p '!' bob && keytool -storepass changeit",
        "/bin/sh -c sha256sum -c <<E\n" + "a1" * 32 + "  x\nE\n",
    ],
)
def test_words_that_are_no_secret(step: str) -> None:
    """References, files, switches, placeholders and fingerprints are none."""
    found, reason = verdict("4.10", facts(BASE, step))
    assert (found, "what is in files was not read" in reason) == ("pass", True)


@pytest.mark.parametrize(
    "config",
    [
        {"Env": [f"DB_PASSWORD={SECRET}"]},
        {"Env": [f"DB_PASSWORD=@{SECRET}"]},
        {"Env": [f"DB_PASSWORD=%{SECRET}"]},
        {"Env": [f"DB_PASSWORD=.{SECRET}"]},
        {"Env": [f"DB_PASSWORD=$ {SECRET}"]},
        {"Labels": {"password": f"({SECRET}"}},
        {"Labels": {"token": SECRET}},
        {"Cmd": ["app", f"--password={SECRET}"]},
        {"Entrypoint": ["sh", "-c", f"app --token {SECRET}"]},
        {"Healthcheck": {"Test": ["CMD-SHELL", f"curl -u bob:{SECRET} http://localhost"]}},
        {"OnBuild": [f"ENV API_KEY={SECRET}"]},
    ],
)
def test_secret_in_the_configuration(config: dict[str, Any]) -> None:
    """It fails wherever it is, and is not stored; also where the history tells nothing."""
    for steps in ((BASE,), ({"created_by": "", "comment": "Imported from -"},)):
        target = facts(*steps, config=config)
        found, reason = verdict("4.10", target)
        assert found == "fail"
        assert SECRET not in reason + target.recording.answers[IMAGES.name].stdout


def attested(predicate: dict[str, Any], kind: str = "https://slsa.dev/provenance/v1") -> Facts:
    """The facts of a target with an image of which something is attested."""
    manifests = ["cd" * 32, "ef" * 32]
    annotated = {"digest": "sha256:" + "56" * 32, "annotations": {"in-toto.io/predicate-type": kind}}
    files: dict[str, dict[str, Any]] = {
        ID: {"manifests": [{"digest": f"sha256:{each}"} for each in manifests]},
        manifests[0]: {"config": {"digest": "sha256:" + "12" * 32}, "layers": [{"digest": "sha256:99"}]},
        manifests[1]: {"config": {"digest": "sha256:" + "34" * 32}, "layers": [annotated]},
        "12" * 32: stored(BASE),
        "34" * 32: {"os": "unknown", "rootfs": {"diff_ids": ["sha256:56"]}},
        "56" * 32: {"predicateType": kind, "predicate": predicate},
    }
    return facts_of(output([image()], files))


def _build_file(text: str) -> dict[str, Any]:
    return {"source": {"infos": [{"filename": "Dockerfile", "data": b64encode(text.encode()).decode()}]}}


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        (
            {"invocation": {"parameters": {"args": {"build-arg:DB_PASSWORD": SECRET}}}},
            "build argument DB_PASSWORD",
        ),
        (
            {"buildDefinition": {"externalParameters": {"request": {"args": {"build-arg:T_TOKEN": SECRET}}}}},
            "T_TOKEN",
        ),
        ({"steps": [{"op": {"Op": {"exec": {"meta": {"env": [f"API_KEY={SECRET}"]}}}}}]}, "variable API_KEY"),
        (
            {"steps": [{"meta": {"args": ["sh", "-c", f"app --password {SECRET}"]}}]},
            "command: a value given to",
        ),
        (
            _build_file(f"FROM x\nRUN app \\\n  --password \\\n  {SECRET}\n"),
            "a value given to password in the build",
        ),
        (
            _build_file(f"FROM x\nENV DB_PASSWORD={SECRET}\n"),
            "a value given to DB_PASSWORD in the build file",
        ),
    ],
)
def test_secret_in_a_provenance(predicate: dict[str, Any], said: str) -> None:
    """It fails in whatever part and version it is, and is not stored; another statement's is not looked for."""
    target = attested(predicate)
    found, reason = verdict("4.10", target)
    assert (found, reason.startswith("provenance: "), said in reason) == ("fail", True, True)
    assert SECRET not in reason + target.recording.answers[IMAGES.name].stdout
    assert b64encode(SECRET.encode()).decode()[:12] not in target.recording.answers[IMAGES.name].stdout
    assert verdict("4.10", attested(predicate, "https://spdx.dev/Document"))[0] == "pass"


def test_harmless_provenance() -> None:
    """References, digests and names of secrets are none; what is nested deep or of a wrong type is no fault."""
    digest = {"sha256": "5f" * 32}
    parts = {"args": {"build-arg:TOKEN_FILE": "/run/secrets/x", "vcs:source": "https://git.example/x.git"}}
    request = parts | {
        "secrets": [{"id": "NPM_TOKEN"}],
        "materials": [{"uri": "pkg:docker/x@1", "digest": digest}],
    }
    for _ in range(300):
        request = {"data": "no base64 =", "args": "x", "env": [request]}
    assert verdict("4.10", attested(request))[0] == "pass"


def test_files_that_are_copied() -> None:
    """The usual name of a private key fails; a name that says less is left to a person."""
    assert verdict("4.10", facts(BASE, "COPY id_rsa /root/.ssh/id_rsa # buildkit"))[0] == "fail"
    assert (
        verdict("4.10", facts(BASE, "/bin/sh -c #(nop) COPY file:12 in /root/.ssh/id_ed25519 "))[0] == "fail"
    )
    assert verdict("4.10", facts(BASE, "COPY id_rsa.pub /root/ # buildkit"))[0] == "pass"
    assert verdict("4.10", facts(BASE, "COPY . /secret.go token.py # buildkit"))[0] == "pass"
    text = output([image()], {ID: stored(BASE)})
    assert verdict("4.10", facts_of(text))[0] == "pass"
    assert verdict("4.10", facts_of(text, keys=["/etc/ssh/ssh_host_rsa_key"]))[0] == "fail"
    assert verdict("4.10", facts_of(text, keys=["/root/.ssh/id_rsa"])) == ("fail", "holds /root/.ssh/id_rsa")
    assert verdict("4.10", facts_of(text, keys=["/app/server.key"]))[0] == "manual"
    found = verdict("4.10", facts(BASE, "COPY --chown=0 server.key .env /app/ # buildkit"))
    assert found == ("manual", "files that may be secrets, by their names: server.key, .env")


def test_masking_keeps_what_is_judged() -> None:
    """A short secret is masked where it stands, and other words stay whole; a switch keeps its value."""
    assert masked("export PASSWORD=a && apt-get update") == "export PASSWORD=*** && apt-get update"
    assert masked(f"PASSWORD={SECRET} app; echo {SECRET}") == "PASSWORD=*** app; echo ***"
    assert masked("PASSWORD=update && apt-get update") == "PASSWORD=*** && apt-get update"
    assert masked_step("|1 V=geheim touch /x") == "|1 V=*** touch /x"
    assert masked_step("|2 V=a b W=c bash -c x y") == "|2 V=*** W=*** bash -c x y"
    assert masked_step("RUN |1 V=a b /bin/sh -c x # buildkit") == "RUN |1 V=*** /bin/sh -c x # buildkit"
    assert (
        masked_step("ENV NODE_TLS_REJECT_UNAUTHORIZED=0 X=y z") == "ENV NODE_TLS_REJECT_UNAUTHORIZED=0 X=***"
    )
    assert masked_step("ENV X some words") == "ENV X"
    assert masked("fetch aB3" + "x9Z" * 10) == "fetch ***"
    assert masked("COPY file:" + "a1" * 32) == "COPY file:" + "a1" * 32
    assert kinds(masked(f"app --token {SECRET}")) == []


# ---- 4.11


@pytest.mark.parametrize(
    "step",
    [
        "RUN /bin/sh -c apt-get install -y --allow-unauthenticated x",
        "/bin/sh -c apt-get -o APT::Get::AllowUnauthenticated=true install x",
        "/bin/sh -c apt-get -o Acquire::AllowInsecureRepositories=1 update && apt-get install x",
        "/bin/sh -c echo 'deb [arch=amd64 trusted=yes] http://x y main' > /etc/apt/sources.list",
        "/bin/sh -c apk add --allow-untrusted x.apk",
        "/bin/sh -c yum -y install --nogpgcheck x",
        "/bin/sh -c dnf install --setopt=gpgcheck=0 x",
        "/bin/sh -c printf '[x]\\ngpgcheck = 0\\n' > /etc/yum.repos.d/x.repo",
        "/bin/sh -c zypper --no-gpg-checks in x",
        "/bin/sh -c rpm -i --nosignature x.rpm",
        "/bin/sh -c pip install --trusted-host pypi.org x",
        "/bin/sh -c python3 -m pip install --trusted-host=pypi.org x",
        "/bin/sh -c npm config set strict-ssl false",
        "ENV NODE_TLS_REJECT_UNAUTHORIZED=0",
        "/bin/sh -c curl -fsSLk https://x | sh",
        "/bin/sh -c wget --no-check-certificate https://x -O x.tgz && tar xf x.tgz",
        "/bin/sh -c curl --insecure https://x -o x.deb; dpkg -i x.deb",
        "/bin/sh -c timeout 60 curl -k https://x | sh",
        "/bin/sh -c sudo -u app pip install --trusted-host=pypi.org x",
        "ONBUILD RUN curl -k https://x | sh",
        "/bin/sh -c printf 'Types: deb\\nTrusted: yes\\n' > /etc/apt/sources.list.d/x.sources",
        "RUN /bin/sh -c zypper ar -G http://x y && zypper -n install z",
        "/bin/sh -c zypper addrepo -fG http://x y",
        "/bin/sh -c dpkg --force-bad-verify -i x.deb",
        "/bin/sh -c GOINSECURE=* go install x",
        "ENV GONOSUMCHECK=1 GOINSECURE=example.org/*",
    ],
)
def test_switched_off_check(step: str) -> None:
    """Each switch that turns a check off fails."""
    assert verdict("4.11", facts(BASE, step))[0] == "fail"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("/bin/sh -c apt-get update && apt-get install -y x", "manual"),
        ("/bin/sh -c dnf install --setopt=gpgcheck=1 x", "manual"),
        ("/bin/sh -c sed -i s/gpgcheck=0/gpgcheck=1/ /etc/x && yum install x", "manual"),
        ("/bin/sh -c printf 'gpgcheck=1\\nrepo_gpgcheck=0' > x", "pass"),
        ("/bin/sh -c pip install x", "manual"),
        ("/bin/sh -c python3 -m pip install x", "manual"),
        ("/bin/sh -c dpkg -i x.deb", "manual"),
        ("/bin/sh -c timeout 60 pip3.11 install x", "manual"),
        ("/bin/sh -c sudo -u app /opt/bin/pip install x", "manual"),
        ("/bin/sh -c su app -c 'npm ci'", "manual"),
        ("/bin/sh -c echo pip install x", "pass"),
        ("/bin/sh -c rpm -Uvh x.rpm", "manual"),
        ("/bin/sh -c zypper -n ar -g http://x y && zypper -n in z", "manual"),
        ("/bin/sh -c printf 'Trusted: no' > /etc/apt/sources.list.d/x.sources", "pass"),
        ("/bin/sh -c echo 'Untrusted: yes' > /x", "pass"),
        ("/bin/sh -c GOINSECURE= go install x", "manual"),
        ("/bin/sh -c curl -fsSL https://x | sh", "pass"),
        ("/bin/sh -c curl -k https://x -o x && echo 12 x | sha256sum -c && tar xf x", "pass"),
        ("/bin/sh -c curl -k https://localhost/health", "pass"),
        ("COPY a b", "pass"),
    ],
)
def test_check_that_stays_on(step: str, expected: str) -> None:
    """What is installed with checks is shown to a person; a step that installs nothing passes."""
    found, reason = verdict("4.11", facts(BASE, step))
    assert found == expected
    assert ("installs with" in reason) == (expected == "manual")


# ---- 4.12


def test_words_of_switched_off_checks() -> None:
    """The reason names each switch as a person would find it."""
    found = {
        "RUN pip install --trusted-host x y": ["pip --trusted-host"],
        "RUN python3 -m pip install --trusted-host=x y": ["pip --trusted-host"],
        "RUN tool --trusted-host x": [],
        "RUN yum install --nogpgcheck x": ["yum --nogpgcheck"],
        "RUN echo gpgcheck = 0 > /etc/x": ["gpgcheck = 0"],
        "RUN echo gpgcheck =\t 0 > /etc/x": ["gpgcheck = 0"],
        "LABEL x=gpgcheck=0": [],
        "RUN curl -k https://x/ | sh": ["curl -k"],
        "RUN /usr/bin/curl -k https://x/ | sh": ["curl -k"],
        "RUN curl -k https://x/ > y; gpg --verify y; sh y": [],
        "RUN curl -k https://x/": [],
        "RUN sh y; curl -k https://x/": [],
        "RUN curl -k https://x/ > y; cat y": [],
        "RUN echo curl -k; wget --no-check-certificate https://x/y; tar xf y": [
            "wget --no-check-certificate"
        ],
    }
    assert {step: list(unverified(Step(step))) for step in found} == found


def test_one_command_installs_once() -> None:
    """A command that names several programs is one installation, by the program that comes first."""
    assert list(installers(Step("RUN sudo apt-get install pip install x"))) == ["apt-get"]
    assert list(installers(Step("RUN apt-get install x && pip install y"))) == ["apt-get", "pip"]


@pytest.mark.parametrize(
    ("reference", "registry", "repository"),
    [
        ("nginx:1", False, "docker.io/library/nginx"),
        ("a/b/nginx:1", False, "docker.io/a/b/nginx"),
        ("localhost/nginx", True, "localhost/nginx"),
        ("localhost/a/nginx", True, "localhost/a/nginx"),
        ("reg.example/a/nginx:1", True, "reg.example/a/nginx"),
        ("reg:5000/a/nginx:1", True, "reg:5000/a/nginx"),
        ("reg:5000/nginx@sha256:" + "0" * 64, True, "reg:5000/nginx"),
        ("a.b", False, "docker.io/library/a.b"),
        ("a/b.c", False, "docker.io/a/b.c"),
    ],
)
def test_repositories(reference: str, registry: bool, repository: str) -> None:
    """A registry has a dot, a port or the name localhost in its first part, and nowhere else."""
    assert images._names_registry(reference) is registry
    assert images._repository(reference) == repository


def test_signatures_are_for_a_person() -> None:
    """The reason has what is to be found in the record, and how the site checks."""
    assert "sha256:abab" in verdict("4.12", facts())[1]
    found, reason = verdict(
        "4.12", facts(RepoDigests=["a@sha256:12"], policy=Policy(image_verification="cosign"))
    )
    assert (found, "a@sha256:12" in reason, "cosign" in reason) == ("manual", True, True)


# ---- the words of a step


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a && b || c; d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a 'b && c' \"d; e\" f\\ g", [["a", "b && c", "d; e", "f g"]]),
        ("X=1 Y='a b' /bin/a b", [["a", "b"]]),
        ("if a; then b; else c; fi", [["a"], ["b"], ["c"]]),
        ("case $a in b) c ;; d|e) f ;; esac", [["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a $(b c) `d` e", [["b", "c"], ["d"], ["a", "$", "$", "e"]]),
        ('a "$(b "c d") `e`"', [["b", "c d"], ["e"], ["a", '$(b "c d") `e`']]),
        ("a '$(b)'", [["a", "$(b)"]]),
        ("f() { a; }; f", [["a"], ["f"], ["a"]]),
        ("a 2>&1 &>b && c", [["a", "2>&1", "&>b"], ["c"]]),
        ("A=b; $A c", [["b", "c"]]),
        ("eval 'a; b' c", [["a"], ["b", "c"]]),
        ("timeout 5 sh -c 'a b'", [["timeout", "5"], ["a", "b"]]),
        ("su - x -c 'a b'", [["a", "b"]]),
        ("bash -eo pipefail -c 'a' b", [["a", "b"]]),
        ("command -v a && b", [["command", "-v", "a"], ["b"]]),
        ("sudo -E env A=b a", [["a"]]),
        ("sh -c 'a; b'", [["a"], ["b"]]),
        ("bash x.sh", [["bash", "x.sh"]]),
        ("a 'b", [["a", "b"]]),
        ("a <<E > x; b\nc\nE\nd", [["a", ">", "x"], ["b"], ["d"]]),
        ("a <<E | sh <<-'F'\nb\nE\nc\n\tF\nd", [["a"], ["c"], ["d"]]),
        ("a $((1 <<b))\nc", [["1", "<<b"], ["a", "$"], ["c"]]),
        ("a http://x/#y z", [["a", "http://x/#y", "z"]]),
    ],
)
def test_commands_of_a_script(script: str, commands: list[list[str]]) -> None:
    """A script is split as a shell does, as far as commands are concerned."""
    assert [list(each) for each in Step(f"RUN {script}").commands] == commands


def test_package_managers() -> None:
    """Each does what its first known word says."""
    assert act(("apt-get", "-t", "x", "install", "update")) is Act.INSTALL
    assert act(("pacman", "-Q")) is None
    assert act(("apt-get", "install", "-y")) is None
    assert act(("apt-get", "install", "-f")) is Act.INSTALL
    assert act(("apt-get", "-y", "install", "--fix-broken")) is Act.INSTALL
    assert act(("apt-cache", "update")) is None
    assert act(("yum", "update")) is Act.UPGRADE
    assert left_alone(Step("COPY apt-get update")) is None
    assert list(installers(Step("RUN rpm -q x && rpm -e x && pip list"))) == []
    assert list(unverified(Step("LABEL x=trusted=yes"))) == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pacman -Sy", Act.REFRESH),
        ("pacman -S --refresh", Act.REFRESH),
        ("pacman --sync --refresh", Act.REFRESH),
        ("pacman -S -y", Act.REFRESH),
        ("pacman -S", None),
        ("pacman -y", None),
        ("pacman -Syu", Act.UPGRADE),
        ("pacman -S -u", Act.UPGRADE),
        ("pacman -Sy --sysupgrade", Act.UPGRADE),
        ("pacman --sync --sysupgrade", Act.UPGRADE),
        ("pacman --sync x", Act.INSTALL),
        ("pacman -Sy x", Act.INSTALL),
        ("pacman --query x", None),
        ("xbps-install -S", Act.REFRESH),
        ("xbps-install --sync", Act.REFRESH),
        ("xbps-install -u", Act.UPGRADE),
        ("xbps-install -Su", Act.UPGRADE),
        ("xbps-install -S -u", Act.UPGRADE),
        ("xbps-install --update", Act.UPGRADE),
        ("xbps-install -Sy x", Act.INSTALL),
        ("xbps-install -y", None),
        ("emerge --sync", Act.REFRESH),
        ("emerge --update @world", Act.UPGRADE),
        ("emerge world", Act.UPGRADE),
        ("emerge system", Act.UPGRADE),
        ("emerge -u @system", Act.UPGRADE),
        ("emerge @world x", Act.INSTALL),
        ("emerge x", Act.INSTALL),
        ("emerge --info", None),
        ("emerge-webrsync", Act.REFRESH),
        ("eix-sync", Act.REFRESH),
    ],
)
def test_package_managers_that_go_by_options(command: str, expected: Act | None) -> None:
    """Each option is known in its short and its long form, also where several are in one word."""
    assert act(tuple(command.split())) is expected


@pytest.mark.parametrize(
    "command",
    [
        *(
            f"{program} install"
            for program in ("bundle", "cargo", "composer", "gem", "go", "npm", "pip", "pip3")
        ),
        *("composer require", "go get", "npm i", "npm ci", "npm add", "pnpm install", "pnpm i", "pnpm add"),
        *("yarn install", "yarn add", "dpkg -i", "dpkg --install", "rpm -i", "rpm -Uvh", "rpm --upgrade"),
    ],
)
def test_installers(command: str) -> None:
    """Each program is known by the words with which it installs."""
    assert list(installers(Step(f"RUN {command} x"))) == [command.split()[0]]


@pytest.mark.parametrize(
    "word",
    [
        *("apt-mark", "cat", "cp", "echo", "grep", "ln", "ls", "mkdir", "mv"),
        *("printf", "rm", "sed", "test", "type", "which"),
    ],
)
def test_commands_that_only_name_a_package_manager(word: str) -> None:
    """They start none."""
    assert act((word, "apt-get", "update")) is None


def test_copy_is_no_add() -> None:
    """Only an ADD unpacks what it is given."""
    assert Step("ADD rootfs.tar /").brings_file_system
    assert not Step("COPY rootfs.tar /").brings_file_system


# ---- 4.5


class Sockets:
    """A socket of the engine that group 998 may write to."""

    def group(self, name: str) -> Subjects[FileFact]:
        """All of them."""
        node = Node("/run/docker.sock", 0o140660, 0, 998)
        fact = FileFact("/run/docker.sock", State.FOUND, node, grants=())
        return Subjects(name, (("/run/docker.sock", fact),))


USERS = "user root:/root\nuser alice:/home/alice"


def trust(
    *lines: str, units: Sequence[str] = (), unread: Sequence[str] = (), policy: Policy | None = None
) -> tuple[str, str]:
    """What 4.5 says of a host where root and alice may pull, and these lines name the variable."""
    text = "\n".join(
        (USERS, *(f"unread {each}" for each in unread), "--lines", *lines, "--units", *units, "")
    )
    answer = Answer(CONTENT_TRUST.name, 0, CONTENT_TRUST.keep(text), "")
    users = (User("root", 0, 0, "/bin/bash"), User("alice", 1000, 1000, "/bin/bash"))
    made = Facts(
        Recording("host", "local", {CONTENT_TRUST.name: answer}),
        policy or Policy(),
        engine=object(),
        api_socket=Sockets().group("api_socket"),
        accounts=Accounts(users, (Group("docker", 998, ("alice",)),)),
    )
    return judged("4.5", made)["host"]


ON = "DOCKER_CONTENT_TRUST=1"
ALL = f"/etc/environment:{ON}"


@pytest.mark.parametrize(
    "line",
    [
        ALL,
        "/etc/environment:DOCKER_CONTENT_TRUST=true",
        '/etc/environment:DOCKER_CONTENT_TRUST="yes"',
        f"/etc/environment:export {ON}",
        "/etc/security/pam_env.conf:DOCKER_CONTENT_TRUST DEFAULT=1",
        f"/etc/profile.d/trust.sh:export {ON}",
        f"/etc/profile:{ON}; export DOCKER_CONTENT_TRUST",
        f"/etc/profile:declare -x {ON} # for all",
    ],
)
def test_content_trust_for_all(line: str) -> None:
    """It is on where a file of every login says so, in any word that is not a no to the docker command."""
    found, reason = trust(line)
    assert (found, reason.partition(";")[0]) == ("pass", "on for root, alice")


@pytest.mark.parametrize(
    "line",
    [
        "/etc/environment:DOCKER_CONTENT_TRUST=0",
        "/etc/environment:DOCKER_CONTENT_TRUST=false",
        "/etc/environment:DOCKER_CONTENT_TRUST=",
        f"/etc/environment:# {ON}",
        f"/etc/profile:{ON}",
        f"/etc/profile:#export {ON}",
        "/etc/profile:unset DOCKER_CONTENT_TRUST",
    ],
)
def test_content_trust_that_is_off(line: str) -> None:
    """A no, a comment and a variable that no program gets leave it off."""
    assert trust(line) == ("fail", "content trust is off for root, alice")


def test_content_trust_nowhere() -> None:
    """Nobody turned it on: it fails, or the policy names another way."""
    assert trust() == ("fail", "content trust is off for root, alice")
    found, reason = trust(policy=Policy(image_verification="cosign, OPS-1"))
    assert (found, reason) == ("pass", "checked in another way, as the policy says: cosign, OPS-1")


def test_content_trust_of_one_user() -> None:
    """Each user counts, and a user's own files come after those for all."""
    assert trust(f"/root/.profile:export {ON}") == ("fail", "content trust is off for alice")
    late = ("/etc/profile:export DOCKER_CONTENT_TRUST=0", f"/etc/security/pam_env.conf:{ON}")
    assert trust(*late)[0] == "fail"
    both = (f"/root/.profile:export {ON}", f"/home/alice/.bashrc:export {ON}")
    assert trust(*both)[0] == "pass"
    assert trust("/home/alice/.profile:export DOCKER_CONTENT_TRUST=0", ALL)[1].endswith("for alice")
    assert trust(ALL, f"/home/alice/.profile:{ON}")[0] == "pass"
    assert trust("/home/alice/.profile:export DOCKER_CONTENT_TRUST", f"/etc/profile:{ON}")[1].endswith(
        "for root"
    )


@pytest.mark.parametrize(
    "line",
    [
        "/home/alice/.bashrc:alias docker='DOCKER_CONTENT_TRUST=0 docker'",
        "/home/alice/.bashrc:  export DOCKER_CONTENT_TRUST=0",
        "/home/alice/.bashrc:  unset DOCKER_CONTENT_TRUST",
        "/home/alice/.bashrc:export DOCKER_CONTENT_TRUST=$(cat /x)",
        "/home/alice/.bashrc:export A=b DOCKER_CONTENT_TRUST=0",
    ],
)
def test_content_trust_that_cannot_be_told(line: str) -> None:
    """What a line does that is no plain setting is for a person."""
    found, reason = trust(ALL, line)
    assert (found, reason) == ("manual", "whether content trust is on cannot be told from the files of alice")


def test_content_trust_that_cannot_be_read() -> None:
    """An unreadable file is an error, unless somebody else has it off for certain."""
    for path in ("/home/alice", "/home/alice/.bashrc"):
        assert trust(ALL, unread=[path]) == ("error", f"alice: {path} could not be read")
    assert trust(ALL, unread=["/etc/profile"])[0] == "error"
    assert trust(ALL, unread=["/home/bob"])[0] == "pass"
    assert trust(unread=["/home/alice"]) == ("fail", "content trust is off for root")


def test_content_trust_of_services() -> None:
    """A service that starts containers gets nothing of a login: its unit has to say it."""
    unit = "/etc/systemd/system/web.service"
    starts = f"{unit}:ExecStart=/usr/bin/docker run "
    assert trust(ALL, units=[starts]) == ("fail", "content trust is off for service web.service")
    drop_in = f"{unit}.d/trust.conf:Environment=A=b {ON}"
    found, reason = trust(ALL, units=[starts, drop_in])
    assert (found, "service web.service" in reason) == ("pass", True)
    assert trust(ALL, units=[starts, f"{unit}:EnvironmentFile="])[0] == "manual"
    assert trust(ALL, units=[starts, drop_in, f"{unit}:Environment=DOCKER_CONTENT_TRUST=0"])[0] == "manual"
    assert trust(ALL, units=[f"{unit}:EnvironmentFile="])[0] == "pass"


def test_content_trust_of_lines_that_may_do_anything() -> None:
    """What is set in a part of a script, or handed on without being set, is not taken for more than it is."""
    told = ("manual", "whether content trust is on cannot be told from the files of root, alice")
    assert trust(ALL, "/etc/profile:\tunset DOCKER_CONTENT_TRUST") == told
    assert trust(ALL, "/etc/profile:\t# unset DOCKER_CONTENT_TRUST")[0] == "pass"
    assert trust(ALL, "/etc/profile:unset DOCKER_CONTENT_TRUST # for all")[0] == "fail"
    assert trust("/etc/profile:export DOCKER_CONTENT_TRUST")[0] == "fail"
    assert trust(ALL, "/etc/profile:export DOCKER_CONTENT_TRUST")[0] == "pass"
    off = "/etc/profile:export DOCKER_CONTENT_TRUST=0"
    assert trust(off, "/etc/zshenv:export DOCKER_CONTENT_TRUST")[0] == "fail"


def test_files_with_a_colon_in_their_names() -> None:
    """A line, a user's home and a unit keep every letter of their names; what names no file is dropped."""
    assert trust(f"/etc/profile.d/a.sh:export {ON} # x:y")[0] == "pass"
    assert trust(f"nonsense {ON}", f":export {ON}", "/etc/x")[0] == "fail"
    unit = "/etc/systemd/system/web@a:b.service"
    kept = ContentTrust.of(
        Recording(
            "host",
            "local",
            {
                CONTENT_TRUST.name: Answer(
                    CONTENT_TRUST.name,
                    0,
                    "user root:/root\nuser alice:/home/a:b c\nunread /home/a:b c/.bashrc\n--lines\n"
                    f"/etc/a:b:on\n--units\n{unit}:starts\n",
                    "",
                )
            },
        )
    )
    assert kept == ContentTrust(
        {"root": "/root", "alice": "/home/a:b c"},
        ("/home/a:b c/.bashrc",),
        (("/etc/a:b", Setting.ON),),
        ((unit, "starts"),),
    )
    assert kept.look("bob") == "the files of bob were not looked at"
    assert kept.look("alice") == "/home/a:b c/.bashrc could not be read"


def test_homes_are_told_apart() -> None:
    """A slash at the end of a home is none of its name; several unreadable files are all named."""
    found = ContentTrust({"a": "/home/X/"}, ("/etc/profile", "/home/X/.profile"), ())
    assert found.look("a") == "/etc/profile, /home/X/.profile could not be read"
    found = ContentTrust({"a": "/home/X/"}, (), (("/home/X/.profile", Setting.ON),))
    assert found.look("a") is Setting.ON


def test_units_that_may_say_anything() -> None:
    """A variable of a unit that is not understood, and an on without a start, are kept apart."""
    unit = "/etc/systemd/system/web.service"
    starts = f"{unit}:ExecStart=/usr/bin/docker run "
    assert trust(ALL, units=[starts, f"{unit}:Environment=XDOCKER_CONTENT_TRUST=1"])[0] == "manual"
    assert trust(ALL, units=[starts, f"{unit}:EnvironmentFile=-/etc/x"]) == (
        "manual",
        "whether content trust is on cannot be told from the files of service web.service",
    )
    assert CONTENT_TRUST.keep(f"{USERS}\n--lines\n--units\n{starts}\n") == (
        f"{USERS}\n--lines\n--units\n{unit}:starts\n"
    )


def test_content_trust_stores_no_values() -> None:
    """Of the lines that name the variable only what they do is stored."""
    text = f"{USERS}\n--lines\n/etc/profile:export TOKEN={SECRET} {ON}\n--units\n/u/x.service:ExecStart={SECRET}\n"
    assert SECRET not in CONTENT_TRUST.keep(text)


# ---- policy


def test_policy_of_images() -> None:
    """The keys are read as a file writes them; nothing said is nothing allowed, and nonsense is refused."""
    silent = Policy.from_mapping({})
    assert (silent.image_max_age_days, silent.image_verification) == (None, None)
    policy = Policy.from_mapping({"image_max_age_days": 90, "image_verification": " cosign "})
    assert (policy.image_max_age_days, policy.image_verification) == (90, "cosign")
    for wrong in ({"image_max_age_days": 0}, {"image_max_age_days": "x"}, {"image_verification": ""}):
        with pytest.raises(PolicyError):
            Policy.from_mapping(wrong)


def test_policy_of_registries() -> None:
    """A registry holds all its repositories, a part of one what lies below it."""
    assert Policy().allows_registry("docker.io/library/x") is None
    policy = Policy.from_mapping({"allowed_registries": ["docker.io", "ghcr.io/example/"]})
    assert policy.allows_registry("docker.io/library/x")
    assert policy.allows_registry("ghcr.io/example/x")
    assert not policy.allows_registry("ghcr.io/example2/x")
    assert not policy.allows_registry("docker.io.example/x")
