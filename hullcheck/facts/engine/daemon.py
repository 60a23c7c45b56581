"""The Docker daemon of a target: the process that answers the docker command, and its settings."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from hullcheck.facts.engine.daemon_options import ConfigFile, Configuration, Setting, Value
from hullcheck.facts.engine.daemon_process import DAEMON, DaemonProcess, DaemonProcesses
from hullcheck.facts.engine.endpoints import Endpoints, PublishedPorts
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.models import Network, RegistryConfig
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.parsing.values import go_boolean
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

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
    """Whether a registry, a mirror or a range lies on the loopback addresses of the engine's host."""
    if re.fullmatch(_LOOPBACK, registry):
        return True
    host = urlsplit(registry if "://" in registry else f"//{registry}").hostname or ""
    return re.fullmatch(_LOOPBACK, host) is not None


_REPORTED: Mapping[str, Callable[[Engine], object]] = {
    "authorization-plugins": lambda engine: engine.info.plugins.authorization or (),
    "data-root": lambda engine: engine.info.docker_root_dir,
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
        """The process that owns the socket to which the docker command talks."""
        self.engine.require_docker()
        return DaemonProcesses.of(self.recording).daemon

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def namespaces(self) -> Mapping[str, str]:
        """The links of its namespaces: {"net": "net:[4026531840]", ...}."""
        if not self.process.namespaces:
            raise EvidenceError(unread(f"the namespaces of process {self.pid}"))
        return self.process.namespaces

    @property
    def mountinfo(self) -> str:
        """Its mount table as /proc/PID/mountinfo has it, without what the engine mounts for each container."""
        if not self.process.mountinfo:
            raise EvidenceError(unread(f"the mount table of process {self.pid}"))
        return "\n".join(self.process.mountinfo)

    @property
    def rootless(self) -> bool:
        """Whether it runs in rootless mode; one that root started with `--rootless` only says so."""
        return self.engine.rootless and not self.runs_as_root

    @property
    def runs_as_root(self) -> bool:
        """Whether it has root's rights on the host."""
        uids = self.process.uids
        if len(uids) < 2:
            raise EvidenceError(f"the user of the daemon (process {self.pid}) could not be read")
        return 0 in uids

    # ---- settings

    @cached_property
    def config(self) -> ConfigFile:
        """Its configuration file."""
        process, named = self.process, self.process.values("config-file")[-1:]
        if process.config is None or named not in ((), (process.config.path,)):
            raise EvidenceError("the configuration file of the daemon could not be found")
        if process.uids[1:2] != (0,) and not process.environment and not named:
            raise EvidenceError(
                unread("the path of the daemon's configuration")
            )  # another user's rootless daemon
        return process.config

    @cached_property
    def configuration(self) -> Configuration:
        """All that it takes settings from."""
        version = self.engine.version.partition("+")[0]
        return Configuration(self.process.flags, self.config, self.process.started, version)

    def setting(self, name: str) -> Setting:
        """Return a setting by its name in daemon.json: the value in force and its source."""
        self.engine.require_docker()
        read = _REPORTED.get(name)
        value = self._reported_icc() if name == "icc" else read(self.engine) if read else None
        if value is None and name != "seccomp-profile":
            return self.configuration.setting(name)
        reported = Value(value, "network bridge" if name == "icc" else "docker info")
        try:
            return self.configuration.setting(name, reported)
        except EvidenceError:
            return Setting(name, reported)

    def _reported_icc(self) -> bool | None:
        bridge = self.default_bridge
        option = bridge.options.get("com.docker.network.bridge.enable_icc") if bridge else None
        return None if option is None else go_boolean(option)

    @cached_property
    def default_bridge(self) -> Network | None:
        """The network named bridge, or None if there is none (`"bridge": "none"`)."""
        found = next((each for each in self.networks.get() if each.name == "bridge"), None)
        if found is None and self.configuration.setting("bridge").value != "none":
            raise EvidenceError(
                "docker network ls does not name bridge, and the daemon has not `bridge` set to none"
            )
        return found

    @property
    def seccomp_profile(self) -> str:
        """`builtin`, `unconfined` or a path; empty if the engine uses no seccomp."""
        return seccomp_profile(self.engine) or ""

    @property
    def seccomp_filter(self) -> Mapping[str, Any] | None:
        """The daemon's seccomp profile if it is a file, or None if it is the engine's own."""
        path, file = self.seccomp_profile, self.process.profile
        if path == "builtin":
            return None
        if file is None or file.path != path or not (file.document or {}).get("defaultAction"):
            raise EvidenceError(f"the seccomp profile {path} of the daemon could not be read")
        if file.changed_since(self.process.started):
            raise EvidenceError(f"the seccomp profile {path} was changed after the daemon started")
        return file.document

    @property
    def default_ulimits(self) -> tuple[str, ...]:
        """The ulimits that every container gets, as `nofile=1024:2048`."""
        value: tuple[str, ...] = self.setting("default-ulimits").value
        return value

    @cached_property
    def endpoints(self) -> Endpoints:
        """Where it takes commands."""
        return Endpoints(self.process, self.engine, self.setting, self.published_ports)


@fact(DAEMON)
def daemon(
    recording: Recording,
    engine: Engine,
    networks: Later[tuple[Network, ...]],
    published_ports: Later[PublishedPorts],
) -> Daemon:
    """The Docker daemon of the target, with every setting and where it comes from."""
    return Daemon(recording, engine, networks, published_ports)


@fact()
def daemon_mounts(daemon: Daemon) -> tuple[Mount, ...]:
    """The mount table of the daemon: what "the host" is to a container."""
    return mountinfo.parse(daemon.mountinfo.split("\n"))


@fact()
def engine_sockets(daemon: Daemon) -> frozenset[str]:
    """Every path at which an engine of this host takes commands, without symbolic links."""
    return frozenset((*daemon.endpoints.api_sockets, *daemon.endpoints.containerd_sockets))
