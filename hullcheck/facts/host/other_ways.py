"""What lets people use a socket of an engine, though no list of groups says it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

LINES = (
    "ways:",
    r"program:\d+:\d+:\d+:/[^:]*",
    r"lent:sub[gu]id:[^:]*:\d+:\d+",
    "login:[^:]*:[^:]*",
    "sudo:[^:]*:/[^:]*",
)
"""The lines of the probe `accounts` that tell of them."""


class Program(NamedTuple):
    """A program that runs as its owner or group, whoever starts it."""

    path: str
    mode: int
    uid: int
    gid: int

    @property
    def runners(self) -> str:
        """Who may start it, in words; empty where only its owner may."""
        if self.mode & 0o001:
            return "everyone"
        return f"members of the group {self.gid}" if self.mode & 0o010 else ""


class Lent(NamedTuple):
    """Numbers of users or groups that an account may give to its processes (newuidmap(1), newgidmap(1))."""

    file: str
    name: str
    numbers: range


@dataclass(frozen=True)
class OtherWays:
    """What lets people use a socket past the lists of groups.

    Attributes:
        programs: those that lend the group of a socket, and clients of engines that lend root's rights.
        lent: what /etc/subuid and /etc/subgid say.
        logins: to whom a login gives groups (pam_group(8)), as it is written there, and which.
        sudoers: who may run the docker command as another user by sudo, as it is written there, and the program.
    """

    programs: tuple[Program, ...] = ()
    lent: tuple[Lent, ...] = ()
    logins: tuple[tuple[str, frozenset[str]], ...] = ()
    sudoers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, lines: Iterable[str]) -> "OtherWays | None":
        """Those in an answer; None where it was not asked for them.

        Raises:
            ValueError, IndexError: a line is none of LINES.
        """
        told = {word: list[list[str]]() for word in ("ways", "program", "lent", "login", "sudo")}
        for line in lines:
            word, *fields = line.split(":")
            if word in told:
                told[word].append(fields)
        if not told["ways"]:
            return None
        return cls(
            tuple(Program(each[3], int(each[0], 8), int(each[1]), int(each[2])) for each in told["program"]),
            tuple(
                Lent(each[0], each[1], range(int(each[2]), int(each[2]) + int(each[3])))
                for each in told["lent"]
            ),
            tuple((each[0], frozenset(each[1].split(","))) for each in told["login"]),
            tuple((each[0], each[1]) for each in told["sudo"]),
        )

    def to(self, gid: int, names: Collection[str], *, by_group: bool) -> Iterator[tuple[str, str]]:
        """Who gets to a socket of root's with this group, and how.

        Args:
            names: of the group.
            by_group: whether it may be used by its group.
        """
        for each in self.programs:
            lends = each.mode & 0o4000 and each.uid == 0
            lends = lends or (by_group and each.mode & 0o2010 == 0o2010 and each.gid == gid)
            if lends and each.runners:
                yield each.runners, f"{each.path} lends its rights, mode {each.mode:o}"
        for lent in self.lent:
            users = lent.file == "subuid"
            if (0 if users else gid) in lent.numbers and (users or by_group):
                yield lent.name, f"/etc/{lent.file} lends it {'uid 0' if users else f'gid {gid}'}"
        for who, groups in self.logins if by_group else ():
            if groups & {*names}:
                yield who, "a login gives it the group, by /etc/security/group.conf"
        for who, program in self.sudoers:
            yield who, f"sudo lets it run {program}"
