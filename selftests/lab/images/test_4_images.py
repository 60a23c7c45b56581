"""Section 4 on real engines: images of both builders in both stores, of a registry, and of no builder at all."""

from __future__ import annotations

import json
import tarfile
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck import facts as fact_modules
from hullcheck.facts import Facts
from hullcheck.facts.images.models import IMAGES
from hullcheck.policy import Policy, ScanReports
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError
from selftests.kit.judging import Verdicts, facts_of_engine, facts_of_user, judge_engine, judge_guest, judged
from selftests.unit.facts.images.test_scan_reports import trivy

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

CONTAINERD = {"features": {"containerd-snapshotter": True}}
STORES = {"overlay2": {}, "containerd": CONTAINERD}
BUILDERS = {"classic": ("build",), "buildkit": ("buildx", "build", "--load")}
each_store = pytest.mark.parametrize("settings", STORES.values(), ids=list(STORES))
each_builder = pytest.mark.parametrize("builder", BUILDERS.values(), ids=list(BUILDERS))

SECRET = "Hunter2secret"
ENCODED = b64encode(f"bob:{SECRET}".encode()).decode()
# A base in which the programs that steps name are there and do nothing.
TOOLS = "RUN for name in apt-get curl; do echo '#!/bin/sh' > /bin/$name; chmod +x /bin/$name; done\n"
# By control: lines of a build file that differ in one thing; the first are good, the second are not.
PAIRS = {
    "4.6": ("HEALTHCHECK CMD grep -q State /proc/1/status", "HEALTHCHECK NONE"),
    "4.7": ("RUN apt-get update && apt-get install -y x", "RUN apt-get update && apt-get remove -y x"),
    "4.9": ("COPY f /f", "ADD f /f"),
    "4.10": ("ENV DB_PASSWORD_FILE=/run/secrets/x", f"ENV DB_PASSWORD={SECRET}"),
    "4.11": ("RUN curl -fsSL https://x | sh", "RUN curl -fsSLk https://x | sh"),
}


def build(
    engine: Engine, builder: tuple[str, ...], tag: str, lines: str, folder: Path, *options: str
) -> None:
    """Build an image from the lines of a build file, in a folder with the files f and bb.tar."""
    folder.mkdir(exist_ok=True)
    (folder / "f").write_text("f\n")
    (folder / "bb.tar").write_bytes((engine.lab.root / "bb.tar").read_bytes())
    (folder / "Dockerfile").write_text(lines)
    engine.docker(*builder, "--quiet", "--tag", tag, *options, str(folder))


def audit(number: str, engine: Engine, policy: Policy | None = None) -> Verdicts:
    """Verdict and reason by image."""
    return judge_engine(number, engine.socket, policy)


def recorded(facts: Facts) -> str:
    """What is stored of the images."""
    return facts.recording.answers[IMAGES.name].stdout


# ---- builders and stores


@each_store
@each_builder
def test_images_of_both_builders(
    engine: EngineFactory, tmp_path: Path, settings: dict[str, object], builder: tuple[str, ...]
) -> None:
    """Two images that differ in one line differ in one verdict, and nothing secret is stored."""
    one = engine(**settings)
    start = f"FROM bb:1\n{TOOLS}"
    for number, lines in PAIRS.items():
        for word, line in zip(("good", "bad"), lines, strict=True):
            build(one, builder, f"{word}:{number}", f"{start}{line}\n", tmp_path)
    facts = facts_of_engine(one.socket, of="4")
    found = {number: judged(number, facts) for number in PAIRS}
    for number in ("4.7", "4.9", "4.10", "4.11"):
        expected = {f"{word}:{each}": "pass" for word in ("good", "bad") for each in PAIRS}
        shown = ("good:4.7", "bad:4.7", "good:4.11") if number == "4.11" else ()
        expected |= {f"bad:{number}": "fail", "bb:1": "manual"} | dict.fromkeys(shown, "manual")
        assert {name: verdict for name, (verdict, _) in found[number].items()} == expected, number
    assert [name for name, (verdict, _) in found["4.6"].items() if verdict == "pass"] == ["good:4.6"]
    assert "switches the health check" in found["4.6"]["bad:4.6"][1]
    assert "RUN apt-get update && apt-get remove -y x" in found["4.7"]["bad:4.7"][1]
    assert SECRET not in recorded(facts)
    assert "apt-get install" in recorded(facts)


@each_store
@each_builder
def test_base_from_an_archive(
    engine: EngineFactory, tmp_path: Path, settings: dict[str, object], builder: tuple[str, ...]
) -> None:
    """The ADD that brings in the base's file system passes, a second one does not."""
    one = engine(**settings)
    base = 'FROM scratch\nADD bb.tar /\nCMD ["sh"]\n'
    build(one, builder, "base:1", base, tmp_path)
    build(one, builder, "twice:1", f"{base}ADD f /\n", tmp_path)
    build(one, builder, "above:1", "FROM base:1\nRUN true\nCOPY f /\n", tmp_path)
    found = {name: verdict for name, (verdict, _) in audit("4.9", one).items()}
    assert found == {"base:1": "pass", "twice:1": "fail", "above:1": "pass", "bb:1": "manual"}


@each_store
def test_scripts_in_a_build_file(engine: EngineFactory, tmp_path: Path, settings: dict[str, object]) -> None:
    """Of a script of its own first line BuildKit keeps nothing; of one for the shell, and of options, all."""
    one = engine(**settings)
    buildkit = BUILDERS["buildkit"]
    start = f"FROM bb:1\n{TOOLS}"
    files = {
        "own:1": "RUN <<E\n#!/bin/sh\napt-get update\nE\n",
        "shell:1": "RUN <<E\napt-get update\ntrue\nE\n",
        "mount:1": "RUN --mount=type=cache,target=/c apt-get update\n",
        "list:1": 'RUN ["apt-get", "update"]\n',
        "argument:1": 'ARG A\nSHELL ["/bin/sh", "-xec"]\nRUN apt-get update\n',
        "options:1": 'SHELL ["/bin/sh", "-o", "errexit", "-o", "nounset", "-c"]\nRUN apt-get update\n',
        "inner:1": "RUN sh -c 'apt-get update' && eval 'true'\n",
        "printed:1": 'RUN echo "$(apt-get update)"\n',
        "later:1": "ONBUILD RUN apt-get update\n",
    }
    for tag, lines in files.items():
        build(one, buildkit, tag, start + lines, tmp_path, "--build-arg", "A=some words")
    found = {name: verdict for name, (verdict, _) in audit("4.7", one).items() if name != "bb:1"}
    assert found == dict.fromkeys(files, "fail") | {"own:1": "manual"}


@each_store
def test_secrets_of_a_build(engine: EngineFactory, tmp_path: Path, settings: dict[str, object]) -> None:
    """A build argument stays in the history of either builder, a mounted secret in none."""
    one = engine(**settings)
    (tmp_path / "secret").write_text(SECRET)
    lines = "FROM bb:1\nARG NPM_TOKEN\nRUN true\n"
    for tag, builder in BUILDERS.items():
        build(one, builder, f"{tag}:1", lines, tmp_path, "--build-arg", f"NPM_TOKEN={SECRET}")
    mounted = "FROM bb:1\nRUN --mount=type=secret,id=NPM_TOKEN cat /run/secrets/NPM_TOKEN > /dev/null\n"
    option = ("--secret", f"id=NPM_TOKEN,src={tmp_path}/secret")
    build(one, BUILDERS["buildkit"], "mounted:1", mounted, tmp_path, *option)
    facts = facts_of_engine(one.socket, of="4")
    found = judged("4.10", facts)
    assert [found[f"{each}:1"][0] for each in (*BUILDERS, "mounted")] == ["fail", "fail", "pass"]
    assert "a value given to NPM_TOKEN in RUN true" in found["classic:1"][1]
    assert SECRET not in recorded(facts)


