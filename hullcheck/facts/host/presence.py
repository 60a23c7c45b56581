"""Whether there is Docker on a target, and whether that is a host or a container."""

import re
from dataclasses import dataclass

from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.backends import COMPOSE, CONTAINER_BACKENDS
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, NotApplicable

_LINES = (r"command [a-z]+ .*", "socket /.*", r"process \d+", "foreign")
_LINE = re.compile("|".join(_LINES))
ENGINE_PRESENCE = Probe.from_file("engine_presence", lines_like(*_LINES))
SIGNS = (ENGINE_PRESENCE,)
"""What `require_engine` reads."""


@dataclass(frozen=True)
class Presence:
    """Signs of Docker on a target.

    Attributes:
        daemon_pids: its own; a container in the PID namespace of its host sees the host's, which are not.
        client: the path of the docker command; empty where it is not there.
        foreign: whether the processes that it sees are those of another machine or container.
    """

    commands: tuple[str, ...]
    sockets: tuple[str, ...]
    daemon_pids: tuple[int, ...]
    client: str = ""
    foreign: bool = False

    @classmethod
    def of(cls, recording: Recording) -> "Presence":
        """Read the signs.

        Raises:
            EvidenceError: the target did not answer.
        """
        lines = [line for line in recording.text(ENGINE_PRESENCE).splitlines() if line]
        if not all(map(_LINE.fullmatch, lines)):
            raise EvidenceError("engine_presence: the answer has a line that the probe does not print")
        rows = [line.split(maxsplit=2) for line in lines]
        foreign = ["foreign"] in rows
        return cls(
            tuple(row[1] for row in rows if row[0] == "command"),
            tuple(row[1] for row in rows if row[0] == "socket"),
            tuple(int(row[1]) for row in rows if row[0] == "process" and not foreign),
            next((row[2] for row in rows if row[:2] == ["command", "docker"] and len(row) == 3), ""),
            foreign,
        )


def require_engine(recording: Recording) -> None:
    """Return where there are signs of a Docker engine.

    Raises:
        NotApplicable: the evidence says that there is no Docker on this target.
        EvidenceError: the target did not answer.
    """
    presence = Presence.of(recording)
    programs = {"docker", "dockerd"}.intersection(presence.commands)
    if not (programs or presence.sockets or presence.daemon_pids):
        raise NotApplicable(
            "no Docker here: no docker or dockerd command, no engine socket, no dockerd process"
        )


@fact(ENGINE_PRESENCE)
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


@fact(*SIGNS)
def presence(recording: Recording, kind: str) -> Presence:
    """Signs of Docker on a host.

    Raises:
        NotApplicable: the target is a container, or there is no Docker on it.
        EvidenceError: that cannot be told.
    """
    if kind == "container":
        raise NotApplicable("the target is a container without an engine of its own")
    require_engine(recording)
    return Presence.of(recording)


@fact()
def docker_client(presence: Presence) -> str:
    """The path of the docker command."""
    return presence.client
