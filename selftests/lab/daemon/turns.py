"""Turns of self-tests: every audit of an engine on this machine sees a relay there, also that of another worker."""

import contextlib
import fcntl
from collections.abc import Iterator

from selftests.rig.laboratory import BASE

LOCK = BASE / ".relays"


@contextlib.contextmanager
def with_a_relay() -> Iterator[None]:
    """Wait until nobody looks for relays who expects none."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def without_a_relay() -> Iterator[None]:
    """Wait until no other self-test has a relay."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield
