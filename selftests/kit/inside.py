"""Runs pytest and the command hullcheck inside of this process, as a user would run them in one of their own."""

import contextlib
import gc
import io
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hullcheck.facts import registry

Done = subprocess.CompletedProcess[bytes]


def run(
    main: Callable[[Sequence[str]], int],
    arguments: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    *,
    together: bool = False,
) -> Done:
    """Call a *main* function in *cwd*; its outputs are files, its standard input is empty.

    Args:
        together: whether its standard error goes where its standard output goes.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        outputs = stdout, (stdout if together else stderr)
        with _kept_state(cwd, environment), _redirected(*outputs):
            try:
                status = int(main([*arguments]))
            except SystemExit as left:
                status = left.code if isinstance(left.code, int) else int(left.code is not None)
        for each in (stdout, stderr):
            each.seek(0)
        return Done([*arguments], status, stdout.read(), stderr.read())


def instead_of(start: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `subprocess.run` that runs pytest inside, and starts all else by *start*."""

    def run_or_start(command: Sequence[Any], **options: Any) -> Any:
        words = [str(each) for each in command]
        if words[0] != sys.executable or words[words.index("-m") + 1 :][:1] != ["pytest"]:
            return start(command, **options)
        environment = dict(options.get("env") or os.environ)
        together = options.get("stderr") == subprocess.STDOUT
        arguments = words[words.index("pytest") + 1 :]
        cwd = Path(options.get("cwd") or Path.cwd())
        done: Any = run(pytest.main, arguments, cwd, environment, together=together)
        if options.get("text"):
            for name in ("stdout", "stderr"):
                setattr(done, name, getattr(done, name).decode(errors="backslashreplace"))
        return done

    return run_or_start


def pytest_main(arguments: Sequence[str]) -> int:
    """Run `python -m pytest`."""
    sys.path.insert(0, os.getcwd())
    return pytest.main([*arguments])


def hullcheck_main(arguments: Sequence[str]) -> int:
    """Run the command `hullcheck`."""
    from hullcheck import cli

    with mock.patch.object(subprocess, "run", instead_of(subprocess.run)):
        return cli.main(arguments)


@contextlib.contextmanager
def _kept_state(cwd: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Give a run its folder and variables, and put back what it changes of this process."""
    modules, path, variables, hooks = dict(sys.modules), [*sys.path], dict(os.environ), [*sys.meta_path]
    registered = [(each, dict(each)) for each in (registry.FACTS, registry.INSIDE, registry.FROM_FILE)]
    signals = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    threshold, no_byte_code = gc.get_threshold(), sys.dont_write_bytecode
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = False
    try:
        with contextlib.chdir(cwd), warnings.catch_warnings():
            warnings.resetwarnings()
            yield
    finally:
        os.environ.clear()
        os.environ.update(variables)
        sys.path[:], sys.meta_path[:], sys.dont_write_bytecode = path, hooks, no_byte_code
        gc.set_threshold(*threshold)
        for table, before in registered:
            table.clear()
            table.update(before)
        for each, handler in signals.items():
            signal.signal(each, handler)
        for name in sys.modules.keys() - modules.keys():
            if not name.startswith(("hullcheck", "selftests")) and not _is_installed(name):
                del sys.modules[name]
        sys.modules.update(modules)


def _is_installed(name: str) -> bool:
    """Return whether a module is of Python or of a package, some of which cannot be imported twice."""
    file = getattr(sys.modules[name], "__file__", None)
    return file is None or Path(file).is_relative_to(sys.prefix) or Path(file).is_relative_to(sys.base_prefix)


@contextlib.contextmanager
def _redirected(*outputs: object) -> Iterator[None]:
    """Let standard output and error be these files, for this process and for what it starts."""
    numbers = [each.fileno() for each in outputs]
    kept = [os.dup(each) for each in range(3)]
    nothing = os.open(os.devnull, os.O_RDONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for number, each in enumerate((nothing, *numbers)):
            os.dup2(each, number)
        texts = [_text(each) for each in numbers]
        with contextlib.redirect_stdout(texts[0]), contextlib.redirect_stderr(texts[1]):
            yield
    finally:
        for number, each in enumerate(kept):
            os.dup2(each, number)
            os.close(each)
        os.close(nothing)


def _text(number: int) -> io.TextIOWrapper:
    raw = io.FileIO(number, "a", closefd=False)
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)
