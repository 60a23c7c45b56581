"""Runs commands that connect to targets: bounded in time and in bytes, and ended by Ctrl-C."""

import contextlib
import os
import re
import select
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

MOST = 256 << 20
"""Bytes that a target may send; the description of 5,000 containers has 7 MiB."""
GRACE = 5.0
"""Seconds in which a target that was told to stop may say what it was answered until then."""
HOLD = b"hold\n"
"""The first line of a probe script's standard input, which then is kept open until the script is to end."""
_CHUNK = 1 << 16  # what a pipe holds
_LAST_WORDS = 1.0  # seconds that what is beyond our reach may keep the pipes open
_INTERRUPTED = 0.4  # seconds in which what can end in order may do so, when all is ended

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_UNHANDLED = (signal.SIG_DFL, signal.default_int_handler)

_running: dict[subprocess.Popen[bytes], "Intake"] = {}
ended = threading.Event()
"""Set once all were ended, as by Ctrl-C; then none is started until it is cleared."""


class Intake:
    """What came from a target, and why no more of it is wanted; of what was too much nothing is kept."""

    def __init__(self, timeout: float, hang_up: Callable[[], bool]) -> None:
        """Start the time, in seconds; *hang_up* stops the target, and returns whether it could."""
        self.fault = ""  # why the target was stopped
        self.status = -signal.SIGKILL  # of the process when it ended, or minus the number of the signal that ended it
        self._timeout = timeout
        self._hang_up = hang_up
        self._end = time.monotonic() + timeout
        self.output = bytearray()
        self.errors = bytearray()
        self._room = MOST

    def take(self, data: bytes, *, error: bool = False) -> None:
        """Keep *data*, or drop it where there was too much."""
        self._room -= len(data)
        if self._room >= 0:
            (self.errors if error else self.output).extend(data)
        elif self._room + len(data) >= 0:
            self._stop(f"it sent more than {MOST >> 20} MiB")
            self.output.clear()

    def seconds_left(self) -> float:
        """Return how long to go on listening; 0 where it is over."""
        if time.monotonic() >= self._end and not self.fault:
            self._stop(f"no answer within {self._timeout:g} s")
        return max(0.0, self._end - time.monotonic())

    def _stop(self, fault: str) -> None:
        self.fault = fault
        # before its first line, no script is there to be told
        told = self._hang_up() and bool(self.output)
        self._end = time.monotonic() + (GRACE if told else 0)


def run(command: str, timeout: float, environment: Mapping[str, str] | None = None, *, hold: bool = False) -> Intake:
    """Run *command* in a shell, until it ends, its time in seconds is over or it has sent too much.

    *hold* keeps its standard input open, as a probe script wants it, which ends in order when that is closed; else
    there is none. Raises InterruptedError if all has been ended.
    """
    if ended.is_set():
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
    intake = _running[process] = Intake(timeout, lambda: _hang_up(process))
    try:
        if process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.write(HOLD)
        if not _listen(process, intake):
            kill_below(process.pid)
            _listen(process, Intake(_LAST_WORDS, lambda: False))
        _hang_up(process)
        intake.status = _status(process, intake.seconds_left() + _LAST_WORDS)
    finally:
        del _running[process]
        for pipe in filter(None, (process.stdout, process.stderr)):
            pipe.close()
    return intake


def _listen(process: subprocess.Popen[bytes], intake: Intake) -> bool:
    """Read the output of *process*; return whether it was read to its end."""
    with selectors.DefaultSelector() as selector:
        for pipe in filter(None, (process.stdout, process.stderr)):
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
    """Close the standard input of *process*; return whether it had one."""
    if process.stdin is None:
        return False
    with contextlib.suppress(OSError):
        process.stdin.close()
    return True


def _status(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Return the exit status of *process*, which is killed if it does not end in *seconds*."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    kill_below(process.pid)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(_LAST_WORDS)
    return -signal.SIGKILL


def last_probe() -> str:
    """Return the name of the probe whose answer arrives, of any target; "connecting" before the first one."""
    names = [re.findall(rb" begin (\w+)\n", each.output[-_CHUNK:]) for each in tuple(_running.values())]
    return next((each[-1].decode() for each in names if each), "connecting")


# ---- over paramiko


def run_over_paramiko(backend: Any, command: bytes, timeout: float) -> Intake:
    """Run *command* over the connection of testinfra's paramiko *backend*, as `run` does with `hold`."""
    channel = backend.client.get_transport().open_session()
    if backend.get_pty:  # a terminal would say again what it is told
        channel.get_pty()
    channel.exec_command(command)
    if not backend.get_pty:
        channel.sendall(HOLD)

    def hang_up() -> bool:
        channel.shutdown_write()
        return True

    def take() -> None:
        while channel.recv_ready():
            intake.take(channel.recv(_CHUNK))
        while channel.recv_stderr_ready():
            intake.take(channel.recv_stderr(_CHUNK), error=True)

    intake = Intake(timeout, hang_up)
    while not (channel.eof_received or channel.closed) and (left := intake.seconds_left()) > 0:
        select.select([channel], [], [], min(left, 1.0))
        take()
    take()
    intake.status = channel.recv_exit_status() if channel.exit_status_ready() else 0
    channel.close()
    return intake


# ---- the end of all


def end_all() -> None:
    """End every process that was started here: ssh would outlive a Ctrl-C.

    Those that can end in order have a moment. Only the thread that started a process may read what it still says.
    """
    ended.set()
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


@contextlib.contextmanager
def ended_at_once(status: int, said: str = "stopping...\n", unless: Callable[[], bool] = bool) -> Iterator[None]:
    """Let signals end the process with this exit *status* if nobody else handles them; *unless*, KeyboardInterrupt."""
    errors = os.dup(2)  # pytest captures the other

    def end(number: int, frame: FrameType | None) -> None:
        if unless():
            raise KeyboardInterrupt(signal.Signals(number).name)
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        os.write(errors, b"\n" * bool(said) + said.encode())
        end_all()
        kill_below(os.getpid())  # the workers of xdist, too
        os._exit(status)

    mine = _ENDING if threading.current_thread() is threading.main_thread() else ()  # no other may
    before = {each: by for each in mine if (by := signal.getsignal(each)) in _UNHANDLED}
    for each in before:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each, by in before.items():
            signal.signal(each, by)
        os.close(errors)
