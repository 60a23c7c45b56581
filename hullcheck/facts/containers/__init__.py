"""The containers of a target, running or not: how the engine describes them, and how they really run.

`collection` finds them. A container that is a target of its own and a service of a Compose file (`compose`) are of the
same types, with holes: what their source does not report is not applicable.
"""

from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from msgspec import field

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.mounts import Mounts, Sockets
from hullcheck.facts.containers.ports import Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.runtime import Limits, Runtime
from hullcheck.parsing.models import Model


class Hook(Model, frozen=True, kw_only=True):
    """A command that Compose executes in a container that it starts, by its key in the file."""

    key: str
    privileged: bool
    user: str


class Container(Configuration, frozen=True, kw_only=True, dict=True):
    """One container: what it was created with, and in parts how it runs, or will.

    Attributes:
        ids: the ids of all containers.
        find: finds the runtime of another one by its id or name, or raises EvidenceError.
        hooks: what Compose will execute in it, if it is a service of a file.
        watched: makes the same service as one control sees it, with what gives the place of what that has read.
    """

    ids: Collection[str]
    find: Callable[[str], Runtime]
    hooks: Sequence[Hook] = ()
    watched: "Watch | None" = field(default=None)

    @property
    def id(self) -> str:
        return self.inspect.id

    @cached_property
    def runtime(self) -> Runtime:
        """How it runs: processes and namespaces."""
        return Runtime(self, self.ids, self.find)

    @cached_property
    def limits(self) -> Limits:
        """What it may use."""
        return Limits(self, self.runtime)

    @cached_property
    def mounts(self) -> Mounts:
        """What it sees of the host's files."""
        return Mounts(self, self.runtime)

    @cached_property
    def sockets(self) -> Sockets:
        """The sockets of the host that it can reach."""
        return Sockets(self, self.mounts)

    @cached_property
    def ports(self) -> Ports:
        """What it opens to the outside."""
        return Ports(self, self.runtime)

    @cached_property
    def privileges(self) -> Privileges:
        """What everything in it may do."""
        return Privileges(self, self.runtime)


Watch = Callable[[], tuple[Container, Callable[[], str]]]
