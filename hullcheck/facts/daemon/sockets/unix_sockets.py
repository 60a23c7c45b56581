"""Which processes of the target listen at which sockets with a path: a socket is known by who answers there."""

import re
from dataclasses import dataclass

from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

UNIX_SOCKETS = Probe.from_file(
    __file__,
    "unix_sockets",
    lines_like(
        r"(?:\d+|self)/net/unix:.*",
        r"l\S+ .* \d+/fd/\d+ -> socket:\[\d+\]",
        r"real:/.*\t/.*",
        "descriptors:(?:all|some)",
        r"listed:\d+",
    ),
)

_LISTENING = re.compile(r"(?:\d+|self)/net/unix:\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) (/.*)")
_HELD = re.compile(r".* (\d+)/fd/\d+ -> socket:\[(\d+)\]")


@dataclass(frozen=True)
class UnixSocket:
    """A socket at which processes listen.

    Attributes:
        path: as the one that made it called it.
        real: the same without symbolic links, if that is a path of the auditor's too.
        holders: the numbers of these processes, as far as they may be seen.
    """

    path: str
    real: str
    holders: frozenset[int]


@dataclass(frozen=True)
class UnixSockets:
    """All listening sockets with a path, in every network of the target that the auditor may see.

    Attributes:
        complete: whether the auditor may see which process holds which.
    """

    sockets: tuple[UnixSocket, ...]
    complete: bool


@fact(UNIX_SOCKETS)
def unix_sockets(recording: Recording) -> UnixSockets:
    """The sockets with a path at which somebody listens.

    Raises:
        EvidenceError: the answer is missing, or cut off.
    """
    lines = recording.text(UNIX_SOCKETS).split("\n")
    paths: dict[str, str] = {}
    real: dict[str, str] = {}
    holders: dict[str, set[int]] = {}
    for line in lines:
        if found := _LISTENING.fullmatch(line):
            paths[found[1]] = found[2]
        elif held := _HELD.fullmatch(line):
            holders.setdefault(held[2], set()).add(int(held[1]))
        elif line.startswith("real:"):
            path, _, real[path] = line.removeprefix("real:").partition("\t")
    if f"listed:{len([line for line in lines if '/net/unix:' in line])}" not in lines:
        raise EvidenceError("the list of listening sockets is damaged")
    every = (
        UnixSocket(path, real.get(path, path), frozenset(holders.get(inode, ())))
        for inode, path in paths.items()
    )
    return UnixSockets(tuple(every), "descriptors:all" in lines)
