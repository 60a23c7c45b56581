"""Waiting for what an engine, a host or a program does in its own time."""

import time
from collections.abc import Callable

from selftests.rig.shell import LabError

PAUSES = (
    0.02,
    0.1,
)  # seconds: the first one, and the longest, up to which each is twice as long as the one before


def until(true: Callable[[], object], complaint: str = "it has not happened", limit: float = 30) -> None:
    """Return when *true* says yes.

    Raises:
        LabError: it does not do so within *limit* seconds, which the message tells after *complaint*.
    """
    deadline = time.monotonic() + limit
    pause, longest = PAUSES
    while not true():
        if time.monotonic() > deadline:
            raise LabError(f"{complaint} within {limit:.0f} seconds")
        time.sleep(pause)
        pause = min(2 * pause, longest)
