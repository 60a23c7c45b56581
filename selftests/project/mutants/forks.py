"""Self-tests that run in a fork of this process, which has loaded them and all that they test."""

import os
import signal
from collections.abc import Callable
from typing import NoReturn

import pytest
from _pytest.runner import runtestprotocol

_SECONDS = 60
"""For one self-test: one that does not end has failed."""


def status(do: Callable[[], None]) -> int:
    """Do it in a fork, without output; 0 where it came to its end, and 1 where it raised something."""
    child = os.fork()
    if child == 0:
        _end_with(do)
    _, found = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(found)


def _end_with(do: Callable[[], None]) -> NoReturn:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    try:
        do()
    except BaseException:  # and nothing of this process may run in the fork
        os._exit(1)
    os._exit(0)


def passes(item: pytest.Item) -> bool:
    """Whether a self-test passes here; one that does not end ends the fork."""
    signal.alarm(_SECONDS)
    reports = runtestprotocol(item, log=False, nextitem=None)
    signal.alarm(0)
    return not any(report.failed for report in reports)
