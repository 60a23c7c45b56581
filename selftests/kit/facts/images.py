"""Facts of images, made by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hullcheck.facts import PROBES, Facts
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts.engines import engine
from selftests.kit.judging import judged

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
ID = "ab" * 32
LAYERS = ["sha256:" + "01" * 32]
BASE = "/bin/sh -c #(nop) ADD file:8582af4daeaf0680 in / "


def image(identifier: str = ID, **more: Any) -> dict[str, Any]:
    """An image as the engine describes it."""
    config = {"Env": ["PATH=/bin"], "Labels": None, "Healthcheck": {"Test": ["CMD", "curl"]}}
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


def output(images: Sequence[dict[str, Any]], files: dict[str, dict[str, Any]], *more: str) -> str:
    """What the probe prints on a target; *more* are sections in the place of the store's."""
    lines = ["--images", *map(json.dumps, images), *(more or ["--stored"])]
    lines += [f"{digest}:{json.dumps(file)}" for digest, file in files.items()]
    return "\n".join((*lines, "--end", ""))


def kept(*images: dict[str, Any]) -> str:
    """What is stored of an answer that describes these images, and tells no history."""
    described = (json.dumps({"RootFS": {}, "Config": {}} | each) for each in images)
    return "\n".join(("--images", *described, "--end", ""))


def answered(name: str, said: str, **more: Any) -> Answer:
    """The answer to a question, of which only what may be stored is left."""
    (probe,) = (each for each in PROBES if each.name == name)
    return Answer(name, more.get("status", 0), probe.keep(said), more.get("stderr", ""))


def inside(identifier: str, **more: Any) -> str:
    """What is stored of the files in an image."""
    kinds = ("Special", "Capable", "Packages", "Databases", "Tools", "Keys")
    return json.dumps({"Id": identifier, "Chain": ""} | {kind: [] for kind in kinds} | more)


def facts_of(
    text: str, policy: Policy | None = None, status: int = 0, stderr: str = "", keys: Sequence[str] = ()
) -> Facts:
    """The facts of a target that answered so, as they are after a look at the stored recording.

    Args:
        keys: the files in each image that are named as keys are.
    """
    answer = answered("images", text, status=status, stderr=stderr)
    ids = re.findall(r'"Id": ?"(sha256:\w+)"', text)
    contents = Answer("image_contents", 0, "\n".join(inside(each, Keys=keys) for each in ids), "")
    answers = {each.name: each for each in (answer, contents)}
    recording = Recording("host", "local", answers, gathered=NOW.timestamp())
    return Facts(recording, policy or Policy(), engine=DOCKER)


def used(target: Facts, containers: Subjects[Any]) -> Facts:
    """The same target with these containers."""
    return Facts(target.recording, target.policy, engine=DOCKER, container=containers)


DOCKER = engine()


def facts(*steps: str | dict[str, Any], policy: Policy | None = None, **more: Any) -> Facts:
    """The facts of a target with one image."""
    return facts_of(output([image(**more)], {ID: stored(*(steps or (BASE,)))}), policy)


def verdict(number: str, target: Facts) -> tuple[str, str]:
    """Verdict and reason on the one image."""
    (found,) = judged(number, target).values()
    return found


SECRET = "Hunter2secret"
