"""The containers of a target, running or not: how the engine describes them, and how they really run.

`collection` finds them. A container that is a target of its own (`inside`) and a service of a Compose file (`compose`)
are of the same types, with holes: what their source does not report is not applicable.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.inspect import Config, HostConfig, State, Volume
from hullcheck.facts.containers.mounts import Mounts, Sockets
from hullcheck.facts.containers.ports import Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.runtime import Limits, Runtime
from hullcheck.parsing.models import Model
from hullcheck.verdicts import NotApplicable


class Hook(Model, frozen=True, kw_only=True):
    """A command that Compose executes in a container that it starts, by its key in the file."""

    key: str
    privileged: bool
    user: str


@dataclass(frozen=True)
class Container:
    """One container, in its parts.

    Attributes:
        configuration: what it was created with.
        runtime: how it runs, or will.
        limits: what it may use.
        mounts: what it sees of the host's files.
        sockets: the sockets of the host that it can reach.
        ports: what it opens to the outside.
        privileges: what everything in it may do.
        hooks: what Compose will execute in it, of a service of a file.
        watched: makes the same service as one control sees it, with what gives the place of what that has read.
    """

    configuration: Configuration
    runtime: Runtime
    limits: Limits
    mounts: Mounts
    sockets: Sockets
    ports: Ports
    privileges: Privileges
    hooks: Sequence[Hook] = ()
    watched: "Watch | None" = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        configuration: Configuration,
        ids: Collection[str],
        find: Callable[[str], Runtime],
        *,
        pid_on_host_network: Callable[[], int] = lambda: 0,
        volumes: Mapping[str, Volume] = MappingProxyType({}),
        endpoint: str = "",
        hooks: Sequence[Hook] = (),
        watched: "Watch | None" = None,
    ) -> "Container":
        """Put one together.

        Args:
            ids: those of all containers.
            find: finds another one by its id or name, or raises EvidenceError.
        """
        runtime = Runtime(configuration, ids, find)
        mounts = Mounts(configuration, runtime, volumes)
        return cls(
            configuration,
            runtime,
            Limits(configuration, runtime),
            mounts,
            Sockets(configuration, runtime, mounts, endpoint),
            Ports(configuration, runtime, pid_on_host_network),
            Privileges(configuration, runtime),
            hooks,
            watched,
        )

    @property
    def planned(self) -> bool:
        """Whether it is one that a Compose file asks for, and that nobody has created yet."""
        return self.configuration.source.planned

    def require_created(self, what: str) -> None:
        """Raise NotApplicable if nobody has created it: *what* shows only once there is a container."""
        if self.planned:
            raise NotApplicable(f"{what}: a Compose file does not tell")

    @property
    def name(self) -> str:
        """Its name, without the slash."""
        return self.configuration.name

    @property
    def id(self) -> str:
        """Its id, in full."""
        return self.configuration.inspect.id

    @property
    def state(self) -> State:
        """Its state, as the engine describes it."""
        return self.configuration.inspect.state

    @property
    def config(self) -> Config:
        """What its image and its command line say of its program."""
        return self.configuration.inspect.config

    @property
    def host_config(self) -> HostConfig:
        """What it was created with, as the engine describes it."""
        return self.configuration.host_config

    @property
    def labels(self) -> Mapping[str, str | None]:
        """Its labels by name, without long ones; of those that may hold a secret, no value."""
        return self.config.labels or {}

    @property
    def running(self) -> bool:
        """Whether it has processes."""
        return self.configuration.running


Watch = Callable[[], tuple[Container, Callable[[], str]]]
