"""The logs of containers: their drivers and options, where these send, and the log shippers that run."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property

from msgspec import Struct

from hullcheck.facts.containers import Container
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_options import Setting
from hullcheck.facts.host.processes import Process, Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import DAEMON_DEFAULT, Subjects
from hullcheck.lazy import regex
from hullcheck.parsing.values import canonical
from hullcheck.verdicts import EvidenceError, unread

Options = Mapping[str, str]


# ---- the log of a container, which keeps the driver and options of its creation, whatever the daemon has now


class Log(Struct, frozen=True):
    """The log of one container, or the default for new containers."""

    driver: str
    daemon: Daemon
    own: Options | None = None  # the options of the container, or None for the daemon's default itself

    @property
    def default(self) -> Setting:
        return self.daemon.setting("log-opts")

    @property
    def is_file(self) -> bool:
        """Whether the driver writes a file on the host, which can be limited."""
        return self.driver in ("json-file", "local")

    def always(self, complies: Callable[[Options], bool]) -> bool:
        """Return whether the options comply."""
        return self.default.always(complies) if self.own is None else complies(self.own)


@fact()
def container_log(daemon: Daemon, container: Later[Subjects[Container]]) -> Subjects[Log]:
    """The log of every container, and the daemon's default."""
    default = Log(daemon.setting("log-driver").value, daemon)
    own = ((name, each.host_config.log_config) for name, each in container.get())
    logs = ((name, Log(log.type, daemon, log.config or {})) for name, log in own)
    return Subjects("log", ((DAEMON_DEFAULT, default), *logs))


# ---- log shippers

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
_LOOPBACK = regex(
    r"(localhost|ip6-l)[\w.-]*|.*\.localhost|(host|gateway)\.(docker|containers)\.internal"
    r"|127\.[\d.]+|::1?|0\.0\.0\.0|0|/.*",
    re.IGNORECASE,
)


class Shippers(Struct, frozen=True, dict=True):
    """The log shippers that run, and the addresses of this host."""

    processes: Later[Processes]
    containers: Later[Subjects[Container]]

    @cached_property
    def _programs(self) -> tuple[Process, ...]:
        return tuple(each for each in self.processes.get().by_pid.values() if each.executable)

    @cached_property
    def running(self) -> tuple[str, ...]:
        """The known log shippers that run, on the host or in a container."""
        paths = {path for each in self._programs for path in (each.executable, f"/{each.name}")}
        return tuple(sorted(name for name, known in KNOWN.items() if any(map(re.compile(known).fullmatch, paths))))

    def runs(self, name: str) -> bool:
        """Return whether a log shipper runs: a known one, or a program of this name."""
        names = {name for each in self._programs for name in (each.name, each.executable.rpartition("/")[2])}
        if name in self.running or name in names:
            return True
        self.require_all()
        return False

    def require_all(self) -> None:
        """Raise EvidenceError if the auditor cannot see the programs of other users."""
        if not any(each.pid == 1 or 0 in each.uids for each in self._programs):
            raise EvidenceError(unread("whether a log shipper runs", "only root sees the programs of others"))

    def is_here(self, host: str) -> bool:
        """Return whether a host name or address is loopback or one of the containers."""
        plain = canonical(host.rstrip(".")).lower()
        return bool(_LOOPBACK.fullmatch(plain)) or any(
            plain in (each.name, *each.addresses) for _, each in self.containers.get()
        )


@fact()
def shippers(processes: Later[Processes], container: Later[Subjects[Container]]) -> Shippers:
    """The log shippers that run."""
    return Shippers(processes, container)


# ---- where the drivers of Docker send, by https://docs.docker.com/engine/logging/configure/

NETWORK_DRIVERS = {
    "fluentd": "fluentd-address",
    "gelf": "gelf-address",
    "syslog": "syslog-address",
    "splunk": "splunk-url",
    "awslogs": "awslogs-endpoint",
    "gcplogs": "",
    "logentries": "",
}
"""The drivers that send logs over the network, with the option that has the address."""
LOCAL_DRIVERS = frozenset({"none", "local", "json-file", "journald", "etwlogs"})
"""Drivers that keep the log on the host, where whoever breaks in can change it."""
OF_SYSLOG = frozenset({"journald", "syslog"})  # drivers whose log rsyslog or syslog-ng can pass on
SERVICE_DRIVERS = frozenset({"awslogs", "gcplogs", "logentries"})
"""Drivers that send to their service on the internet unless an address is given."""
_ADDRESSES = {"fluentd": "127.0.0.1:24224", "syslog": "unix:///dev/log"}  # where they send unless an address is given


def log_host(driver: str, options: Options) -> str:
    """Return the host to which one of `NETWORK_DRIVERS` sends: without its port, a path for a socket, or empty."""
    address = str(options.get(NETWORK_DRIVERS[driver]) or _ADDRESSES.get(driver, ""))
    host = address.rpartition("://")[2].rpartition("@")[2]
    return host if host.startswith("/") else re.sub(r"(:\d+)?(/.*)?$", "", host).strip("[]")
