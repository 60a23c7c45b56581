"""Facts: what is true of a target, typed and frozen, read from its recording. No fact passes judgement."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from hullcheck.facts import containers, daemon, engine, images, inside, kernel, mounts, networks, processes, services
from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.engine import Engine
from hullcheck.facts.inside import InsideContainer
from hullcheck.facts.kernel import Kernel
from hullcheck.facts.mounts import Mount
from hullcheck.facts.networks import Network
from hullcheck.facts.processes import Processes
from hullcheck.facts.services import Service
from hullcheck.judge import Subjects
from hullcheck.policy import Policy
from hullcheck.probes import Probe
from hullcheck.recording import Recording
from hullcheck.targets import CONTAINER_BACKENDS
from hullcheck.verdicts import EvidenceError, NotApplicable

PROBES: tuple[Probe, ...] = (
    *engine.PROBES,
    *daemon.PROBES,
    *networks.PROBES,
    *services.PROBES,
    *images.PROBES,
    *containers.PROBES,
    *processes.PROBES,
    *kernel.PROBES,
    *inside.PROBES,
)

_EVIDENCE: dict[str, tuple[Probe, ...]] = {
    "daemon": daemon.EVIDENCE,
    "container": containers.EVIDENCE,
}


def evidence_of(arguments: Iterable[str]) -> tuple[str, ...]:
    """The names of the probes behind a control's *arguments*."""
    return tuple(dict.fromkeys(probe.name for name in arguments for probe in _EVIDENCE.get(name, ())))


class Facts:
    """The facts of one target, each read when it is first asked for."""

    def __init__(self, recording: Recording, policy: Policy) -> None:
        self.recording = recording
        self.policy = policy

    def argument(self, name: str) -> Any:
        """What a control gets that asks for *name*: a fact of this class, the policy, or all `facts`.

        Raises:
            NotApplicable: there is no such thing on this target.
            EvidenceError: it could not be read.
        """
        return self if name == "facts" else getattr(self, name)

    @property
    def kind(self) -> str:
        """`container` for a container without an engine of its own, else `host`."""
        if self.recording.backend not in CONTAINER_BACKENDS:
            return "host"
        try:
            return "host" if engine.Presence.of(self.recording).daemon_pids else "container"
        except EvidenceError:
            return "container"

    @property
    def engine_version(self) -> str:
        """The engine's version, or an empty string where it could not be had."""
        try:
            return self.engine.version
        except (EvidenceError, NotApplicable):
            return ""

    @property
    def os_name(self) -> str:
        return engine.os_name(self.recording)

    @cached_property
    def engine(self) -> Engine:
        if self.kind == "container":
            raise NotApplicable("the target is a container without an engine of its own")
        return Engine.of(self.recording)

    @cached_property
    def daemon(self) -> Daemon:
        return Daemon.of(self.recording, self.engine)

    @cached_property
    def container(self) -> "Subjects[Container] | Subjects[InsideContainer]":
        if self.kind == "container":
            return Subjects("container", ((self.recording.target, InsideContainer(self.recording)),))
        engine.require_engine(self.recording)
        return containers.from_engine(self)

    @cached_property
    def processes(self) -> Processes:
        return Processes.of(self.recording)

    @cached_property
    def kernel(self) -> Kernel:
        return Kernel.of(self.recording)

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        return networks.networks(self.recording)

    @cached_property
    def services(self) -> dict[str, Service]:
        return services.services(self.recording, self.engine)

    @cached_property
    def image_names(self) -> dict[str, str]:
        return images.image_names(self.recording)

    @cached_property
    def daemon_mounts(self) -> tuple[Mount, ...]:
        """The mount table of the daemon: what "the host" is to a container."""
        return mounts.parse(self.daemon.mountinfo.splitlines())

    @cached_property
    def engine_sockets(self) -> frozenset[str]:
        """Every path at which an engine of this host takes commands, without symbolic links."""
        return frozenset((*self.daemon.api_sockets, *self.daemon.containerd_sockets))
