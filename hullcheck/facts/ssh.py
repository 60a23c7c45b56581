"""SSH servers, by the names of their processes and programs."""

from collections.abc import Iterable

from hullcheck.facts.processes import Process

SERVERS = frozenset({"sshd", "sshd-session", "sshd-auth", "dropbear", "tinysshd", "lshd"})


def ssh_servers(processes: Iterable[Process]) -> tuple[str, ...]:
    """The names of the SSH servers among *processes*, each once.

    A process is called by the name that it was started under: a link to the program, the loader that ran it.
    """
    found = list(processes)
    programs = {process.executable.rpartition("/")[2] for process in found}
    return tuple(sorted({*programs, *(process.name for process in found)} & SERVERS))