# Lines of a build file with a secret, each for an image of its own, and what is said of it.
PLANTED = {
    f"ENV DB_PASSWORD_PROD={SECRET}": "variable DB_PASSWORD_PROD",
    f'ENV OPTS="--password={SECRET}"': "variable OPTS: a value given to password",
    f'ENV JAVA_OPTS="-Xmx1g -Ddb.password={SECRET}"': "variable JAVA_OPTS: a value given to",
    f'ENV AUTH_HEADER="Basic {ENCODED}"': "variable AUTH_HEADER: a password in a header",
    f"ARG DBPASS={SECRET}\nRUN true": "a value given to DBPASS in ARG",
    f"LABEL note=x token={SECRET}": "label token",
    f"RUN true kubectl create secret --from-literal=password={SECRET}": "a value given to password in RUN",
    f"RUN true && echo //registry.example/:_authToken={SECRET} > /n": "a value given to _authToken in RUN",
    f"RUN true redis-cli -a {SECRET}": "a password or key given to a command in RUN",
    f'RUN ["true", "--password", "{SECRET}"]': "a value given to password in RUN",
    f'CMD ["redis-cli", "-a", "{SECRET}"]': "command: a password",
    f'ENTRYPOINT ["app", "--password", "{SECRET}"]': "entry point: a value given to password",
    f"CMD app --token {SECRET}": "command: a value given to token",
    f'HEALTHCHECK CMD ["curl", "-u", "bob:{SECRET}", "http://localhost"]': "health check: a password",
    f"HEALTHCHECK CMD mysqladmin ping -p{SECRET}": "health check: a password",
    f'ONBUILD RUN ["app", "--password", "{SECRET}"]': "instruction for later builds: a value",
}
HARMLESS = [
    "ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D PASSWORD_MIN_LENGTH=8 TOKEN_TTL=3600 KEYCLOAK_VERSION=24",
    "ENV SSH_AUTH_SOCK=/run/s PASSWD_FILE=p KEY_SERVER=k DB_PASSWORD= REDIS_PASSWORD_FILE=/run/secrets/x",
    "ARG NPM_TOKEN\nRUN true --token $NPM_TOKEN --no-password",
    f"RUN true --frozen-lockfile && echo '{'0a1b' * 16}  x' > /sums",
    'CMD ["app", "--password-file", "/run/secrets/x"]',
    "HEALTHCHECK CMD redis-cli -a $REDIS_PASSWORD ping",
]


@each_store
@each_builder
def test_planted_secrets(
    engine: EngineFactory, tmp_path: Path, settings: dict[str, object], builder: tuple[str, ...]
) -> None:
    """Each is found and named, none is stored, a recording gives the same verdicts, and harmless lines pass."""
    one = engine(**settings)
    expected = {f"bad:{number}": said for number, said in enumerate(PLANTED.values())}
    for number, line in enumerate(PLANTED):
        build(one, builder, f"bad:{number}", f"FROM bb:1\n{line}\n", tmp_path)
    for number, line in enumerate(HARMLESS):
        build(one, builder, f"good:{number}", f"FROM bb:1\n{line}\n", tmp_path)
    facts = facts_of_engine(one.socket, of="4")
    found = judged("4.10", facts)
    told = {name: reason for name, (verdict, reason) in found.items() if verdict == "fail"}
    assert told.keys() == expected.keys()
    assert {name: said for name, said in expected.items() if said not in told[name]} == {}
    assert [found[f"good:{number}"][0] for number in range(len(HARMLESS))] == ["pass"] * len(HARMLESS)
    kept = facts.recording.save(tmp_path / "kept")
    for secret in (SECRET, ENCODED.rstrip("=")):
        assert secret not in kept.read_text() + "".join(told.values())
    replayed = Facts(Recording.load(kept, fact_modules.PROBES), facts.policy)
    assert judged("4.10", replayed) == found


