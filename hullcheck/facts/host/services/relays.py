"""What takes commands over TCP in the place of the daemon: programs that pass them on to it, and containerd."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from hullcheck.facts.host.services import HostServices
from hullcheck.facts.registry import fact
from hullcheck.parsing.proc.net import end_point
from hullcheck.verdicts import EvidenceError


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
        containerd: the TCP addresses at which a containerd takes them.
        named: where a program listens that names the socket of an engine, by its command or its files, and gave
            no answer: it may take commands from some, by another name, or at another path.
        elsewhere: the same of programs in other networks than the host's, which nobody asked, with the ids of the
            containers that each is in.
    """

    found: tuple[Relay, ...]
    containerd: tuple[Relay, ...]
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

    def containerd(self) -> Iterator[Relay]:
        """The TCP addresses at which containerd takes commands, by its configuration."""
        files = self.services.words.below("containerd", "containerd-config")
        for _, relay, pids in self.each():
            addresses = " ".join(line for pid in pids for line in files.get(str(pid), ())).split()
            if str(relay.port) in (each.rpartition(":")[2] for each in addresses):
                yield relay


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
    """What takes commands over TCP in the place of the daemon.

    Raises:
        EvidenceError: the listeners could not be read, or the answer ends before that.
    """
    if "asked" not in host_services.words:
        raise EvidenceError(
            "host_services: the answer is damaged: it ends before what takes commands over TCP"
        )
    if not host_services.words.all("net"):
        raise EvidenceError("/proc/1/net could not be read, so what takes commands over TCP is unknown")
    listeners = _Listeners(host_services)
    answering = set(host_services.words.all("answers"))
    found = tuple(relay for words, relay, _ in listeners.each() if words in answering)
    naming = set(host_services.words.all("names")) - answering
    named = tuple(relay for words, relay, _ in listeners.each() if words in naming)
    return Relays(found, (*listeners.containerd(),), named, (*_elsewhere(host_services),))
