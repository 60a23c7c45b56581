"""The images that the engine holds."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers.inspect import Inspected
from hullcheck.facts.images import Image
from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.engines import engine
from selftests.kit.facts.images import (
    BASE,
    ID,
    facts,
    facts_of,
    image,
    output,
    stored,
    used,
    verdict,
)
from selftests.kit.judging import judged


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

    old = SimpleNamespace(inspect=Inspected(name="", image=parent["Id"], mounts=[]))
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
    steps = [{"CreatedBy": "CMD x", "Comment": "", "Size": 0}, {"CreatedBy": BASE, "Comment": "", "Size": 2}]
    text = output([image()], {}, "--history", f"sha256:{ID} {json.dumps(steps)}")
    assert [each.keyword for each in only(facts_of(text)).steps] == ["ADD", "CMD"]
    with pytest.raises(EvidenceError):
        assert only(facts_of(text.replace('"Comment": ""', '"Comment', 1))).steps
    silent = text.replace(json.dumps(BASE), '""')
    assert [each.silent for each in only(facts_of(silent)).steps] == [True, False]


def test_answers_that_cannot_be_judged() -> None:
    """A failed or damaged answer is an error of all images, which names the field; none is one that is cut off."""
    whole = output([image()], {})
    damaged = whole.replace('"RepoTags": ["web:1"]', '"RepoTags": 5')
    for text, status, fault in (
        ("", 1, "Cannot connect"),
        (whole.removesuffix("--end\n"), 0, "cut off"),
        (damaged, 0, r"docker image inspect: Expected `array \| null`, got `int` - at `\$\[0\]\.RepoTags`"),
    ):
        with pytest.raises(EvidenceError, match=fault):
            assert facts_of(text, status=status, stderr="Cannot connect to the Docker daemon").image


def test_images_that_are_gone_or_were_never_there() -> None:
    """An image that went away meanwhile is passed over; none at all is not applicable, if the engine counts none."""
    gone: Any = {"message": f"No such image: sha256:{'cd' * 32}"}
    assert [name for name, _ in facts_of(output([image(), gone], {})).image] == ["web:1"]
    none = facts_of(output([], {}))
    assert judged("4.6", none) == {"host": ("not applicable", "the engine has no image")}
    counted = Facts(none.recording, none.policy, engine=engine(Images=2))
    with pytest.raises(EvidenceError, match=r"counts images \(2\), and none was listed"):
        judged("4.6", counted)


@pytest.mark.parametrize("number", ["4.7", "4.9", "4.10", "4.11"])
def test_history_that_is_missing(number: str) -> None:
    """Without the history nothing is judged by it; where no step says anything a person is asked."""
    unread = facts_of(output([image()], {}))
    assert verdict(number, unread) == ("error", "its history could not be read")
    assert verdict(number, facts({"created_by": "", "comment": "Imported from -"}))[0] == "manual"
    of_podman = {"created_by": "/bin/sh -c #(nop) ADD file:ed0 in /", "comment": "imported from tarball"}
    assert verdict(number, facts(of_podman))[0] == "manual"
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


@pytest.mark.parametrize(
    "step", ["", "apko", "KIWI 9.24.43", "bazel build ...", "BusyBox 1.37.0 (glibc), Debian 13"]
)
@pytest.mark.parametrize("number", ["4.7", "4.9", "4.10", "4.11"])
def test_builder_without_a_build_file(number: str, step: str) -> None:
    """What it did is not told where it made the whole image; as a base it is one that was imported."""
    empty = {"created_by": 'CMD ["sh"]', "empty_layer": True}
    assert verdict(number, facts(step))[0] == verdict(number, facts(step, empty))[0] == "manual"
    assert verdict(number, facts(step, "RUN true"))[0] == "pass"
    assert verdict(number, facts(step, step))[0] == "manual"
    assert verdict(number, facts(step, step, "COPY a b # buildkit"))[0] == "pass"
    assert verdict(number, facts(step, "other", "RUN true"))[0] == "manual"
    assert verdict(number, facts(BASE, step, "RUN true"))[0] == "manual"
    assert verdict(number, facts({"created_by": step, "empty_layer": True}, "RUN true"))[0] == "pass"
    assert verdict(number, facts("# debian.sh --arch 'amd64' out/ 'trixie' '@1700000000'"))[0] == "pass"


def test_base_of_one_builder() -> None:
    """4.7: it has several layers, as those of distroless; with what somebody put on it by hand nothing is told."""
    base = [f"bazel build @debian//:{name}" for name in ("base-files", "tzdata")]
    assert verdict("4.7", facts(*base, "COPY app / # buildkit"))[0] == "pass"
    assert verdict("4.7", facts(*base, "python3 /app.py", "COPY app / # buildkit"))[0] == "manual"


def test_users_of_an_image_are_named() -> None:
    """Where containers are known, a flaw says who uses the image."""
    target = facts(config={"Healthcheck": None})
    web = SimpleNamespace(inspect=Inspected(name="", image=f"sha256:{ID}", mounts=[]))
    target = used(target, Subjects("container", (("web", web),)))
    assert verdict("4.6", target) == ("fail", "has no health check (used by web)")


@pytest.mark.parametrize("number", ["4.7", "4.9", "4.10", "4.11"])
@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("sleep 9999", False),
        ("/usr/bin/tail -f /dev/null", False),
        ("python3 /app.py", False),
        ("jib-maven-plugin:3.4.0", False),
        ("RUN nginx -t # buildkit", True),
        ("|1 A=b nginx -t", True),
    ],
)
def test_container_that_an_image_was_made_of(number: str, step: str, told: bool) -> None:
    """What was started in it is told, and what somebody did in it is not; nor is what other builders did."""
    assert verdict(number, facts_of(output([image()], {ID: stored(BASE, step)})))[0] == (
        "pass" if told else "manual"
    )
