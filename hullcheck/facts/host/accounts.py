"""The users and groups of a target, from files and network directories, by getent(1)."""

from msgspec import Struct

from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import InSections, LinesLike
from hullcheck.verdicts import EvidenceError

ACCOUNTS = Probe.from_file("accounts", InSections(accounts=LinesLike("(?:group|user):[^:]*:.*")))
_NO_LOGIN = ("nologin", "false", "sync", "halt", "shutdown", "true")


class User(Struct, frozen=True):
    """An account."""

    name: str
    uid: int
    gid: int
    shell: str

    @property
    def logs_in(self) -> bool:
        return self.shell.rpartition("/")[2] not in _NO_LOGIN


class Group(Struct, frozen=True):
    """An entry of a group."""

    name: str
    gid: int
    members: tuple[str, ...]


class Accounts(Struct, frozen=True):
    """All users and groups of the target. Names may share a number."""

    users: tuple[User, ...]
    groups: tuple[Group, ...]

    def user_names(self, uid: int) -> tuple[str, ...]:
        return tuple(user.name for user in self.users if user.uid == uid) or (f"uid {uid}",)

    def group_names(self, gid: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(group.name for group in self.groups if group.gid == gid))

    def members(self, gid: int) -> tuple[str, ...]:
        """Return the members of a group, except system accounts with root's primary group."""
        listed = [name for group in self.groups if group.gid == gid for name in group.members]
        first = [user.name for user in self.users if user.gid == gid and (gid or user.logs_in)]
        return tuple(sorted({*listed, *first}))


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
