"""The Docker daemon of a target: the process that answers the docker command, and its settings."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from hullcheck.facts.engine import endpoints
from hullcheck.facts.engine.daemon_options import KINDS, ConfigFile, Setting, Value
from hullcheck.facts.engine.daemon_process import DAEMON, DaemonProcess, DaemonProcesses
from hullcheck.facts.engine.endpoints import HostOptions, RemoteApi
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.models import Network, RegistryConfig
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount, is_below
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.values import go_boolean
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

PublishedPorts = frozenset[tuple[str, int]]
_FILTERS_IPV6 = 27  # the first engine for which ip6tables is on by default
_ICC = "com.docker.network.bridge.enable_icc"
_SWARM_PORTS = frozenset({2377, 7946})
_OPEN_ENDED = unread("the daemon takes sockets of a service manager, and they", "could not be seen")
_LOOPBACK = r"127(\.\d{1,3}){3}(/(8|9|[12]\d|3[0-2]))?|::1(/128)?|localhost"

# ---- what the engine itself reports of its settings


def seccomp_profile(engine: Engine) -> str | None:
    """Return the profile: `builtin`, `unconfined`, a path, or None if the engine uses no seccomp."""
    option = engine.security_options.get("seccomp")
    profile = option.get("profile", "builtin") if option is not None else None
    return "builtin" if profile == "default" else profile  # its name before engine 23


def _insecure(engine: Engine) -> tuple[str, ...]:
    """Return the registries and ranges without verified TLS, but the loopback ranges, which always are."""
    registries = _registries(engine)
    ranges = {*(registries.insecure_ranges or ())} - {"127.0.0.0/8", "::1/128"}
    indexes = registries.index_configs or {}
    return tuple(sorted(ranges | {name for name, each in indexes.items() if not each.secure}))


def _registries(engine: Engine) -> RegistryConfig:
    if (found := engine.info.registry_config) is None or found.index_configs is None:
        raise EvidenceError("docker info does not report RegistryConfig")
    return found


def insecure_registries(engine: Engine) -> tuple[str, ...]:
    """Return the registries, ranges and mirrors reached without verified TLS, but those on loopback addresses."""
    mirrors = _registries(engine).mirrors or ()
    plain = [each for each in mirrors if urlsplit(each).scheme == "http"]  # which no option has to allow
    return tuple(each for each in (*_insecure(engine), *plain) if not _is_loopback(each))


def _is_loopback(registry: str) -> bool:
    """Return whether a registry, a mirror or a range is on loopback addresses."""
    if re.fullmatch(_LOOPBACK, registry):
        return True
    host = urlsplit(registry if "://" in registry else f"//{registry}").hostname or ""
    return re.fullmatch(_LOOPBACK, host) is not None


_REPORTED: Mapping[str, Callable[[Engine], object]] = {
    "authorization-plugins": lambda engine: engine.info.plugins.authorization or (),
    "debug": lambda engine: engine.info.debug,
    "experimental": lambda engine: engine.info.experimental_build,
    "insecure-registries": _insecure,
    "live-restore": lambda engine: engine.info.live_restore_enabled,
    "log-driver": lambda engine: engine.info.logging_driver,
    "no-new-privileges": lambda engine: engine.no_new_privileges,
    "seccomp-profile": seccomp_profile,
    "storage-driver": lambda engine: engine.info.driver,
    "userns-remap": lambda engine: engine.remaps_users,
}


class Daemon(Struct, frozen=True, dict=True):
    """The daemon of a target."""

    recording: Recording
    engine: Engine
    networks: Later[tuple[Network, ...]]
    published_ports: Later[PublishedPorts]

    # ---- the process

    @cached_property
    def process(self) -> DaemonProcess:
        """The process behind the socket of the docker command."""
        self.engine.require_docker()
        return DaemonProcesses.of(self.recording).daemon

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def namespaces(self) -> Mapping[str, str]:
        """The links of the daemon's namespaces: {"net": "net:[4026531840]", ...}."""
        if not self.process.namespaces:
            raise EvidenceError(unread(f"the namespaces of process {self.pid}"))
        return self.process.namespaces

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """The mount table of the daemon, without what the engine mounts for each container."""
        if not self.process.mountinfo:
            raise EvidenceError(unread(f"the mount table of process {self.pid}"))
        return mountinfo.parse(self.process.mountinfo)

    @property
    def rootless(self) -> bool:
        """Whether the daemon runs in rootless mode, and not as root with `--rootless`."""
        return self.engine.rootless and not self.runs_as_root

    @property
    def runs_as_root(self) -> bool:
        """Whether the daemon runs as root on the host."""
        uids = self.process.uids
        if len(uids) < 2:
            raise EvidenceError(f"the user of the daemon (process {self.pid}) could not be read")
        return 0 in uids

    # ---- settings

    @cached_property
    def config(self) -> ConfigFile:
        """The configuration file of the daemon."""
        process, named = self.process, self.process.values("config-file")[-1:]
        if process.config is None or named not in ((), (process.config.path,)):
            raise EvidenceError("the configuration file of the daemon could not be found")
        if process.uids[1:2] != (0,) and not process.environment and not named:
            raise EvidenceError(unread("the path of the daemon's configuration"))  # another user's rootless daemon
        return process.config

    def setting(self, name: str) -> Setting:
        """Return a setting by its name in daemon.json: the value in force and its source."""
        self.engine.require_docker()
        reported = self._reported(name)
        try:
            return self._setting(name, reported or self._of_flags(name))
        except EvidenceError:
            if reported is None:
                raise
            return Setting(name, reported)

    def _setting(self, name: str, known: Value | None) -> Setting:
        """Return a setting whose value by the engine or the command line, if any, is *known*."""
        file, default = self.config, self._default(name)
        if known is None:
            found = self._of_file(name)
            if not file.changed:
                return Setting(name, found or default)
            # A file whose mode alone changed most likely said the same at the start: no proof, and no ground to fail.
            candidates = (found, default) if file.rewritten else (found or default,)
            return Setting(name, None, tuple(each for each in candidates if each is not None), self.doubt)
        coming = self._coming(name)
        if coming is not None and coming.value == known.value:
            origin = "" if file.changed or coming.source == known.source else coming.source
            return Setting(name, known, origin="default" if origin == default.source else origin)
        # containers that outlive a daemon keep the default bridge as it was
        return Setting(name, known, pending=coming if file.changed or name == "icc" else None)

    def _reported(self, name: str) -> Value | None:
        """Return a setting as the engine reports it, or None. No seccomp is a value, too."""
        if name == "icc":
            option = self.default_bridge.options.get(_ICC) if self.default_bridge else None
            return None if option is None else Value(go_boolean(option), "network bridge")
        value = _REPORTED[name](self.engine) if name in _REPORTED else None
        return Value(value, "docker info") if value is not None or name == "seccomp-profile" else None

    def _coming(self, name: str) -> Value | None:
        """Return the value after the next start, or None if unknown or chosen by the engine."""
        try:
            found = self._of_flags(name) or self._of_file(name)
        except EvidenceError:
            return None
        default = self._default(name)
        return found or (default if default.value is not None else None)

    def _of_flags(self, name: str) -> Value | None:
        values = self.process.values(name)
        value = KINDS[name].from_flags(values) if values else None
        return None if value is None else Value(value, "command line")

    def _of_file(self, name: str) -> Value | None:
        """Return the value in daemon.json, or None. An empty text, and null except for switches, count as none."""
        file, kind = self.config, KINDS[name]
        value = file.values().get(name)
        if name not in file.values() or (value is None and kind.from_json is not bool):
            return None
        try:
            parsed = kind.from_json(msgspec.convert(value, kind.form))
        except msgspec.ValidationError as error:
            raise EvidenceError(f"{file.path}: {name}: {error}") from None
        return None if parsed is None else Value(parsed, file.path)

    def _default(self, name: str) -> Value:
        filters = name == "ip6tables" and (self.engine.major or 0) >= _FILTERS_IPV6
        version = self.engine.version.partition("+")[0]
        return Value(True if filters else KINDS[name].default, f"default of engine {version}")

    @property
    def doubt(self) -> str:
        """The reason why settings in a changed file are unknown."""
        what = "was changed" if self.config.rewritten else "got another owner, mode or name"
        return f"{self.config.path} {what} after the daemon started: restart the daemon to know its settings"

    @cached_property
    def default_bridge(self) -> Network | None:
        """The network named bridge, or None if there is none (`"bridge": "none"`)."""
        found = next((each for each in self.networks.get() if each.name == "bridge"), None)
        if found is None and self.setting("bridge").value != "none":
            raise EvidenceError("docker network ls does not name bridge, and the daemon has not `bridge` set to none")
        return found

    @property
    def seccomp_profile(self) -> str:
        """`builtin`, `unconfined` or a path; empty if the engine uses no seccomp."""
        return seccomp_profile(self.engine) or ""

    @property
    def seccomp_filter(self) -> Mapping[str, Any] | None:
        """The seccomp profile in the daemon's file, or None for the built-in one."""
        path, file = self.seccomp_profile, self.process.profile
        if path == "builtin":
            return None
        if file is None or file.path != path or not (file.document or {}).get("defaultAction"):
            raise EvidenceError(f"the seccomp profile {path} of the daemon could not be read")
        if file.changed:
            raise EvidenceError(f"the seccomp profile {path} was changed after the daemon started")
        return file.document

    # ---- where it takes commands

    @cached_property
    def configured(self) -> HostOptions:
        """The addresses of the daemon's options, with those of docker.socket for `fd://`."""
        named, source, doubt = self.process.values("hosts"), "command line", ""
        if not named:  # the daemon refuses to start where the file names some as well
            try:
                setting = self.setting("hosts")
            except EvidenceError as error:
                return HostOptions((), "", str(error))
            named = tuple(host for value in setting.possible for host in value or ("",))
            source, doubt = setting.source, setting.doubt
        hosts, unit = [host for host in named if not host.startswith("fd:")], self.process.unit
        if unit and len(hosts) < len(named):
            schemes = (("unix" if each[0] in "/@" else "tcp", each) for each in unit.listens)
            hosts += [f"{scheme}://{each}" for scheme, each in schemes]
        elif len(hosts) < len(named):
            doubt = doubt or _OPEN_ENDED
        return HostOptions(tuple(hosts), source, doubt)

    @cached_property
    def api_sockets(self) -> tuple[str, ...]:
        """Every unix socket on which the API listens."""
        options, process = self.configured, self.process
        named = {path for host in options.hosts if (path := endpoints.socket_path(host))}
        if process.held:
            roots = {path for root in self._exec_roots for path in (root, endpoints.run_path(root))}
            held = [each for each in process.unix_table if each.inode in process.held]
            # below its own directory it has sockets for metrics, networks, plugins and swarm
            own = {each for each in held if any(is_below(x, y) for x in (each.path, each.real) for y in roots)}
            return tuple(sorted({each.real for each in held if each.path in named or each not in own}))
        if options.doubt:
            raise EvidenceError(options.doubt)
        return tuple(sorted({endpoints.real_path(process, path) for path in named}))

    @cached_property
    def containerd_sockets(self) -> tuple[str, ...]:
        """The socket of the containerd that the daemon uses."""
        process = self.process
        if reported := self.engine.info.containerd:  # from engine 27 on
            return (endpoints.real_path(process, reported.address.removeprefix("unix://")),)
        configured = self.setting("containerd").possible
        found = {endpoints.real_path(process, urlsplit(each).path or each) for each in configured if each}
        if None in configured:  # its own, or that of the system
            listed = {path for each in process.unix_table for path in (each.real, each.path)}
            roots = (f"{endpoints.run_path(root)}/containerd/containerd.sock" for root in self._exec_roots)
            own = {endpoints.real_path(process, path) for path in roots if path in listed}
            found |= own or {endpoints.SYSTEM_CONTAINERD} & listed
        if not found:
            raise EvidenceError("the socket of the containerd that the daemon uses was not found")
        return tuple(sorted(found))

    @property
    def _exec_roots(self) -> tuple[str, ...]:
        """The folders of the daemon's own sockets, below the user's runtime directory if rootless."""
        found, default = self.setting("exec-root").possible, KINDS["exec-root"].default
        if not self.process.rootless:
            return found
        runtime = self.process.environment.get("XDG_RUNTIME_DIR")
        if runtime is None and default in found:
            raise EvidenceError(unread("the runtime directory of the rootless daemon", "is not known"))
        return tuple(f"{runtime}/docker" if each == default else each for each in found)

    @cached_property
    def remote_api(self) -> RemoteApi:
        """The TCP addresses of the daemon's API, and what clients need there."""
        seen = bool(self.process.held)
        addresses, doubt = self._seen() if seen else self._named()
        source = "listening" if seen else self.configured.source
        return RemoteApi(addresses, source, self._pending(addresses), doubt, self.setting, self.process)

    def _seen(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses on which the daemon listens, and a reason if there may be more."""
        named, why = endpoints.tcp_ports(self.configured.hosts), self.configured.doubt
        listeners = self.process.listeners
        others = self._unexplained(listeners, named)
        api = [*(each for each in listeners if each.number in named)]
        api += [each for each in others if each.number in endpoints.DEFAULT_PORTS]
        strange = ", ".join(endpoints.shown(each.address, each.number) for each in others if each not in api)
        addresses = tuple(endpoints.shown(each.address, each.number) for each in api)
        if not strange or (self._in_swarm and not why):  # a node holds the ports of services, too
            return addresses, ""
        why = f": {why}" if why else ", as no known setting explains it"
        return addresses, f"the daemon listens on {strange}, and whether for commands is unknown{why}"

    def _unexplained(self, listeners: Iterable[Listener], named: frozenset[int]) -> list[Listener]:
        """Return the listeners except for swarm, metrics, containers and *named* ports."""
        try:
            metrics: tuple[Any, ...] = self.setting("metrics-addr").possible
        except EvidenceError:
            metrics = ()
        own = endpoints.tcp_ports(filter(None, metrics)) | (_SWARM_PORTS if self._in_swarm else frozenset())
        others = [each for each in listeners if each.number not in named | own]
        if not others:
            return []
        # next to one on every address no other socket can have the port
        published = self.published_ports.get()
        everywhere = {number for where, number in published if where in ("0.0.0.0", "::", "")}
        taken = {*published, *((each.address, each.number) for each in others if each.number in everywhere)}
        return [each for each in others if (each.address, each.number) not in taken]

    @property
    def _in_swarm(self) -> bool:
        return self.engine.info.swarm.local_node_state not in ("inactive", "")

    def _named(self) -> tuple[tuple[str, ...], str]:
        """Return the addresses in the options, for an auditor who may not see sockets, and the doubt."""
        if self.process.tcp_table == ():
            return (), ""  # nothing at all listens in its network
        if self.configured.doubt:
            return (), self.configured.doubt
        return tuple(filter(endpoints.is_tcp, self.configured.hosts)), ""

    def _pending(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Return the addresses that the next start adds, by daemon.json or docker.socket."""
        known, hosts = endpoints.tcp_ports(addresses), filter(endpoints.is_tcp, self.configured.hosts)
        return tuple(dict.fromkeys(each for each in hosts if not endpoints.tcp_ports([each]) <= known))


@fact(DAEMON)
def daemon(
    recording: Recording, engine: Engine, networks: Later[tuple[Network, ...]], published_ports: Later[PublishedPorts]
) -> Daemon:
    """The Docker daemon of the target, with its settings and their sources."""
    return Daemon(recording, engine, networks, published_ports)


@fact()
def engine_sockets(daemon: Daemon) -> frozenset[str]:
    """The sockets of the daemon's API and of its containerd, without symbolic links."""
    return frozenset((*daemon.api_sockets, *daemon.containerd_sockets))
