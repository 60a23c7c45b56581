"""The containers of a target, running or not: how the engine describes them, and how they really run.

`collection` finds them; `inside` is a container that is a target of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.limits import Limits
from hullcheck.facts.containers.mounts import Mounts
from hullcheck.facts.containers.ports import Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.sockets import Sockets


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
        find_companions: finds the containers that share the processes of one.
    """

    configuration: Configuration
    runtime: Runtime
    limits: Limits
    mounts: Mounts
    sockets: Sockets
    ports: Ports
    privileges: Privileges
    find_companions: "Callable[[Container], tuple[Container, ...]]" = field(repr=False)

    planned = False
    """Whether it is one that a Compose file asks for, and that nobody has created yet."""

    def require_created(self, what: str) -> None:
        """Do nothing: it is there. Of one that is planned, *what* is not known, and this raises NotApplicable."""

    @property
    def companions(self) -> "tuple[Container, ...]":
        """The other containers whose processes it sees, and their files below /proc/PID/root if the kernel lets it.

        Those that share the processes of the host are left out: there is more to see.

        Raises:
            EvidenceError: it runs, and which namespaces it has could not be read.
        """
        return self.find_companions(self)

    def can_look_into(self, other: "Container") -> bool:
        """Whether its root sees the files of another whose processes it sees: ptrace(2), which /proc asks.

        The capabilities of both decide, and AppArmor; where they are in different user namespaces this tells nothing.
        """
        own, others = self.privileges, other.privileges
        users = {each.configuration.user_namespace_mode for each in (self, other)}
        same = len(users) == 1 and own.apparmor_profile == others.apparmor_profile
        is_root = self.configuration.user.strip("0") in ("", "root")
        return (
            same and is_root and ("SYS_PTRACE" in own.capabilities or others.capabilities <= own.capabilities)
        )

    @property
    def name(self) -> str:
        """Its name, without the slash."""
        return self.configuration.name

    @property
    def id(self) -> str:
        """Its id, in full."""
        return self.configuration.id

    @property
    def labels(self) -> Mapping[str, str | None]:
        """Its labels by name, without long ones; of those that may hold a secret, no value."""
        return dict(self.configuration.description["Labels"] or {})

    @property
    def running(self) -> bool:
        """Whether it has processes."""
        return self.configuration.running

    @property
    def privileged(self) -> bool:
        """Whether it was created with --privileged."""
        return self.configuration.privileged
