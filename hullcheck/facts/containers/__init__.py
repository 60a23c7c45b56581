"""The containers of a target, running or not: how the engine describes them, and how they really run.

`collection` finds them; `inside` is a container that is a target of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.limits import Limits
from hullcheck.facts.containers.mounts import Mounts
from hullcheck.facts.containers.ports import Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.sockets import Sockets
from hullcheck.verdicts import EvidenceError


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
        """Its labels by name, without long ones; of those that may hold a secret, no value.

        Raises:
            EvidenceError: the recording is older than this question.
        """
        description = self.configuration.description
        if "Labels" not in description:
            raise EvidenceError("the recording does not tell the labels of containers: it is too old")
        return dict(description["Labels"] or {})

    @property
    def running(self) -> bool:
        """Whether it has processes."""
        return self.configuration.running

    @property
    def privileged(self) -> bool:
        """Whether it was created with --privileged."""
        return self.configuration.privileged
