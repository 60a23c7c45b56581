"""What lets people use a socket of an engine, though no list of groups says it."""

import re
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass
from typing import NamedTuple

from hullcheck.parsing import sudoers
from hullcheck.parsing.sudoers import Command, Rule

LINES = (
    "ways:",
    r"program:\d+:\d+:\d+:/[^:]*",
    "capable:/[^:]*",
    r"lent:sub[gu]id:[^:]*:\d+:\d+",
    "login:[^:]*:[^:]*",
    "hidden-sudoers:",
    "directory-sudoers:",
    "polkit:/[^:]*",
    "sudo:[^:]*:[^:]*",
    "runas:[^:]*:[^:]*:[^:]*",
)
"""The lines of the probe `accounts` that tell of them."""

CLIENTS = (
    *("docker", "docker-compose", "nerdctl", "ctr", "podman", "buildah", "crictl", "ctop", "lazydocker"),
    *("dockerd", "runc"),  # which start a daemon, or a container, past the engine
)
"""What opens an engine, or the host, to whoever runs it with root's rights."""
_JOINERS = ("adduser", "gpasswd", "groupmems", "newgrp", "sg", "usermod")
"""What makes somebody a member of a group, or runs a program with its rights."""
_LEAVES = frozenset(
    ("-d", "--delete", "-l", "--list", "-p", "--purge", "-r", "--remove-password", "-R", "--restrict")
)
"""The options of gpasswd(1) and groupmems(8) that go with none that makes somebody a member."""
_GIVES = re.compile("-[A-Za-qs-z]*[Gg]|--gid|--groups")
_SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "fish")
_LIMITED_WORDS = """
    container diff events history image images info inspect kill logs ls network pause port ps pull restart rm rmi
    search start stats stop system top unpause version volume wait
"""
_LIMITED = frozenset(_LIMITED_WORDS.split())
"""What the docker command does that gives nobody the host, with any further words."""
_OBJECTS = frozenset(("container", "image", "network", "system", "volume"))
_READS_FILES = frozenset(("compose", "stack", "buildx"))
"""What does as a file says, of which who runs it may choose the directory."""


def without_rules(text: str) -> str:
    """The answer of the probe with what is to be judged of its lines of sudo and doas in their place."""
    lines = text.split("\n")
    written = "\n".join(line.removeprefix("sudoers:") for line in lines if line.startswith("sudoers:"))
    of_doas = "\n".join(line.removeprefix("doas:") for line in lines if line.startswith("doas:"))
    whole = of_doas.replace("\\\n", "").split("\n")
    rules = (*sudoers.rules(written), *filter(None, map(sudoers.rule_of_doas, whole)))
    kept = [line for line in lines if not line.startswith(("sudoers:", "doas:"))]
    roots = {"root", "ALL", "#0", "%#0", *re.findall(r"(?m)^user:([^:]*):0+:", text)}
    roots |= {f"%{name}" for name in re.findall(r"(?m)^group:([^:]*):(?:0+:|\d+:(?:.*,)?root(?:,|$))", text)}
    return "\n".join((*kept, *dict.fromkeys(_judged(rules, roots))))


def _judged(rules: Iterable[Rule], roots: Set[str]) -> Iterator[str]:
    for who, users, groups, command in rules:
        client = any(map(command.may_be, CLIENTS)) and _is_free(command)
        client = client or (any(map(command.may_be, _JOINERS)) and _joins(command))
        who, shown = who.replace(":", ""), re.sub("[^/ A-Za-z0-9._-]", "", f"{command.path} {_verb(command)}")
        if roots & {*users}:  # who may do all that root may is root himself
            if client:
                yield f"sudo:{who}:{shown.strip()}"
        elif client or command.path == "ALL" or any(map(command.may_be, _SHELLS)):
            yield f"runas:{who}:{','.join(users)}:{','.join(groups)}".replace("\\", "")


def _is_free(command: Command) -> bool:
    """Whether who may run this client of an engine may have it do anything."""
    if command.arguments is None:
        return True
    words = command.arguments.split()
    verb = _verb(command)
    if verb in _OBJECTS:
        verb = next(iter(words[1:2]), "*")
    if verb in _LIMITED - _OBJECTS:
        return False
    from_file = words[:1] and (words[0] in _READS_FILES or "compose" in command.path)
    return command.is_open or bool(
        from_file and not re.search(r"(?:^| )(?:-f|--file|-c)[ =]/", command.arguments)
    )


