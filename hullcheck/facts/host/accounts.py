"""The users and groups of a target, of its files and of directories of a network, as getent(1) lists them."""

from dataclasses import dataclass

from hullcheck.facts.host.file import FileFact
from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import in_sections, lines_like
from hullcheck.verdicts import EvidenceError

ACCOUNTS = Probe.from_file("accounts", in_sections(accounts=lines_like("(?:group|user):[^:]*:.*")))
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
    """One entry of a group; several may have the same number, or the same name."""

    name: str
    gid: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Accounts:
    """All users and groups that the target lists."""

    users: tuple[User, ...]
    groups: tuple[Group, ...]

    def user_names(self, uid: int) -> tuple[str, ...]:
        """Return the names of a user, or the number if it has none."""
        return tuple(user.name for user in self.users if user.uid == uid) or (f"uid {uid}",)

    def members(self, gid: int) -> tuple[str, ...]:
        """Return who is in a group: those whom an entry with this number lists, and those whose first group it is.

        Accounts of the system that cannot log in, and have root's own group as their first, are not counted.
        """
        listed = [name for group in self.groups if group.gid == gid for name in group.members]
        first = [user.name for user in self.users if user.gid == gid and (gid or user.logs_in)]
        return tuple(sorted({*listed, *first}))

    def group_name(self, gid: int) -> str:
        """Return the name of a group with its number."""
        names = dict.fromkeys(group.name for group in self.groups if group.gid == gid)
        return f"{' and '.join(names)} (gid {gid})" if names else f"gid {gid}, which has no name"

    def controllers(self, socket: FileFact) -> dict[str, str]:
        """Return who may write to *socket*, with the reason: `group docker (gid 999)`.

        Root, and the user of a rootless engine, are not counted.

        Raises:
            NotApplicable: there is no such socket.
            EvidenceError: the socket could not be looked at, or its access control list not be read.
        """
        node = socket.node
        found: dict[str, str] = {}
        if node.uid not in socket.owners and node.bits & 0o200:
            found |= dict.fromkeys(self.user_names(node.uid), "owner of the socket")
        if node.bits & 0o020:
            found |= dict.fromkeys(self.members(node.gid), f"group {self.group_name(node.gid)}")
            if socket.grants is None:
                listed = f"the access control list of {socket.path}"
                raise EvidenceError(f"{listed} could not be read; install getfacl")
            for kind, number in (each.holder.split() for each in socket.grants if each.bits & 0o2):
                of_user = kind == "uid"
                names = self.user_names(int(number)) if of_user else self.members(int(number))
                way = "" if of_user else f" by group {self.group_name(int(number))}"
                found |= dict.fromkeys(names, f"access control list{way}")
        own = {user.name for user in self.users if user.uid in socket.owners}
        return {name: way for name, way in found.items() if name not in own}


@fact(ACCOUNTS)
def accounts(recording: Recording) -> Accounts:
    """The users and groups of the target."""
    users, groups = list[User](), list[Group]()
    for line in recording.section(ACCOUNTS, "accounts").split("\n"):
        kind, *fields = line.split(":")
        try:
            if kind == "user":
                users.append(User(fields[0], int(fields[1]), int(fields[2]), fields[3]))
            elif kind == "group" and any(fields):
                members = tuple(name for name in fields[2].split(",") if name.strip())
                groups.append(Group(fields[0], int(fields[1]), members))
        except (ValueError, IndexError):
            raise EvidenceError(f"the list of users and groups has a line that is none: {line!r}") from None
    if not users:
        raise EvidenceError("accounts: no user is listed")
    return Accounts(tuple(users), tuple(groups))