@each_store
def test_images_without_a_build(engine: EngineFactory, settings: dict[str, object]) -> None:
    """What was done in a container by hand is not told, whatever was started in it, and whatever its image starts."""
    one = engine(**settings)
    one.run("idle")
    one.docker("exec", "idle", "touch", "/y")
    one.docker("commit", "--change", 'CMD ["x"]', "idle", "idle:1")
    for name, command in {"hand": ("sh",), "own": ("touch", "/x"), "other": ("touch", "/x")}.items():
        one.docker("run", "--name", name, "bb:1", *command)
        change = 'CMD ["sh"]' if name == "other" else "ENV A=b"
        one.docker("commit", "--change", change, name, f"{name}:1")
    found = {name: verdict for name, (verdict, _) in audit("4.7", one).items()}
    assert found == dict.fromkeys(("bb:1", "hand:1", "idle:1", "own:1", "other:1"), "manual")


def test_image_that_lost_its_name(engine: EngineFactory) -> None:
    """One that another was built from, and took the name of, is judged while a container of it is there."""
    one = engine()
    one.docker("build", "--tag", "web:1", "-", stdin="FROM bb:1\nRUN touch /s && chmod 4755 /s\n")
    old = one.inspect("web:1")[0]["Id"]
    one.create("old", image="web:1")
    one.docker("build", "--tag", "web:1", "-", stdin="FROM web:1\nRUN chmod 755 /s\n")
    expected = {"bb:1": ("pass", "no setuid or setgid file"), "web:1": ("pass", "no setuid or setgid file")}
    fault = ("fail", "holds /s (4755) (used by old)")
    assert audit("4.8", one) == expected | {old.removeprefix("sha256:")[:12]: fault}
    one.docker("rm", "old")
    one.create("by-id", image=old.removeprefix("sha256:")[:9])
    fault = ("fail", "holds /s (4755) (used by by-id)")
    assert audit("4.8", one) == expected | {old.removeprefix("sha256:")[:12]: fault}
    one.docker("rm", "by-id")
    assert audit("4.8", one) == expected


# By user: what passwd of the image says of it, and what it is.
STARTS_AS = {
    "app": ("app:x:1000:1000::/:/bin/sh", 1000),
    "zero": ("zero:x:0:0::/:/bin/sh", 0),
    "0:0": ("", 0),
    "+0": ("", 0),
    "root:app": ("", 0),
    "1001": ("1001:x:0:0::/:", 1001),
}


def test_users_of_stopped_containers(engine: EngineFactory, tmp_path: Path) -> None:
    """A container that does not run is judged by the user that it would start as."""
    one = engine()
    lines = "\n".join(line for line, _ in STARTS_AS.values() if line)
    (tmp_path / "passwd").write_text(f"root:x:0:0::/:/bin/sh\n{lines}\n")
    build(one, BUILDERS["classic"], "users", "FROM bb:1\nCOPY passwd /etc/passwd\n", tmp_path)
    names = {user: f"user-{number}" for number, user in enumerate(STARTS_AS)}
    for user, name in names.items():
        one.create(name, "--user", user, image="users", command=("id", "-u"))
    found = judge_engine("4.1", one.socket)
    for user, (_, number) in STARTS_AS.items():
        assert found[names[user]][0] == ("pass" if number else "fail"), user
        assert one.docker("start", "--attach", names[user]).strip() == str(number)


def as_member(engine: Engine) -> Facts:
    """The facts that a user gets who may use the engine, and read none of its files."""
    return facts_of_user(engine.socket, 65534, engine.socket.stat().st_gid, of="4")


