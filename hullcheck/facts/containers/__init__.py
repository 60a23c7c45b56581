"""The containers of a target, running or not, by the engine and the kernel.

A container that is a target of its own and a service of a Compose file (`compose`) have the same types, with holes.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import fields

from hullcheck.facts.containers.composed import Composed
from hullcheck.facts.containers.inspect import SERVICE, Config, HostConfig, Inspected, Source, State, Volume
from hullcheck.facts.containers.mounts import Mounts, Sockets
from hullcheck.facts.containers.ports import Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.probe import ContainerFiles
from hullcheck.facts.containers.runtime import Limits, Runtime
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_process import PodmanService
from hullcheck.facts.engine.info import ENGINE, Engine, section
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.services import Service
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.proc.mountinfo import MountTable, is_below
from hullcheck.parsing.times import engine_moment
from hullcheck.parsing.values import Reference
from hullcheck.recording import Recording
from hullcheck.results import Place
from hullcheck.verdicts import EvidenceError, NotApplicable

_DEFAULT_SHARES, _DEFAULT_PERIOD = (0, 1024), 100_000  # microseconds


@fact(ENGINE)
def engine_endpoint(recording: Recording) -> str:
    """The address of the engine, or an empty string if unknown."""
    return section(recording, ENGINE, "endpoint", str, "docker context inspect")


@fact(name="host_context")
class HostContext(Struct, frozen=True, dict=True):
    """Facts about the engine and the host, made on first use, so that one failure spoils no other fact."""

    engine: Later[Engine]
    daemon: Later[Daemon]
    podman_service: Later[PodmanService]  # the process that serves Podman's socket, if that is the engine
    processes: Later[Processes]
    networks: Later[tuple[Network, ...]]
    volumes: Later[Mapping[str, Volume]]
    engine_sockets: Later[frozenset[str]]  # every path at which an engine takes commands, without symbolic links
    engine_endpoint: Later[str]  # the address at which the engine was asked
    services: Later[Mapping[str, Service]]  # those of the swarm, by id
    image_names: Later[Mapping[str, str]]  # the image id that each `repository:tag` names now
    container_files: Later[ContainerFiles]
    written_paths: Later[Mapping[str, tuple[str, ...]]]  # by id

    @classmethod
    def unknown(cls, source: Source, **known: Later[Any]) -> "HostContext":
        """Return a context with the *known* facts; any other raises what *source* decides."""

        def missing() -> NoReturn:
            raise source.missing("its host")

        return cls(**{each.name: Later(missing) for each in fields(cls)} | known)

    @property
    def _server(self) -> Daemon | PodmanService:
        """The daemon, or the process that serves Podman's socket."""
        return self.daemon.get() if self.engine.get().is_docker else self.podman_service.get()

    @property
    def namespaces(self) -> Mapping[str, str]:
        return self._server.namespaces

    @cached_property
    def mount_table(self) -> MountTable:
        return MountTable(self._server.mounts)


