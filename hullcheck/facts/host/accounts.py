"""The users and groups of a target, of its files and of directories of a network, as getent(1) lists them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from hullcheck.facts.host import other_ways
from hullcheck.facts.host.file import FileFact
from hullcheck.facts.host.other_ways import OtherWays
from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

_KNOWN = lines_like(
    "(?:admins|group|user):[^:]*:.*",
    "password:[^:]*",
    "unread:",
    r"process:\d+:\d+:.*",
    "unit:/[^:]*:(?:DynamicUser|Group|SupplementaryGroups|User)=[^:]*",
    "units:",
    *other_ways.LINES,
)


def _keep(text: str) -> str:
    return _KNOWN(other_ways.without_rules(text))


ACCOUNTS = Probe.from_file(__file__, "accounts", _keep, like=_KNOWN, CLIENTS="|".join(other_ways.CLIENTS))


_NO_OTHER_WAYS = OtherWays()
_NO_LOGIN = ("nologin", "false", "sync", "halt", "shutdown", "true")


@dataclass(frozen=True)
class User:
    """An account."""

    name: str
    uid: int
    gid: int
    shell: str

    @property
    def logs_in(self) -> bool:
        """Whether its shell is one."""
        return self.shell.rpartition("/")[2] not in _NO_LOGIN


@dataclass(frozen=True)
class Group:
    """One entry of a group; several may have the same number, or the same name.

    Attributes:
        admins: who may make others members, and so themselves, and whom newgrp(1) lets in though no list names them.
    """

    name: str
    gid: int
    members: tuple[str, ...]
    admins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """A unit that gives groups to its processes, as its files say.

    Attributes:
        user: whose name they have; empty for root.
        groups: names or numbers.
    """

    name: str
    user: str
    groups: frozenset[str]


@dataclass(frozen=True)
class Accounts:
    """All users and groups that the target lists.

    Attributes:
        with_password: the names of groups that whoever knows their password may join.
        hidden: whether the file that says so, and who administers groups, could not be read.
        processes: those outside of containers that have the group of a socket: its number, their user, their name.
        services: units that give groups.
        other_ways: what else lets people use a socket.
    """

    users: tuple[User, ...]
    groups: tuple[Group, ...]
    with_password: frozenset[str] = frozenset()
    hidden: bool = False
    processes: tuple[tuple[int, int, str], ...] = ()
    services: tuple[Service, ...] = ()
    other_ways: OtherWays = _NO_OTHER_WAYS

    def user_names(self, uid: int) -> tuple[str, ...]:
        """The names of a user, or the number where there is none."""
        return tuple(user.name for user in self.users if user.uid == uid) or (f"uid {uid}",)

    def members(self, gid: int) -> tuple[str, ...]:
        """Who is in the group: those whom an entry with this number lists or who administer it, and those whose
        first group it is.

        Accounts of the system that cannot log in, and have root's own group as their first, are not counted.
        """
        listed = [
            name for group in self.groups if group.gid == gid for name in (*group.members, *group.admins)
        ]
        first = [user.name for user in self.users if user.gid == gid and (gid or user.logs_in)]
        return tuple(sorted({*listed, *first}))

    def joined_by_password(self, socket: FileFact) -> bool:
        """Whether somebody who knows a password may join the group of *socket*.

        That of a rootless engine lies in a directory of its user, who may not read the passwords of groups.

        Raises:
            NotApplicable: there is no such socket.
            EvidenceError: it could not be looked at, or the passwords not be read.
        """
        gid = socket.node.gid
        if not socket.node.bits & 0o020 or socket.owners != {0}:
            return False
        if self.hidden:
            raise EvidenceError("/etc/gshadow could not be read: has the group a password? Are you root?")
        return any(group.gid == gid and group.name in self.with_password for group in self.groups)

    def group_name(self, gid: int) -> str:
        """The name of a group with its number, or the number where it has none."""
        names = dict.fromkeys(group.name for group in self.groups if group.gid == gid)
        return f"{' and '.join(names)} (gid {gid})" if names else f"gid {gid}, which has no name"

    def controllers(self, socket: FileFact) -> dict[str, str]:
        """Who may write to *socket*, with the way by which: `group docker (gid 999)`.

        Root, and the user of a rootless engine, are not counted.

        Raises:
            NotApplicable: there is no such socket.
            EvidenceError: it could not be looked at, or its access control list not be read.
        """
        node = socket.node
        found: dict[str, str] = {}
        if node.uid not in socket.owners and node.bits & 0o200:
            found |= dict.fromkeys(self.user_names(node.uid), "owner of the socket")
        if node.bits & 0o020:
            found |= dict.fromkeys(self.members(node.gid), f"group {self.group_name(node.gid)}")
            found |= self._of_the_list(socket)
            found = self._given(node.gid) | found
        own = {user.name for user in self.users if user.uid in socket.owners}
        return {name: way for name, way in found.items() if name not in own}

    def past_the_group(self, socket: FileFact) -> dict[str, str]:
        """Who gets to *socket* though no list of groups says it, as far as that is known, with the way.

        Raises:
            NotApplicable: there is no such socket.
            EvidenceError: it could not be looked at.
        """
        node = socket.node
        if socket.owners != {0}:
            return {}
        names = [group.name for group in self.groups if group.gid == node.gid]
        own = {user.name for user in self.users if user.uid == 0 or not user.logs_in} | {"0"}
        by_group = bool(node.bits & 0o020)
        members = self.members(node.gid)
        numbers = [f"#{user.uid}" for user in self.users if user.name in members]
        found = dict(self.other_ways.to(node.gid, names, (*members, *numbers), by_group=by_group))
        return {who: way for who, way in found.items() if who not in own}

    def _given(self, gid: int) -> dict[str, str]:
        """Who has the group, though no list says so: users of services, and of processes that run."""
        named = {str(gid), *(group.name for group in self.groups if group.gid == gid)}
        found = {
            each.user: f"{each.name} gives it the group {self.group_name(gid)}"
            for each in self.services
            if each.user and each.groups & named
        }
        for number, uid, name in self.processes:
            if number == gid and uid:
                way = f"its process {name} has the group {self.group_name(gid)}"
                found |= {user: way for user in self.user_names(uid) if user not in found}
        return found

    def _of_the_list(self, socket: FileFact) -> dict[str, str]:
        """Those to whom the access control list gives it; nobody where the group itself may not write."""
        if socket.grants is None:
            raise EvidenceError(
                f"the access control list of {socket.path} could not be read; install getfacl"
            )
        found: dict[str, str] = {}
        for each in socket.grants:
            kind, _, number = each.holder.partition(" ")
            if each.bits & 0o2 and number.isdigit():
                users = kind == "uid"
                names = self.user_names(int(number)) if users else self.members(int(number))
                way = "" if users else f" by group {self.group_name(int(number))}"
                found |= dict.fromkeys(names, f"access control list{way}")
        return found


@fact(ACCOUNTS)
def accounts(recording: Recording) -> Accounts:
    """The users and groups of the target.

    Raises:
        EvidenceError: the target did not answer, or not with what such a list is.
    """
    users, groups, passwords, admins = list[User](), list[Group](), set[str](), dict[str, list[str]]()
    processes = list[tuple[int, int, str]]()
    lines = recording.text(ACCOUNTS).splitlines()
    try:
        for line in lines:
            word, *fields = line.split(":")
            if word == "user":
                users.append(User(fields[0], int(fields[1]), int(fields[2]), fields[3]))
            elif word == "group" and any(fields):
                members = tuple(name for name in fields[2].split(",") if name.strip())
                groups.append(Group(fields[0], int(fields[1]), members))
            elif word == "password":
                passwords.add(fields[0])
            elif word == "process":
                processes.append((int(fields[0]), int(fields[1]), fields[2]))
            elif word == "admins":
                admins.setdefault(fields[0], []).extend(filter(str.strip, fields[1].split(",")))
        line = "of another way"
        ways = OtherWays.of(lines)
    except (ValueError, IndexError):
        raise EvidenceError(f"the list of users and groups has a line that is none: {line!r}") from None
    whole = (replace(each, admins=tuple(admins.get(each.name, ()))) for each in groups)
    return Accounts(
        tuple(users),
        tuple(dict.fromkeys(whole)),
        frozenset(passwords),
        "unread:" in lines,
        tuple(dict.fromkeys(processes)),
        tuple(_services(lines)),
        ways,
    )


def _services(lines: Iterable[str]) -> Iterator[Service]:
    """The units that give groups, from the lines of their files and drop-ins."""
    said = dict[str, dict[str, list[str]]]()
    for line in lines:
        if line.startswith("unit:/"):
            path, _, text = line.removeprefix("unit:").partition(":")
            folder, _, file = path.rpartition("/")
            unit = folder.rpartition("/")[2].removesuffix(".d") if folder.endswith(".service.d") else file
            name, _, value = text.partition("=")
            said.setdefault(unit, {}).setdefault(name, []).append(value.strip())
    for unit, values in said.items():
        groups = {
            word.strip("\"'")
            for name in ("Group", "SupplementaryGroups")
            for each in values.get(name, ())
            for word in each.split()
        }
        user = values.get("User", [""])[-1]
        dynamic = values.get("DynamicUser", ["no"])[-1].lower() in ("yes", "true", "on", "1")
        shown = user or (unit.removesuffix(".service") if dynamic else "")
        if groups:
            yield Service(unit, "" if shown in ("root", "0") else shown, frozenset(groups))
