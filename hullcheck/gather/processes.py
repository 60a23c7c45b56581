"""Processes of this machine that reach for a target: bounded in time, and none outlives a Ctrl-C."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping

_running: set[subprocess.Popen[bytes]] = set()
_ended = threading.Event()


def run(
    command: str, timeout: float, environment: Mapping[str, str] | None = None
) -> tuple[int, bytes, bytes]:
    """Run *command* in a shell; gives its exit status, what it wrote, and its errors.

    Args:
        timeout: in seconds.
        environment: that of this process where None.

    Raises:
        subprocess.TimeoutExpired: it did not end in time; it is killed, with all that it started.
        InterruptedError: all has been ended.
    """
    if _ended.is_set():
        raise InterruptedError("the run was interrupted")
    process = subprocess.Popen(
        command.encode(),
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # so that nothing can ask the user's terminal for a password
    )
    _running.add(process)
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill_session(process.pid)
        with contextlib.suppress(
            subprocess.TimeoutExpired
        ):  # what is beyond our reach may keep the pipes open
            process.communicate(timeout=1)
        raise
    finally:
        _running.discard(process)
    return process.returncode, stdout, stderr


def begin() -> None:
    """Let processes be started, also after others were ended."""
    _ended.clear()


def end_all() -> None:
    """End every process that was started here and still runs: ssh would outlive a Ctrl-C.

    The thread that started a process reads what it still says, and no other may.
    """
    _ended.set()
    for process in tuple(_running):
        _kill_session(process.pid)


def _kill_session(leader: int) -> None:
    for pid in _session(leader):
        with contextlib.suppress(OSError):  # it is gone, or became root's by sudo
            os.kill(pid, signal.SIGKILL)


def _session(leader: int) -> list[int]:
    """The processes of a session: one group is not enough, because timeout(1) makes groups of its own."""
    found = [leader]
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdecimal() and os.getsid(int(name)) == leader:
                found.append(int(name))
    return found
