"""Caches what earlier runs read of images: an id stands for one content.

Each target has a file of its own, so that no host can answer for another. What cannot be read is read on the
target again; what cannot be written is read again next time.
"""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hullcheck import __version__, inputs, private_files
from hullcheck.facts.images.contents import Contents
from hullcheck.facts.images.contents_answer import IMAGE_CONTENTS
from hullcheck.inventory import Target
from hullcheck.recording import Recording
from hullcheck.recording.packing import LARGEST
from hullcheck.recording.probe import TIMED_OUT
from hullcheck.verdicts import EvidenceError

SCHEMA = "hullcheck/images/8"

Known = Mapping[str, Mapping[str, Any]]
"""What the probe keeps of an image, and when it was read, by image."""


def file_for(folder: Path, target: Target, docker_host: str | None) -> Path:
    """The file for this engine of *target*."""
    where = json.dumps([target.name, target.connect, docker_host])
    return folder / f"{hashlib.sha256(where.encode()).hexdigest()[:32]}.json"


def load(path: Path) -> Known:
    """The images in the cache at *path*; none where it is missing or damaged."""
    try:
        document = inputs.decode(inputs.read(path, LARGEST))
        if (document["schema"], document["version"]) != (SCHEMA, __version__):
            return {}
        known: dict[str, dict[str, Any]] = document["images"]
        for identifier, each in known.items():
            Contents.of(each, float(each["Read"]))
            if each["Id"] != identifier or not isinstance(each["Chain"], str):
                return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, EvidenceError):
        return {}
    return known


def complete(recording: Recording, known: Known) -> Recording:
    """The *recording* with what is known of the images that the target was not asked for again."""
    answer = recording.answers.get(IMAGE_CONTENTS.name)
    if answer is None:
        return recording
    told = answer.stdout.split("\n")
    lines = (_line(line, known) if line.startswith("known ") else line for line in told)
    whole = replace(answer, stdout="\n".join(lines))
    return replace(recording, answers={**recording.answers, answer.name: whole})


def _line(line: str, known: Known) -> str:
    """What is known of an image, if it is of the same layers."""
    _, identifier, chain = line.split()
    found = known.get(identifier)
    return json.dumps(found, separators=(",", ":")) if found and found["Chain"] == chain else line


def save(path: Path, recording: Recording) -> None:
    """Write to *path* what the *recording* says of images, and nothing of those that are gone."""
    answer = recording.answers.get(IMAGE_CONTENTS.name)
    if answer is None or answer.status not in (0, TIMED_OUT):
        return  # an engine that does not answer has not lost its images
    documents = [json.loads(line) for line in answer.stdout.split("\n") if line.startswith("{")]
    images = {each["Id"]: {"Read": recording.gathered, **each} for each in documents}
    content = {"schema": SCHEMA, "version": __version__, "images": images}
    with contextlib.suppress(OSError):
        private_files.make_folder(path.parent)
        private_files.write(path, (json.dumps(content, indent=1) + "\n").encode("ascii"))
