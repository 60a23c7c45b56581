"""What controls share: how they say what they found, and what they require."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hullcheck.facts.containers import Container
from hullcheck.facts.containers.ports import HOST_NETWORK, Port
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_process import DaemonProcesses
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.host.processes import Process
from hullcheck.facts.registry import Later
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

NO_REPORTS = (
    "no report of a scan was read: name their folder in the policy, `scan_reports: {folder: /var/lib/scans}`"
)


class Judgement(NamedTuple):
    """Whether something is as it should be, and what shows it."""

    good: bool
    words: str


def listed(names: Sequence[str], most: int = 10) -> str:
    """The first of *names*, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def shown_processes(processes: Iterable[Process]) -> str:
    """Return processes by name and number."""
    return ", ".join(f"{each.name} (pid {each.pid})" for each in processes)


def shown_port(port: Port) -> str:
    """Return a port with what opens it: `10.0.0.1:8080/tcp (published for 80)`."""
    origins = {
        "published": f"published for {port.name}",
        "publish-all": f"published for {port.name} by --publish-all",
        "service": f"published by service {port.name} on every node",
        "listener": f"listens, {_network(port.name)}",
    }
    address = f"[{port.address}]" if ":" in port.address else port.address or "*"
    return f"{address}:{port.number or '(any)'}/{port.protocol} ({origins[port.origin]})"


def shown_ports(ports: Iterable[Port]) -> str:
    """Return open ports, separated by commas."""
    return ", ".join(map(shown_port, ports))


def open_ports(container: Container, is_wrong: Callable[[Port], bool]) -> str:
    """Return the open ports that are wrong; if some are published, those alone, which need no other evidence."""
    return shown_ports(filter(is_wrong, container.ports.published)) or shown_ports(
        filter(is_wrong, container.ports.open)
    )


def _network(name: str) -> str:
    return "network of the host" if name == HOST_NETWORK else f"network {name}"


def require_known_ports(container: Container) -> str:
    """Return the open ports of a container.

    Raises:
        Manual: it does not run, and will open whatever it listens on.
        NotApplicable: so will a Compose service.
    """
    for name in container.ports.unknown_in:
        place = f"the {_network(name)}" if name == HOST_NETWORK else _network(name)
        if container.planned:
            raise NotApplicable(f"who reaches it in {place}, the file does not tell")
        raise Manual(f"does not run: check on which ports it will listen in {place}")
    return f"opens {shown_ports(container.ports.open) or 'no port'}"


def planned_limit(limit: str, most: float | None) -> str:
    """What to say of a limit that a Compose file sets.

    Args:
        most: what the policy allows; without that only the host shows whether it has more, and so a limit.

    Raises:
        Manual: the policy allows any.
    """
    if most is None:
        raise Manual(
            f"allows {limit}; whether the host has more than that, the file does not tell: resource_limits in the"
            " policy say how much is allowed"
        )
    return f"allows {limit}; whether that is in force, its host shows"


# ---- from where the host was looked at


def require_processes(engine: Later[Engine], daemon: Later[Daemon]) -> None:
    """Raise EvidenceError if an engine answers and its process is not seen: nor is then what else runs beside it."""
    if _answers(engine):
        _ = daemon.get().process


def require_network(engine: Later[Engine], daemon: Later[Daemon]) -> None:
    """Raise EvidenceError if an engine answers from another network than the audit's, whose settings were read.

    That of a rootless engine is its own in any case.
    """
    if not _answers(engine) or engine.get().rootless:
        return
    network = daemon.get().namespaces.get("net")
    if network is None or network != DaemonProcesses.of(daemon.get().recording).own_network:
        raise EvidenceError(
            "the audit did not run in the network of the engine: what is set there is unknown"
        )


def _answers(engine: Later[Engine]) -> bool:
    try:
        return engine.get().is_docker
    except EvidenceError:
        return False
