"""Caches what earlier runs read of images: an id stands for one content.

Each target has a file of its own, so that no host can answer for another. What cannot be read is read on the
target again; what cannot be written is read again next time.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from hullcheck import __version__, inputs, private_files
from hullcheck.inventory import Target
from hullcheck.recording import LARGEST, Recording
from hullcheck.recording.probe import TIMED_OUT

_HEAD = f"hullcheck/images/11 {__version__}"  # the first line of a file; each other is an image
_PROBE = "image_contents"

Known = Mapping[str, dict[str, Any]]
"""What was read of images, by id, as the recording has it: no fact is imported before a target is asked."""


def file_for(folder: Path, target: Target, docker_host: str | None) -> Path:
    """Return the file for this engine of *target*."""
    where = json.dumps([target.name, target.connect, docker_host])
    return folder / f"{hashlib.sha256(where.encode()).hexdigest()[:32]}.json"


def load(path: Path) -> Known:
    """Return the images in the cache at *path*; none where it is missing or damaged."""
    try:
        head, _, text = inputs.read(path, LARGEST).decode().partition("\n")
        return {each["Id"]: each for each in _images(text)} if head == _HEAD else {}
    except (OSError, ValueError, KeyError):
        return {}


def complete(recording: Recording, known: Known) -> Recording:
    """Return the *recording* with the cached answers about images that are not read again."""
    answer = recording.answers.get(_PROBE)
    if answer is None:
        return recording
    told = answer.stdout.split("\n")
    lines = (_line(line, known) if line.startswith("known ") else line for line in told)
    whole = replace(answer, stdout="\n".join(lines))
    return replace(recording, answers={**recording.answers, answer.name: whole})


def _line(line: str, known: Known) -> str:
    """Return what is known of an image, if it is of the same layers."""
    _, identifier, chain = line.split()
    found = known.get(identifier, {})
    return msgspec.json.encode(found).decode() if found.get("Chain") == chain else line


def save(path: Path, recording: Recording) -> None:
    """Write the answers about images in the *recording* to *path*, without those of removed images."""
    answer = recording.answers.get(_PROBE)
    if answer is None or answer.status not in (0, TIMED_OUT):
        return  # an engine that does not answer has not lost its images
    images = ({**each, "Read": each.get("Read") or recording.gathered} for each in _images(answer.stdout))
    with contextlib.suppress(OSError):
        private_files.make_folder(path.parent)
        private_files.write(path, b"\n".join([_HEAD.encode(), *map(msgspec.json.encode, images)]))


def _images(text: str) -> Iterator[dict[str, Any]]:
    """Yield the images that were read, of which each is a line."""
    for line in text.split("\n"):
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                yield msgspec.json.decode(line)
