"""Runs pytest in a process that is forked off one with everything imported, which saves most of a short run.

`multiprocessing` keeps that process: it has imported `warm`, and runs nothing itself. What xdist starts as processes of
its own is forked off, too, as long as nothing has happened.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WORKERS = 3
"""The most that a run of self-tests starts: two, and one in the place of a worker that died."""


def run(
    arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], timeout: float
) -> tuple[int, bytes]:
    """Run `python -m pytest` with these *arguments*; gives its exit status and output.

    Raises:
        subprocess.TimeoutExpired: it took longer than *timeout* seconds.
    """
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["selftests.kit.warm"])
    with tempfile.NamedTemporaryFile() as output:
        process = server.Process(target=_become, args=(arguments, cwd, dict(environment), output.name))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(["pytest", *arguments], timeout, output.read())
        return process.exitcode, output.read()


def _become(arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], output: str) -> None:
    """Be `python -m pytest` in *cwd*, as far as this process can know."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # it was found in another environment
    _redirect(os.open(os.devnull, os.O_RDONLY), 0)
    _redirect(os.open(output, os.O_WRONLY | os.O_APPEND), 1, 2)
    sys.argv = ["pytest", *arguments]
    sys.path.insert(0, str(cwd))
    if any(each.startswith("-n") for each in arguments):
        _fork_workers()
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)


def _redirect(opened: int, *numbers: int) -> None:
    for each in numbers:
        os.dup2(opened, each)
    os.close(opened)


class _Worker:
    """A process that waits for what execnet writes to a new Python, as `subprocess.Popen` has it."""

    def __init__(self) -> None:
        (commands, to_worker), (from_worker, answers) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:
            _redirect(commands, 0)
            _redirect(answers, 1)
            os.closerange(3, 1024)
            sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
            if line := sys.stdin.readline():  # else nobody needed it
                exec(eval(line), {"__name__": "__main__"})
            os._exit(0)
        os.close(commands)
        os.close(answers)
        self.stdin, self.stdout = os.fdopen(to_worker, "wb"), os.fdopen(from_worker, "rb")

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _fork_workers() -> None:
    """Have execnet take processes that are forked off this one, now."""
    from execnet import gateway_io

    workers = [_Worker() for _ in range(WORKERS)]

    def start(io: Any, arguments: object, execmodel: Any) -> None:
        io.popen = worker = workers.pop(0)
        super(gateway_io.Popen2IOMaster, io).__init__(worker.stdin, worker.stdout, execmodel=execmodel)

    gateway_io.Popen2IOMaster.__init__ = start