class Container(Struct, frozen=True, kw_only=True, dict=True):
    """A container: its configuration, and how it runs. *source* decides what a missing field raises."""

    inspect: Inspected  # as `docker inspect` describes it
    host: HostContext
    source: Source
    find: Callable[[str], "Container"]  # finds another container by id or name, or raises EvidenceError
    number_in_passwd: str = ""  # the uid of its user by its /etc/passwd; empty if not looked up
    # makes the same service as one control sees it, and what gives the place of what the control has read
    watched: "Callable[[], tuple[Container, Callable[[str], tuple[Place, ...]]]] | None" = None

    runtime = cached_property(Runtime)
    limits = cached_property(Limits)
    mounts = cached_property(Mounts)
    sockets = cached_property(Sockets)
    ports = cached_property(Ports)
    privileges = cached_property(Privileges)

    @property
    def id(self) -> str:
        return self.inspect.id

    @property
    def name(self) -> str:
        """The name, without the slash."""
        return self.inspect.name.removeprefix("/")

    @property
    def state(self) -> State:
        return self.inspect.state

    @property
    def config(self) -> Config:
        return self.inspect.config

    @property
    def host_config(self) -> HostConfig:
        return self.inspect.host_config

    @property
    def labels(self) -> dict[str, str | None]:
        """The labels by name, without values that may hold a secret."""
        return self.config.labels or {}

    @property
    def composed(self) -> Composed | None:
        """Its place in a Compose project, or None."""
        return Composed.read(self.labels)

    @property
    def planned(self) -> bool:
        """Whether the container is a service of a Compose file that is not created yet."""
        return self.source.planned

    @property
    def docker_root(self) -> str:
        """The data root of the engine, or the default one for a Compose file."""
        return "/var/lib/docker" if self.planned else self.host.engine.get().info.docker_root_dir

    @property
    def running(self) -> bool:
        """Whether the container has processes. The engine also calls one running that waits to be restarted."""
        return self.state.running and (self.state.pid > 0 or not self.restarting)

    @property
    def restarting(self) -> bool:
        """Whether the engine restarts the container again and again."""
        return self.state.status == "restarting"

    @property
    def started_at(self) -> float | None:
        """When it was started last, in seconds since the epoch; None if unknown."""
        with suppress(EvidenceError, NotApplicable):  # older recordings do not have it
            return engine_moment(self.state.started_at)
        return None

    def age(self, now: float) -> float | None:
        """For how many seconds it had been running at `Recording.now`; None if unknown."""
        return max(now - self.started_at, 0) if self.running and self.started_at else None

    @property
    def written_paths(self) -> tuple[str, ...] | None:
        """The folders in which it has written, cut to three names; None if not asked."""
        return None if self.planned or self.source.inside else self.host.written_paths.get().get(self.id)

    def require_created(self, what: str) -> None:
        """Raise NotApplicable for a Compose file, which cannot show *what*."""
        if self.planned:
            raise NotApplicable(f"{what} is not in a Compose file")

    @property
    def image(self) -> Reference:
        """The image reference with which the container was created."""
        text, identifier = self.config.image, self.inspect.image
        by_id = identifier.removeprefix("sha256:").startswith(text.removeprefix("sha256:"))
        return Reference(text, "", identifier) if by_id else Reference.parse(text)

    @property
    def user(self) -> str:
        """The name or number of the container's user, or an empty string if none is set."""
        return self.config.user.partition(":")[0]

    @property
    def user_id(self) -> int:
        """The uid of the user. The engine looks up a name in the container's /etc/passwd, which mounts may cover."""
        if self.user.isdecimal() or not self.user:
            return int(self.user or "0")
        if self.planned:
            raise NotApplicable(f"which number the user {self.user} has, the image decides")
        kept = [each.destination for each in self.inspect.mounts if each.type != "tmpfs"]
        if not self.number_in_passwd or any(is_below("/etc/passwd", each) for each in kept):
            raise EvidenceError(f"does not run, and whether the user {self.user} is root is not in its own /etc/passwd")
        return int(self.number_in_passwd)

    @property
    def health_check(self) -> str:
        """The kind of health check, as from `kind_of_check`, or an empty string without one."""
        check = self.config.healthcheck
        return "".join((check.test or ())[:1]) if check else ""

    @property
    def health(self) -> str:
        """The result of the health check, or an empty string without one."""
        return (self.state.health.status if self.state.health else "").replace("none", "")

    @cached_property
    def security_options(self) -> dict[str, str]:
        """The values of --security-opt by name, written `name=value` or `name:value`. The last one wins."""
        pairs = (re.split("[=:]", each, maxsplit=1) for each in self.host_config.security_opt or ())
        return {name: value[0] if value else "true" for name, *value in pairs}

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices of --device, --gpus (`nvidia:gpu`) and --device-cgroup-rule."""
        asked, requests = self.host_config, list[str]()
        for each in asked.device_requests or ():
            words = [each.driver or "", *(name for group in each.capabilities or () for name in group)]
            named = [":".join(filter(None, words)) or "any device"]
            requests += (each.device_ids or []) if each.driver == "cdi" else named
        paths = (each.path_on_host for each in asked.devices or ())
        return (*paths, *requests, *(f"rule {each}" for each in asked.device_cgroup_rules or ()))

    @property
    def pids_limit(self) -> int:
        """The value of --pids-limit, or 0."""
        return max(self.host_config.pids_limit or 0, 0)

    @property
    def has_cpu_share(self) -> bool:
        """Whether a CPU share other than the default is set."""
        return max(self.host_config.cpu_shares, 0) not in _DEFAULT_SHARES

    @property
    def cpus(self) -> float | None:
        """The processors by --cpus or the equivalent quota, or None."""
        if self.host_config.nano_cpus:
            return self.host_config.nano_cpus / 1e9
        quota = self.host_config.cpu_quota
        return quota / (self.host_config.cpu_period or _DEFAULT_PERIOD) if quota > 0 else None

    @property
    def ulimits(self) -> tuple[str, ...]:
        """The ulimits that override the daemon's defaults, as `nofile=1024:2048`."""
        own = [f"{each.name}={each.soft}:{each.hard}" for each in self.host_config.ulimits or ()]
        if not own or self.planned:
            return tuple(own)
        if not self.host.engine.get().is_docker:
            raise NotApplicable("Podman lists every limit of a container, and has no daemon with defaults")
        defaults = self.host.daemon.get().setting("default-ulimits").value
        return tuple(each for each in own if each not in defaults)

    @property
    def in_default_cgroup(self) -> bool:
        """Whether the parent cgroup is the daemon's default."""
        parent = self.host_config.cgroup_parent
        if not parent or self.planned:
            return not parent
        engine = self.host.engine.get()
        is_default = engine.is_default_cgroup(parent)
        if not is_default or not engine.is_docker:
            return is_default
        return self.host.daemon.get().setting("cgroup-parent").always(engine.is_default_cgroup)

    @property
    def networks(self) -> dict[str, str]:
        """The ids of the container's networks by name. Ids are empty if the container does not run."""
        networks = self.inspect.network_settings.networks
        if networks is None and not self.host_config.network_mode.startswith("container:"):
            raise self.source.missing("NetworkSettings.Networks")
        return {name: each.network_id if each else "" for name, each in (networks or {}).items()}

    @property
    def addresses(self) -> tuple[str, ...]:
        found = filter(None, (self.inspect.network_settings.networks or {}).values())
        return tuple(filter(None, (x for each in found for x in (each.ip_address, each.global_ipv6_address))))

    @property
    def service_id(self) -> str:
        """The id of the swarm service in the label, or an empty string."""
        return self.labels.get(SERVICE) or ""

    @property
    def service(self) -> Service | None:
        """The swarm service that the container is a task of, or None."""
        if self.planned or not self.service_id:
            return None
        if self.host.engine.get().info.swarm.local_node_state == "inactive":
            return None
        if not (found := self.host.services.get().get(self.service_id)):
            raise EvidenceError(f"the engine lists no service {self.service_id} for this task")
        return found
