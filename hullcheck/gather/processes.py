"""Local processes that connect to targets: bounded in time, and ended by Ctrl-C."""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from typing import IO

from msgspec import Struct

from hullcheck.gather.intake import HOLD, Intake

_CHUNK = 1 << 16  # what a pipe holds
_LAST_WORDS = 1.0  # seconds that what is beyond our reach may keep the pipes open
_INTERRUPTED = 0.4  # seconds in which what can end in order may do so, when all is ended

_running: set[subprocess.Popen[bytes]] = set()
_ended = threading.Event()


class Ended(Struct, frozen=True):
    """A process that ended.

    Attributes:
        status: its exit status, or minus the number of the signal that ended it; -9 where it outlives that signal.
        fault: why it was ended before its time, as of an `Intake`; empty where it ended by itself.
    """

    status: int
    output: bytes
    errors: bytes
    fault: str = ""


def run(
    command: str, timeout: float, environment: Mapping[str, str] | None = None, *, hold: bool = False
) -> Ended:
    """Run *command* in a shell, until it ends, its time is over or it has sent too much.

    Args:
        timeout: in seconds.
        environment: that of this process where None.
        hold: whether its standard input is kept open as a probe script wants it, who then ends in order when it
            is closed; else there is none.

    Raises:
        InterruptedError: all has been ended.
    """
    if _ended.is_set():
        raise InterruptedError("the run was interrupted")
    process = subprocess.Popen(
        command.encode(),
        shell=True,
        bufsize=0,
        stdin=subprocess.PIPE if hold else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # so that nothing can ask the user's terminal for a password
    )
    _running.add(process)
    intake = Intake(timeout, lambda: _hang_up(process))
    try:
        if process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.write(HOLD)
        if not _listen(process, intake):
            kill_below(process.pid)
            _listen(process, Intake(_LAST_WORDS, lambda: False))
        _hang_up(process)
        status = _status(process, intake.seconds_left() + _LAST_WORDS)
        if status is None:
            kill_below(process.pid)
            status = _status(process, _LAST_WORDS)
    finally:
        _running.discard(process)
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
    if status is None:
        status = -signal.SIGKILL
    return Ended(status, bytes(intake.output), bytes(intake.errors), intake.fault)


def _listen(process: subprocess.Popen[bytes], intake: Intake) -> bool:
    """Take what *process* says; gives whether it said all."""
    with selectors.DefaultSelector() as selector:
        pipes: list[IO[bytes] | None] = [process.stdout, process.stderr]
        for pipe in pipes:
            if pipe:
                selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            left = intake.seconds_left()
            if left <= 0:
                return False
            for key, _ in selector.select(left):
                data = os.read(key.fd, _CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                intake.take(data, error=key.fileobj is process.stderr)
    return True


def _hang_up(process: subprocess.Popen[bytes]) -> bool:
    """Close the standard input of *process*; gives whether it had one."""
    if process.stdin is None:
        return False
    with contextlib.suppress(OSError):
        process.stdin.close()
    return True


def _status(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Return the exit status of *process*, which has *seconds* to end; None where it did not."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    return None


def begin() -> None:
    """Let processes be started, also after others were ended."""
    _ended.clear()


def end_all() -> None:
    """End every process that was started here and still runs: ssh would outlive a Ctrl-C.

    Those that can end in order have a moment for it. The thread that started a process reads what it still says,
    and no other may.
    """
    _ended.set()
    told = [process for process in tuple(_running) if _hang_up(process)]
    end = time.monotonic() + _INTERRUPTED
    try:
        while any(process in _running for process in told) and time.monotonic() < end:
            time.sleep(0.02)
    finally:
        for process in tuple(_running):
            if process.returncode is None:  # else its number may be another's
                kill_below(process.pid)


def kill_below(root: int) -> None:
    """Kill *root* unless it is this process, all processes below it, and those of sessions that they lead."""
    above: dict[int, tuple[int, int]] = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
            _, parent, _, session = file.read().rpartition(b")")[2].split()[:4]
            above[int(name)] = (int(parent), int(session))
    found, more = set[int](), {root}
    while more:
        found |= more
        more = {pid for pid, of in above.items() if pid not in found and not found.isdisjoint(of)}
    for pid in found - {os.getpid()}:
        with contextlib.suppress(OSError):  # it is gone, or became root's by sudo
            os.kill(pid, signal.SIGKILL)
