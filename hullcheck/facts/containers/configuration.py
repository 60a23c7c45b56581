"""What a container was created with, and what follows from that."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from hullcheck.facts.containers.inspect import (
    SERVICE,
    HostConfig,
    Inspected,
    MountPoint,
    Source,
    shown_requests,
)
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.engine.services import Service
from hullcheck.parsing.image_reference import Reference
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.verdicts import EvidenceError, NotApplicable

_OPTION = re.compile(r"([^=:]*)([=:]?)(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)  # what the engine takes for one
_USERS = 1 << 32  # numbers for users that the kernel has; the engine hands on what is left of a greater one
_DEFAULT_SHARES, _DEFAULT_PERIOD = (0, 1024), 100_000  # microseconds
_TASK = re.compile(r"[^.]+\.[0-9a-z]+\.[0-9a-z]{25}")  # its service, its number or node, and its id


@dataclass(frozen=True)
class Configuration:
    """What a container was created with, and what follows from that.

    A field that its source does not report raises what the source decides, so that one unreadable thing spoils only
    the controls that need it.

    Attributes:
        inspect: its description.
        number_in_passwd: the number of its user by its own /etc/passwd; empty where it was not looked up there.
    """

    inspect: Inspected
    surroundings: Surroundings = field(repr=False)
    source: Source = field(default_factory=Source, repr=False)
    number_in_passwd: str = ""

    @property
    def host_config(self) -> HostConfig:
        """What it was created with, as the engine describes it."""
        return self.inspect.host_config

    @property
    def name(self) -> str:
        """Its name, without the slash."""
        return self.inspect.name.removeprefix("/")

    @property
    def running(self) -> bool:
        """Whether it has processes.

        One that waits to be restarted has none, though the engine calls it running.
        """
        state = self.inspect.state
        return state.running and (state.pid > 0 or not self.restarting)

    @property
    def restarting(self) -> bool:
        """Whether the engine starts it again and again."""
        return self.inspect.state.status == "restarting"

    # ---- whose it is, and what it runs

    @property
    def user(self) -> str:
        """The name or number of the user that it starts as, or an empty string where none is set."""
        return self.inspect.config.user.partition(":")[0]

    @property
    def user_id(self) -> int:
        """The number of that user.

        Its own /etc/passwd has the number for a name: the file that lies below its mounts, where the engine looks.

        Raises:
            EvidenceError: that file could not be read, or does not know the name.
            NotApplicable: there is no container yet to look in.
        """
        if _NUMBER.fullmatch(self.user) or not self.user:
            return int(self.user or "0") % _USERS
        if self.source.planned:
            raise NotApplicable(f"which number the user {self.user} has, the image decides")
        kept = [each.destination for each in self.inspect.mounts if each.type != "tmpfs"]
        if any(is_below("/etc/passwd", each) for each in kept):
            raise EvidenceError(
                f"does not run, and a mount hides its own /etc/passwd, which tells whether the user {self.user} is root"
            )
        if not self.number_in_passwd:
            raise EvidenceError(
                f"does not run, and its /etc/passwd did not tell whether the user {self.user} is root"
            )
        return int(self.number_in_passwd) % _USERS

    @property
    def command(self) -> frozenset[str]:
        """The SSH servers that its program and its arguments name."""
        return frozenset((self.inspect.path, *self.inspect.args))

    @property
    def health_check_kind(self) -> str:
        """The kind of its health check, as `kind_of_check` returns it; empty without one."""
        check = self.inspect.config.healthcheck
        return "".join((check.test or ())[:1]) if check else ""

    # ---- privileges

    @cached_property
    def security_options(self) -> dict[str, str]:
        """The values of --security-opt by name.

        Both `name=value` and the older `name:value` count, and the last one wins.
        """
        options = {}
        for option in self.host_config.security_opt or ():
            name, separator, value = _OPTION.fullmatch(option).groups()  # type: ignore[union-attr]  # always matches
            options[name] = value if separator else "true"
        return options

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices of --device, --gpus (`nvidia:gpu`) and --device-cgroup-rule."""
        found = self.host_config
        paths = [each.path_on_host for each in found.devices or ()]
        rules = (f"rule {each}" for each in found.device_cgroup_rules or ())
        return (*paths, *shown_requests(found.device_requests or ()), *rules)

    # ---- limits

    @property
    def processes(self) -> int:
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
        """The ulimits that it overrides, as `nofile=1024:2048`; the engine lists the daemon's defaults among them.

        Raises:
            EvidenceError: it has ulimits, and the daemon's defaults are unknown.
            NotApplicable: it is Podman's.
        """
        own = [f"{each.name}={each.soft}:{each.hard}" for each in self.host_config.ulimits or ()]
        if not own or self.source.planned:
            return tuple(own)
        if not self.surroundings.engine.get().is_docker:
            raise NotApplicable("Podman lists every limit of a container, and has no daemon with defaults")
        defaults = self.surroundings.daemon.get().default_ulimits
        return tuple(each for each in own if each not in defaults)

    @property
    def in_default_cgroup(self) -> bool:
        """Whether its parent cgroup is the one that the daemon chooses.

        Raises:
            EvidenceError: it names the built-in one, and whether the daemon chooses another is unknown.
        """
        parent = self.host_config.cgroup_parent
        if not parent or self.source.planned:
            return not parent
        engine = self.surroundings.engine.get()
        is_default = engine.is_default_cgroup(parent)
        if not is_default or not engine.is_docker:
            return is_default
        return self.surroundings.daemon.get().setting("cgroup-parent").always(engine.is_default_cgroup)

    # ---- networks and mounts

    @property
    def networks(self) -> dict[str, str]:
        """The ids of its networks by name; an id is empty where it does not run."""
        networks = self.inspect.network_settings.networks
        if networks is None and self.running and not self.host_config.network_mode.startswith("container:"):
            raise self.source.missing("NetworkSettings.Networks")
        return {name: each.network_id if each else "" for name, each in (networks or {}).items()}

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses on all its networks."""
        found = filter(None, (self.inspect.network_settings.networks or {}).values())
        return tuple(filter(None, (x for each in found for x in (each.ip_address, each.global_ipv6_address))))

    @property
    def mounts(self) -> list[MountPoint]:
        """Its mounts."""
        return self.inspect.mounts

    # ---- its image and its service

    @property
    def image(self) -> Reference:
        """The reference with which it was created."""
        text, identifier = self.inspect.config.image, self.inspect.image
        by_id = identifier.removeprefix("sha256:").startswith(text.removeprefix("sha256:"))
        if by_id and f"{text}:latest" not in self.surroundings.image_names.get():
            return Reference(text, "", identifier)
        return Reference.parse(text)

    @property
    def service_id(self) -> str:
        """The id of the swarm service that its label names, or an empty string."""
        return (self.inspect.config.labels or {}).get(SERVICE) or ""

    @property
    def service(self) -> Service | None:
        """The swarm service whose task it is, or None.

        Raises:
            EvidenceError: it may be one, and the service cannot be seen from this node.
        """
        if self.source.planned:
            return None
        known, named = self.service_id, _TASK.fullmatch(self.name)
        engine = self.surroundings.engine.get() if known or named else None
        if engine is None or engine.info.swarm.local_node_state == "inactive":
            return None
        if not known:
            raise EvidenceError("it has the name of a service's task, and no label with that service")
        if not (found := self.surroundings.services.get().get(known)):
            raise EvidenceError(f"the engine does not know the service {known} of this task")
        return found
