"""What is in the images of the engine: files with special bits, packages, tools, and what looks like a key."""

import posixpath
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from hullcheck.facts.images import content_names as names
from hullcheck.facts.images.contents_answer import IMAGE_CONTENTS
from hullcheck.facts.images.layer import UNTOLD
from hullcheck.facts.registry import fact
from hullcheck.parsing.capabilities import BELOW_ROOT
from hullcheck.parsing.documents import COUNT, NAMES, require
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import TIMED_OUT
from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class SpecialFile:
    """A file that runs as its owner or group, whoever starts it.

    Attributes:
        mode: as chmod(1) takes it: `4755`.
    """

    path: str
    mode: str


@dataclass(frozen=True)
class CapableFile:
    """A file that gives capabilities to whoever starts it.

    Attributes:
        capabilities: without `CAP_`; `unknown` stands for those of a file of which they are not told.
    """

    path: str
    capabilities: tuple[str, ...]

    @property
    def told(self) -> bool:
        """Whether its capabilities are known."""
        return self.capabilities != (UNTOLD,)

    @property
    def is_powerful(self) -> bool:
        """Whether one of its capabilities is a way to become root."""
        return self.told and not BELOW_ROOT.issuperset(self.capabilities)

    def __str__(self) -> str:
        """Path and capabilities, as `/usr/bin/ping (NET_RAW)`."""
        return f"{self.path} ({', '.join(self.capabilities)})"


@dataclass(frozen=True)
class Contents:
    """What is in one image, with what its later layers delete and change.

    Attributes:
        read: when it was read, in seconds since the epoch; images do not change.
        special: its setuid and setgid files, by path.
        capable: its files with capabilities, by path.
        packages: the names of its packages, as far as files are named after them.
        databases: package managers that name theirs inside one file, which was not read: `apk`, `rpm`.
        tools: the paths of package managers, shells and compilers, by their names.
        keys: paths that are named as private keys and stored passwords are; also what a later layer deletes.
    """

    read: float
    special: tuple[SpecialFile, ...] = ()
    capable: tuple[CapableFile, ...] = ()
    packages: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The names of its tools, each once."""
        return tuple(sorted({posixpath.basename(path) for path in self.tools}))

    def tools_of(self, kind: str) -> tuple[str, ...]:
        """The paths of its tools of one kind, as `image_contents_names` has them."""
        return tuple(path for path in self.tools if names.tool(path) == kind)

    @classmethod
    def of(cls, document: Mapping[str, Any], read: float) -> Self:
        """What the probe keeps of one image.

        Raises:
            EvidenceError: it is not what the probe keeps.
        """
        require(document, _KEPT, IMAGE_CONTENTS.name)
        return cls(
            float(document.get("Read", read)),
            tuple(SpecialFile(path, mode) for path, mode in document["Special"]),
            tuple(CapableFile(path, tuple(all)) for path, all in document["Capable"]),
            *(tuple(document[name]) for name in ("Packages", "Databases", "Tools", "Keys")),
        )


_KEPT = {
    "Id": str,
    "Read?": (COUNT, float),
    "Special": [[str, re.compile("[0-7]{4}")]],
    "Capable": [[str, [str]]],
    **dict.fromkeys(("Packages", "Databases", "Tools", "Keys"), NAMES[1]),
}
"""What the probe keeps of one image."""


@dataclass(frozen=True)
class ImageContents:
    """What is in the images of a target."""

    recording: Recording

    def of(self, identifier: str) -> Contents:
        """What is in the image with this id.

        Raises:
            EvidenceError: its layers were not all read; the message says why.
        """
        document = self._documents.get(identifier)
        if document is None:
            raise EvidenceError(self._obstacle)
        return Contents.of(document, self.recording.gathered)

    @cached_property
    def _documents(self) -> Mapping[str, Mapping[str, Any]]:
        """By image. One that is there was read to its end, whatever became of those after it."""
        found = dict[str, Mapping[str, Any]]()
        for line in self.recording.part(IMAGE_CONTENTS).split("\n"):
            if not line.startswith("{"):
                continue
            with suppress(EvidenceError):  # another image is not spoiled by that
                document = decode_json(line, IMAGE_CONTENTS.name)
                if isinstance(identifier := document.get("Id"), str):
                    found[identifier] = {} if identifier in found else document
        return found

    @property
    def _obstacle(self) -> str:
        """Why the layers of an image were not read."""
        answer = self.recording.answers.get(IMAGE_CONTENTS.name)
        if answer is not None and answer.status == TIMED_OUT:
            return "its layers were not read within the time of a probe; the next run goes on from here"
        self.recording.text(IMAGE_CONTENTS)  # raises where the probe says why
        return "its layers could not be read, or not to their end"


@fact(IMAGE_CONTENTS)
def image_contents(recording: Recording) -> ImageContents:
    """What is in the images that the engine holds."""
    return ImageContents(recording)
