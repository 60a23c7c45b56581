"""What the measurements share: commands that are timed, the machine, and tables in Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

EMPTY_TESTS = """
import pytest

@pytest.mark.parametrize("host", range({hosts}))
@pytest.mark.parametrize("control", range({controls}))
def test_it(control, host):
    pass
"""
CONTROLS = 118


@dataclass(frozen=True)
class Timing:
    """How long a command took.

    Attributes:
        seconds: wall-clock time.
        processor: seconds of user and system, of all its processes that were waited for.
        peak: most memory that one of them held, in bytes.
    """

    seconds: float
    processor: float
    peak: int


def run(argv: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Timing:
    """Run a command in *folder*, without its output, and time it; Python keeps its byte code."""
    start = time.monotonic()
    nothing = subprocess.DEVNULL
    known = {**os.environ, **(environment or {})}
    known.pop("PYTHONDONTWRITEBYTECODE", None)  # as on a machine where this is not the first run
    process = subprocess.Popen(
        argv, cwd=folder, env=known, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # it was waited for here, so that its memory is known
    return Timing(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def machine() -> str:
    """Return when and where this was measured, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = platform.release().partition("-")[0]
    python = platform.python_version()
    return f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {memory:.0f} GiB, Python {python}, Linux {kernel}"


def row(*cells: object) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def head(*names: str) -> str:
    """Return the first lines of a table."""
    return f"{row(*names)}\n|{'--:|' * len(names)}"
