"""The Docker daemon of a target: the process that answers the docker command, and its settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hullcheck.facts.engine import reported, sockets
from hullcheck.facts.engine.daemon_file import DAEMON_CONFIGURATION, DaemonFiles, files_of
from hullcheck.facts.engine.daemon_process import DAEMON_PROCESSES, DaemonProcess, DaemonProcesses
from hullcheck.facts.engine.daemon_unit import SYSTEMD, Unit, Units
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.remote_api import RemoteApi, Tls
from hullcheck.facts.engine.settings import KINDS, Configuration, Setting, Value, shown
from hullcheck.facts.engine.sockets import Asked
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.go import go_boolean
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.parsing.proc.net import Listener
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread


@dataclass(frozen=True)
class Endpoints:
    """The addresses and sockets of one daemon."""

    daemon: "Daemon" = field(repr=False)

    @cached_property
    def asked(self) -> Asked:
        """The addresses that the daemon was told to listen on, with those of docker.socket for `fd://`."""
        asked = self._told
        own = tuple(host for host in asked.hosts if not host.startswith("fd:"))
        if own == asked.hosts:
            return asked
        unit = self._socket_unit
        if unit is None:
            return replace(asked, hosts=own, open_ended=True)
        return replace(asked, hosts=own + sockets.hosts_of_unit(unit))

    @property
    def _told(self) -> Asked:
        named, source, doubt = self.daemon.process.values("hosts"), "command line", ""
        if not named:  # the daemon refuses to start where the file names some as well
            try:
                setting = self.daemon.setting("hosts")
            except EvidenceError as error:
                return Asked((), "", str(error))
            named = tuple(host for value in setting.possible for host in value or ("",))
            source, doubt = setting.source, setting.doubt
        return Asked(tuple(host.strip() or self._usual_host for host in named), source, doubt)

    @property
    def _usual_host(self) -> str:
        """The address of a daemon that was told none."""
        try:
            return sockets.DEFAULT_TLS if self._tls.encrypted else f"unix://{sockets.DEFAULT_SOCKET}"
        except EvidenceError:
            return f"unix://{sockets.DEFAULT_SOCKET}"

    @property
    def _socket_unit(self) -> tuple[str, ...] | None:
        """The addresses of docker.socket; None if systemd did not start the daemon, or does not say."""
        return self.daemon.units.socket_addresses if self.daemon.unit else None

    @cached_property
    def api_sockets(self) -> tuple[str, ...]:
        """Every unix socket on which the API listens, without symbolic links.

        Raises:
            EvidenceError: they are unknown.
        """
        asked = self.asked
        if self.daemon.process.may_see_sockets:
            return sockets.api_paths(self.daemon.process, asked, self._exec_roots)
        if asked.doubt or asked.open_ended:
            raise EvidenceError(asked.doubt or sockets.OPEN_ENDED)
        named = [path for host in asked.hosts if (path := sockets.socket_path(host))]
        return tuple(sorted({sockets.real_path(self.daemon.process, path) for path in named}))

    @cached_property
    def containerd_sockets(self) -> tuple[str, ...]:
        """The socket of the containerd that the daemon uses, without symbolic links.

        Raises:
            EvidenceError: it is unknown.
        """
        if reported := self.daemon.engine.containerd_address:
            return (sockets.real_path(self.daemon.process, reported),)
        configured = self.daemon.setting("containerd").possible
        roots = self._exec_roots if None in configured else ()  # its own containerd, if none was named
        system = self.daemon.processes.system_containerd
        found = sockets.containerd_paths(self.daemon.process, configured, roots, system)
        if not found:
            raise EvidenceError("the socket of the containerd that the daemon uses was not found")
        return found

    @property
    def _exec_roots(self) -> tuple[str, ...]:
        """The folders of the daemon's own sockets; of a rootless one below its user's runtime directory.

        Raises:
            EvidenceError: what would tell could not be read.
        """
        found = self.daemon.setting("exec-root").possible
        if not self.daemon.process.rootless:
            return found
        runtime = (self.daemon.process.environment or {}).get("XDG_RUNTIME_DIR")
        default = KINDS["exec-root"].default
        if runtime is None and default in found:
            raise EvidenceError(unread("the runtime directory of the rootless daemon", "is not known"))
        return tuple(f"{runtime}/docker" if each == default else each for each in found)

    def _possible(self, name: str) -> tuple[Any, ...]:
        """The values that a setting may have; its default if nothing can be read."""
        try:
            return self.daemon.setting(name).possible
        except EvidenceError:
            return (KINDS[name].default,)

    @property
    def _tls(self) -> Tls:
        return Tls(self.daemon.setting, self.daemon.process)

    @cached_property
    def remote_api(self) -> RemoteApi:
        """The TCP addresses at which the daemon takes commands, and what a client needs there.

        Raises:
            EvidenceError: the daemon could not be found.
        """
        addresses, doubt = (self._seen if self.daemon.process.may_see_sockets else self._named)()
        return RemoteApi(addresses, self._pending(addresses), self._tls, doubt or self.daemon.unread_unit)

    def _seen(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses on which the daemon listens, and why there may be more."""
        asked, named = self.asked, sockets.tcp_ports(self.asked.hosts)
        listeners = sockets.listening(self.daemon.process)
        others = self._unexplained(listeners, named)
        sure = [each for each in others if asked.open_ended or each.number in sockets.DEFAULT_PORTS]
        strange = ", ".join(sockets.address(each) for each in others if each not in sure)
        seen = {each.number for each in listeners}
        tcp = filter(sockets.is_tcp, self._told.hosts)
        missing = ", ".join(host for host in tcp if not sockets.tcp_ports([host]) & seen)
        doubt = ""
        if strange and (asked.doubt or not self._in_swarm):  # a node holds the ports of services, too
            why = f": {asked.doubt}" if asked.doubt else ", as nothing that is known told it to listen there"
            doubt = f"the daemon listens on {strange}, and whether for commands is unknown{why}"
        elif missing and not asked.doubt:
            doubt = f"the daemon was told to listen on {missing} ({asked.source}), and is not seen to"
        api = [*(each for each in listeners if each.number in named), *sure]
        return tuple(f"{sockets.address(each)} (listening)" for each in api), doubt

    def _unexplained(self, listeners: Iterable[Listener], named: frozenset[int]) -> list[Listener]:
        """Return the listeners that are not for swarm, metrics or containers, nor on a port that was *named*."""
        own = sockets.tcp_ports(filter(None, self._possible("metrics-addr")))
        own |= sockets.SWARM_PORTS if self._in_swarm else frozenset()
        others = [each for each in listeners if each.number not in named | own]
        published = self.daemon.published_ports.get() if others else frozenset()
        return [each for each in others if not sockets.is_published(each, published)]

    @property
    def _in_swarm(self) -> bool:
        return self.daemon.engine.info.swarm.local_node_state not in ("inactive", "")

    def _named(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses that the daemon was told, as an auditor who may not see its sockets knows them."""
        asked, process = self.asked, self.daemon.process
        if "tcp" in process.tables_read and not process.tcp_table:
            return (), ""  # nothing at all listens in its network
        if asked.doubt:
            return (), asked.doubt
        named = tuple(f"{host} ({asked.source})" for host in asked.hosts if sockets.is_tcp(host))
        return named, sockets.OPEN_ENDED if asked.open_ended else ""

    def _pending(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Return the addresses that the next start opens beside these: by the options, the file or docker.socket."""
        found = list(self.asked.hosts)
        try:
            setting = self.daemon.setting("hosts")
        except EvidenceError:
            pass
        else:
            found += setting.pending.value if setting.pending else ()
        open_ports = sockets.tcp_ports(each.partition(" ")[0] for each in addresses)
        coming = (
            host for host in found if sockets.is_tcp(host) and not sockets.tcp_ports([host]) <= open_ports
        )
        return tuple(dict.fromkeys(coming))


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
