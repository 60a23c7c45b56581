"""A file of the engine, with its owner, mode, access control list and parent directories."""

import stat
from enum import Enum

from msgspec import Struct

from hullcheck.verdicts import EvidenceError, NotApplicable


class State(Enum):
    """The result of reading the status of a file."""

    FOUND = "found"
    ABSENT = "absent"
    UNREAD = "unread"


class Node(Struct, frozen=True):
    """A file, directory or link of stat(1). *leads_to* is the target of a link."""

    path: str
    mode: int  # permission bits and type, as in st_mode
    uid: int
    gid: int
    group: str = "root"  # the name of its group; `UNKNOWN` or a number where it has none
    leads_to: str = ""

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def bits(self) -> int:
        """The permission bits, without those that give no access, such as sticky on a socket."""
        counted = 0o777 if self.is_directory else 0o6777 if stat.S_ISSOCK(self.mode) else 0o7777
        return stat.S_IMODE(self.mode) & counted

    def open_to_others(self, *, for_new: bool) -> bool:
        """Return whether others may add files to the directory or, unless it is sticky, replace them."""
        sticky = bool(self.mode & stat.S_ISVTX) and self.uid == 0
        return self.is_directory and bool(self.mode & 0o022) and (for_new or not sticky)


class Grant(Struct, frozen=True):
    """An entry of an access control list: a further user or group and three bits, with the mask applied."""

    holder: str
    bits: int


class FileFact(Struct, frozen=True):
    """A file that an engine uses."""

    path: str  # as the engine knows it; symbolic links are followed to the file itself
    state: State
    target: Node | None = None  # what lies at the end of all links
    parents: tuple[Node, ...] = ()  # the directories and links that lead there; in the last one it lies, or would
    grants: tuple[Grant, ...] | None = None  # what its access control list adds; None if that is unknown
    owners: frozenset[int] = frozenset({0})  # who may own it: root, and the user of a rootless engine
    groups: tuple[range, ...] = (range(1),)  # the numbers of their groups; a rootless engine has many
    doubt: str = ""  # why it could not be looked at
    next_mode: int = 0  # of a socket that systemd makes, the permission bits at its next start
    next_owner: str = ""  # alike, by name or number; empty for root
    next_group: str = ""
    holds_key: bool = False  # whether it is called as a private key is
    is_run: bool = False  # whether it is a program or a script that is run

    @classmethod
    def in_use(cls, path: str, *, directory: bool = False) -> "FileFact":
        """Return a file that exists because it is in use, of unknown owner and mode."""
        return cls(path, State.FOUND, Node(path, stat.S_IFDIR if directory else stat.S_IFREG, 0, 0))

    @property
    def node(self) -> Node:
        """The file itself. NotApplicable if it does not exist, EvidenceError if its status could not be read."""
        if self.is_absent:
            raise NotApplicable(f"{self.path} does not exist")
        if self.state is State.UNREAD or self.target is None:
            raise EvidenceError(f"{self.path} could not be looked at: {self.doubt}")
        return self.target

    @property
    def access_list(self) -> tuple[Grant, ...]:
        """The access control list, or EvidenceError."""
        if self.grants is None:
            raise EvidenceError(f"the access control list of {self.path} could not be read; install getfacl")
        return self.grants

    @property
    def open_places(self) -> tuple[Node, ...]:
        """The parent directories in which others may replace the file."""
        last = self.parents[-1:] if self.is_absent else ()
        return tuple(each for each in self.parents if each.open_to_others(for_new=each in last))

    @property
    def foreign_places(self) -> tuple[Node, ...]:
        """The parent directories and links that belong to others."""
        return tuple(each for each in self.parents if each.uid not in self.owners)

    @property
    def is_directory(self) -> bool:
        return self.target is not None and self.target.is_directory

    @property
    def is_absent(self) -> bool:
        return self.state is State.ABSENT


def grants(listed: str) -> tuple[Grant, ...] | None:
    """Return the named users and groups of `getfacl -n` for one file, or None if cut off."""
    entries = [line.split(":") for line in listed.split("\n") if line.count(":") == 2 and line[0] != "#"]
    if not any(kind == "other" for kind, _, _ in entries):
        return None
    mask = next((_bits(given) for kind, _, given in entries if kind == "mask"), 0o7)
    return tuple(
        Grant(f"{'uid' if kind == 'user' else 'gid'} {number}", _bits(given) & mask)
        for kind, number, given in entries
        if kind in ("user", "group") and number
    )


def _bits(given: str) -> int:
    return sum(value for letter, value in zip("rwx", (4, 2, 1), strict=True) if letter in given)
