"""The probe of the files of the engine, and its answer.

Paths are followed here, link by link: absolute links of a daemon with its own root (snap) would lead out of there.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from typing import Self

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hullcheck.facts.host.file import FileFact, Grant, Node, State, grants
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import blocks, grouped
from hullcheck.parsing.models import kept_as
from hullcheck.parsing.times import Span, moment
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, InSections, LinesLike
from hullcheck.verdicts import EvidenceError, unread

_MISSING = ("No such file or directory", "Not a directory")
_PROGRAM = regex(r"^Exec\w+=\{ path=(/[^;]*) ;.*", re.MULTILINE)
_OTHER = regex(r"^Exec\w+=.*\n?", re.MULTILINE)  # without a path: systemd looks for it when it runs
_unit_lines = LinesLike(
    "unmanaged|manager [0-9]+|program=/.*|SocketMode=[0-7]*",
    "(?:Id|MainPID|FragmentPath|DropInPaths|EnvironmentFiles|Triggers|TriggeredBy|Listen|SocketUser|SocketGroup)=.*",
)


class BlockDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A block device of lsblk(8), with the devices on it as children."""

    kname: str
    name: str
    number: str = msgspec.field(name="maj:min")
    type: str
    children: tuple["BlockDevice", ...] = ()


class BlockDevices(msgspec.Struct, frozen=True, kw_only=True):
    """What lsblk(8) prints as JSON."""

    blockdevices: tuple[BlockDevice, ...] = ()


FILES = Probe.from_file(
    "files",
    InSections(
        processes=LinesLike(
            r"\d+/(?:config .*|(?:closed|held|registries|running|socket|tls) /.*|root (?:/.*)?|groups [\s\d]+)",
            r"\d+/(?:(?:group|manager) \d+|mnt mnt:.*|unit [\w:.@-]+\.service)",
        ),
        units=lambda text: _unit_lines(_OTHER.sub("", _PROGRAM.sub(r"program=\1", text))),
        nodes=LinesLike(
            r"stat: .* ['\"]/.*['\"]: [A-Za-z /]+(?: \(os error \d+\))?", "[0-9a-f]+:[0-9]+:[0-9]+:[^:]*:['\"]?/.*"
        ),
        acl=LinesLike("none:/.*", "# [a-z]+:.*", "[a-z]+:[^:]*:[-rwx]+"),
        certificates=LinesLike("/.*:(?:[A-Za-z0-9+/=]*|-----(?:BEGIN|END) CERTIFICATE-----)"),
        times=LinesLike(r"[^|]*\|[^|]*\|/.*"),
        devices=kept_as(BlockDevices),
    ),
)
SYSTEM = "0"  # the user whose systemd is that of the system
_MOST_LINKS = 40


