"""Run `hullcheck audit` on a terminal of its own, and return what it shows."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pyte
from msgspec import Struct

from selftests import REPOSITORY
from selftests.kit.running import clean_environment

_MOST_LINES = 20_000


class Seen(Struct, frozen=True):
    """What a terminal showed.

    Attributes:
        lines: all that are not empty, those that have scrolled away too.
        raw: the bytes that were sent to it.
    """

    status: int
    lines: list[str]
    raw: bytes


def audit_on_terminal(*arguments: str, cwd: Path, columns: int = 100, rows: int = 24, **environment: str) -> Seen:
    """Run `hullcheck audit` with these arguments on a terminal of this size, and wait for its end."""
    code = "import sys; from hullcheck.cli import main; sys.exit(main())"
    command = [sys.executable, "-P", "-c", code, "audit", "-p", "no:cacheprovider", *arguments]
    variables = {**clean_environment(), "PYTHONPATH": str(REPOSITORY), "TERM": "xterm-256color", **environment}
    for name in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "COLUMNS", "LINES", "CI"):
        if name not in environment:
            variables.pop(name, None)
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with subprocess.Popen(command, cwd=cwd, env=variables, stdin=there, stdout=there, stderr=there) as process:
        os.close(there)
        raw = _all_of(here)
        os.close(here)
    return Seen(process.returncode, shown(raw, columns, rows), raw)


def _all_of(terminal: int) -> bytes:
    """Return what is sent until the last process has closed its end, which Linux reports as an error."""
    pieces = [b"-"]
    with suppress(OSError):
        while pieces[-1]:
            pieces.append(os.read(terminal, 1 << 16))
    return b"".join(pieces[1:])


def shown(raw: bytes, columns: int, rows: int) -> list[str]:
    """Return the lines that a terminal of this size makes of *raw*, without empty ones."""
    screen = pyte.HistoryScreen(columns, rows, history=_MOST_LINES, ratio=0.5)
    pyte.ByteStream(screen).feed(raw)
    above = ["".join(line[column].data for column in range(columns)) for line in screen.history.top]
    return [line.rstrip() for line in (*above, *screen.display) if line.strip()]
