"""A program that takes too long, too much memory or too much room is ended, with all of its process group."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hullcheck import bounded
from hullcheck.bounded import BoundedError, Ended

MEMORY = 256 << 20


def shell(script: str, *words: str, seconds: float = 20) -> Ended:
    """Run *script* in a shell."""
    return bounded.run(("sh", "-c", script, "sh", *words), seconds=seconds, memory=MEMORY)


def test_program_that_ends() -> None:
    """Its status, output and errors are returned; it has no standard input."""
    assert shell("echo 1; echo 2 >&2; cat; exit 3") == Ended(3, b"1\n", "2\n")


@pytest.mark.parametrize("script", ["sleep 60 & echo $! >$1; wait", "sleep 60 >/dev/null & echo $! >$1"])
def test_children_end_with_the_program(tmp_path: Path, script: str) -> None:
    """No child is left, whether the program ends by itself or has to be ended."""
    begin = time.monotonic()
    if "wait" in script:
        with pytest.raises(BoundedError, match="took longer than 1 s"):
            shell(script, str(tmp_path / "child"), seconds=1)
    else:
        shell(script, str(tmp_path / "child"))
    assert time.monotonic() - begin < 15
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return " Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_program_that_needs_too_much_memory() -> None:
    """The limit is named in the error."""
    program = ("/usr/bin/env", "python3", "-c", "bytearray(1 << 30)")
    with pytest.raises(BoundedError, match="needed more than 256 MiB of memory"):
        bounded.run(program, seconds=20, memory=MEMORY, environment={"PATH": os.environ["PATH"]})


def test_output_without_end() -> None:
    """A program that writes without end fails, and fills no disk."""
    ended = shell("exec cat /dev/zero")
    assert ended.status
    assert len(ended.output) <= 64 << 20


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """A program that cannot be started is an error with a reason."""
    with pytest.raises(BoundedError, match="could not be started: No such file or directory"):
        bounded.run(("true",), seconds=1, memory=MEMORY, folder=tmp_path / "none")
