"""The Docker daemon of a target: the process that answers the docker command, and its settings."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from hullcheck.facts.daemon import sockets, tls
from hullcheck.facts.daemon.config_file import DAEMON_CONFIGURATION, DaemonFiles, files_of
from hullcheck.facts.daemon.process import DAEMON_PROCESSES, DaemonProcess, DaemonProcesses
from hullcheck.facts.daemon.remote_api import RemoteApi
from hullcheck.facts.daemon.settings import KINDS, Configuration, Setting, Value, shown
from hullcheck.facts.daemon.sockets import Asked
from hullcheck.facts.daemon.tls import Protection
from hullcheck.facts.daemon.unit import SYSTEMD, Unit, Units
from hullcheck.facts.engine import DOCKER_VERSION, Engine
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.go import go_boolean
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

PublishedPorts = frozenset[tuple[str, int]]

_OPEN_ENDED = unread("the daemon takes sockets of a service manager, and they", "could not be seen")
_LOOPBACK_RANGES = ("127.0.0.0/8", "::1/128")


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
        return self._processes.daemon

    @cached_property
    def _processes(self) -> DaemonProcesses:
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
    def runs_as_root(self) -> bool:
        """Whether it has root's rights on the host.

        Raises:
            EvidenceError: the process could not be found, or its user not be read.
        """
        if self.engine.rootless:
            return False
        uids = self.process.uids
        if len(uids) < 2:
            raise EvidenceError(f"the user of the daemon (process {self.pid}) could not be read")
        return 0 in uids

    @cached_property
    def userland_proxies(self) -> tuple[int, ...]:
        """Its children that pass on published ports."""
        processes = self.seen.get().by_pid
        return tuple(
            pid
            for pid, each in sorted(processes.items())
            if each.status.get("Name") == "docker-proxy" and each.status.get("PPid") == str(self.pid)
        )

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

    @cached_property
    def configuration(self) -> Configuration:
        """All that it takes settings from.

        Raises:
            EvidenceError: the daemon could not be found, or its files not be asked for.
        """
        file = self.files.config
        unit = self.unit
        told = unit.flags if unit else None
        differs = told is not None and sorted(told) != sorted(self.process.flags)
        return Configuration(
            self.process.flags,
            file,
            file.changed_since(self.process.started),
            file.written_since(self.process.started),
            self.engine.version.partition("+")[0],
            told if differs else None,
            unit.name if unit and differs else "",
        )

    # ---- settings

    def setting(self, name: str) -> Setting:
        """A setting by its name in daemon.json: the value in force and its source.

        Raises:
            EvidenceError: the engine does not report it, and what would tell could not be read.
        """
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
        if name == "userland-proxy":
            return self._seen_proxies()
        if name == "no-new-privileges":
            said = self.engine.no_new_privileges
            return None if said is None else Value(said, "docker info")
        read = _REPORTED.get(name)
        return Value(read(self.engine), "docker info") if read else None

    def _reported_icc(self) -> Value | None:
        bridge = self.default_bridge
        option = (bridge or {}).get("com.docker.network.bridge.enable_icc")
        return Value(go_boolean(option), "network bridge") if option is not None else None

    def _seen_proxies(self) -> Value | None:
        try:
            proxies = self.userland_proxies
        except EvidenceError:
            return None
        return Value(True, f"its docker-proxy process {proxies[0]} runs") if proxies else None

    @cached_property
    def default_bridge(self) -> Mapping[str, str] | None:
        """The options of the network named bridge; None where there is none (`"bridge": "none"`).

        Raises:
            EvidenceError: the engine did not say.
        """
        found = (each.options for each in self.networks.get() if each.name == "bridge")
        return next(found, None)

    @property
    def experimental(self) -> bool:
        """What `docker version` says of the server.

        Raises:
            EvidenceError: it did not answer.
        """
        version = self.recording.json(DOCKER_VERSION)
        if not isinstance(version, dict):
            raise EvidenceError("docker version: the engine did not describe itself")
        return bool(version.get("Experimental"))

    @property
    def insecure_registries(self) -> tuple[str, ...]:
        """The registries, ranges and mirrors reached without verified TLS, but those on the loopback addresses.

        Raises:
            EvidenceError: the engine did not say.
        """
        named = tuple(each for each in _insecure(self.engine) if not _is_loopback(each))
        return named + _plain_mirrors(self.engine)

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
        return _seccomp(self.engine) or ""

    @property
    def seccomp_default_action(self) -> str:
        """What the daemon's profile does with a system call that it does not list: `SCMP_ACT_ERRNO`, ...

        Raises:
            EvidenceError: the profile could not be read, or changed after the daemon started.
        """
        path = self.seccomp_profile
        if path == "builtin":
            return "SCMP_ACT_ERRNO"
        if path in ("", "unconfined"):
            return "SCMP_ACT_ALLOW"
        profile = self.files.seccomp_profile
        action = (profile.document or {}).get("defaultAction") if profile and profile.path == path else None
        if profile is None or not action:
            raise EvidenceError(f"the seccomp profile {path} of the daemon could not be read")
        if profile.changed_since(self.process.started):
            raise EvidenceError(f"the seccomp profile {path} was changed after the daemon started")
        return str(action)

    @property
    def default_ulimits(self) -> tuple[str, ...]:
        """The ulimits that every container gets, as `nofile=1024:2048`.

        Raises:
            EvidenceError: they cannot be told.
        """
        value: tuple[str, ...] = self.setting("default-ulimits").value
        return value

    # ---- where it takes commands

    @cached_property
    def asked(self) -> Asked:
        """The addresses that it was told to listen on."""
        named = self.process.values("hosts")
        if named:  # the daemon refuses to start where the file names some as well
            return self._with_inherited(Asked(self._opened_by(named), "command line"))
        try:
            setting = self.configuration.setting("hosts")
        except EvidenceError as error:
            return Asked((), "", str(error))
        if setting.running is None:
            named = tuple(host for each in setting.candidates for host in self._opened_by(each.value))
            return self._with_inherited(Asked(named, self.files.config.path, setting.doubt))
        return self._with_inherited(Asked(self._opened_by(setting.value), setting.source))

    def _opened_by(self, hosts: tuple[str, ...]) -> tuple[str, ...]:
        """What these ask for: no address, or an empty one, is the usual socket, and a port where TLS is on."""
        tls_is_on = any(each.encrypted for each in self._protection()[0])
        usual = sockets.DEFAULT_TLS if tls_is_on else f"unix://{sockets.DEFAULT_SOCKET}"
        return tuple(host or usual for host in hosts or ("",))

    def _with_inherited(self, asked: Asked) -> Asked:
        """Put the addresses of docker.socket in the place of `fd://`, if it was started with them."""
        own = tuple(host for host in asked.hosts if not sockets.is_inherited(host))
        if own == asked.hosts:
            return asked
        addresses = self.units.socket_addresses if self.unit else None
        if addresses is None or not self.process.was_given(addresses):
            return replace(asked, hosts=own, open_ended=True)
        return replace(asked, hosts=own + sockets.hosts_of_unit(addresses))

    @cached_property
    def api_sockets(self) -> tuple[str, ...]:
        """Every unix socket on which the API listens, without symbolic links.

        Raises:
            EvidenceError: they cannot be told.
        """
        asked = self.asked
        if self.process.may_see_sockets:
            return sockets.api_paths(self.process, asked, self._exec_roots)
        if asked.doubt or asked.open_ended:
            raise EvidenceError(asked.doubt or _OPEN_ENDED)
        named = [path for host in asked.hosts if (path := sockets.socket_path(host))]
        return tuple(sorted({sockets.real_path(self.process, path) for path in named}))

    @cached_property
    def containerd_sockets(self) -> tuple[str, ...]:
        """The socket of the containerd that it uses, without symbolic links.

        Raises:
            EvidenceError: it cannot be told.
        """
        configured = self.setting("containerd").possible
        roots = (
            self._exec_roots if None in configured else ()
        )  # its own containerd, only where none was named
        found = sockets.containerd_paths(self.process, configured, roots, self._processes.system_containerd)
        if not found:
            raise EvidenceError("the socket of the containerd that the daemon uses was not found")
        return found

    @property
    def _exec_roots(self) -> tuple[str, ...]:
        """Where it keeps sockets of its own, or may keep them; a rootless one below its user's runtime directory.

        Raises:
            EvidenceError: what would tell could not be read.
        """
        found = self.setting("exec-root").possible
        if not self.process.rootless:
            return found
        runtime = (self.process.environment or {}).get("XDG_RUNTIME_DIR")
        default = KINDS["exec-root"].default
        if runtime is None and default in found:
            raise EvidenceError(unread("the runtime directory of the rootless daemon", "is not known"))
        return tuple(f"{runtime}/docker" if each == default else each for each in found)

    def _possible(self, name: str) -> tuple[Any, ...]:
        """What a setting is, or may be; where nothing can be read, its default."""
        try:
            return self.setting(name).possible
        except EvidenceError:
            return (KINDS[name].default,)

    @property
    def _other_ports(self) -> frozenset[int]:
        """The ports of swarm and of the metrics."""
        swarm = self.engine.value("Swarm", "LocalNodeState") not in ("inactive", "")
        metrics = sockets.tcp_ports(each for each in self._possible("metrics-addr") if each)
        return metrics | sockets.SWARM_PORTS if swarm else metrics

    @cached_property
    def remote_api(self) -> RemoteApi:
        """The TCP addresses at which it takes commands, and what a client needs there.

        Raises:
            EvidenceError: the daemon could not be found.
        """
        addresses, doubt = self._tcp_addresses()
        protection, protection_doubt = self._protection()
        return RemoteApi(addresses, self._pending_addresses(addresses), protection, doubt, protection_doubt)

    def _tcp_addresses(self) -> tuple[tuple[str, ...], str]:
        """What is known to be open, and why there may be more."""
        asked = self.asked
        if not self.process.may_see_sockets:
            return self._asked_addresses()
        own = self._other_ports
        published = self.published_ports.get() if asked.open_ended else frozenset()
        api, others = sockets.remote_api(self.process, asked, own, published)
        doubtful = [each for each in others if each.number not in own] if asked.doubt else []
        doubt = ""
        if doubtful:
            names = ", ".join(map(sockets.address, doubtful))
            doubt = f"the daemon listens on {names}, and whether for commands cannot be told: {asked.doubt}"
        return tuple(f"{sockets.address(each)} (listening)" for each in api), doubt

    def _asked_addresses(self) -> tuple[tuple[str, ...], str]:
        """Without a look at its sockets: what it was asked to open."""
        asked = self.asked
        if "tcp" in self.process.tables_read and not self.process.tcp_table:
            return (), ""  # nothing at all listens in its network
        if asked.doubt:
            return (), asked.doubt
        named = tuple(f"{host} ({asked.source})" for host in asked.hosts if sockets.is_tcp(host))
        return named, _OPEN_ENDED if asked.open_ended else ""

    def _pending_addresses(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """What the file says, where it changed after the start."""
        try:
            setting = self.configuration.setting("hosts")
        except EvidenceError:
            return ()
        coming = setting.pending.value if setting.pending else ()
        found = [host for each in setting.candidates for host in each.value] + list(coming)
        open_ports = sockets.tcp_ports(each.partition(" ")[0] for each in addresses)
        return tuple(
            host for host in filter(sockets.is_tcp, found) if not sockets.tcp_ports([host]) <= open_ports
        )

    def _protection(self) -> tuple[tuple[Protection, ...], str]:
        process, version = self.process, self.engine.version
        without_file = tls.protection(process.flags, {}, process.environment, version)
        try:
            document = self.configuration.file.values()
        except EvidenceError as error:
            told = without_file.verified and bool(
                process.values("tlsverify")
            )  # the file must not name it then
            return ((without_file,), "") if told else ((), str(error))
        with_file = tls.protection(process.flags, document, process.environment, version)
        if not self.configuration.changed or with_file == without_file:
            return (with_file,), ""
        doubt = f"{self.configuration.file.path} was changed after the daemon started"
        return ((with_file, without_file) if self.configuration.rewritten else (with_file,)), doubt


def _seccomp(engine: Engine) -> str | None:
    """The profile; engines before 23 call the built-in one `default`."""
    option = engine.security_options.get("seccomp")
    if option is None:
        return None
    profile = option.get("profile", "default")
    return "builtin" if profile == "default" else profile


def _is_loopback(registry: str) -> bool:
    """Whether a registry, or a range of addresses, lies on the loopback addresses of the engine's host."""
    try:
        network = ipaddress.ip_network(registry, strict=False)
    except ValueError:
        host = urlsplit(f"//{registry}").hostname or ""
        return host == "localhost" or bool(re.fullmatch(r"127(\.\d{1,3}){3}|::1", host))
    loopback = ipaddress.ip_network("127.0.0.0/8" if network.version == 4 else "::1/128")
    return network.subnet_of(loopback)  # type: ignore[arg-type]  # both are of one version


