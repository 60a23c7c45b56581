"""What takes commands over TCP in the place of the daemon: programs that pass them on to it, and containerd."""

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from hullcheck.facts.host.services import HostServices
from hullcheck.facts.registry import fact
from hullcheck.parsing.proc.net import end_point
from hullcheck.verdicts import EvidenceError, unread

_DAEMON_PORTS = (2375, 2376)
_FIRST_CHOSEN_PORT = 32768
_OWN = ("dockerd", "docker-proxy", "containerd")


@dataclass(frozen=True)
class Relay:
    """An address at which the host takes commands for the engine.

    Attributes:
        address: address and port, as `0.0.0.0:2375`.
        programs: what listens there, as far as that is seen.
    """

    address: str
    port: int
    programs: tuple[str, ...]

    def __str__(self) -> str:
        """As in `0.0.0.0:2375 (socat)`."""
        return f"{self.address} ({', '.join(self.programs) or 'a program that is not seen'})"


@dataclass(frozen=True)
class Relays:
    """What takes commands in the place of the daemon.

    Attributes:
        found: where an engine answered to a client without a certificate.
        containerd: the TCP addresses of a containerd, but those for its metrics.
        doubt: why there may be more; empty where these are all that can be told.
        named: where a program listens that names the socket of an engine, by its command or its files, and gave
            no answer: it may take commands from some, by another name, or at another path.
        elsewhere: the same of programs in other networks than the host's, which nobody asked, with the ids of the
            containers that each is in.
    """

    found: tuple[Relay, ...]
    containerd: tuple[Relay, ...]
    doubt: str
    named: tuple[Relay, ...] = ()
    elsewhere: tuple[tuple[Relay, frozenset[str]], ...] = ()


@dataclass(frozen=True)
class _Listeners:
    """The TCP listeners of the host with their programs, and what was asked of them."""

    services: HostServices

    def each(self) -> Iterator[tuple[str, Relay, tuple[int, ...]]]:
        """Each by its words, as a relay, with the processes that hold it."""
        paths = self.services.words.pairs("exe", " ")
        for line in self.services.words.all("listener"):
            words, _, inode = line.rpartition(" ")
            protocol, _, place = words.partition(" ")
            if not protocol.startswith("tcp"):
                continue
            address, _, port = end_point(place).partition(" ")
            pids = tuple(self.services.owners.get(inode, ()))
            names = (posixpath.basename(paths.get(str(pid), "").removesuffix(" (deleted)")) for pid in pids)
            shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            yield words, Relay(shown, int(port), tuple(sorted(set(filter(None, names))))), pids

    def doubts(self) -> Iterator[str]:
        """Why there may be more that takes commands."""
        words = self.services.words
        if not words.all("net"):
            yield "/proc/1/net could not be read, so the listeners are not known"
        unasked = set(words.all("unasked"))
        asked = "asked" in words
        for line, relay, pids in self.each():
            own = bool(relay.programs) and set(relay.programs) <= {*_OWN}
            if line in unasked or (not asked and not own and relay.port in _DAEMON_PORTS):
                yield f"whether commands are taken at {relay} was not asked"
            elif not pids and not words.of_root and not asked:
                yield unread("whose sockets listen", "could not be seen")

    def containerd(self) -> Iterator[Relay]:
        """The TCP addresses of containerd at which it may take commands.

        Raises:
            EvidenceError: it listens, and its configuration is not known.
        """
        files = self.services.words.below("containerd", "containerd-config")
        for _, relay, pids in self.each():
            for pid in pids if "containerd" in relay.programs else ():
                if str(pid) not in files and _is_for_streams(relay):
                    continue
                if str(pid) not in files:
                    raise EvidenceError(f"why containerd listens at {relay.address} was not asked")
                if self._takes_commands(relay, "".join(files[str(pid)])):
                    yield relay

    def _takes_commands(self, relay: Relay, text: str) -> bool:
        try:
            document = json.loads(text or "{}")
        except ValueError:
            document = {"imports": True}
        for name in ("grpc", "metrics", "debug"):
            if relay.port in map(_port, str(document.get(name, "")).split()):
                return name == "grpc"
        if not document.get("imports") and _is_for_streams(relay, str(document.get("streams", ""))):
            return False
        raise EvidenceError(f"why containerd listens at {relay.address} is not known from its configuration")


def _port(address: str) -> int | None:
    number = address.rpartition(":")[2]
    return int(number) if number.isdigit() else None


def _is_for_streams(relay: Relay, configured: str = "") -> bool:
    """Whether it is where CRI serves streams: by default at a port that the kernel chose, on the loopback address.

    Nobody configures such a port for commands.
    """
    places, host = configured.split(), relay.address.rpartition(":")[0]
    if relay.port >= _FIRST_CHOSEN_PORT and (host.startswith("127.") or f"{host}:0" in places):
        return True
    return relay.port in map(_port, places)


def _elsewhere(services: HostServices) -> Iterator[tuple[Relay, frozenset[str]]]:
    """What names the socket of an engine in another network and listens there; one that ended meanwhile is none."""
    for line in services.words.all("elsewhere"):
        pid, _, path = line.partition(" ")
        name = posixpath.basename(path.removesuffix(" (deleted)"))
        process = services.processes.by_pid.get(int(pid))
        if process:
            yield Relay(f"process {pid} in another network", 0, (name,)), process.container_ids


@fact()
def relays(host_services: HostServices) -> Relays:
    """What takes commands over TCP in the place of the daemon."""
    listeners = _Listeners(host_services)
    answering = set(host_services.words.all("answers"))
    found = tuple(relay for words, relay, _ in listeners.each() if words in answering)
    naming = set(host_services.words.all("names")) - answering
    named = tuple(relay for words, relay, _ in listeners.each() if words in naming)
    doubts = list(listeners.doubts())
    try:
        containerd = tuple(listeners.containerd())
    except EvidenceError as error:
        containerd, doubts = (), [*doubts, str(error)]
    return Relays(found, containerd, "; ".join(dict.fromkeys(doubts)), named, (*_elsewhere(host_services),))
