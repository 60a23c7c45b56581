"""The Docker daemon of a target: the process that answers the docker command, and its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hullcheck.facts.daemon import reported
from hullcheck.facts.daemon.config_file import DAEMON_CONFIGURATION, DaemonFiles, files_of
from hullcheck.facts.daemon.process import DAEMON_PROCESSES, DaemonProcess, DaemonProcesses
from hullcheck.facts.daemon.settings import Configuration, Setting, Value, shown
from hullcheck.facts.daemon.sockets.endpoints import Endpoints
from hullcheck.facts.daemon.unit import SYSTEMD, Unit, Units
from hullcheck.facts.engine import Engine
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.go import go_boolean
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

PublishedPorts = frozenset[tuple[str, int]]


@dataclass(frozen=True)
class Daemon:
    """The daemon; what one property needs and could not be read spoils no other."""

    recording: Recording
    engine: Engine
    seen: Later[Processes] = field(repr=False)
    networks: Later[tuple[Network, ...]] = field(repr=False)
    published_ports: Later[PublishedPorts] = field(repr=False)

    # ---- the process

    @cached_property
    def process(self) -> DaemonProcess:
        """The process that owns the socket to which the docker command talks.

        Raises:
            EvidenceError: it is not on this machine, may not be seen, or cannot be told from another.
        """
        self.engine.require_docker()
        return self.processes.daemon

    @cached_property
    def processes(self) -> DaemonProcesses:
        """All processes called dockerd, and the address that the docker command uses.

        Raises:
            EvidenceError: they could not be asked for.
        """
        return DaemonProcesses.of(self.recording)

    @property
    def pid(self) -> int:
        """The daemon's process, in the auditor's PID namespace."""
        return self.process.pid

    @property
    def namespaces(self) -> dict[str, str]:
        """The links of its namespaces: {"net": "net:[4026531840]", ...}.

        Raises:
            EvidenceError: they may not be read.
        """
        if not self.process.namespaces:
            raise EvidenceError(unread(f"the namespaces of process {self.pid}"))
        return self.process.namespaces

    @property
    def mountinfo(self) -> str:
        """Its mount table, as /proc/PID/mountinfo has it.

        Raises:
            EvidenceError: it may not be read.
        """
        if not self.process.mountinfo:
            raise EvidenceError(unread(f"the mount table of process {self.pid}"))
        return "\n".join(self.process.mountinfo)

    @property
    def rootless(self) -> bool:
        """Whether it runs in rootless mode; where root started it with `--rootless`, it only says so.

        Raises:
            EvidenceError: it says so, and its process could not be found, or its user not be read.
        """
        return self.engine.rootless and not self.runs_as_root

    @property
    def runs_as_root(self) -> bool:
        """Whether it has root's rights on the host.

        Raises:
            EvidenceError: the process could not be found, or its user not be read.
        """
        uids = self.process.uids
        if len(uids) < 2:
            raise EvidenceError(f"the user of the daemon (process {self.pid}) could not be read")
        return 0 in uids

    # ---- its files

    @cached_property
    def files(self) -> DaemonFiles:
        """Its configuration file and its seccomp profile.

        Raises:
            EvidenceError: the daemon could not be found, or its files not be asked for.
        """
        return files_of(self.recording, self.process)

    @cached_property
    def units(self) -> Units:
        """What systemd says, if anything."""
        return Units.of(self.recording)

    @property
    def unit(self) -> Unit | None:
        """The unit that started it, if systemd did."""
        return self.units.of_process(self.pid)

    @property
    def unread_unit(self) -> str:
        """Why what systemd says of the next start may be wrong, in words; empty where it may not."""
        unit = self.unit
        return self.units.unread(unit) if unit else ""

    @cached_property
    def configuration(self) -> Configuration:
        """All that it takes settings from."""
        unit = self.unit
        told, name = (unit.flags, unit.name) if unit else (None, "")
        return Configuration.of(self.process, self.files, self.engine.version, told, name)

    # ---- settings

    def setting(self, name: str) -> Setting:
        """A setting by its name in daemon.json: the value in force and its source.

        Raises:
            EvidenceError: the engine does not report it, and what would tell could not be read.
        """
        self.engine.require_docker()
        reported = self._reported(name)
        try:
            return self.configuration.setting(name, reported)
        except EvidenceError:
            if reported is None:
                raise
            return Setting(name, reported)

    def _reported(self, name: str) -> Value | None:
        """What the engine itself, or what it does, says of a setting."""
        if name == "icc":
            return self._reported_icc()
        if name == "no-new-privileges":
            said = self.engine.no_new_privileges
            return None if said is None else Value(said, "docker info")
        read = reported.SETTINGS.get(name)
        return Value(read(self.engine), "docker info") if read else None

    def _reported_icc(self) -> Value | None:
        bridge = self.default_bridge
        option = bridge.options.get("com.docker.network.bridge.enable_icc") if bridge else None
        return Value(go_boolean(option), "network bridge") if option is not None else None

    @cached_property
    def default_bridge(self) -> Network | None:
        """The network named bridge; None where there is none (`"bridge": "none"`).

        Raises:
            EvidenceError: the engine did not say, or left it out.
        """
        found = next((each for each in self.networks.get() if each.name == "bridge"), None)
        if found is None and self.configuration.setting("bridge", None).value != "none":
            raise EvidenceError(
                "docker network ls does not name bridge, and the daemon has not `bridge` set to none"
            )
        return found

    @property
    def insecure_registries(self) -> tuple[str, ...]:
        """The registries, ranges and mirrors reached without verified TLS, but those on the loopback addresses.

        Raises:
            EvidenceError: the engine did not say.
        """
        return reported.insecure_registries(self.engine)

    @property
    def log_address(self) -> str:
        """Where the log driver sends to, as far as that is no secret."""
        try:
            options = self.setting("log-opts").value
        except EvidenceError as error:
            return f"unknown ({error})"
        return shown(options) if options else "the driver's default address"

    @property
    def seccomp_profile(self) -> str:
        """`builtin`, `unconfined` or a path; empty where the engine uses no seccomp."""
        return reported.seccomp(self.engine) or ""

    @property
    def seccomp_filter(self) -> Mapping[str, Any] | None:
        """The daemon's seccomp profile where it is a file; None where it is the engine's own.

        Raises:
            EvidenceError: the profile could not be read, or changed after the daemon started.
        """
        path = self.seccomp_profile
        return None if path == "builtin" else self.files.seccomp_filter(path, self.process.started)

    @property
    def default_ulimits(self) -> tuple[str, ...]:
        """The ulimits that every container gets, as `nofile=1024:2048`.

        Raises:
            EvidenceError: they cannot be told.
        """
        value: tuple[str, ...] = self.setting("default-ulimits").value
        return value

    @cached_property
    def endpoints(self) -> Endpoints:
        """Where it takes commands."""
        return Endpoints(self)


@fact(DAEMON_PROCESSES, DAEMON_CONFIGURATION, SYSTEMD)
def daemon(
    recording: Recording,
    engine: Engine,
    processes: Later[Processes],
    networks: Later[tuple[Network, ...]],
    published_ports: Later[PublishedPorts],
) -> Daemon:
    """The Docker daemon of the target, with every setting and where it comes from."""
    return Daemon(recording, engine, processes, networks, published_ports)


@fact()
def daemon_mounts(daemon: Daemon) -> tuple[Mount, ...]:
    """The mount table of the daemon: what "the host" is to a container."""
    return mountinfo.parse(daemon.mountinfo.split("\n"))


@fact()
def engine_sockets(daemon: Daemon) -> frozenset[str]:
    """Every path at which an engine of this host takes commands, without symbolic links."""
    return frozenset((*daemon.endpoints.api_sockets, *daemon.endpoints.containerd_sockets))
