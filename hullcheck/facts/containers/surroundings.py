"""What a container looks up beside itself: in its engine, its daemon, its networks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.engine import Engine
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.swarm.services import Service
from hullcheck.parsing.proc.mountinfo import Mount


@dataclass(frozen=True)
class Surroundings:
    """Facts beside the containers, each made when it is first asked for.

    One that fails spoils no other.

    Attributes:
        processes: those of the whole target.
        daemon_mounts: the mount table of the daemon, which is "the host" to a container.
        engine_sockets: every path at which an engine of this host takes commands, without symbolic links.
        services: those of the swarm, by id.
        image_names: the image id that each `repository:tag` names now.
    """

    engine: Callable[[], Engine]
    daemon: Callable[[], Daemon]
    processes: Callable[[], Processes]
    networks: Callable[[], tuple[Network, ...]]
    daemon_mounts: Callable[[], tuple[Mount, ...]]
    engine_sockets: Callable[[], frozenset[str]]
    services: Callable[[], Mapping[str, Service]]
    image_names: Callable[[], Mapping[str, str]]
