"""What a container looks up beside itself: in its engine, its daemon, its networks."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import fields

from hullcheck.facts.containers.inspect import Source, Volume
from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.facts.containers.proc import ContainerFiles
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_process import PodmanService
from hullcheck.facts.engine.info import ENGINE, Engine, section
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.services import Service
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.models import decode
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import MountTable
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError


@fact(ENGINE)
def engine_endpoint(recording: Recording) -> str:
    """The address at which the engine was asked, or an empty string if that is unknown."""
    try:
        return section(recording, ENGINE, "endpoint", str, "docker context inspect")
    except EvidenceError:
        return ""


@fact(CONTAINERS)
def volumes(recording: Recording) -> Mapping[str, Volume]:
    """What the engine says of volumes, by name; damaged, as if it had not described them."""
    try:
        found = decode(
            recording.sections_in_time(CONTAINERS).get("volumes", ""), list[Volume], "docker volume inspect"
        )
    except EvidenceError:
        return {}
    return {each.name: each for each in found}


@fact(name="host_context")
class HostContext(Struct, frozen=True, dict=True):
    """Facts about the engine and the host, each made when it is first asked for: one that fails spoils no other.

    Attributes:
        engine_endpoint: the address at which the engine was asked; empty if that is unknown.
        podman_service: the process that serves Podman's socket, if that is the engine.
        engine_sockets: every path at which an engine of this host takes commands, without symbolic links.
        services: those of the swarm, by id.
        image_names: the image id that each `repository:tag` names now.
        container_files: what the kernel shows of all containers.
    """

    engine: Later[Engine]
    engine_endpoint: Later[str]
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
