"""The process that serves Podman's socket, which stands in for the daemon that it has not."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

PODMAN_SERVICE = Probe.from_file(
    "podman_service",
    lines_like(
        "endpoint:/.*",
        r"l\S+ .* \d+/(?:task/\d+/ns/\w+|fd/\d+) -> \w+:\[\d+\]",
        r"\d+/(?:mountinfo|task/\d+/net/unix):.*",
    ),
)

_LISTENS = re.compile(r"(\d+)/task/\d+/net/unix:\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) (/.*)")
_LINK = re.compile(r"l\S+ .* (\d+)/(?:task/\d+/)?(ns/\w+|fd/\d+) -> (\w+:\[(\d+)\])")
_MOUNT = re.compile(r"(\d+)/mountinfo:(.*)")


@dataclass(frozen=True)
class PodmanService:
    """The process that answers on Podman's socket.

    Attributes:
        namespaces: their links by name: {"net": "net:[4026531840]", ...}.
        mountinfo: the lines of its mount table.
    """

    pid: int
    namespaces: Mapping[str, str]
    mountinfo: tuple[str, ...]


@fact(PODMAN_SERVICE)
def podman_service(recording: Recording) -> PodmanService:
    """The process that answers on Podman's socket.

    Raises:
        EvidenceError: it is not on this machine, may not be seen, or is not the only one.
    """
    lines = recording.text(PODMAN_SERVICE).split("\n")
    endpoint = lines[0].removeprefix("endpoint:")
    links = [found for line in lines if (found := _LINK.fullmatch(line))]
    held = {(each[1], each[4]) for each in links if each[2].startswith("fd/")}
    pid = _only(
        found[1]
        for line in lines
        if (found := _LISTENS.fullmatch(line)) and _is(found[3], endpoint) and (found[1], found[2]) in held
    )
    return PodmanService(
        int(pid),
        {
            each[2].removeprefix("ns/"): each[3]
            for each in links
            if each[1] == pid and each[2].startswith("ns/")
        },
        tuple(found[2] for line in lines if (found := _MOUNT.fullmatch(line)) and found[1] == pid),
    )


def _is(path: str, endpoint: str) -> bool:
    """Whether a path is that of the endpoint; /var/run is a link to /run."""
    return endpoint in (path, path.removeprefix("/var"))


def _only(pids: Iterable[str]) -> str:
    found = sorted(set(pids))
    if len(found) != 1:
        raise EvidenceError(
            f"the process that serves Podman's socket is one of {', '.join(found)}"
            if found
            else "no process of Podman is seen to serve its socket; are you root?"
        )
    return found[0]
