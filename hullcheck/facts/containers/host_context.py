"""What a container looks up beside itself: in its engine, its daemon, its networks."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import fields

from hullcheck.facts.containers.inspect import Source, Volume
from hullcheck.facts.containers.probe import ContainerFiles
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_process import PodmanService
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.services import Service
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import MountTable


@fact(name="host_context")
class HostContext(Struct, frozen=True, dict=True):
    """Facts about the engine and the host, each made when it is first asked for: one that fails spoils no other.

    Attributes:
        podman_service: the process that serves Podman's socket, if that is the engine.
        engine_sockets: every path at which an engine of this host takes commands, without symbolic links.
        services: those of the swarm, by id.
        image_names: the image id that each `repository:tag` names now.
    """

    engine: Later[Engine]
    daemon: Later[Daemon]
    podman_service: Later[PodmanService]
    processes: Later[Processes]
    networks: Later[tuple[Network, ...]]
    volumes: Later[Mapping[str, Volume]]
    engine_sockets: Later[frozenset[str]]
    services: Later[Mapping[str, Service]]
    image_names: Later[Mapping[str, str]]
    container_files: Later[ContainerFiles]

    @classmethod
    def unknown(cls, source: Source, **known: Later[Any]) -> "HostContext":
        """Return a context of which only *known* is known; anything else is what *source* decides."""

        def missing() -> NoReturn:
            raise source.missing("its host")

        return cls(**{each.name: Later(missing) for each in fields(cls)} | known)

    @property
    def namespaces(self) -> Mapping[str, str]:
        """The namespaces of the host, which are those of the daemon, or of the process that serves Podman's socket."""
        if self.engine.get().is_docker:
            return self.daemon.get().namespaces
        return self.podman_service.get().namespaces

    @cached_property
    def mount_table(self) -> MountTable:
        """The mount table of the host."""
        if self.engine.get().is_docker:
            return MountTable(mountinfo.parse(self.daemon.get().mountinfo.split("\n")))
        return MountTable(mountinfo.parse(self.podman_service.get().mountinfo))
