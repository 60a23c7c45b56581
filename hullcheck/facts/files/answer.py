"""Reads the answer of the probe that looks at the files of the engine."""

import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from hullcheck.facts.files.grammar import Record, require_order
from hullcheck.facts.files.probe import ENGINE_FILES, is_known
from hullcheck.facts.host.file import FileFact, Grant, Node, State, grants
from hullcheck.parsing.times import Span, moment
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

SYSTEM = "0"
"""The user whose systemd is that of the system."""

_SECTIONS = ("dockerd", "manager", "host")
_END_OF_UNIT = ("property", "")
_NOT_ASKED = "the probe did not find out that it is used"
_ANOTHER = "another file lies there now than that of the socket, which may be open under another name"
_GONE = "it was changed meanwhile; audit again"


@dataclass(frozen=True)
class Walk:
    """The way of one path.

    Attributes:
        links: those on the way, each in a directory without links above it.
        end: the file without links, or what is missing or may not be read.
        grants: what the access control list of a socket adds; None where that is not known.
        pem: the certificates in a file of TLS.
        changed: the last change of a file of TLS or of a link to it, or of the name, owner or mode of a directory above
            one of them; None where that is not known.
        private: whether a file of TLS, or one for a registry, holds a private key; None where it may not be read.
        mounted: where it lies in truth, if it or a directory above it is mounted from elsewhere.
    """

    state: State
    links: tuple[str, ...] = ()
    end: str = ""
    grants: tuple[Grant, ...] | None = None
    pem: str = ""
    changed: Span | None = None
    private: bool | None = False
    mounted: tuple[str, ...] = ()

    @classmethod
    def of(cls, records: Sequence[Record]) -> "Walk":
        """Read what the probe says after the name of the path."""
        values = {word: value for word, value in records if word != "link"}
        links = tuple(value for word, value in records if word == "link")
        for state in State:
            if state.value in values:
                listed = values.get("acl")
                known = None if listed is None else () if listed == "none" else grants(listed)
                changed = _last_change(records)
                pem = values.get("pem", "")
                private = None if values.get("private") else "private" in values
                mounted = tuple(value for word, value in records if word == "mount")
                return cls(state, links, values[state.value], known, pem, changed, private, mounted)
        return cls(State.UNREAD, links)

    @property
    def way(self) -> tuple[str, ...]:
        """Every directory and link before the end; the directory of the end is the last one.

        What is mounted from elsewhere is, at the next start, what has its name there then.
        """
        places = [place for link in self.links for place in (*_above(link), link)]
        places += [place for path in self.mounted for place in _above(path)]
        above = _above(self.end)
        before = dict.fromkeys((*places, *above))
        return tuple(each for each in before if each not in above[-1:]) + above[-1:]


def _last_change(records: Sequence[Record]) -> Span | None:
    """The last change of a file and of the links to it, and of the name, owner or mode of a directory above them.

    What else changes in a directory, changes its content as well, and the time of that with it.
    """
    own = [time for word, text in records if word == "changed" for time in text.split("|")]
    above = (text.partition("|")[::2] for word, text in records if word == "above")
    times = list(map(moment, (*own, *(named for modified, named in above if modified != named))))
    return max(times) if own and all(times) else None  # type: ignore[type-var]  # none is None there


def _above(path: str) -> tuple[str, ...]:
    """The directories in which *path* lies, the root first.

    Raises:
        EvidenceError: it does not begin there.
    """
    if not path.startswith("/"):
        raise EvidenceError(f"engine_files: the answer is damaged: {path!r} is no absolute path")
    found: list[str] = []
    while path != "/":
        path = posixpath.dirname(path)
        found.insert(0, path)
    return tuple(found)


@dataclass(frozen=True)
class View:
    """The files as one process sees them.

    Attributes:
        root: the prefix of their paths in the auditor's view.
        words: what else the probe found out, by its own word for it.
        closed: directories whose content may not be read.
        relays: programs that may pass commands on to the daemon, by the sockets on which they listen.
        replaced: sockets in whose place another file lies now, by the names that they were given.
    """

    root: str
    words: dict[str, str]
    walks: dict[str, Walk]
    closed: tuple[str, ...]
    relays: dict[str, str] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()

    @classmethod
    def of(cls, records: list[Record]) -> "View":
        """Read what the probe says of one process."""
        words = {word: value for word, value in records if word not in ("closed", "relay", "replaced")}
        walks = {part[0][1]: Walk.of(part[1:]) for part in _beginning(_split(records, ("asked",)), "asked")}
        closed = tuple(value for word, value in records if word == "closed")
        relays = dict(value.partition(" ")[::-2] for word, value in records if word == "relay")
        replaced = frozenset(value for word, value in records if word == "replaced")
        return cls(words.get("root", ""), words, walks, closed, relays, replaced)

    def below(self, folder: str) -> tuple[str, ...]:
        """All paths in *folder*, and in its folders, that were looked at."""
        return tuple(path for path in self.walks if path.startswith(folder + "/"))


