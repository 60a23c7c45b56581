"""Log shippers on a target, with what they read and where they send it, and the ways of logs to other machines."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from hullcheck.facts.containers import Container
from hullcheck.facts.daemon.process import DAEMON_PROCESSES, DaemonProcesses
from hullcheck.facts.engine import Engine
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.logs.configs.routes import ALL_CONTAINERS, SYSLOG
from hullcheck.facts.logs.drivers import DEV_LOG, NETWORK_DRIVERS, destination
from hullcheck.facts.logs.journald import OF_DAEMON, OF_DRIVER
from hullcheck.facts.logs.probe import SHAPE, SHIPPERS
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.addresses import canonical
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

_AUDIT_LOG = "/var/log/audit/audit.log"
_LOOPBACK = re.compile(
    r"(localhost|ip6-l)[\w.-]*|.*\.localhost|(host|gateway)\.(docker|containers)\.internal"
    r"|127\.[\d.]+|::1?|0\.0\.0\.0|0|/.*",
    re.IGNORECASE,
)
_INSTALLED = re.compile(r"/(usr|opt|s?bin|snap|nix|var/lib|gnu)/.+")
"""Where a program lies that not everybody could have put there."""
_UNJUDGED = re.compile(
    r".*/(?:alloy|amazon-cloudwatch-agent|cribl|grafana-agent|newrelic-infra|nxlog|oneagentloganalytics|otel\w*col[\w-]*"
    r"|splunkd|td-agent-bit|telegraf)|/opt/datadog-agent/.*/agent"
)
"""Programs that may take logs away, and whose configuration is not read here."""
SYSTEMS = ("ELK", "Fluentd", "another system")
_SYSTEMS = {
    "filebeat": "ELK",
    "elastic-agent": "ELK",
    "logstash": "ELK",
    "fluentd": "Fluentd",
    "fluent-bit": "Fluentd",
}
_OTHER = SYSTEMS[2]


class HostLog(StrEnum):
    """Logs of a host beside those of its containers."""

    DAEMON = "the daemon's log"
    AUDIT = "the audit log"


@dataclass(frozen=True)
class Route:
    """The way of a log to another machine: the system that it belongs to, and how, in words."""

    system: str
    words: str


@dataclass(frozen=True)
class Shipper:
    """One way of logs through a process that takes them away.

    Attributes:
        reads: paths with wildcards, as they are called on the host; or words, as in `shipper_routes`.
        sends: the hosts that it sends to, but none of this machine.
        ports: those that it listens on, as `514/udp`; None where they may be others on the host.
        doubt: why its files do not tell what it does, where that is not because of what is in them.
        holds: the ids of containers whose log the process holds open; none where it sends some of what it reads
            nowhere, because it may be those.
    """

    pid: int
    program: str
    reads: tuple[str, ...]
    sends: tuple[str, ...]
    understood: bool
    holds: frozenset[str]
    holds_journal: bool
    holds_audit: bool
    ports: frozenset[str] | None = None
    doubt: str = ""

    @property
    def route(self) -> Route:
        """Where it takes what it reads."""
        return Route(_SYSTEMS.get(self.program, _OTHER), f"{self.program} to {', '.join(self.sends)}")

    def may_listen(self, port: str) -> bool:
        """Whether what is sent to a port of the host may come to it; an empty one is not known."""
        return not port or self.ports is None or port in self.ports

    def takes(self, path: str) -> bool:
        """Whether it reads this file of the host."""
        return any(_matches(path, each) for each in self.reads)


def _matches(path: str, pattern: str) -> bool:
    """Whether a path is one of a pattern, whose `*` stays in one folder and whose `**` does not."""
    wild = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.findall(r"\*\*|\*|\?|[^*?]+", pattern)
    return (
        re.fullmatch("".join(wild.get(each) or re.escape(each) for each in parts), path, re.DOTALL)
        is not None
    )


@dataclass(frozen=True)
class Shippers:
    """All shippers of a target, and the ways of its logs; read when they are first asked for."""

    recording: Recording
    engine: Engine
    processes: Later[Processes]
    containers: Later[Subjects[Container]]

    @cached_property
    def _document(self) -> Mapping[str, Any]:
        return self.recording.json_object(SHIPPERS, SHAPE)

    @cached_property
    def _containers(self) -> tuple[Container, ...]:
        return tuple(each for _, each in self.containers.get())

    @cached_property
    def all(self) -> tuple[Shipper, ...]:
        """The ways through those that run on the host, or in one of its containers."""
        known = self.processes.get().by_pid
        by_id = {each.id: each for each in self._containers}
        found = list[Shipper]()
        for each in self._document["Shippers"]:
            if each["Pid"] not in known or each.get("Halted"):  # it ended meanwhile, or is stopped
                continue
            inside = [by_id[one] for one in known[each["Pid"]].container_ids if one in by_id]
            if not inside and not _INSTALLED.fullmatch(known[each["Pid"]].executable):
                continue
            found += self._ways(each, inside[0] if inside else None)
        return tuple(found)

    def _ways(self, document: Mapping[str, Any], container: Container | None) -> Iterator[Shipper]:
        routes = [
            (tuple(reads), tuple(self._sends(sends, document, in_container=container is not None)))
            for reads, sends in document["Routes"] or [((), ())]
        ]
        sends_all = all(sends for reads, sends in routes if reads)
        if container:
            routes = [(_as_on_the_host(reads, container), sends) for reads, sends in routes]
        doubt = str(document.get("Doubt", ""))
        closed = {each for reads, _ in routes for each in reads if self._is_closed(each, document)}
        if closed:
            doubt = (
                doubt or "it has no right to read logs of root's or to ask the engine, and holds none open"
            )
        ports = document["Listens"]
        own = container and container.configuration.network_mode != "host"
        for reads, sends in routes:
            yield Shipper(
                document["Pid"],
                document["Program"],
                tuple(each for each in reads if each not in closed),
                sends,
                bool(document["Understood"]) and not doubt,
                frozenset(document["Holds"] if sends_all else ()),
                bool(document["HoldsJournal"]) and sends_all,
                bool(document["HoldsAudit"]) and sends_all,
                None if own else frozenset(ports),
                doubt,
            )

    def _is_closed(self, read: str, document: Mapping[str, Any]) -> bool:
        """Whether it is what a process without root's rights may not read: a log of root's, or what the engine says."""
        if read.startswith(ALL_CONTAINERS):
            return bool(document.get("Barred"))
        # one that holds such a log open was let in by a group or an access control list
        if not document.get("Confined") or document["Holds"] or document["HoldsAudit"]:
            return False
        containers = map(self._json_log, ("", *(each.id for each in self._containers)))
        logs = (_AUDIT_LOG, *self._written, *containers)
        return read.startswith("/") and any(_matches(each, read) for each in logs)

    def _sends(self, hosts: list[str], document: Mapping[str, Any], *, in_container: bool) -> list[str]:
        """The hosts of its configuration; where that does not tell, those that it is connected to.

        So it is with a variable, and with a plain name in a container, which may be that of another one.
        """
        connected = [end.partition(" ")[0] for end in document["Connected"]]
        found = list[str]()
        for each in hosts:
            plain = in_container and not re.search(r"[.:]", each)
            found += connected if plain or each.startswith(("$", "%")) else [each]
        return [host for host in dict.fromkeys(found) if not self.is_here(host)]

    def is_here(self, host: str) -> bool:
        """Whether a host is this machine, with or without its domain, or one of its containers."""
        own = {each.lower() for each in self._document["Own"]}
        plain = canonical(host.rstrip(".")).lower()
        if _LOOPBACK.fullmatch(plain) or {plain, plain.partition(".")[0]} & own:
            return True
        return any(plain in map(str.lower, _names_in_networks(each)) for each in self._containers)

    @property
    def sending(self) -> tuple[Shipper, ...]:
        """Those that send to another machine."""
        return tuple(each for each in self.all if each.sends)

    @cached_property
    def unjudged(self) -> tuple[str, ...]:
        """The names of other programs that may take logs away, on the host or in a container."""
        paths = (
            each.executable
            for each in self.processes.get().by_pid.values()
            if each.container_ids or _INSTALLED.fullmatch(each.executable)
        )
        return tuple(sorted({path.rpartition("/")[2] for path in paths if _UNJUDGED.fullmatch(path)}))

    @property
    def doubts(self) -> tuple[str, ...]:
        """The shippers whose configuration could not be understood, and those that could not be seen, in words."""
        unseen = () if self._document["AsRoot"] else ("whatever runs as others, which root alone sees",)
        odd = (
            f"{each.program} (process {each.pid}{': ' if each.doubt else ''}{each.doubt})"
            for each in self.all
            if not each.understood
        )
        return (*dict.fromkeys(odd), *unseen)

    def of_log(self, log: HostLog, path: str = _AUDIT_LOG) -> Route | None:
        """The way of a log of the host to another machine; None where none is known.

        Args:
            path: of the audit log.

        Raises:
            EvidenceError: no log of the engine's daemon is seen.
        """
        if log is HostLog.AUDIT:
            return self._of_file(path, held=lambda each: each.holds_audit and path == _AUDIT_LOG)
        ways = [
            self._passed_on("journal", OF_DAEMON) if each.startswith("socket:") else self._of_file(each)
            for each in self._seen
        ]
        return ways[0] if all(ways) else None

    @property
    def engine_log_flaw(self) -> str:
        """Why nobody keeps what the engine logs at the level info, in words; empty where nothing tells.

        Raises:
            EvidenceError: where it writes its log may not be seen.
        """
        for each in self._seen:
            if each in ("/dev/null", "/dev/zero", "/dev/full") or each.endswith(" (deleted)"):
                return f"the log goes to {each}"
            if level := re.fullmatch(r"the journal ([0-5])(?: .*)?", each):
                return f"its unit drops what is less urgent than level {level[1]} (LogLevelMax)"
            if each == "the journal ?":
                raise EvidenceError(
                    "what its unit keeps from the journal is unknown: systemctl does not answer"
                )
            if not re.match("socket:|the journal [67]? ", each):
                continue
            if doubt := self._document.get("JournalDoubt"):
                raise EvidenceError(f"the configuration of journald {doubt}")
            if self._document.get("Unkept"):
                return (
                    "journald neither keeps it nor passes it on (Storage, MaxLevelStore and ForwardToSyslog)"
                )
        return ""

    @cached_property
    def _written(self) -> tuple[str, ...]:
        """Where the engine writes its log, or may: not where others beside it do."""
        told = (re.fullmatch(r"(?:(\d+) )?(.*)", each, re.DOTALL) for each in self._document["Daemons"])
        return tuple(each[2] for each in told if each and each[1] not in self._pids_beside)

    @property
    def _seen(self) -> tuple[str, ...]:
        if not self._written:
            raise EvidenceError(unread("where the daemon writes its log", "could not be seen"))
        return self._written

    @cached_property
    def _pids_beside(self) -> frozenset[str]:
        try:
            return frozenset(str(each.pid) for each in DaemonProcesses.of(self.recording).beside)
        except EvidenceError:
            return frozenset()

    @property
    def _speaks_apart(self) -> bool:
        """Whether what an engine says to the journal or to /dev/log is kept apart from that of others, or dropped."""
        return any(each.startswith("the journal ") for each in self._written)

    def _of_file(self, path: str, held: Callable[[Shipper], bool] = lambda each: False) -> Route | None:
        """By a shipper that reads a file of the host."""
        return next((each.route for each in self.sending if held(each) or each.takes(path)), None)

    def of_driver(self, driver: str, options: Mapping[str, str], identifier: str) -> Route | None:
        """The way of the log of a container to another machine; None where none is known.

        Args:
            driver: its log driver.
            options: those of the driver that hold addresses.
            identifier: of the container; empty for one that is yet to be made.
        """
        if driver in NETWORK_DRIVERS:
            to = destination(driver, options)
            if not self.is_here(to.host) if to.host else to.to_service:
                return Route(to.system, f"log driver {driver} to {to.host or 'its service'}")
            return self._passed_on(*to.words, port=to.port)
        if driver == "journald":
            return self._passed_on("journal", OF_DRIVER)
        return self._read_from_file(identifier) if driver == "json-file" else None

    def _passed_on(self, *words: str, port: str = "") -> Route | None:
        """By a shipper on this machine that takes what others send to it, at a port if one is known."""
        if {"journal", SYSLOG} & set(words) and self._speaks_apart:
            return None
        for each in self.sending:
            if set(words) & set(each.reads) and each.may_listen(port):
                return each.route
            if "journal" in words and each.holds_journal:
                return each.route
        return None

    def _json_log(self, identifier: str) -> str:
        """Where the engine writes the log of a container; without an id, of one that is yet to be made."""
        some = identifier or "0" * 64
        return f"{self.engine.value('DockerRootDir')}/containers/{some}/{some}-json.log"

    def _read_from_file(self, identifier: str) -> Route | None:
        path = self._json_log(identifier)
        for each in self.sending:
            if identifier in each.holds or "docker" in each.reads or each.takes(path):
                return each.route
        return None


def _names_in_networks(container: Container) -> Iterator[str]:
    """What the engine calls a container for others, and its addresses."""
    yield from (container.name, *container.configuration.addresses)
    for network in container.configuration.description["Networks"] or ():
        yield f"{container.name}.{network}"


_JOURNALS = ("/var/log/journal", "/run/log/journal")
_SOCKETS = ("/run/docker.sock", "/var/run/docker.sock")


def _as_on_the_host(reads: tuple[str, ...], container: Container) -> tuple[str, ...]:
    """What a container reads, by its names on the host; what is its own goes, and what it cannot reach."""
    mounts = [(str(each["Destination"]), str(each["Source"])) for each in container.configuration.mounts]
    sources = [source for _, source in mounts]
    called = container.configuration.network_mode == "host" or container.configuration.publishes_ports
    reached = {"docker": _mounted(_SOCKETS, sources), "journal": _mounted(_JOURNALS, sources)}
    reached[SYSLOG] = _mounted((*DEV_LOG, *_JOURNALS), sources)
    found = list[str]()
    for each in reads:
        if not each.startswith("/"):
            found += [each] if reached.get(each.partition(":")[0], called) else []
            continue
        inside = [
            (to, source) for to, source in mounts if each == to or each.startswith(to.rstrip("/") + "/")
        ]
        if inside:
            to, source = max(inside, key=lambda pair: len(pair[0]))
            found.append(source.rstrip("/") + each[len(to.rstrip("/")) :])
    return tuple(found)


def _mounted(paths: tuple[str, ...], sources: list[str]) -> bool:
    return any(is_below(path, source) for path in paths for source in sources)


@fact(SHIPPERS, DAEMON_PROCESSES)
def shippers(
    recording: Recording,
    engine: Engine,
    processes: Later[Processes],
    container: Later[Subjects[Container]],
) -> Shippers:
    """What takes logs to other machines."""
    return Shippers(recording, engine, processes, container)
