"""The containers of a target, running or not: how the engine describes them, and how they really run.

`collection` finds them. A container that is a target of its own and a service of a Compose file (`compose`) are of the
same types, with holes: what their source does not report is not applicable.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import fields

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
from hullcheck.parsing.models import Model
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import MountTable, is_below
from hullcheck.parsing.values import Reference
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable

_DEFAULT_SHARES, _DEFAULT_PERIOD = (0, 1024), 100_000  # microseconds


@fact(ENGINE)
def engine_endpoint(recording: Recording) -> str:
    """The address at which the engine was asked; empty if it is unknown."""
    return section(recording, ENGINE, "endpoint", str, "docker context inspect")


@fact(name="host_context")
class HostContext(Struct, frozen=True, dict=True):
    """Facts about the engine and the host, each made when it is first asked for: one that fails spoils no other."""

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

    @classmethod
    def unknown(cls, source: Source, **known: Later[Any]) -> "HostContext":
        """Return a context of which only *known* is known; anything else is what *source* decides."""

        def missing() -> NoReturn:
            raise source.missing("its host")

        return cls(**{each.name: Later(missing) for each in fields(cls)} | known)

    @property
    def namespaces(self) -> Mapping[str, str]:
        """The namespaces of the host: those of the daemon, or of the process that serves Podman's socket."""
        serves = self.daemon if self.engine.get().is_docker else self.podman_service
        return serves.get().namespaces

    @cached_property
    def mount_table(self) -> MountTable:
        if self.engine.get().is_docker:
            return MountTable(mountinfo.parse(self.daemon.get().mountinfo.split("\n")))
        return MountTable(mountinfo.parse(self.podman_service.get().mountinfo))


class Hook(Model, frozen=True, kw_only=True):
    """A command that Compose executes in a container that it starts, by its key in the file."""

    key: str
    privileged: bool
    user: str


class Container(Struct, frozen=True, kw_only=True, dict=True):
    """One container: what it was created with, and in parts how it runs; *source* decides what a hole raises."""

    inspect: Inspected  # its description
    host: HostContext
    source: Source
    find: Callable[[str], "Container"]  # finds another one by its id or name, or raises EvidenceError
    number_in_passwd: str = ""  # the number of its user by its own /etc/passwd; empty where it was not looked up there
    hooks: Sequence[Hook] = ()  # what Compose will execute in it, if it is a service of a file
    # makes the same service as one control sees it, and what gives the place of what the control has read
    watched: "Callable[[], tuple[Container, Callable[[], str]]] | None" = None

    @cached_property
    def runtime(self) -> Runtime:
        return Runtime(self)

    @cached_property
    def limits(self) -> Limits:
        return Limits(self)

    @cached_property
    def mounts(self) -> Mounts:
        return Mounts(self)

    @cached_property
    def sockets(self) -> Sockets:
        return Sockets(self)

    @cached_property
    def ports(self) -> Ports:
        return Ports(self)

    @cached_property
    def privileges(self) -> Privileges:
        return Privileges(self)

    @property
    def id(self) -> str:
        return self.inspect.id

    @property
    def name(self) -> str:
        """Its name, without the slash."""
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
        """Its labels by name, without long ones; of those that may hold a secret, no value."""
        return self.config.labels or {}

    @property
    def planned(self) -> bool:
        """Whether it is a service of a Compose file, and nobody has created it yet."""
        return self.source.planned

    @property
    def docker_root(self) -> str:
        """The data root of its engine; for a Compose file the usual one."""
        return "/var/lib/docker" if self.planned else self.host.engine.get().info.docker_root_dir

    @property
    def running(self) -> bool:
        """Whether it has processes; one that waits to be restarted has none, though the engine calls it running."""
        return self.state.running and (self.state.pid > 0 or not self.restarting)

    @property
    def restarting(self) -> bool:
        """Whether the engine starts it again and again."""
        return self.state.status == "restarting"

    def require_created(self, what: str) -> None:
        """Raise NotApplicable if nobody has created it: *what* shows only once there is a container."""
        if self.planned:
            raise NotApplicable(f"{what}: a Compose file does not show that")

    @property
    def image(self) -> Reference:
        """The reference with which it was created."""
        text, identifier = self.config.image, self.inspect.image
        by_id = identifier.removeprefix("sha256:").startswith(text.removeprefix("sha256:"))
        return Reference(text, "", identifier) if by_id else Reference.parse(text)

    @property
    def user(self) -> str:
        """The name or number of the user that it starts as, or an empty string if none is set."""
        return self.config.user.partition(":")[0]

    @property
    def user_id(self) -> int:
        """The number of that user; the engine looks a name up in the container's own /etc/passwd, below its mounts."""
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
        """The kind of its health check, as `kind_of_check` returns it, or an empty string without one."""
        check = self.config.healthcheck
        return "".join((check.test or ())[:1]) if check else ""

    @property
    def health(self) -> str:
        """What its health check says, or an empty string without one."""
        return (self.state.health.status if self.state.health else "").replace("none", "")

    @cached_property
    def security_options(self) -> dict[str, str]:
        """The values of --security-opt by name: of `name=value` and the older `name:value`; the last one wins."""
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
        """The number of processes of --pids-limit, or 0."""
        return max(self.host_config.pids_limit or 0, 0)

    @property
    def has_cpu_share(self) -> bool:
        """Whether a CPU share other than the default is set."""
        return max(self.host_config.cpu_shares, 0) not in _DEFAULT_SHARES

    @property
    def cpus(self) -> float | None:
        """The processors of --cpus, or of the quota that means the same, or None."""
        if self.host_config.nano_cpus:
            return self.host_config.nano_cpus / 1e9
        quota = self.host_config.cpu_quota
        return quota / (self.host_config.cpu_period or _DEFAULT_PERIOD) if quota > 0 else None

    @property
    def ulimits(self) -> tuple[str, ...]:
        """The ulimits that it overrides, as `nofile=1024:2048`; the engine lists the daemon's defaults among them."""
        own = [f"{each.name}={each.soft}:{each.hard}" for each in self.host_config.ulimits or ()]
        if not own or self.planned:
            return tuple(own)
        if not self.host.engine.get().is_docker:
            raise NotApplicable("Podman lists every limit of a container, and has no daemon with defaults")
        defaults = self.host.daemon.get().default_ulimits
        return tuple(each for each in own if each not in defaults)

    @property
    def in_default_cgroup(self) -> bool:
        """Whether its parent cgroup is the one that the daemon chooses."""
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
        """The ids of its networks by name; an id is empty if it does not run."""
        networks = self.inspect.network_settings.networks
        if networks is None and self.running and not self.host_config.network_mode.startswith("container:"):
            raise self.source.missing("NetworkSettings.Networks")
        return {name: each.network_id if each else "" for name, each in (networks or {}).items()}

    @property
    def addresses(self) -> tuple[str, ...]:
        found = filter(None, (self.inspect.network_settings.networks or {}).values())
        return tuple(filter(None, (x for each in found for x in (each.ip_address, each.global_ipv6_address))))

    @property
    def service_id(self) -> str:
        """The id of the swarm service that its label names, or an empty string."""
        return self.labels.get(SERVICE) or ""

    @property
    def service(self) -> Service | None:
        """The swarm service whose task it is, or None."""
        if self.planned or not self.service_id:
            return None
        if self.host.engine.get().info.swarm.local_node_state == "inactive":
            return None
        if not (found := self.host.services.get().get(self.service_id)):
            raise EvidenceError(f"the engine does not know the service {self.service_id} of this task")
        return found
