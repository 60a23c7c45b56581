"""The probe that looks at the files of the engine, and its answer.

It looks at more files than a control may ask for: which of them a daemon uses is decided where its settings are known.
A path is followed link by link and not by the kernel, because the way matters and because a daemon may see other files
than the auditor (snap): an absolute link below /proc/PID/root would lead out of there. A rootless daemon sees copies of
/etc and /run, made for it alone; there the auditor's view is that of everybody else.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from hullcheck.facts.host.file import FileFact, Grant, Node, State, grants
from hullcheck.parsing.times import Span, moment
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like
from hullcheck.verdicts import EvidenceError, unread

_PROPERTIES = (
    "Id,MainPID,FragmentPath,DropInPaths,EnvironmentFiles,Triggers,TriggeredBy,Listen"
    ",SocketMode,SocketUser,SocketGroup"
)
_COMMANDS = ",ExecCondition,ExecStartPre,ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost"
ENGINE_FILES = Probe.from_file(
    "engine_files",
    lines_like(
        "(?:absent|asked|closed|directory|found|link|match|program|registries|root|tls|unread) .*",
        r"(?:dockerd|group|groups|manager|manager_of_unit|parents) [\s0-9]*",
        "(?:host|silent|unmanaged) ",
        rf"property (?:(?:{_PROPERTIES.replace(',', '|')})=.*)?",
        "pem (?:[A-Za-z0-9+/=]*|-----(?:BEGIN|END) CERTIFICATE-----)",
        "stat [0-9a-f]+:[0-9]+:[0-9]+:[^:]*:/.*",
        r"changed [^|]*\|[^|]*\|/.*",
        "acl (?:none /.*|# .*|(?:user|group|mask|other):[^:]*:[-rwx]+)",
    ),
    PROPERTIES=_PROPERTIES + _COMMANDS,
)
SYSTEM = "0"
"""The user whose systemd is that of the system."""

_SECTIONS = ("dockerd", "manager", "host")
_END_OF_UNIT = ("property", "")
_NOT_ASKED = "the probe did not find out that it is used"
_GONE = "it was changed meanwhile; audit again"

Record = tuple[str, str]
"""A word of the probe, and a text of the host."""


@dataclass(frozen=True)
class Walk:
    """The way of one path.

    Attributes:
        links: those on the way, each in a directory without links above it.
        end: the file without links, or what is missing or may not be read.
        pem: the certificates in a file of TLS.
    """

    state: State
    links: tuple[str, ...] = ()
    end: str = ""
    pem: str = ""

    @classmethod
    def of(cls, records: Sequence[Record]) -> "Walk":
        """Read what the probe prints after the name of the path."""
        values = dict(records)
        links = tuple(value for word, value in records if word == "link")
        pem = "\n".join(value for word, value in records if word == "pem")
        state = next((each for each in State if each.value in values), State.UNREAD)
        return cls(state, links, values.get(state.value, ""), pem)

    @property
    def way(self) -> tuple[str, ...]:
        """Every directory and link before the end; the directory of the end is the last one."""
        above = _above(self.end)
        places = dict.fromkeys([each for link in self.links for each in (*_above(link), link)] + [*above])
        return tuple(each for each in places if each not in above[-1:]) + above[-1:]


def _above(path: str) -> tuple[str, ...]:
    """The directories in which *path* lies, the root first."""
    found: list[str] = []
    while path != (path := posixpath.dirname(path)):
        found.insert(0, path)
    return tuple(found)


@dataclass(frozen=True)
class View:
    """The files as one process sees them.

    Attributes:
        root: the prefix of their paths in the auditor's view.
        words: what else the probe found out, by its own word for it.
        closed: directories whose content may not be read.
        groups: the lines of the map of groups of a daemon.
    """

    root: str
    words: dict[str, str]
    walks: dict[str, Walk]
    closed: tuple[str, ...]
    groups: tuple[str, ...]

    @classmethod
    def of(cls, records: list[Record]) -> "View":
        """Read what the probe prints of one process."""
        words = dict(records)
        walks = {part[0][1]: Walk.of(part[1:]) for part in _beginning(_split(records, ("asked",)), "asked")}
        closed, groups = (
            tuple(text for word, text in records if word == each) for each in ("closed", "groups")
        )
        return cls(words.get("root", ""), words, walks, closed, groups)


@dataclass(frozen=True)
class UnitFiles:
    """What a systemd knows of one unit.

    Attributes:
        manager: the user whose systemd it is, or SYSTEM.
        values: its properties.
        paths: its file, its drop-ins and its environment files.
        programs: what it runs.
        listens: of a socket unit, the addresses.
    """

    manager: str
    values: dict[str, str]
    paths: tuple[str, ...]
    programs: tuple[str, ...] = ()
    listens: tuple[str, ...] = ()

    @classmethod
    def of(cls, manager: str, records: list[Record]) -> "UnitFiles":
        """Read its properties, and the files that its patterns stand for."""
        properties = [value.partition("=")[::2] for word, value in records if word == "property"]
        values = dict(properties)
        if not values.get("Id", "").endswith((".service", ".socket")):
            raise ValueError("a unit without a name")
        environment, programs = (
            tuple(text for word, text in records if word == each) for each in ("match", "program")
        )
        paths = (values.get("FragmentPath", ""), *values.get("DropInPaths", "").split(), *environment)
        listens = tuple(value.rpartition(" (")[0] for name, value in properties if name == "Listen")
        return cls(manager, values, tuple(dict.fromkeys(filter(None, paths))), programs, listens)

    @property
    def name(self) -> str:
        """Its name."""
        return self.values.get("Id", "")

    def makes(self, socket: FileFact) -> FileFact:
        """A socket of a socket unit, with what that gives it at the next start."""
        mode = self.values.get("SocketMode", "")
        bits = int(mode, 8) if re.fullmatch("[0-7]+", mode) else 0
        owner, group = (self.values.get(each, "") for each in ("SocketUser", "SocketGroup"))
        return replace(socket, next_mode=bits, next_owner=owner, next_group=group)

    @property
    def loaded(self) -> tuple[str, ...]:
        """The files that systemd has read: its own, which has to be there, and its drop-ins."""
        own = self.values.get("FragmentPath")
        return (own, *self.values.get("DropInPaths", "").split()) if own else ()


@dataclass(frozen=True)
class Answer:
    """The whole answer.

    Attributes:
        nodes: what stat(1) printed, by the path in the auditor's view.
        changed: when a file of TLS was last changed; None where that is not known.
        grants: what the access control list of a socket adds; None where that is not known.
        daemons: the view of each process called dockerd, by its number.
        host: the view of the auditor.
        managers: the files that each systemd which was asked names, by the user whose it is.
        units: of those that gave one.
    """

    nodes: dict[str, Node]
    changed: dict[str, Span | None]
    grants: dict[str, tuple[Grant, ...] | None]
    daemons: dict[int, View]
    host: View
    managers: dict[str, View]
    units: tuple[UnitFiles, ...]

    @classmethod
    def of(cls, recording: Recording) -> "Answer":
        """Read it.

        Raises:
            EvidenceError: there is none, or it is not what the probe prints.
        """
        lines = recording.text(ENGINE_FILES).splitlines()
        if DROPPED in lines:
            raise EvidenceError(f"{ENGINE_FILES.name}: the answer has a line that the probe does not print")
        records: list[Record] = [line.partition(" ")[::2] for line in lines]
        sections = _split(records, _SECTIONS)
        try:
            (host,) = _beginning(sections, "host")
            managers = _beginning(sections, "manager")
            others = (word for part in sections if part not in managers for word, _ in part)
            if "property" in others:
                raise ValueError("a property stands under no systemd")
            return cls(
                dict(_node(text) for word, text in records if word == "stat"),
                dict(_change(text) for word, text in records if word == "changed"),
                dict(_grants([text for word, text in records if word == "acl"])),
                {int(part[0][1]): View.of(part) for part in _beginning(sections, "dockerd")},
                View.of(host),
                {part[0][1]: View.of(part) for part in managers},
                tuple(unit for part in managers for unit in _units(part)),
            )
        except ValueError:
            raise EvidenceError(f"{ENGINE_FILES.name}: the answer is not what the probe prints") from None

    def file(self, view: View, *names: str) -> FileFact:
        """The file that has these names; the first one that was looked at leads the way."""
        name = next((each for each in names if each in view.walks), None)
        if name is None:
            return FileFact(names[0], State.UNREAD, doubt=_NOT_ASKED)
        walk = view.walks[name]
        if walk.state is State.UNREAD:
            return FileFact(names[0], walk.state, doubt=unread(walk.end or name, "may not be read"))
        there = (walk.end,) if walk.state is State.FOUND else ()
        nodes = tuple(self._seen(view, path) for path in (*walk.way, *there))
        known = tuple(each for each in nodes if each is not None)
        if len(known) < len(nodes):
            return FileFact(names[0], State.UNREAD, doubt=_GONE)
        if walk.state is State.ABSENT:
            return FileFact(names[0], walk.state, parents=known)
        return FileFact(names[0], State.FOUND, known[-1], known[:-1], self.grants.get(view.root + walk.end))

    def _seen(self, view: View, path: str) -> Node | None:
        """What stat printed of *path* in a view, under the name that it has there."""
        found = self.nodes.get(view.root + path)
        return replace(found, path=path) if found else None


def _split(records: Iterable[Record], words: Collection[str]) -> list[list[Record]]:
    """The records in parts that each begin with one of these words, after what comes before the first."""
    parts: list[list[Record]] = [[]]
    for record in records:
        if record[0] in words:
            parts.append([])
        parts[-1].append(record)
    return parts


def _beginning(parts: Iterable[list[Record]], word: str) -> list[list[Record]]:
    return [part for part in parts if part and part[0][0] == word]


def _node(text: str) -> tuple[str, Node]:
    mode, uid, gid, group, path = text.split(":", 4)
    return path, Node(path, int(mode, 16), int(uid), int(gid), group)


def _change(text: str) -> tuple[str, Span | None]:
    """When the content of a file was changed, or its name, owner or mode."""
    modified, changed, path = text.split("|", 2)
    times = [time for each in (modified, changed) if (time := moment(each))]
    return path, max(times) if len(times) == 2 else None


def _grants(lines: list[str]) -> Iterable[tuple[str, tuple[Grant, ...] | None]]:
    """Each access control list, by the path in the auditor's view."""
    for line in lines:
        if line.startswith("none "):
            yield line.removeprefix("none "), ()
    for part in "\n".join(lines).split("# file: ")[1:]:
        path, _, listed = part.partition("\n")
        yield path, grants(listed)


def _units(section: list[Record]) -> Iterable[UnitFiles]:
    """The units of one manager; an empty property ends one."""
    unit: list[Record] = []
    for record in [*section, _END_OF_UNIT]:
        if record != _END_OF_UNIT:
            unit.append(record)
            continue
        if any(word == "property" for word, _ in unit):
            yield UnitFiles.of(section[0][1], unit)
        unit = []
