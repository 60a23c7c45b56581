"""The TCP addresses at which the daemon takes commands."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hullcheck.facts.daemon import sockets
from hullcheck.facts.daemon.process import DaemonProcess
from hullcheck.facts.daemon.settings import Configuration
from hullcheck.facts.daemon.sockets import Asked
from hullcheck.facts.daemon.sockets.tls import Protection
from hullcheck.parsing.proc.net import Listener
from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class RemoteApi:
    """The TCP addresses at which the daemon takes commands.

    Attributes:
        addresses: those in force, with what was read of them.
        pending: those that only the next start opens.
        protection: what a client needs there: first by the options as they are now, then, where these changed
            since the start, by none of them.
        doubt: why there may be other addresses; empty where these are all.
        protection_doubt: why the protection cannot be told.
    """

    addresses: tuple[str, ...]
    pending: tuple[str, ...]
    protection: tuple[Protection, ...]
    doubt: str = ""
    protection_doubt: str = ""

    @property
    def offered(self) -> bool:
        """Whether there is an address to judge, now or with the next start.

        Raises:
            EvidenceError: none is known, but there may be one.
        """
        if not self.addresses and self.doubt:
            raise EvidenceError(self.doubt)
        return bool(self.addresses) or any(not each.verified for each in self.protection[: len(self.pending)])

    @property
    def endpoints(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each that is in force, or else of those that the next start opens; `*` is every one."""
        default = 2376 if self.protection and self.protection[0].encrypted else 2375
        named = (each.partition(" ")[0] for each in self.addresses or self.pending)
        return tuple((address, port or default) for address, port in map(sockets.endpoint, named))

    @property
    def note(self) -> str:
        """What the next start will open, as the end of a sentence; else empty."""
        return f"; restart pending: will listen on {', '.join(self.pending)}" if self.pending else ""


def tcp_addresses(
    process: DaemonProcess,
    asked: Asked,
    other_ports: Callable[[], frozenset[int]],
    published: Callable[[], frozenset[tuple[str, int]]],
    *,
    swarm: Callable[[], bool] = lambda: False,
    unix: Callable[[], Sequence[str]] = tuple,
) -> tuple[tuple[str, ...], str]:
    """What is known to be open, and why there may be more.

    Args:
        other_ports: makes those of swarm and of the metrics.
        published: makes the addresses and ports of containers.
        swarm: whether it holds ports that services publish, which are not known.
        unix: the unix sockets of the API, without symbolic links.
    """
    if not process.may_see_sockets:
        return _asked_addresses(process, asked)
    own = other_ports()
    api, others = sockets.api_listeners(process, asked, own, published() if asked.open_ended else frozenset())
    strange = [each for each in others if each.number not in own] if asked.doubt or not swarm() else []
    doubt = _unexplained(strange, asked, published) or (
        _elsewhere(process, asked, api, unix()) if asked.open_ended else ""
    )
    return tuple(f"{sockets.address(each)} (listening)" for each in api), doubt or _unseen(api, asked)


def _elsewhere(process: DaemonProcess, asked: Asked, api: Sequence[Listener], unix: Sequence[str]) -> str:
    """What to say where it was given more sockets than are seen: others are in another network than its own."""
    named = {sockets.real_path(process, path) for host in asked.hosts if (path := sockets.socket_path(host))}
    ports = sockets.tcp_ports(asked.hosts)
    held = [each.real for each in process.unix_table if each.inode in process.held and each.real in unix]
    # at a path that was named as well the daemon has made one more
    seen = len(held) - len(named) + sum(each.number not in ports for each in api)
    given = (process.environment or {}).get("LISTEN_FDS", "")
    few = f"the daemon was given {given} sockets by its service manager, of which {seen} are seen in its network"
    return few if given.isdigit() and int(given) > seen else ""


def _unexplained(
    listeners: Sequence[Listener], asked: Asked, published: Callable[[], frozenset[tuple[str, int]]]
) -> str:
    """What to say of listeners that nobody is known to have asked for."""
    strange = [each for each in listeners if not sockets.is_published(each, published())]
    names = ", ".join(map(sockets.address, strange))
    why = f": {asked.doubt}" if asked.doubt else ", as nothing that is known told it to listen there"
    return f"the daemon listens on {names}, and whether for commands is unknown{why}" if strange else ""


def _unseen(api: Iterable[Listener], asked: Asked) -> str:
    """What to say of addresses that were asked for, and on which nothing is seen to listen."""
    seen = frozenset(each.number for each in api)
    missing = [host for host in asked.hosts if sockets.is_tcp(host) and not sockets.tcp_ports([host]) & seen]
    if not missing or asked.doubt:
        return ""
    return f"the daemon was told to listen on {', '.join(missing)} ({asked.source}), and is not seen to"


def _asked_addresses(process: DaemonProcess, asked: Asked) -> tuple[tuple[str, ...], str]:
    """Without a look at its sockets: what it was asked to open."""
    if "tcp" in process.tables_read and not process.tcp_table:
        return (), ""  # nothing at all listens in its network
    if asked.doubt:
        return (), asked.doubt
    named = tuple(f"{host} ({asked.source})" for host in asked.hosts if sockets.is_tcp(host))
    return named, sockets.OPEN_ENDED if asked.open_ended else ""


def pending_addresses(
    configuration: Callable[[], Configuration], addresses: tuple[str, ...], given: Iterable[str] = ()
) -> tuple[str, ...]:
    """What the next start opens beside these *addresses*: by the file, where it changed, or as it is *given* them.

    Args:
        given: what the service manager will listen on for the daemon, as it writes it.
    """
    found = [f"tcp://{each}" for each in given if not each.startswith(("/", "@"))]
    try:
        setting = configuration().setting("hosts")
    except EvidenceError:
        pass
    else:
        coming = setting.pending.value if setting.pending else ()
        found += [host for each in setting.candidates for host in each.value] + list(coming)
    open_ports = sockets.tcp_ports(each.partition(" ")[0] for each in addresses)
    return tuple(
        host for host in filter(sockets.is_tcp, found) if not sockets.tcp_ports([host]) <= open_ports
    )
