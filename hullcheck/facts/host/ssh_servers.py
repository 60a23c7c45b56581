"""SSH servers, by the names of their processes and programs."""

import re
from collections.abc import Iterable

from hullcheck.facts.host.processes import Process
from hullcheck.lazy import regex
from hullcheck.secrets.redact import DROPPED, HIDDEN
from hullcheck.verdicts import EvidenceError

_NAMES = """
    dropbear dropbearmulti esshd lshd sftpgo sshd sshd-auth sshd-session sshesame teleport tinysshd wolfsshd
"""
SERVERS = frozenset(_NAMES.split())
_LIKE_ONE = regex(r"(?:.*[-_.])?(?:sshd|dropbear)(?:[-_.0-9].*|multi)?|ssh[-_.]?server.*")

_STARTS_ONE = regex(r"(?:\bservice\s+|/init\.d/|\bsystemctl\s+(?:re)?start\s+)sshd?(?![\w.-])")
"""How a distribution starts its SSH server, called `ssh` by some."""


def servers_named(command: Iterable[object]) -> frozenset[str]:
    """Return the SSH servers that a command names, or starts as services."""
    text = " ".join(map(str, command))
    named = SERVERS & {word.rpartition("/")[2] for word in re.split(r"[^\w./-]+", text)}
    return named | {"sshd"} if _STARTS_ONE.search(text) else named


def like_ssh_servers(processes: Iterable[Process]) -> tuple[str, ...]:
    """Return which of *processes* may be SSH servers, by names like those."""
    return tuple(sorted(filter(_LIKE_ONE.fullmatch, _names(processes) - SERVERS)))


def _names(processes: Iterable[Process]) -> set[str]:
    """Return the names of processes and of their programs: a link to a program, or a loader, hides one of them."""
    return {each for one in processes for each in (one.name, one.executable.rpartition("/")[2])}


def ssh_servers(processes: Iterable[Process]) -> tuple[str, ...]:
    """Return the names of the SSH servers among *processes*, by process or program.

    Raises:
        EvidenceError: there is none, and a part of a program's path was taken for a secret and hidden.
    """
    found = list(processes)
    servers = tuple(sorted(_names(found) & SERVERS))
    for process in found:
        if not servers and (HIDDEN in process.executable or DROPPED in process.executable):
            raise EvidenceError(
                f"the path of the program of process {process.pid} is hidden as like a secret"
            )
    return servers
