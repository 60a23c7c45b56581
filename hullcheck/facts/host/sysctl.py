"""Settings of the kernel that the hardening guide names: as they are, and as files of sysctl.d set them."""

import posixpath
import re
from dataclasses import dataclass

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

FORWARD = "net.ipv4.ip_forward"
GUIDE = {FORWARD: "0", "fs.suid_dumpable": "0", "kernel.randomize_va_space": "2"}
"""The settings that the guide demands, by name."""
_LINE = re.compile(r"(/[^:]*):\s*-?\s*([\w./]+)\s*=\s*(\S+)\s*")
_KNOWN = lines_like("(?:running|unread):.*", r"line:/[^:]*:.*")


def _keep(text: str) -> str:
    """Keep of the lines of files those that set what is judged."""
    lines = _KNOWN(text).split("\n")
    return "\n".join(
        line for line in lines if not line.startswith("line:") or _assignment(line.removeprefix("line:"))
    )


@dataclass(frozen=True)
class Assignment:
    """A line of a file that sets something."""

    name: str
    value: str
    file: str


def _assignment(line: str) -> Assignment | None:
    match = _LINE.fullmatch(line)
    name = match[2].replace("/", ".") if match else ""
    return Assignment(name, match[3], match[1]) if match and name in GUIDE else None


SYSCTL = Probe.from_file("sysctl", _keep, like=_KNOWN)


@dataclass(frozen=True)
class Sysctl:
    """The settings.

    Attributes:
        running: the values of the kernel that runs, by name.
        assignments: the lines of files.
        unread: files that could not be read.
    """

    running: dict[str, str]
    assignments: tuple[Assignment, ...]
    unread: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """Return what the kernel has now.

        Raises:
            EvidenceError: it could not be read.
        """
        try:
            return self.running[name]
        except KeyError:
            raise EvidenceError(f"/proc/sys/{name.replace('.', '/')} could not be read") from None

    def state(self, name: str) -> str:
        """Return what the kernel has now, and the files that set it, in words.

        Raises:
            EvidenceError: the value could not be read.
        """
        files = ", ".join(
            f"{each.file} sets it to {each.value}" for each in self.assignments if each.name == name
        )
        return f"{name} is {self.value(name)}" + (f" ({files})" if files else "")

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


@fact(SYSCTL)
def sysctl(recording: Recording, presence: Presence) -> Sysctl:
    """Settings of the kernel, as they are and as files set them.

    Raises:
        EvidenceError: the target did not answer.
    """
    words = Words(recording.text(SYSCTL))
    return Sysctl(
        {
            path.removeprefix("/proc/sys/").replace("/", "."): value.strip()
            for path, value in words.pairs("running", ":").items()
        },
        tuple(filter(None, map(_assignment, words.all("line")))),
        words.all("unread"),
    )
