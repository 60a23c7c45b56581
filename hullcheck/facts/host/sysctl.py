"""The settings of the kernel that the guide demands, as they are and as files set them."""

import posixpath
from dataclasses import dataclass

from hullcheck.facts.host import system
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.system import HOST, SETTING_LINE
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread


@dataclass(frozen=True)
class Assignment:
    """A line of a file that sets something."""

    name: str
    value: str
    file: str


@dataclass(frozen=True)
class Sysctl:
    """The settings.

    Attributes:
        files: with the values of the kernel that runs.
        assignments: the lines of files.
        unread: files that could not be read.
    """

    files: Words
    assignments: tuple[Assignment, ...]
    unread: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """Return what the kernel has now.

        Raises:
            EvidenceError: it could not be read.
        """
        path = f"/proc/sys/{name.replace('.', '/')}"
        if path not in self.files:
            raise EvidenceError(f"{path} could not be read")
        return self.files.first(path).strip()

    def at_start(self, name: str) -> Assignment | None:
        """Return the line that counts at the next start: the last one of the file whose name is the last.

        Raises:
            EvidenceError: a file could not be read.
        """
        if self.unread:
            raise EvidenceError(unread(", ".join(self.unread)))
        found = [each for each in self.assignments if each.name == name]
        return max(reversed(found), key=lambda each: _place(each.file), default=None)


def _place(file: str) -> tuple[str, bool]:
    """Return what files are ordered by: their names; of two with one name that in /etc counts."""
    return posixpath.basename(file), file.startswith("/etc/")


@fact(HOST)
def sysctl(recording: Recording, presence: Presence) -> Sysctl:
    """Settings of the kernel, as they are and as files set them.

    Raises:
        EvidenceError: the target did not answer.
    """
    text = recording.section(HOST, "sysctl")
    lines = map(SETTING_LINE.fullmatch, text.split("\n"))
    found = tuple(Assignment(each[2].replace("/", "."), each[3], each[1]) for each in lines if each)
    return Sysctl(system.files(recording), found, Words(text).all("unread"))