@dataclass(frozen=True)
class UnitFiles:
    """What a systemd knows of one unit.

    Attributes:
        manager: the user whose systemd it is, or SYSTEM.
        values: its properties.
        paths: its file, its drop-ins and its environment files.
        folders: the directories in which more of them would be read.
        programs: what it runs, and the files that these are given.
        listens: of a socket unit, the addresses.
    """

    manager: str
    values: dict[str, str]
    paths: tuple[str, ...]
    folders: tuple[str, ...] = ()
    listens: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    @classmethod
    def of(cls, manager: str, records: list[Record]) -> "UnitFiles":
        """Read its properties, and the files that its patterns stand for."""
        values = dict(value.partition("=")[::2] for word, value in records if word == "property")
        environment, folders, programs = (
            tuple(value for word, value in records if word == each) for each in ("match", "folder", "program")
        )
        named = [values.get("FragmentPath", ""), *values.get("DropInPaths", "").split(), *environment]
        listens = tuple(
            value.removeprefix("Listen=").rpartition(" (")[0]
            for word, value in records
            if word == "property" and value.startswith("Listen=")
        )
        return cls(manager, values, tuple(dict.fromkeys(filter(None, named))), folders, listens, programs)

    @property
    def name(self) -> str:
        """Its name."""
        return self.values.get("Id", "")

    @property
    def all_paths(self) -> tuple[str, ...]:
        """All that decides what it does: its files, where more would be read, and what it runs."""
        return (*self.paths, *self.folders, *self.programs)

    def makes(self, socket: FileFact) -> FileFact:
        """A socket of a socket unit, with what that gives it at the next start."""
        mode = self.values.get("SocketMode", "")
        bits = int(mode, 8) if re.fullmatch("[0-7]+", mode) else 0
        owner, group = (self.values.get(each, "") for each in ("SocketUser", "SocketGroup"))
        return replace(socket, next_mode=bits, next_owner=owner, next_group=group)

    @property
    def loaded(self) -> tuple[str, ...]:
        """The files that systemd has read: its own, and its drop-ins."""
        return (self.values.get("FragmentPath", ""), *self.values.get("DropInPaths", "").split())

    @property
    def exists(self) -> bool:
        """Whether systemd has a file for it."""
        return bool(self.values.get("FragmentPath"))


@dataclass(frozen=True)
class Answer:
    """All that the probe says.

    Attributes:
        nodes: what stat(1) said, by the path in the auditor's view.
        daemons: the view of each process called dockerd, by its number.
        host: the view of the auditor.
        managers: the files that each systemd which was asked names, by the user whose it is.
        silent: the users whose systemd gave no answer.
        units: of those that gave one.
    """

    nodes: dict[str, Node]
    daemons: dict[int, View]
    host: View
    managers: dict[str, View]
    silent: frozenset[str]
    units: tuple[UnitFiles, ...]

    @classmethod
    def of(cls, recording: Recording) -> "Answer":
        """Read it.

        Raises:
            EvidenceError: there is none, or it is not what the probe prints.
        """
        try:
            records = _records(recording.text(ENGINE_FILES))
            _require_all(records)
            require_order(records[:-1])
            return cls._read(_split(records, _SECTIONS))
        except (ValueError, IndexError):
            raise EvidenceError(f"{ENGINE_FILES.name}: the answer is not what the probe prints") from None

    @classmethod
    def _read(cls, sections: list[list[Record]]) -> "Answer":
        (host,) = _beginning(sections, "host")
        managers = _beginning(sections, "manager")
        return cls(
            dict(_node(value) for section in sections for word, value in section if word == "stat"),
            {int(part[0][1]): View.of(part) for part in _beginning(sections, "dockerd")},
            View.of(host),
            {part[0][1]: View.of(part) for part in managers},
            frozenset(part[0][1] for part in managers if ("silent", "") in part),
            tuple(unit for part in managers for unit in _units(part)),
        )

    def file(self, view: View, *names: str) -> FileFact:
        """The file that has these names; the first one that was looked at leads the way."""
        name = next((each for each in names if each in view.walks), None)
        if name is None:
            return FileFact(names[0], State.UNREAD, doubt=_NOT_ASKED)
        walk = view.walks[name]
        if view.replaced.intersection(names):
            return FileFact(names[0], State.UNREAD, doubt=_ANOTHER)
        if walk.state is State.UNREAD:
            return FileFact(names[0], walk.state, doubt=unread(walk.end or name, "may not be read"))
        there = (walk.end,) if walk.state is State.FOUND else ()
        nodes = tuple(self._seen(view, path) for path in (*walk.way, *there))
        known = tuple(each for each in nodes if each is not None)
        if len(known) < len(nodes):
            return FileFact(names[0], State.UNREAD, doubt=_GONE)
        if walk.state is State.ABSENT:
            return FileFact(names[0], walk.state, parents=known)
        return FileFact(names[0], State.FOUND, known[-1], known[:-1], walk.grants)

    def _seen(self, view: View, path: str) -> Node | None:
        """What stat said of *path* in a view, under the name that it has there."""
        found = self.nodes.get(view.root + path)
        return Node(path, found.mode, found.uid, found.gid, found.group) if found else None


# ---- records


def _records(text: str) -> list[Record]:
    """The records in the probe's output; a text of the host's may hold all but the probe's own number."""
    match = re.match(r"[0-9a-f]{32} ", text)
    if match is None:
        raise EvidenceError(f"{ENGINE_FILES.name}: the target did not answer")
    bodies = text.removesuffix("\n").removeprefix(match[0]).split("\n" + match[0])
    if not all(map(is_known, bodies)):
        raise EvidenceError(f"{ENGINE_FILES.name}: the answer has a record that the probe does not print")
    return [(word, value) for word, _, value in (body.partition(" ") for body in bodies)]


def _require_all(records: list[Record]) -> None:
    """Return where there are as many records as the last one says."""
    if records[-1] != ("records", str(len(records) - 1)):
        raise EvidenceError(f"{ENGINE_FILES.name}: records of the answer are lost")


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
