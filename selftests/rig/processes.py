"""Processes of this machine: who is who, so that none is ended that is not ours."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")


def born(pid: int) -> int | None:
    """When process *pid* began, in clock ticks since the machine's start; None if it is gone or a zombie.

    A number can be given to another process later; number and time together cannot.
    """
    try:
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def command_line(pid: int) -> list[str]:
    """The arguments of process *pid*, none if it is gone or of the kernel."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def mentions(pid: int, directory: Path) -> bool:
    """Whether an argument of process *pid* names *directory* or something below it."""
    text = str(directory)
    return any(text + "/" in word or word.endswith(text) for word in command_line(pid))


def cgroups(pid: int) -> str:
    """The control groups of process *pid* as the kernel lists them; empty if it is gone or a zombie."""
    if born(pid) is None:  # process 1 may be long in waiting for what is left to it
        return ""
    try:
        return (PROC / str(pid) / "cgroup").read_text(errors="replace")
    except OSError:
        return ""


def owner(pid: int) -> int | None:
    """The user id under which process *pid* runs; None if it is gone."""
    try:
        return (PROC / str(pid)).stat().st_uid
    except OSError:
        return None


def is_elsewhere(pid: int, kind: str) -> bool:
    """Whether process *pid* lives in another namespace of this *kind* (`mnt`, `pid`); no if it is gone."""
    try:
        return (PROC / str(pid) / "ns" / kind).readlink() != (PROC / "self/ns" / kind).readlink()
    except OSError:
        return False


def everyone() -> Iterator[int]:
    """The numbers of all processes but this one."""
    numbers = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return (pid for pid in numbers if pid != os.getpid())


def end(pids: Iterable[int], patience: float) -> None:
    """Ask *pids* to end, wait up to *patience* seconds for all of them, then end the rest by force."""
    births = {pid: birth for pid in pids if (birth := born(pid)) is not None}
    send(births, signal.SIGTERM)
    if not gone(births, patience):
        send(births, signal.SIGKILL)
        gone(births, 5)


def send(births: dict[int, int], number: signal.Signals) -> None:
    """Send a signal to each process that is still the one that was born then."""
    for pid, birth in births.items():
        if born(pid) == birth:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def gone(births: dict[int, int], patience: float) -> bool:
    """Whether all these processes ended within *patience* seconds."""
    deadline = time.monotonic() + patience
    return all(_ended(pid, birth, deadline - time.monotonic()) for pid, birth in births.items())


def _ended(pid: int, birth: int, patience: float) -> bool:
    """Whether the process that was born then ended within *patience* seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)  # which it becomes when the process ends, waited for or not
        return born(pid) != birth or bool(poll.poll(max(0, patience) * 1000))
    finally:
        os.close(handle)
