"""What a container looks up beside itself: in its engine, its daemon, its networks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NoReturn

from hullcheck.facts.containers.inspect import Source
from hullcheck.facts.containers.proc import ContainerFiles
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_process import PodmanService
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.services import Service
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount


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
        engine_sockets: every path at which an engine of this host takes commands, without symbolic links.
        services: those of the swarm, by id.
        image_names: the image id that each `repository:tag` names now.
        container_files: what the kernel shows of all containers.
    """

    engine: Later[Engine]
    daemon: Later[Daemon]
    processes: Later[Processes]
    networks: Later[tuple[Network, ...]]
    host_side: Later[HostSide]
    engine_sockets: Later[frozenset[str]]
    services: Later[Mapping[str, Service]]
    image_names: Later[Mapping[str, str]]
    container_files: Later[ContainerFiles]

    @classmethod
    def unknown(cls, source: Source, **known: Later[Any]) -> "Surroundings":
        """Return surroundings of which only *known* is known; anything else is what *source* decides."""

        def missing() -> NoReturn:
            raise source.missing("its surroundings")

        return cls(**{each.name: Later(missing) for each in fields(cls)} | known)
