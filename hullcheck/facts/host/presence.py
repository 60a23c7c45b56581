"""Signs of Docker on a target, and its kind: host, container or Compose file."""

import re

from msgspec import Struct

from hullcheck.facts.host.system import HOST, Sysctl, assignments, files
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.backends import COMPOSE, CONTAINER_BACKENDS
from hullcheck.verdicts import EvidenceError, NotApplicable


class Presence(Struct, frozen=True):
    """Signs of Docker on a target."""

    commands: tuple[str, ...]
    sockets: tuple[str, ...]
    daemon_pids: tuple[int, ...]  # its own; a container in the PID namespace of its host sees the host's, which are not
    client: str = ""  # the path of the docker command, or an empty string

    @classmethod
    def of(cls, recording: Recording) -> "Presence":
        words = Words(re.sub(r"(?m)^(\w+) ", r"\1:", recording.section(HOST, "presence")))
        commands = words.pairs("command", " ")
        pids = () if "foreign" in words else map(int, words.all("process"))
        return cls(tuple(commands), words.all("socket"), tuple(pids), commands.get("docker", ""))


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
    """Signs of Docker on a host, or NotApplicable without any."""
    if kind == "container":
        raise NotApplicable("the target is a container without an engine of its own")
    found = Presence.of(recording)
    if not ({"docker", "dockerd"} & {*found.commands} or found.sockets or found.daemon_pids):
        raise NotApplicable("no Docker here: no docker or dockerd command, no engine socket, no dockerd process")
    return found


@fact(HOST)
def sysctl(recording: Recording, presence: Presence) -> Sysctl:
    """Kernel settings of a host with Docker, current and in files."""
    text = recording.section(HOST, "sysctl")
    return Sysctl(files(recording), tuple(assignments(text)), Words(text).all("unread"))
