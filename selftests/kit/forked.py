"""Runs pytest and hullcheck in processes that are forked off one with everything imported, which saves most of a run.

`multiprocessing` keeps that process: it has imported `warm`, and runs nothing itself. What xdist starts as processes of
its own is forked off, too, as long as nothing has happened, and so is a pytest that hullcheck starts.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

WORKERS = 3
"""The most that a run of self-tests starts: two, and one in the place of a worker that died."""
PYTEST, HULLCHECK = "pytest", "hullcheck"
WARM, THIS = "forkserver", "fork"
"""What to fork off: the process that has run nothing, or the one that calls."""

Done = subprocess.CompletedProcess[bytes]


def run(
    program: str,
    arguments: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    *,
    together: bool = False,
    safe_path: bool = False,
    timeout: float = 120,
    parent: str = WARM,
) -> Done:
    """Run `python -m pytest` or the command `hullcheck`, and wait for its end.

    Args:
        together: whether its standard error goes where its standard output goes.
        safe_path: whether Python is started with -P, as the script `hullcheck` is.

    Raises:
        subprocess.TimeoutExpired: it took longer than *timeout* seconds.
    """
    context: Any = multiprocessing.get_context(parent)
    if parent == WARM:
        context.set_forkserver_preload(["selftests.kit.warm"])
    with tempfile.NamedTemporaryFile() as stdout, tempfile.NamedTemporaryFile() as stderr:
        outputs = stdout.name, (stdout if together else stderr).name
        options = (program, arguments, cwd, dict(environment), outputs, safe_path)
        process = context.Process(target=_become, args=options)
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired([program, *arguments], timeout, stdout.read())
        return Done([program, *arguments], process.exitcode, stdout.read(), stderr.read())


def instead_of(start: Callable[..., Any], parent: str) -> Callable[..., Any]:
    """`subprocess.run` that forks where a pytest is started, and else is *start*."""

    def fork(command: Sequence[Any], **options: Any) -> Any:
        words = [str(each) for each in command]
        if words[0] != sys.executable or words[words.index("-m") + 1 :][:1] != [PYTEST]:
            return start(command, **options)
        at = words.index(PYTEST)
        environment = dict(options.get("env") or os.environ)
        if "-B" in words[:at]:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        done: Any = run(
            *(PYTEST, words[at + 1 :], Path(options.get("cwd") or Path.cwd()), environment),
            together=options.get("stderr") == subprocess.STDOUT,
            safe_path="-P" in words[:at],
            parent=parent,
        )
        if options.get("text"):
            done.stdout, done.stderr = (
                each.decode(errors="backslashreplace") for each in (done.stdout, done.stderr)
            )
        return done

    return fork


def _become(
    program: str,
    arguments: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    outputs: tuple[str, str],
    safe_path: bool,
) -> None:
    """Be the *program* in *cwd*, as far as this process can know."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # it was found in another environment
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
    _redirect(os.open(os.devnull, os.O_RDONLY), 0)
    for number, output in enumerate(outputs, 1):
        _redirect(os.open(output, os.O_WRONLY | os.O_APPEND), number)
    sys.argv = [program, *arguments]
    sys.path[:] = [str(cwd)] * (not safe_path) + [each for each in sys.path if each]
    if program == HULLCHECK:
        from hullcheck import cli

        with mock.patch.object(subprocess, "run", instead_of(subprocess.run, THIS)):
            sys.exit(cli.main())
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