def _insecure(engine: Engine) -> tuple[str, ...]:
    """The registries and ranges without verified TLS, but the loopback ranges, which always are."""
    ranges = engine.value("RegistryConfig", "InsecureRegistryCIDRs") or ()
    indexes = engine.value("RegistryConfig", "IndexConfigs") or {}
    names = [name for name, each in indexes.items() if not each.get("Secure")]
    return tuple(sorted({*(each for each in ranges if each not in _LOOPBACK_RANGES), *names}))


def _plain_mirrors(engine: Engine) -> tuple[str, ...]:
    """The mirrors that are asked in plain HTTP, which no option has to allow."""
    mirrors = engine.value("RegistryConfig", "Mirrors") or ()
    plain = (each for each in mirrors if urlsplit(each).scheme == "http")
    return tuple(each for each in plain if not _is_loopback(urlsplit(each).netloc))


_REPORTED: Mapping[str, Callable[[Engine], object]] = {
    "authorization-plugins": lambda engine: tuple(engine.value("Plugins", "Authorization") or ()),
    "data-root": lambda engine: engine.value("DockerRootDir"),
    "debug": lambda engine: bool(engine.value("Debug")),
    "experimental": lambda engine: bool(engine.value("ExperimentalBuild")),
    "insecure-registries": _insecure,
    "live-restore": lambda engine: bool(engine.value("LiveRestoreEnabled")),
    "log-driver": lambda engine: engine.value("LoggingDriver"),
    "seccomp-profile": _seccomp,
    "storage-driver": lambda engine: engine.value("Driver"),
    "userns-remap": lambda engine: engine.remaps_users,
}


@fact(DAEMON_PROCESSES, DAEMON_CONFIGURATION, SYSTEMD, DOCKER_VERSION)
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
    return frozenset((*daemon.api_sockets, *daemon.containerd_sockets))
