"""Words and requirements that several controls share."""

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
    """Return the first of *names*, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def shown_processes(processes: Iterable[Process]) -> str:
    """Return processes by name and number."""
    return ", ".join(f"{each.name} (pid {each.pid})" for each in processes)


def shown_neighbour(neighbour: Neighbour) -> str:
    """Return what else runs containers, for "not judged: ..."."""
    name, pids = neighbour.name, ", ".join(map(str, neighbour.pids[:3]))
    return {
        "dockerd": f"another Docker daemon (pid {pids}); add it as a target with docker_host",
        "process": f"{name} (pid {pids})",
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
    """Return the open ports that are wrong; only the published ones, if any, because they need no other evidence."""
    published = shown_ports(filter(is_wrong, container.ports.published))
    return published or shown_ports(filter(is_wrong, container.ports.open))


def _network(name: str) -> str:
    return "network of the host" if name == HOST_NETWORK else f"network {name}"


def require_known_ports(container: Container) -> str:
    """Return the open ports of a container.

    Raises:
        Manual: the container does not run, so its ports are unknown.
        NotApplicable: a Compose service, so its ports are unknown.
    """
    for name in container.ports.unknown_in:
        place = f"the {_network(name)}" if name == HOST_NETWORK else _network(name)
        if container.planned:
            raise NotApplicable(f"the file does not show who can reach it in {place}")
        raise Manual(f"does not run: check on which ports it will listen in {place}")
    return f"opens {shown_ports(container.ports.open) or 'no port'}"


def planned_limit(limit: str, most: float | None) -> str:
    """Return the limit that a Compose file sets, if the policy allows that much.

    Raises:
        Manual: the policy has no limit, so it depends on the host whether this is one.
    """
    if most is None:
        raise Manual(f"allows {limit}: check that the host has more, or set `resource_limits` in the policy")
    return f"allows {limit}; only its host shows whether that is in force"


# ---- reports of scanners

NO_REPORTS = (
    "no scan report was found: name the folder of the reports in the policy: `scan_reports: {folder: /var/lib/scans}`"
)
_CURRENT_DAYS = 120  # a vulnerability list that did not change for so long is outdated
_SCAN_DOUBTS = {
    "no packages": "lists no package, or none of the distribution: check what was scanned",
    "unsupported distribution": "its distribution gets no more updates, so new vulnerabilities are not listed",
    "unknown distribution": "the scanner has no vulnerability list for its distribution",
    "told to ignore": "check the vulnerabilities that the scan ignored: {}",
    "nothing found": "no vulnerability at all: check that the scan looked for any (--scanners, --severity)",
    "fixed alone": "each vulnerability has a fix: check that others were not left out (--ignore-unfixed)",
    "options": "check which vulnerabilities its options left out: {}",
}


def scan_doubt(report: Report, limits: ScanReports) -> str:
    """Return why a report does not show that the image keeps these limits, or an empty string."""
    unrated = report.counts.get(UNKNOWN, 0)
    if unrated and limits.highest_severity != SEVERITIES[-1]:
        return f"check the vulnerabilities without a severity: {unrated}"
    if report.doubt:
        return _SCAN_DOUBTS[report.doubt].format(report.detail)
    if report.known is None or report.created - report.known > _CURRENT_DAYS * DAY:
        age = "has no date" if report.known is None else f"is from {day(report.known)}"
        return f"the scanner's vulnerability list {age}: check that it is current"
    return ""


def shown_report(report: Report, now: float) -> str:
    """Return the scanner of a report, its age and file."""
    by = " by the file's time" if report.made is None else ""
    return f"{report.tool}, {report.days(now):.0f} days ago{by} ({report.file})"


# ---- from where the host was looked at


def require_processes(engine: Later[Engine], daemon: Later[Daemon]) -> None:
    """Raise EvidenceError if the engine answers but its process is not visible; other processes may be hidden too."""
    if _answers(engine):
        _ = daemon.get().process


def require_network(engine: Later[Engine], daemon: Later[Daemon]) -> None:
    """Raise EvidenceError if the audit ran in another network namespace than the engine, whose settings are unknown.

    A rootless engine always has a network namespace of its own.
    """
    if not _answers(engine) or engine.get().rootless:
        return
    network = daemon.get().namespaces.get("net")
    if network is None or network != DaemonProcesses.of(daemon.get().recording).own_network:
        raise EvidenceError("the audit ran in another network namespace than the engine, whose settings are unknown")


def _answers(engine: Later[Engine]) -> bool:
    try:
        return engine.get().is_docker
    except EvidenceError:
        return False