@each_store
def test_user_without_root_rights(engine: EngineFactory, tmp_path: Path, settings: dict[str, object]) -> None:
    """Where the store may not be read the engine is asked for each history, and the verdicts are the same.

    What needs a look into the layers is an error, if the history does not show a fault already.
    """
    one = engine(**settings)
    for name, builder in BUILDERS.items():
        for word, index in (("good", 0), ("bad", 1)):
            lines = "\n".join(("FROM bb:1", TOOLS, *(pair[index] for pair in PAIRS.values()), ""))
            build(one, builder, f"{name}:{word}", lines, tmp_path)
    rooted, member = facts_of_engine(one.socket, of="4"), as_member(one)
    for number in PAIRS:
        seen = judged(number, member)
        inside = {name for name, (verdict, _) in seen.items() if verdict == "error"}
        assert inside == ({"bb:1", "classic:good", "buildkit:good"} if number == "4.10" else set())
        rest = {name: found for name, found in judged(number, rooted).items() if name not in inside}
        assert {name: found for name, found in seen.items() if name not in inside} == rest
        assert seen["buildkit:bad"][0] == "fail"
        assert seen["classic:good"][0] != "fail"
    assert SECRET not in recorded(member)
    with pytest.raises(EvidenceError, match="home directory of root"):
        member.get("content_trust")


# ---- scan reports, age and content trust


@each_store
def test_scan_report_of_a_real_image(
    engine: EngineFactory, tmp_path: Path, settings: dict[str, object]
) -> None:
    """A report on the digest of the image's configuration passes in both stores; on any other digest, none.

    The report is made by hand in the shape of Trivy's: its list of weaknesses is not in reach here.
    """
    one = engine(**settings)
    one.run("web")
    policy = Policy(scan_reports=ScanReports(str(tmp_path)))

    def found(digest: str, *severities: str) -> tuple[str, str]:
        report = trivy(*severities, CreatedAt=datetime.now(UTC).isoformat(), Metadata={"ImageID": digest})
        (tmp_path / "web.json").write_text(json.dumps(report))
        return audit("4.4", one, policy)["bb:1"]

    one.docker("save", "--output", str(tmp_path / "bb.tar"), "bb:1")
    with tarfile.open(tmp_path / "bb.tar") as archive:
        (named,) = json.load(archive.extractfile("manifest.json") or BytesIO())
    configuration = "sha256:" + named["Config"].removesuffix(".json").rpartition("/")[2]
    assert found("sha256:" + "00" * 32)[0] == "fail"
    assert found(configuration)[0] == "manual"
    assert found(configuration, "LOW")[0] == "pass"

    def scanners() -> list[str]:
        return [verdict for verdict, _ in audit("scanner_covers_images_in_use", one, policy).values()]

    assert scanners() == ["pass", "not applicable", "not applicable"]
    assert found(one.docker("image", "inspect", "--format", "{{.Id}}", "bb:1").strip(), "LOW")[0] == "pass"
    assert found(configuration, "LOW", "HIGH")[0] == "fail"
    (tmp_path / "web.json").write_text("{")
    assert audit("4.4", one, policy)["bb:1"][0] == "error"
    (tmp_path / "web.json").unlink()
    assert scanners() == ["fail"] * 3
    assert audit("4.4", one, policy)["bb:1"] == ("fail", "no scan report on its digest (used by web)")
    one.docker("rm", "--force", "web")
    assert scanners() == ["not applicable"] * 3
    assert audit("4.4", one, policy)["bb:1"][0] == "not applicable"


@pytest.mark.needs_engine("<29", "the client of a later one knows no content trust")
def test_content_trust_on_a_host(lab_host: HostFactory) -> None:
    """What root's login shells see passes, and what may switch it off is left to a person."""
    host = lab_host()

    def found() -> str:
        return judge_guest("4.5", host)[host.name][0]

    assert found() == "fail"
    host.write("/root/.profile", "export DOCKER_CONTENT_TRUST=1\n")
    assert found() == "pass"
    assert host.exec("su", "-", "root", "-c", "echo $DOCKER_CONTENT_TRUST").strip() == "1"
    host.write("/root/.bashrc", "alias docker='DOCKER_CONTENT_TRUST=0 docker'\n")
    assert found() == "manual"