def _joins(command: Command) -> bool:
    """Whether this program may make somebody a member of the group docker.

    Which group a socket has is not known here. The `*` of sudo stands for several words, options too.
    """
    words = re.findall("[^ ,=()|^$]+", command.arguments or "*")
    wild = [bool(re.search(r"[*?\[]", each)) for each in words]
    if command.may_be("usermod"):  # whose options go together
        given = "docker" in words and any(map(_GIVES.fullmatch, words)) and not {"-r", "--remove"} & {*words}
        return given or any(wild)
    if _LEAVES & {*words}:
        return False
    anywhere = command.may_be("groupmems") or command.may_be("sg")
    return "docker" in words or any(wild if anywhere else wild[-1:])


def _verb(command: Command) -> str:
    return next(iter((command.arguments or "").split()), "")


_WORDS = (
    *("program", "capable", "lent", "login", "hidden-sudoers", "directory-sudoers", "polkit"),
    *("sudo", "runas"),
)


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
        sudoers: who may run the docker command as root by sudo or doas, as it is written there, and the program.
        runas: who may act by sudo or doas as which other users, or with which groups.
        hidden: whether the files of sudo could not be read, or not all of them.
        capable: clients of engines that have capabilities of their own (capabilities(7)).
        doubts: what may let somebody run such a client and is not read, in words.
    """

    programs: tuple[Program, ...] = ()
    lent: tuple[Lent, ...] = ()
    logins: tuple[tuple[str, frozenset[str]], ...] = ()
    sudoers: tuple[tuple[str, str], ...] = ()
    runas: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = ()
    hidden: bool = False
    capable: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[str]) -> "OtherWays":
        """Those in an answer.

        Raises:
            ValueError, IndexError: a line is none of LINES.
        """
        told = {word: list[list[str]]() for word in _WORDS}
        for line in lines:
            word, *fields = line.split(":")
            if word in told:
                told[word].append(fields)
        return cls(
            tuple(Program(each[3], int(each[0], 8), int(each[1]), int(each[2])) for each in told["program"]),
            tuple(
                Lent(each[0], each[1], range(int(each[2]), int(each[2]) + int(each[3])))
                for each in told["lent"]
            ),
            tuple((each[0], frozenset(each[1].split(","))) for each in told["login"]),
            tuple((each[0], each[1]) for each in told["sudo"]),
            tuple(
                (each[0], frozenset(each[1].split(",")), frozenset(each[2].split(",")))
                for each in told["runas"]
            ),
            bool(told["hidden-sudoers"]),
            tuple(each[0] for each in told["capable"]),
            (
                *(
                    "sudo asks a directory of the network too (nsswitch.conf)"
                    for _ in told["directory-sudoers"]
                ),
                *(f"{each[0]} of polkit names one" for each in told["polkit"]),
            ),
        )

    def to(
        self, gid: int, names: Collection[str], members: Collection[str], *, by_group: bool
    ) -> Iterator[tuple[str, str]]:
        """Who gets to a socket of root's with this group, and how.

        Args:
            names: of the group.
            members: the names of those who are in it, and their numbers as `#1000`.
            by_group: whether it may be used by its group.
        """
        for each in self.programs:
            lends = each.mode & 0o4000 and each.uid == 0
            lends = lends or (by_group and each.mode & 0o2010 == 0o2010 and each.gid == gid)
            if lends and each.runners:
                yield each.runners, f"{each.path} lends its rights, mode {each.mode:o}"
        for path in self.capable:
            yield "everyone", f"{path} lends its capabilities"
        for lent in self.lent:
            users = lent.file == "subuid"
            if (0 if users else gid) in lent.numbers and (users or by_group):
                yield lent.name, f"/etc/{lent.file} lends it {'uid 0' if users else f'gid {gid}'}"
        for who, lists in self.logins if by_group else ():
            if lists & {*names}:
                yield who, "a login gives it the group, by /etc/security/group.conf"
        for who, program in self.sudoers:
            yield who, f"sudo or doas lets it run {program}"
        groups = {*names, f"#{gid}"}
        people = {*members, *(f"%{each}" for each in groups)}
        for who, acts_as, given in self.runas if by_group else ():
            if given & {*groups, "ALL"}:
                yield who, "sudo gives it the group"
            elif others := sorted(acts_as & people - {who}):
                yield who, f"sudo or doas lets it act as {', '.join(others)}, of the group"
