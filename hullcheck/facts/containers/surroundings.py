"""What a container looks up beside itself: in its engine, its daemon, its networks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from hullcheck.facts.containers.bundles import Bundle
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.daemon.sockets.podman import PodmanService
from hullcheck.facts.daemon.sockets.unix_sockets import UnixSockets
from hullcheck.facts.engine import Engine
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.swarm.services import Service
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.verdicts import EvidenceError


@fact(name="host_side")
@dataclass(frozen=True)
class HostSide:
    """What is the host to containers: what the daemon sees, or the process that serves Podman's socket.

    Each part is read when it is asked for.
    """

    engine: Engine
    daemon: Later[Daemon] = field(repr=False)
    podman_service: Later[PodmanService] = field(repr=False)

    @property
    def namespaces(self) -> Mapping[str, str]:
        """The links of its namespaces.

        Raises:
            EvidenceError: they may not be read.
        """
        return self.daemon.get().namespaces if self.engine.is_docker else self.podman_service.get().namespaces

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        """Its mount table.

        Raises:
            EvidenceError: it may not be read.
        """
        if self.engine.is_docker:
            return mountinfo.parse(self.daemon.get().mountinfo.split("\n"))
        return mountinfo.parse(self.podman_service.get().mountinfo)


@fact(name="surroundings")
@dataclass(frozen=True)
class Surroundings:
    """Facts beside the containers, each made when it is first asked for.

    One that fails spoils no other.

    Attributes:
        processes: those of the whole target.
        host_side: what is "the host" to a container.
        unix_sockets: who listens where, whatever the program is.
        bundles: what each container was started with, by its id.
        engine_sockets: every path at which an engine of this host takes commands, without symbolic links.
        replaced_sockets: those of the engine in whose place another file lies now, by the paths that they had.
        relayed_sockets: those of programs that may pass commands on to the engine.
        services: those of the swarm, by id.
        image_names: the image id that each `repository:tag` names now.
    """

    engine: Later[Engine]
    daemon: Later[Daemon]
    processes: Later[Processes]
    networks: Later[tuple[Network, ...]]
    host_side: Later[HostSide]
    engine_sockets: Later[frozenset[str]]
    replaced_sockets: Later[frozenset[str]]
    relayed_sockets: Later[frozenset[str]]
    unix_sockets: Later[UnixSockets]
    bundles: Later[Mapping[str, Bundle]]
    services: Later[Mapping[str, Service]]
    image_names: Later[Mapping[str, str]]

    def bundle(self, identifier: str) -> Bundle | None:
        """What the container *identifier* was started with; None where that may not be seen, or is not kept."""
        try:
            return self.bundles.get().get(identifier)
        except EvidenceError:
            return None

    def is_older_than_daemon(self, started: float | None) -> bool:
        """Whether a container that was *started* then may have outlived the daemon that started it.

        Raises:
            EvidenceError: the daemon could not be read.
        """
        known = self.daemon.get().process.started
        return started is None or known is None or started < known[0]
