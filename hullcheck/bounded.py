"""Runs a program on the auditor's machine with limits of time, memory and output, and ends its process group."""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

_MIB = 1 << 20
_MOST = 64 * _MIB  # of output
# the shell sets the limits: `preexec_fn` is not safe beside threads
_LIMITED = '{ ulimit -v "$1"; ulimit -f "$2"; } 2>/dev/null; shift 2; exec "$@"'


class BoundedError(Exception):
    """The program did not end by itself; the message is part of a sentence and names the reason."""


class Ended(Struct, frozen=True):
    """A program that ended."""

    status: int
    output: bytes
    errors: str


def run(
    words: Sequence[str],
    *,
    seconds: float,
    memory: int,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run *words* without standard input.

    Args:
        memory: the most bytes of address space of each of its processes.
        environment: that of this process if None.

    Raises:
        BoundedError: the program could not be started, took too long, or needed too much memory.
    """
    limits = (str(memory // 1024), str(_MOST // 512))
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                ("/bin/sh", "-c", _LIMITED, "sh", *limits, *words),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            raise BoundedError(f"could not be started: {error.strerror}") from None
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise BoundedError(f"took longer than {seconds:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        errors.seek(0)
        ended = Ended(status, output.read(_MOST), errors.read(_MOST).decode(errors="replace"))
    if status and ("out of memory" in ended.errors or "MemoryError" in ended.errors):
        raise BoundedError(f"needed more than {memory // _MIB} MiB of memory")
    return ended
