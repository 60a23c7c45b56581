"""Reads what a target sends, bounded in time and in bytes."""

import time
from collections.abc import Callable

MOST = 256 << 20
"""Bytes that a target may send; the description of 5,000 containers has 7 MiB."""
GRACE = 5.0
"""Seconds in which a target that was told to stop may say what it was answered until then."""
HOLD = b"hold\n"
"""The first line of a probe script's standard input, which then is kept open until the script is to end."""


class Intake:
    """What came from a target, and why no more of it is wanted.

    Attributes:
        fault: why the target was told to stop, in words; empty where it was not. Of what was too much nothing is kept.
    """

    def __init__(self, timeout: float, hang_up: Callable[[], bool]) -> None:
        """Start the time.

        Args:
            timeout: in seconds.
            hang_up: tells the target to stop; gives whether it was told.
        """
        self.fault = ""
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
