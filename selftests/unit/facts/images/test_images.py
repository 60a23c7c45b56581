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
    assert (found.name, found.tags, found.origins) == ("app:1", ("app:1", "web:2"), ("r.io/a",))
    assert (found.healthcheck, [each.keyword for each in found.steps]) == ("CMD", ["ADD", "CMD"])
    assert found.days_old == pytest.approx(10, abs=0.01)
    assert only(facts(RepoTags=["<none>:<none>"])).name == "abababababab"


def made_from(target: Facts, identifier: str) -> Facts:
    """The same with a container of this image."""
    old = SimpleNamespace(inspect=Inspected(name="", image=identifier, mounts=[]))
    return used(target, Subjects("container", (("old", old),)))


def test_image_between_two() -> None:
    """It is judged where it has a name, a container was made from it, or a registry knows it."""
    parent = image("cd" * 32, RepoTags=[])
    child = image(Parent=parent["Id"])
    target = facts_of(output([child, parent], {}))
    assert [name for name, _ in target.image] == ["web:1"]
    assert len(facts_of(output([image(), parent], {})).image.named) == 2
    found = made_from(target, parent["Id"]).image
    assert {name: each.used_by for name, each in found} == {"web:1": (), "cdcdcdcdcdcd": ("old",)}
    target = facts_of(output([child, parent | {"RepoDigests": ["debian@sha256:12"]}], {}))
    assert [name for name, _ in target.image] == ["cdcdcdcdcdcd", "web:1"]


def test_users_of_an_image_are_named() -> None:
    """Where containers are known, a flaw says who uses the image."""
    target = made_from(facts(config={"Healthcheck": None}), f"sha256:{ID}")
    assert verdict("4.6", target) == ("fail", "has no health check (used by old)")


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


EMPTY: dict[str, Any] = {"created_by": "", "empty_layer": True}
IMPORT = {"created_by": "", "comment": "Imported from -"}
OF_PODMAN = {"created_by": "/bin/sh -c #(nop) ADD file:ed0 in /", "comment": "imported from tarball"}
SQUASHED = {"created_by": "", "comment": "merge sha256:12 to sha256:34"}
HOW = [f"bazel build @debian//:{name}" for name in ("base-files", "tzdata")]


@pytest.mark.parametrize(
    ("steps", "is_told"),
    [
        ((IMPORT,), False),
        ((OF_PODMAN,), False),
        ((IMPORT, "RUN true"), True),
        ((BASE, "RUN true"), True),
        ((BASE, EMPTY), True),
        ((BASE, SQUASHED), True),
        # a container that somebody worked in
        ((BASE, "sleep 9999"), False),
        ((BASE, "/usr/bin/tail -f /dev/null"), False),
        ((BASE, "RUN nginx -t # buildkit"), True),
        ((BASE, "|1 A=b nginx -t"), True),
        # builders without a build file
        *(((step,), False) for step in ("", "apko", "KIWI 9.24.43", "BusyBox 1.37.0 (glibc), Debian 13")),
        (("apko", {"created_by": 'CMD ["sh"]', "empty_layer": True}), False),
        (("apko", "apko"), False),
        (("apko", "RUN true"), True),
        (("apko", "apko", "COPY a b # buildkit"), True),
        (("apko", EMPTY, "apko", "RUN true"), True),
        (("apko", "other", "RUN true"), False),
        ((BASE, "apko", "RUN true"), False),
        ((*HOW, "COPY app / # buildkit"), True),
        ((*HOW, "python3 /app.py", "COPY app / # buildkit"), False),
        (("# debian.sh --arch 'amd64' out/ 'trixie' '@1700000000'",), True),
    ],
)
def test_what_the_history_tells(steps: tuple[Any, ...], is_told: bool) -> None:
    """A person is asked where a step that fills the image does not tell what was done."""
    expected = "pass" if is_told else "manual"
    target = facts_of(output([image()], {ID: stored(*steps)}))
    found = {number: verdict(number, target)[0] for number in ("4.7", "4.9", "4.10", "4.11")}
    assert found == dict.fromkeys(found, expected)


@pytest.mark.parametrize("step", ["RUN /bin/sh -c /dev/pipes/EOF # buildkit", "bash", "/bin/sh"])
@pytest.mark.parametrize("number", ["4.7", "4.10", "4.11"])
def test_step_that_is_not_told(number: str, step: str) -> None:
    """A script of which BuildKit keeps the name, and a shell in which somebody worked by hand."""
    assert verdict(number, facts(BASE, step))[0] == "manual"


@pytest.mark.parametrize("number", ["4.7", "4.9", "4.10", "4.11"])
def test_history_that_is_missing(number: str) -> None:
    """Without the history nothing is judged by it; one without steps is for a person."""
    assert verdict(number, facts_of(output([image()], {}))) == ("error", "its history could not be read")
    assert verdict(number, facts_of(output([image()], {ID: stored()})))[0] == "manual"
