"""Reads the answer of the probe that looks at the files of the engine."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hullcheck.facts.engine_files_probe import ENGINE_FILES
from hullcheck.facts.files import FileFact, Grant, Node, State, grants
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError

Record = tuple[str, str]
"""A word of the probe's, and a text of the host's."""

SYSTEM = "0"
"""The user whose systemd is that of the system."""

_NOT_ASKED = "the probe did not find out that it is used"
_GONE = "it was changed meanwhile; audit again"


@dataclass(frozen=True)
class Walk:
    """The way of one path.

    Attributes:
        links: those on the way, each in a directory without links above it.
        end: the file without links, or what is missing or may not be read.
        grants: what the access control list of a socket adds; None where that is not known.
    """

    state: State
    links: tuple[str, ...] = ()
    end: str = ""
    grants: tuple[Grant, ...] | None = None

    @classmethod
    def of(cls, records: Sequence[Record]) -> "Walk":
        """Read what the probe says after the name of the path."""
        values = {word: value for word, value in records if word != "link"}
        links = tuple(value for word, value in records if word == "link")
        for state in State:
            if state.value in values:
                listed = values.get("acl")
                known = None if listed is None else () if listed == "none" else grants(listed)
                return cls(state, links, values[state.value], known)
        return cls(State.UNREAD, links)

    @property
    def way(self) -> tuple[str, ...]:
        """Every directory and link before the end, in the order in which they are met."""
        places = [place for link in self.links for place in (*_above(link), link)]
        return tuple(dict.fromkeys((*places, *_above(self.end))))


def _above(path: str) -> tuple[str, ...]:
    """The directories in which *path* lies, the root first."""
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
    """

    root: str
    words: dict[str, str]
    walks: dict[str, Walk]
    closed: tuple[str, ...]

    @classmethod
    def of(cls, records: list[Record]) -> "View":
        """Read what the probe says of one process."""
        parts = _split(records, {"asked"})
        words = {word: value for word, value in records if word != "closed"}
        walks = {part[0][1]: Walk.of(part[1:]) for part in parts if part and part[0][0] == "asked"}
        closed = tuple(value for word, value in records if word == "closed")
        return cls(words.get("root", ""), words, walks, closed)

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
    """

    manager: str
    values: dict[str, str]
    paths: tuple[str, ...]

    @classmethod
    def of(cls, manager: str, records: list[Record]) -> "UnitFiles":
        """Read its properties, and the files that its patterns stand for."""
        values = dict(value.partition("=")[::2] for word, value in records if word == "property")
        environment = [value for word, value in records if word == "match"]
        named = [values.get("FragmentPath", ""), *values.get("DropInPaths", "").split(), *environment]
        return cls(manager, values, tuple(dict.fromkeys(filter(None, named))))

    @property
    def name(self) -> str:
        """Its name."""
        return self.values.get("Id", "")

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
        units: of all managers that gave an answer.
        silent: the users whose systemd was asked and gave none; `managers` all that were asked.
    """

    nodes: dict[str, Node]
    daemons: dict[int, View]
    host: View
    units: tuple[UnitFiles, ...]
    managers: frozenset[str]
    silent: frozenset[str]

    @classmethod
    def of(cls, recording: Recording) -> "Answer":
        """Read it.

        Raises:
            EvidenceError: there is none, or it is not what the probe prints.
        """
        records = _records(recording.text(ENGINE_FILES))
        try:
            return cls(
                dict(map(_node, _values(records, "stat"))),
                {int(part[0][1]): View.of(part) for part in _split(records, {"dockerd", "host"}, "dockerd")},
                View.of(next(iter(_split(records, {"dockerd", "host"}, "host")))),
                tuple(_units(records)),
                frozenset(_values(records, "manager")),
                frozenset(_values(records, "silent")),
            )
        except (ValueError, StopIteration):
            raise EvidenceError(f"{ENGINE_FILES.name}: the answer is not what the probe prints") from None

    def file(self, view: View, *names: str) -> FileFact:
        """The file that has these names; the first one that was looked at leads the way."""
        name = next((each for each in names if each in view.walks), None)
        if name is None:
            return FileFact(names[0], State.UNREAD, doubt=_NOT_ASKED)
        walk = view.walks[name]
        if walk.state is not State.FOUND:
            return FileFact(names[0], walk.state, doubt=f"{walk.end or name} may not be read; are you root?")
        nodes = tuple(self._seen(view, path) for path in (*walk.way, walk.end))
        known = tuple(each for each in nodes if each is not None)
        if len(known) < len(nodes):
            return FileFact(names[0], State.UNREAD, doubt=_GONE)
        return FileFact(names[0], State.FOUND, known[-1], known[:-1], walk.grants)

    def _seen(self, view: View, path: str) -> Node | None:
        """What stat said of *path* in a view, under the name that it has there."""
        found = self.nodes.get(view.root + path)
        return Node(path, found.mode, found.uid, found.gid, found.group) if found else None


# ---- records


def _records(text: str) -> list[Record]:
    """The records in the probe's output; a text of the host's may hold anything but the probe's own number."""
    match = re.match(r"[0-9a-f]{32} ", text)
    if match is None:
        raise EvidenceError(f"{ENGINE_FILES.name}: the target did not answer")
    bodies = text.removesuffix("\n").removeprefix(match[0]).split("\n" + match[0])
    return [(word, value) for word, _, value in (body.partition(" ") for body in bodies)]


def _values(records: Iterable[Record], wanted: str) -> Iterable[str]:
    return (value for word, value in records if word == wanted)


def _split(records: Iterable[Record], words: set[str], wanted: str = "") -> list[list[Record]]:
    """The records in parts that each begin with one of these words; only those that begin with *wanted*."""
    parts: list[list[Record]] = [[]]
    for record in records:
        if record[0] in words:
            parts.append([])
        parts[-1].append(record)
    return [part for part in parts if not wanted or (part and part[0][0] == wanted)]


def _node(text: str) -> tuple[str, Node]:
    mode, uid, gid, group, path = text.split(":", 4)
    return path, Node(path, int(mode, 16), int(uid), int(gid), group)


def _units(records: list[Record]) -> Iterable[UnitFiles]:
    """The units of each manager; an empty property ends one."""
    for part in _split(records, {"manager", "dockerd", "host"}, "manager"):
        unit: list[Record] = []
        for record in [*part[1:], ("property", "")]:
            if record != ("property", ""):
                unit.append(record)
            elif any(_values(unit, "property")):
                yield UnitFiles.of(part[0][1], unit)
                unit = []
