"""The log shippers that run on a target, and where the log drivers of Docker send."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from hullcheck.facts.containers import Container
from hullcheck.facts.host.processes import Process, Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.lazy import regex
from hullcheck.parsing.values import canonical
from hullcheck.verdicts import EvidenceError, unread

SYSTEMS = ("ELK", "Fluentd", "another system")
OTHER_SYSTEM = SYSTEMS[2]
_PROGRAMS = (
    "alloy amazon-cloudwatch-agent elastic-agent filebeat fluent-bit nxlog promtail rsyslogd splunkd syslog-ng"
    " systemd-journal-upload telegraf vector"
)
KNOWN = {
    **{name: rf".*/{name}" for name in _PROGRAMS.split()},
    "datadog-agent": r"/opt/datadog-agent/.*/agent",
    "fluentd": r".*/fluentd|/opt/(?:fluent|google-fluentd|td-agent)/.*/ruby[\d.]*",
    "logstash": r".*/logstash/jdk/bin/java",
    "otelcol": r".*/otel\w*col[\w-]*",
}
"""The paths of the programs of known log shippers."""
RELAYS = ("rsyslogd", "syslog-ng")
"""Shippers of what is sent to them: they run on most hosts, and read no files of containers."""
_SYSTEMS = {
    **dict.fromkeys(("elastic-agent", "filebeat", "logstash"), "ELK"),
    **dict.fromkeys(("fluent-bit", "fluentd"), "Fluentd"),
}
_LOOPBACK = regex(
    r"(localhost|ip6-l)[\w.-]*|.*\.localhost|(host|gateway)\.(docker|containers)\.internal"
    r"|127\.[\d.]+|::1?|0\.0\.0\.0|0|/.*",
    re.IGNORECASE,
)
_INSTALLED = regex(r"/(usr|opt|s?bin|snap|nix|var/lib|gnu)/.+")
"""Where a program lies that not everybody could have put there."""


class HostLog(StrEnum):
    """The logs of a host."""

    DAEMON = "the daemon's log"
    AUDIT = "the audit log"


def system_of(shipper: str) -> str:
    """Return the system that a log shipper belongs to."""
    return _SYSTEMS.get(shipper, OTHER_SYSTEM)


class Shippers(Struct, frozen=True, dict=True):
    """The log shippers that run, and which hosts are this one."""

    processes: Later[Processes]
    containers: Later[Subjects[Container]]

    @cached_property
    def _programs(self) -> tuple[Process, ...]:
        return tuple(
            each
            for each in self.processes.get().by_pid.values()
            if each.executable and (each.container_ids or _INSTALLED.fullmatch(each.executable))
        )

    @cached_property
    def running(self) -> tuple[str, ...]:
        """The known log shippers that run, on the host or in a container."""
        return tuple(sorted({name for each in self._programs for name in _known(each)}))

    def runs(self, name: str) -> bool:
        """Return whether a log shipper runs: a known one, or a program of this name."""
        if name in self.running or any(name in (each.name, _base(each)) for each in self._programs):
            return True
        self.require_all()
        return False

    def require_all(self) -> None:
        """Raise EvidenceError if no program of root is seen: those of other users are hidden from the auditor."""
        seen = (each for each in self.processes.get().by_pid.values() if each.executable)
        if not any(each.pid == 1 or 0 in each.uids for each in seen):
            raise EvidenceError(unread("whether a log shipper runs", "only root sees the programs of others"))

    def is_here(self, host: str) -> bool:
        """Return whether a host is a name or an address of loopback, or one of the containers."""
        plain = canonical(host.rstrip(".")).lower()
        return bool(_LOOPBACK.fullmatch(plain)) or any(
            plain in (each.name, *each.addresses) for _, each in self.containers.get()
        )


def _base(process: Process) -> str:
    return process.executable.rpartition("/")[2]


def _known(process: Process) -> Iterator[str]:
    """Yield the known shipper that a process is, by its program or the script that it runs."""
    paths = process.executable, f"/{process.status.get('Name', '')}"
    for name, pattern in KNOWN.items():
        if any(re.fullmatch(pattern, path) for path in paths):
            yield name


@fact()
def shippers(processes: Later[Processes], container: Later[Subjects[Container]]) -> Shippers:
    """The log shippers that run."""
    return Shippers(processes, container)


# ---- where the drivers of Docker send, by https://docs.docker.com/engine/logging/configure/

NETWORK_DRIVERS = {
    "fluentd": ("Fluentd", "fluentd-address"),
    "gelf": ("ELK", "gelf-address"),
    "syslog": (OTHER_SYSTEM, "syslog-address"),
    "splunk": (OTHER_SYSTEM, "splunk-url"),
    "awslogs": (OTHER_SYSTEM, "awslogs-endpoint"),
    "gcplogs": (OTHER_SYSTEM, ""),
    "logentries": (OTHER_SYSTEM, ""),
}
LOCAL_DRIVERS = frozenset({"none", "local", "json-file", "journald", "etwlogs"})
"""Drivers that keep the log on the host, where whoever breaks in can change it."""
OF_SYSLOG = frozenset({"journald", "syslog"})
"""Drivers whose log rsyslog or syslog-ng can pass on."""
SERVICE_DRIVERS = frozenset({"awslogs", "gcplogs", "logentries"})
"""Drivers that send to their service on the internet unless an address is given."""
_ADDRESSES = {"fluentd": "127.0.0.1:24224", "syslog": "unix:///dev/log"}
"""Where they send unless an address is given."""


def log_host(driver: str, options: Mapping[str, str]) -> str:
    """Return the host to which one of `NETWORK_DRIVERS` sends: without its port, a path for a socket, or empty."""
    address = str(options.get(NETWORK_DRIVERS[driver][1]) or _ADDRESSES.get(driver, ""))
    host = address.rpartition("://")[2].rpartition("@")[2]
    return host if host.startswith("/") else re.sub(r"(:\d+)?(/.*)?$", "", host).strip("[]")
