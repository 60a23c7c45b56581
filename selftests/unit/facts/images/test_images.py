"""The images that the engine holds."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.images import Image
from hullcheck.facts.images.models import IMAGES
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.corpus.judged import recording_of

HOST = recording_of("hardened-26.1")
ID, PARENT = "ab" * 32, "cd" * 32
USED = next(each.id for _, each in Facts(HOST, Policy()).image if each.used_by)


def described(identifier: str = f"sha256:{ID}", **more: Any) -> dict[str, Any]:
    """An image as the engine describes it."""
    return {"Id": identifier, "RepoTags": ["web:1"], "RootFS": {"Layers": ["sha256:01"]}, "Config": {}} | more


def facts(*images: dict[str, Any], section: str = "stored", documents: str = "") -> Facts:
    """A host on which the engine described these images."""
    said = "\n".join(("--images", *map(json.dumps, images), f"--{section}", documents, "--end", ""))
    answers = {**HOST.answers, "images": Answer("images", 0, IMAGES.keep(said), "")}
    return Facts(replace(HOST, answers=answers), Policy())


def only(target: Facts) -> Image:
    """The one image."""
    ((_, found),) = target.image
    return found


def test_names() -> None:
    """An image goes by its first tag, or its short id."""
    found = only(facts(described(RepoTags=["web:2", "app:1"], RepoDigests=["r.io/a@sha256:12"])))
    assert (found.name, found.tags, found.origins) == ("app:1", ("app:1", "web:2"), ("r.io/a",))
    assert only(facts(described(RepoTags=["<none>:<none>"]))).name == "abababababab"


@pytest.mark.parametrize(
    ("parent", "names"),
    [
        ({}, ["web:1"]),
        ({"RepoTags": ["base:1"]}, ["base:1", "web:1"]),
        ({"RepoDigests": ["debian@sha256:12"]}, [PARENT[:12], "web:1"]),
        ({"Id": USED}, [USED[7:19], "web:1"]),
    ],
)
def test_step_between_images(parent: dict[str, Any], names: list[str]) -> None:
    """What lost its name to an image built from it counts if it has a name, or a container was made from it."""
    below = described(f"sha256:{PARENT}", **({"RepoTags": []} | parent))
    target = facts(described(Parent=below["Id"]), below)
    assert [name for name, _ in target.image] == names


def test_history_in_the_store_of_containerd() -> None:
    """An index leads to manifests, and these to the history of the image with the layers that the engine describes."""
    files: dict[str, Any] = {ID: {"manifests": [{"digest": f"sha256:{each * 32}"} for each in ("cd", "ef")]}}
    for manifest, config, layer in (("cd", "12", "01"), ("ef", "34", "02")):
        files[manifest * 32] = {"config": {"digest": f"sha256:{config * 32}"}, "layers": [{"digest": "sha256:9"}]}
        history = [{"created_by": f"RUN {layer}"}]
        files[config * 32] = {"rootfs": {"diff_ids": [f"sha256:{layer}"]}, "history": history}

    def found(layer: str, without: str = "") -> Image:
        lines = (f"{name}:{json.dumps(each)}" for name, each in files.items() if name != without)
        return only(facts(described(RootFS={"Layers": [f"sha256:{layer}"]}), documents="\n".join(lines)))

    for layer, manifest, config in (("01", "cd", "12"), ("02", "ef", "34")):
        assert found(layer).steps[0].created_by == f"RUN {layer}"
        assert found(layer).known_digests == {f"sha256:{each}" for each in (ID, manifest * 32, config * 32)}
    for missing in (ID, "cd" * 32, "12" * 32):
        with pytest.raises(EvidenceError, match="history could not be read"):
            assert found("01", missing).steps


def test_history_that_the_engine_was_asked() -> None:
    """It comes with the last step first; no layer says how an empty step came about."""
    steps = [{"CreatedBy": "CMD x", "Comment": "", "Size": 0}, {"CreatedBy": "ADD x /", "Comment": "", "Size": 2}]
    told = f"sha256:{ID} {json.dumps(steps)}"
    assert [each.keyword for each in only(facts(described(), section="history", documents=told)).steps] == [
        "ADD",
        "CMD",
    ]
    with pytest.raises(EvidenceError):
        assert only(facts(described(), section="history", documents=told[:-5])).steps


def test_image_that_is_gone() -> None:
    """One that went away after it was listed is passed over; none at all needs an engine that counts none."""
    gone: Any = {"message": f"No such image: sha256:{PARENT}"}
    assert [name for name, _ in facts(described(), gone).image] == ["web:1"]
    with pytest.raises(EvidenceError, match="counts images"):
        assert facts().image
