"""Options of the daemon that work against others, or against what they are for."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.daemon.flags import Flags
from hullcheck.facts.daemon.settings import KINDS, shown
from hullcheck.facts.daemon.sockets import listens_at_one
from hullcheck.facts.host.accounts import Accounts, User
from hullcheck.parsing.image_reference import Reference
from hullcheck.verdicts import EvidenceError

_HARDENED = {"icc": False, "live-restore": True, "no-new-privileges": True, "userns-remap": True}
_CHOOSES_FEATURES = 29
"""The first engine in which experimental features have switches of their own."""

_IN_BOTH = {"runtimes"}  # the daemon joins these; anything else that is in both keeps it from starting


def options_against_file(daemon: Daemon) -> tuple[str, ...]:
    """The options of the command line, and of that of the next start, that work against the file, in words.

    Raises:
        EvidenceError: the command line or the file could not be read.
    """
    configuration = daemon.configuration
    flags, document = daemon.process.flags, configuration.file.values()
    found = options_against(flags, document, "")
    if configuration.next_flags is not None:
        pending = f"restart pending: {configuration.unit} has "
        found += options_against(configuration.next_flags, document, pending)
    return tuple(dict.fromkeys(found))


def options_against(flags: Flags, document: Mapping[str, Any], where: str) -> list[str]:
    """Those of *flags* that the *document* sets as well, and those that undo a protection, each after *where*."""
    given: dict[str, list[str]] = {}
    for name, value in flags:
        given.setdefault(name, []).append(value)
    twice = sorted(given.keys() & document.keys() - _IN_BOTH)
    weak = [
        name
        for name, value in _HARDENED.items()
        if name in given and KINDS[name].from_flags(given[name]) != value
    ]
    return [
        *(
            f"{where}{name} on the command line and in the file, so the daemon will not start"
            for name in twice
        ),
        *(f"{where}--{name}={given[name][-1]} on the command line" for name in weak),
    ]


def features_of_their_own(daemon: Daemon) -> tuple[str, ...]:
    """What is experimental and on in a daemon whose switch for experimental features may be off, in words.

    Raises:
        EvidenceError: what would tell could not be read.
    """
    engine = daemon.engine
    if engine.major is not None and engine.major < _CHOOSES_FEATURES:
        return ()
    engine.value("Containerd", "Address")  # which each of them reports
    plugins = engine.changes_containers
    known = {
        "a containerd within the daemon": listens_at_one(daemon.process, daemon.endpoints.containerd_sockets),
        "rules of nftables": engine.filters_by_nftables,
        f"NRI plugins ({shown(plugins or {})})": plugins is not None,
    }
    return tuple(words for words, is_on in known.items() if is_on)


def unasked_plugin(names: Iterable[str], plugins: Mapping[str, bool]) -> tuple[str, bool]:
    """Which authorization plugin the daemon asks no more, in words, and whether that is certain.

    It goes on to report a plugin that was disabled or removed while it runs. One that has neither a tag nor a folder
    may be a program beside the engine, which `docker plugin ls` does not list.

    Args:
        names: those of the daemon, as its settings have them.
        plugins: those that the engine runs itself, and whether each is on.
    """
    for each in names:
        reference = Reference.parse(each)
        is_on = plugins.get(reference.familiar_name)
        if is_on is None and reference.digest:
            return f"{each} is the id of a plugin or of none: is it enabled? Its name would tell", False
        if is_on is False:
            return f"{each} is disabled (docker plugin ls), and asked no more", True
        if is_on is None and {":", "/"} & {*each}:
            return f"{each} is not there any more (docker plugin ls), and asked no more", True
    return "", False


def ended_with(daemon: Daemon) -> str:
    """What systemd ends with the daemon and containers need, in words; empty where it ends the daemon alone.

    Raises:
        EvidenceError: systemd did not say what it ends.
    """
    by_pid, pid, unit = daemon.seen.get().by_pid, daemon.pid, daemon.unit
    # that of a rootless one is rootlesskit's
    while unit is None and pid in by_pid and by_pid[pid].parent > 1:
        pid = by_pid[pid].parent
        unit = daemon.units.of_process(pid)
    own = by_pid[daemon.pid].cgroups if daemon.pid in by_pid else ()
    places = (line.rpartition("/")[2] for line in own if line.endswith(".service"))
    name = unit.name if unit else next(places, "")
    if not name or (unit and unit.kill_mode in ("process", "none")):
        return ""
    inside = (
        each.name
        for each in by_pid.values()
        if each.name.startswith("containerd") and any(line.endswith(f"/{name}") for line in each.cgroups)
    )
    names = " and ".join(sorted(set(inside)))
    if names and not (unit and unit.kill_mode):
        raise EvidenceError(
            f"whether {name} ends {names} with the daemon was not told by systemd; audit again"
        )
    return f"{name} ends {names} with the daemon (KillMode={unit.kill_mode})" if unit and names else ""


_POWERFUL = frozenset(("admin", "disk", "docker", "incus-admin", "lxd", "root", "shadow", "sudo", "wheel"))
"""Groups whose members can become root."""


class Match(NamedTuple):
    """Somebody on the host whom a container is.

    Attributes:
        words: who.
        powerful: whether that is certainly somebody who is root, or can become it.
    """

    words: str
    powerful: bool


def on_the_host(accounts: Accounts, root: tuple[int, int]) -> Match | None:
    """Who has numbers that users of containers get; None where nobody is known to.

    Args:
        root: what root and its group of a container are on the host.
    """
    uid, gid = root
    lent = accounts.other_ways.lent
    owners = {each.name for each in lent if each.numbers.start == {"subuid": uid, "subgid": gid}[each.file]}
    lent_to_users = lent_root(accounts, owners)
    users = [each for each in accounts.users if each.uid == uid]
    groups = {each.name for each in accounts.groups if each.gid == gid}
    who = [
        f"the user {each.name} of the host (uid {uid})" for each in sorted(users, key=lambda user: user.name)
    ]
    who += [f"of its group {each} (gid {gid})" for each in sorted(groups)]
    strong = sorted(_POWERFUL & groups.union(*(_groups_of(accounts, each) for each in users)))
    also = f", who can become root by {', '.join(strong)}" if strong else ""
    if who and (strong or not lent_to_users):
        return Match(f"root of containers is {', '.join(who)}{also}", bool(strong))
    return lent_to_users or _lent_twice(accounts, root)


def _lent_twice(accounts: Accounts, root: tuple[int, int]) -> Match | None:
    """The accounts to which the number of root in containers is lent, where these are several."""
    lent = accounts.other_ways.lent
    known = {word: each.name for each in accounts.users for word in (each.name, str(each.uid))}
    for file, number in zip(("subuid", "subgid"), root, strict=True):
        owners = (name for each, name, numbers in lent if each == file and number in numbers)
        found = {known[name] for name in owners if name in known}
        if len(found) > 1:
            both = " and ".join(sorted(found))
            return Match(f"/etc/{file} lends root's number of containers, {number}, to {both}", False)
    return None


def _groups_of(accounts: Accounts, user: User) -> frozenset[str]:
    members = (
        each for each in accounts.groups if user.name in {*each.members, *each.admins} or each.gid == user.gid
    )
    return frozenset(each.name for each in members)


def lent_root(accounts: Accounts, names: Collection[str]) -> Match | None:
    """Whether one of these accounts may give its containers the number of somebody who is root, or can become it."""
    for file, name, numbers in accounts.other_ways.lent:
        for number, who in _strong(accounts, file) if name in names else ():
            if number in numbers:
                return Match(
                    f"a user of containers is {who} of the host, as /etc/{file} lends {name} number {number}",
                    True,
                )
    return None


def _strong(accounts: Accounts, file: str) -> Iterator[tuple[int, str]]:
    """The numbers of users, or of groups, that are root's or let become root."""
    yield 0, "root"
    if file == "subuid":
        users = (each for each in accounts.users if _POWERFUL & _groups_of(accounts, each))
        yield from ((each.uid, f"the user {each.name}") for each in users)
    else:
        yield from (
            (each.gid, f"of the group {each.name}") for each in accounts.groups if each.name in _POWERFUL
        )
