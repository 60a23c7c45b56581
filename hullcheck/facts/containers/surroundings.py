"""What a container looks up beside itself: in its engine, its daemon, its networks."""

from collections.abc import Mapping
from dataclasses import dataclass

from hullcheck.facts.containers.bundles import Bundle
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.daemon.podman import HostSide
from hullcheck.facts.daemon.sockets.unix_sockets import UnixSockets
from hullcheck.facts.engine import Engine
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.swarm.services import Service


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
        services: those of the swarm, by id.
        image_names: the image id that each `repository:tag` names now.
    """

    engine: Later[Engine]
    daemon: Later[Daemon]
    processes: Later[Processes]
    networks: Later[tuple[Network, ...]]
    host_side: Later[HostSide]
    engine_sockets: Later[frozenset[str]]
    unix_sockets: Later[UnixSockets]
    bundles: Later[Mapping[str, Bundle]]
    services: Later[Mapping[str, Service]]
    image_names: Later[Mapping[str, str]]
