"""Facts of an image, made by hand."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from hullcheck.facts import PROBES, Facts
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.corpus.judged import recording_of
from selftests.kit.judging import judged

ID = "ab" * 32
BASE = "/bin/sh -c #(nop) ADD file:8582af4daeaf0680 in / "


def kept(*images: dict[str, Any]) -> str:
    """What is stored of an answer that describes these images, and tells no history."""
    described = (json.dumps({"RootFS": {}, "Config": {}} | each) for each in images)
    return "\n".join(("--images", *described, "--end", ""))


def answered(name: str, said: str) -> Answer:
    """The answer to a question, of which only what may be stored is left."""
    (probe,) = (each for each in PROBES if each.name == name)
    return Answer(name, 0, probe.keep(said), "")


def facts(*steps: str, config: dict[str, Any]) -> Facts:
    """A target with one image, which has no files."""
    image = {"Id": f"sha256:{ID}", "RepoTags": ["web:1"], "RootFS": {"Layers": []}, "Config": config}
    stored = {"rootfs": {"diff_ids": []}, "history": [{"created_by": each} for each in steps]}
    said = f"--images\n{json.dumps(image)}\n--stored\n{ID}:{json.dumps(stored)}\n--end\n"
    inside = {"Id": image["Id"], "Chain": ""}
    inside |= {kind: [] for kind in ("Special", "Capable", "Packages", "Databases", "Tools", "Keys")}
    host = recording_of("hardened-26.1")
    answers = {
        **host.answers,
        "images": answered("images", said),
        "image_contents": Answer("image_contents", 0, json.dumps(inside), ""),
    }
    return Facts(replace(host, answers=answers), Policy())


def verdict(number: str, target: Facts) -> tuple[str, str]:
    """Verdict and reason on the one image."""
    (found,) = judged(number, target).values()
    return found
