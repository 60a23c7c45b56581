"""The sockets of engines and of others on the host that a container can reach."""

import re
from dataclasses import dataclass, field

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.mounts import Mounts
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.sockets.host import PLACES, HostSocket, HostSockets
from hullcheck.facts.containers.sources import within
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.verdicts import EvidenceError, unread

_USER_PLACE = re.compile(r"/run/user(?:/\d+(?:/(?:docker|podman|containerd\S*|buildkit\S*))?)?$")


@dataclass(frozen=True)
class Sockets:
    """The sockets of the host that a container can reach, through its mounts or in the host's network.

    Attributes:
        listening: who listens at the sockets of the host.
    """

    configuration: Configuration
    runtime: Runtime
    mounts: Mounts
    surroundings: Surroundings = field(repr=False)
    listening: HostSockets = field(repr=False)

    @property
    def engines(self) -> tuple[str, ...]:
        """The sockets of engines that it can reach, as paths of the host.

        It reaches them through its mounts, and abstract ones in the host's network.

        Raises:
            EvidenceError: its configuration names none, and the sockets of the engine are unknown, or a mount could
                not be followed.
        """
        by_mounts = within(self.mounts.sources.well_known_sockets, self.mounts.configured) or self._seen()
        return by_mounts or self._abstract()

    def _abstract(self) -> tuple[str, ...]:
        """Sockets without a file, which belong to the network of the host."""
        if not self.configuration.network_mode.startswith(("host", "container:")):
            return ()
        found = tuple(sorted(each for each in self._told if each.startswith("@")))
        return found if found and self.runtime.shares_host_network else ()

    @property
    def _told(self) -> frozenset[str]:
        """The sockets that the engine is told to listen on; Podman is told of none."""
        is_docker = self.surroundings.engine.get().is_docker
        return self.surroundings.engine_sockets.get() if is_docker else frozenset()

    @property
    def _replaced(self) -> frozenset[str]:
        is_docker = self.surroundings.engine.get().is_docker
        return self.surroundings.replaced_sockets.get() if is_docker else frozenset()

    def _seen(self) -> tuple[str, ...]:
        seen = self.mounts.visible
        if not seen:
            return ()
        files = self.mounts.sources.files
        of_engines = [path for each in self.listening.all if each.is_of_an_engine for path in each.paths]
        known = (*self._told, *self.mounts.sources.well_known_sockets, *of_engines)
        sockets = files.same_files(known)
        found = within(sockets, seen)
        hidden = sorted(files.named_twice & sockets)
        if hidden and not found:
            raise EvidenceError(f"{hidden[0]} has another hard link, which may be in {seen[0].destination}")
        gone = sorted(self._told & self.listening.names - files.identities.keys() | self._replaced)
        if gone and not found:
            raise EvidenceError(
                f"whether it can reach {gone[0]} through {seen[0].destination} is unknown: that socket was moved or"
                " replaced after it was made; restart the engine, and audit again"
            )
        return found

    @property
    def others(self) -> tuple[tuple[str, HostSocket], ...]:
        """The sockets in its mounts at which no engine listens, each with its path of the host.

        Raises:
            EvidenceError: who listens at one of them may not be seen, or a mount could not be followed.
        """
        seen = self.mounts.visible
        if not seen:
            return ()
        others = [each for each in self.listening.all if not each.is_of_an_engine]
        found = [(path, each) for each in others for path in within(each.paths, seen)]
        hidden = [path for path, each in found if not each.programs]
        if hidden and not self.listening.complete:
            raise EvidenceError(unread(f"who listens at {hidden[0]}"))
        return tuple(found)

    @property
    def places(self) -> tuple[str, ...]:
        """Where a socket of an engine would be in its mounts, if that engine were started."""
        users = _USER_PLACE.search
        own = (path for mount in self.mounts.visible for path in mount.paths if users(path))
        return (*within(PLACES, self.mounts.visible), *(f"{path}/…" for path in own))
