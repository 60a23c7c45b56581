"""Ctrl-C, SIGTERM and SIGHUP end an audit at once, with one word, and with all that it started."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from hullcheck.gather import processes

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_UNHANDLED = (signal.SIG_DFL, signal.default_int_handler)


@contextlib.contextmanager
def at_once(status: int, said: str = "interrupted\n", unless: Callable[[], bool] = bool) -> Iterator[None]:
    """Let these signals end the process with this exit *status*, where nobody else handles them.

    Args:
        unless: whether there is more to take down, so that KeyboardInterrupt is raised.
    """
    errors = os.dup(2)  # pytest captures the other

    def end(number: int, frame: FrameType | None) -> None:
        if unless():
            raise KeyboardInterrupt(signal.Signals(number).name)
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        processes.end_all()
        processes.kill_below(os.getpid())  # the workers of xdist, too
        os.write(errors, b"\n" * bool(said) + said.encode())
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