class Unit(Struct, frozen=True):
    """A unit of SYSTEM's or a user's systemd. Its property `program` is what it runs."""

    manager: str
    properties: tuple[tuple[str, str], ...]

    def __getitem__(self, name: str) -> str:
        return dict(self.properties).get(name, "")

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a repeated property, without text in brackets."""
        found = (value for each, value in self.properties if each == name and value)
        return tuple(re.sub(r" \([^)]*\)$", "", value) for value in found)

    @property
    def name(self) -> str:
        return self["Id"]

    @property
    def loaded(self) -> tuple[str, ...]:
        """The files of the unit that systemd has read, with drop-ins."""
        own = self["FragmentPath"]
        return (own, *self["DropInPaths"].split()) if own else ()


class Answer(Struct, frozen=True):
    """The answer to the probe `files`. Paths are as the auditor sees them."""

    words: dict[str, list[str]]  # by PID/WORD
    managers: frozenset[str] | None  # the users whose systemd was asked; None if whether there is one is unknown
    units: tuple[Unit, ...]
    nodes: dict[str, Node | State]
    acl: dict[str, tuple[Grant, ...] | None]
    pem: dict[str, list[str]]  # lines with certificates
    changed: dict[str, Span | None]
    devices: str

    @classmethod
    def of(cls, recording: Recording) -> Self:
        parts = recording.sections(FILES)
        lines = {name: text.splitlines() for name, text in parts.items()}
        listed = [*lines.get("processes", ()), *lines.get("nodes", ())]
        if DROPPED in (*listed, *lines.get("units", ())) or "" in listed:
            raise EvidenceError(f"{FILES.name}: a line of the answer is lost")
        try:
            managers = frozenset(line.partition(" ")[2] for line in lines["units"] if line.startswith("manager "))
            return cls(
                grouped((name, text) for name, _, text in (line.partition(" ") for line in lines["processes"])),
                managers if managers or "unmanaged" in lines["units"] else None,
                tuple(_units(parts["units"])),
                dict(map(_node, lines["nodes"])),
                dict(_acl(parts["acl"])),
                grouped((path, text) for path, _, text in (line.rpartition(":") for line in lines["certificates"])),
                dict(map(_change, lines["times"])),
                parts["devices"],
            )
        except (KeyError, ValueError):
            raise EvidenceError(f"{FILES.name}: the answer is not what the script prints") from None

    def words_of(self, pid: object, word: str) -> list[str]:
        return self.words.get(f"{pid}/{word}", [])

    def look(self, path: str, root: str = "") -> FileFact:
        """Follow *path* below *root* to its end, which is unread if a part is unknown."""
        if not path.startswith("/"):
            return FileFact(path, State.UNREAD, doubt="it depends on the directory in which the daemon was started")
        rest, at, links, seen = ["", *path.split("/")], "", 0, dict[str, Node]()
        while rest:
            part = rest.pop(0)
            if part in ("", ".", "..") and seen:
                at = posixpath.dirname(at).rstrip("/") if part == ".." else at
                continue
            place = f"{at}/{part}"
            node = self.nodes.get(root + place)
            if node is State.ABSENT:
                return FileFact(path, State.ABSENT, parents=_way(seen, at or "/"))
            if not isinstance(node, Node) or links > _MOST_LINKS:
                why = "may not be read" if node is State.UNREAD else "was not looked at"
                return FileFact(path, State.UNREAD, doubt=unread(place, why))
            seen[place] = replace(node, path=place)
            if target := node.leads_to:
                links += 1
                rest = [*target.split("/"), *rest]
                at = "" if target.startswith("/") else at
            else:
                at = place.rstrip("/")
        end = seen.pop(at or "/")
        return FileFact(path, State.FOUND, end, _way(seen, posixpath.dirname(at)), self.acl.get(root + at))

    def matching(self, pattern: str, root: str = "") -> tuple[str, ...]:
        """Return the known paths that match a shell pattern."""
        return tuple(path.removeprefix(root) for path in fnmatch.filter(self.nodes, root + pattern))


def _way(seen: dict[str, Node], last: str) -> tuple[Node, ...]:
    """Return the directories and links of a path, *last* at the end."""
    return tuple(sorted(seen.values(), key=lambda each: each.path == last))


def _node(line: str) -> tuple[str, Node | State]:
    """Parse a line of stat(1), of GNU or busybox, which quote differently."""
    if line.startswith("stat: "):
        path, _, why = line.partition(" '")[2].rpartition("': ")
        return path, State.ABSENT if why.partition(" (os ")[0] in _MISSING else State.UNREAD
    mode, uid, gid, group, named = line.split(":", 4)
    path, _, target = re.sub("^['\"]|['\"]$", "", named).partition("' -> '")
    return path, Node(path, int(mode, 16), int(uid), int(gid), group, target)


def _change(line: str) -> tuple[str, Span | None]:
    """Parse the time of the last change to a file's content, name, owner or mode."""
    modified, changed, path = line.split("|", 2)
    times = [time for each in (modified, changed) if (time := moment(each))]
    return path, max(times) if len(times) == 2 else None


def _acl(text: str) -> Iterator[tuple[str, tuple[Grant, ...] | None]]:
    """Yield each access control list by path; none grants nothing."""
    for part in re.split("^# file: ", text, flags=re.MULTILINE):
        path, _, listed = part.partition("\n")
        yield path, None if DROPPED in listed else grants(listed)
    for path in re.findall("^none:(.*)", text, re.MULTILINE):
        yield path, ()


def _units(text: str) -> Iterator[Unit]:
    for part in re.split("^manager ", text, flags=re.MULTILINE)[1:]:
        manager, _, shown = part.partition("\n")
        for unit in (Unit(manager, properties) for properties in blocks(shown.strip("\n"))):
            if not unit.name.endswith((".service", ".socket")):
                raise ValueError("a unit without a name")
            yield unit
