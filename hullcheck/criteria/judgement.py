"""What controls share: how they say what they found, and what they require."""

from collections.abc import Callable, Iterable, Sequence

from hullcheck.data.severities import SEVERITIES
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.ports import HOST_NETWORK, Port
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_process import DaemonProcesses
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.neighbours import Neighbour
from hullcheck.facts.host.processes import Process
from hullcheck.facts.images.scan_formats import UNKNOWN, Report
from hullcheck.facts.registry import Later
from hullcheck.parsing.times import DAY, day
from hullcheck.policy import ScanReports
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable, unread


def listed(names: Sequence[str], most: int = 10) -> str:
    """The first of *names*, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def shown_processes(processes: Iterable[Process]) -> str:
    """Return processes by name and number."""
    return ", ".join(f"{each.name} (pid {each.pid})" for each in processes)


def shown_neighbour(neighbour: Neighbour) -> str:
    """Return what else runs containers, for "not judged: ..."."""
    name, pids = neighbour.name, ", ".join(map(str, neighbour.pids[:3]))
    return {
        "dockerd": f"dockerd as process {pids} (give it a target of its own, with docker_host)",
        "process": f"{name} (process {pids})",
        "namespace": f"the namespace {name} of containerd ({neighbour.count} running)",
        "plugin": f"the plugin {name}",
        "unread": unread(name),
    }[neighbour.kind]


# ---- ports and limits of containers


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
    published = shown_ports(filter(is_wrong, container.ports.published))
    return published or shown_ports(filter(is_wrong, container.ports.open))


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
    """Return what to say of a limit that a Compose file sets, if the policy allows that much.

    Raises:
        Manual: the policy says nothing, so that only the host shows whether it has more, and so a limit.
    """
    if most is None:
        raise Manual(
            f"allows {limit}; whether the host has more than that, the file does not tell: resource_limits in the"
            " policy say how much is allowed"
        )
    return f"allows {limit}; whether that is in force, its host shows"


# ---- reports of scanners

NO_REPORTS = "no report of a scan was read: name their folder in the policy, `scan_reports: {folder: /var/lib/scans}`"
_CURRENT_DAYS = 120  # a list of weaknesses in which nothing changed for so long is an old one
_SCAN_DOUBTS = {
    "no packages": "tells of no package that was looked at, or of none of the system in the image",
    "unsupported distribution": "its distribution gets no updates any more, so that new weaknesses are not known of it",
    "unknown distribution": "there is no list of weaknesses for its distribution",
    "told to ignore": "weaknesses that the scan was told to ignore: {}",
    "nothing found": "no weakness at all, and it does not tell whether any was looked for (--scanners, --severity)",
    "fixed alone": "each of its weaknesses has a fix: others may have been left out (--ignore-unfixed)",
    "options": "weaknesses may have been left out by its options {}",
}


def scan_doubt(report: Report, limits: ScanReports) -> str:
    """Return why a report does not tell that the image keeps these limits, or "" if it does."""
    unrated = report.counts.get(UNKNOWN, 0)
    if unrated and limits.highest_severity != SEVERITIES[-1]:
        return f"weaknesses that it could not rate: {unrated}"
    if report.doubt:
        return _SCAN_DOUBTS[report.doubt].format(report.detail)
    if report.known is None or report.created - report.known > _CURRENT_DAYS * DAY:
        of = "no known day" if report.known is None else day(report.known)
        return f"the scanner's list of weaknesses is of {of}: it may be an old one"
    return ""


def shown_report(report: Report, now: float) -> str:
    """Return the scanner of a report, its age and file."""
    by = " by the time of its file" if report.made is None else ""
    return f"{report.tool}, {report.days(now):.0f} days ago{by} ({report.file})"


def unread_reports(reports: Iterable[Report]) -> list[str]:
    """Return the files that are no report, with why."""
    return [f"{each.file} ({each.fault})" for each in reports]


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
        raise EvidenceError("the audit did not run in the network of the engine: what is set there is unknown")


def _answers(engine: Later[Engine]) -> bool:
    try:
        return engine.get().is_docker
    except EvidenceError:
        return False
