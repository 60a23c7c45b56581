"""Whether there is Docker on a target, and whether that is a host or a container."""

from msgspec import Struct

from hullcheck.facts.host.system import HOST, Sysctl, settings
from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.backends import COMPOSE, CONTAINER_BACKENDS
from hullcheck.verdicts import EvidenceError, NotApplicable


class Presence(Struct, frozen=True):
    """Signs of Docker on a target.

    Attributes:
        daemon_pids: its own; a container in the PID namespace of its host sees the host's, which are not.
        client: the path of the docker command, or an empty string.
    """

    commands: tuple[str, ...]
    sockets: tuple[str, ...]
    daemon_pids: tuple[int, ...]
    client: str = ""

    @classmethod
    def of(cls, recording: Recording) -> "Presence":
        """Read the signs."""
        lines = recording.section(HOST, "presence").split("\n")
        rows = [line.split(maxsplit=2) for line in lines if line]
        foreign = ["foreign"] in rows
        return cls(
            tuple(row[1] for row in rows if row[0] == "command"),
            tuple(row[1] for row in rows if row[0] == "socket"),
            tuple(int(row[1]) for row in rows if row[0] == "process" and not foreign),
            next((row[2] for row in rows if row[:2] == ["command", "docker"] and len(row) == 3), ""),
        )


def require_engine(recording: Recording) -> None:
    """Raise NotApplicable if nothing on the target is a sign of a Docker engine."""
    presence = Presence.of(recording)
    programs = {"docker", "dockerd"}.intersection(presence.commands)
    if not (programs or presence.sockets or presence.daemon_pids):
        raise NotApplicable(
            "no Docker here: no docker or dockerd command, no engine socket, no dockerd process"
        )


@fact(HOST)
def kind(recording: Recording) -> str:
    """`container` for a container without an engine of its own, `compose` for a Compose file, else `host`."""
    if recording.backend == COMPOSE:
        return COMPOSE
    if recording.backend not in CONTAINER_BACKENDS:
        return "host"
    try:
        return "host" if Presence.of(recording).daemon_pids else "container"
    except EvidenceError:
        return "container"


@fact(HOST)
def presence(recording: Recording, kind: str) -> Presence:
    """Signs of Docker on a host; not applicable where there are none."""
    if kind == "container":
        raise NotApplicable("the target is a container without an engine of its own")
    require_engine(recording)
    return Presence.of(recording)


@fact()
def docker_client(presence: Presence) -> str:
    """The path of the docker command."""
    return presence.client


@fact(HOST)
def sysctl(recording: Recording, presence: Presence) -> Sysctl:
    """Settings of the kernel of a host with Docker, as they are and as files set them."""
    return settings(recording)
