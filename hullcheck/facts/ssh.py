"""SSH servers, by the names of their processes."""

from collections.abc import Iterable

from hullcheck.facts.processes import Process

SERVERS = frozenset({"sshd", "sshd-session", "sshd-auth", "dropbear", "tinysshd", "lshd"})


def ssh_servers(processes: Iterable[Process]) -> tuple[str, ...]:
    """The names of the SSH servers among *processes*, each once."""
    return tuple(sorted({process.name for process in processes} & SERVERS))
