"""The containers of a target, running or not: how the engine describes them, and how they really run.

`collection` finds them; `inside` is a container that is a target of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.mounts import Mounts, Sockets
from hullcheck.facts.containers.ports import Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.runtime import Limits, Runtime
from hullcheck.verdicts import NotApplicable


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
    """

    configuration: Configuration
    runtime: Runtime
    limits: Limits
    mounts: Mounts
    sockets: Sockets
    ports: Ports
    privileges: Privileges

    planned = False
    """Whether it is one that a Compose file asks for, and that nobody has created yet."""

    def require_created(self, what: str) -> None:
        """Do nothing: it is there. Of one that is planned, *what* is not known, and this raises NotApplicable."""

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


class Partial:
    """A part with holes.

    Attributes:
        WHOLE: the class that it stands for; what that has, and this has not, is *not applicable*.
        WHY: the reason.
    """

    WHOLE: ClassVar[type]
    WHY: ClassVar[str]

    def __getattr__(self, name: str) -> Any:
        """Refuse what is not defined here.

        Raises:
            NotApplicable: the whole part has it.
        """
        if name.startswith("_") or not (
            hasattr(self.WHOLE, name) or name in getattr(self.WHOLE, "__dataclass_fields__", ())
        ):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise NotApplicable(self.WHY)
