"""What a run shows and leaves by way of others: standard output, pytest's lists on the terminal, pytest-html's page."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from _pytest.junitxml import xml_key  # it has no public name

from hullcheck import private_files
from hullcheck.parsing.answer_lines import grouped

STANDARD_OUTPUT = "-"


class Unwritten(dict[Path, str]):
    """The files of a run that are not there, or not as they should be, each with the reason."""

    @contextlib.contextmanager
    def noting(self, path: Path) -> Iterator[None]:
        """Go on if *path* cannot be written, and remember it until it can."""
        try:
            yield
            self.pop(path, None)
        except OSError as error:
            self[path] = error.strerror or str(error)

    def message(self, folder: Path) -> str:
        """Return one line with each file, seen from the *folder* of the run if it lies in it, and the reason."""
        names = {path: str(path.relative_to(folder) if path.is_relative_to(folder) else path) for path in self}
        files = grouped((reason, names[path]) for path, reason in self.items())
        return "; ".join(
            f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} not written: {reason}"
            for reason, names in files.items()
        )


class Output:
    """Standard output that never ends an audit, as `pytest | head -1` or a full disk would; `fault` is the error."""

    def __init__(self, stream: TextIO, is_audit: Callable[[], bool]) -> None:
        self.fault = ""
        self._stream = stream
        self._is_audit = is_audit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._losing():
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._losing():
            self._stream.flush()

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not self._is_audit():
                raise
            self.fault = self.fault or error.strerror or str(error)
            with contextlib.suppress(OSError):  # what is waiting would fail again when the process ends
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self._stream.fileno())
                os.close(null)
                self._stream.flush()


def guard(config: pytest.Config, is_audit: Callable[[], bool]) -> Output:
    """Let the terminal reporter, which is made after this, write to standard output by way of this."""
    stream = sys.stderr if config.getoption("hullcheck_output", None) == STANDARD_OUTPUT else sys.stdout
    before, output = sys.stdout, Output(stream, is_audit)
    sys.stdout = output
    config.add_cleanup(lambda: setattr(sys, "stdout", before))
    return output


class Quiet:
    """Hides controls from pytest's lists, because the summary has them, but no broken ones; not with -v or -r."""

    def __init__(self, config: pytest.Config) -> None:
        words = map(str, config.invocation_params.args)
        asked = any(each.startswith("-r") for each in words)  # in settings it is a habit, and here a wish
        self.wanted = config.get_verbosity() <= 0 and not asked
        self._in_summary = pytest.TestReport("a control", ("", None, ""), {}, "passed", None, "call")

    def forget(self, reporter: Any, report: pytest.TestReport) -> None:
        """Keep of a *report* that the reporter has just got no more than that it counts: those of a fleet are many."""
        if self.wanted:
            for reports in reporter.stats.values():
                if reports and reports[-1] is report:
                    reports[-1] = self._in_summary

    @contextlib.contextmanager
    def hidden(self, reporter: Any) -> Iterator[None]:
        """Leave controls out of the lists meanwhile."""
        every = dict(reporter.stats)
        for name, reports in every.items():
            reporter.stats[name] = [each for each in reports if each is not self._in_summary]
        yield
        reporter.stats.update(every)


def command() -> tuple[str, ...]:
    """Return the command line of this run, as sudo takes it; empty if root runs it."""
    if os.geteuid() == 0:
        return ()
    program, *rest = sys.orig_argv[1:] or [""]
    if not os.access(program, os.X_OK):  # an option of Python
        return (sys.executable, program, *rest)
    near = Path(program).absolute()
    return (str(near.relative_to(Path.cwd()) if near.is_relative_to(Path.cwd()) else near), *rest)


def junit_path(config: pytest.Config) -> Path | None:
    """Return the file of --junitxml, or None; it is ours to write, and no longer pytest's."""
    name = config.getoption("xmlpath", None)
    if known := config.stash.get(xml_key, None):  # it was there before us
        config.pluginmanager.unregister(known)
        del config.stash[xml_key]
    if not name:
        return None
    config.option.xmlpath = None
    return config.invocation_params.dir / Path(name).expanduser()


def guard_page(config: pytest.Config, unwritten: Unwritten) -> None:
    """Write the page of pytest-html, if it was requested, like the other files: for its owner alone."""
    page: Any = next((each for each in config.pluginmanager.get_plugins() if hasattr(each, "_report_path")), None)
    if page is None:
        return

    def write(text: str) -> None:
        with unwritten.noting(page._report_path):
            write_file(page._report_path, (text.encode("utf-8"),))

    page._write_report = write


def write_file(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that the user may have named: whole, and for its owner alone; or into what is no file."""
    if path.name == STANDARD_OUTPUT:
        with open(1, "wb", closefd=False) as stream:
            stream.writelines(parts)
    elif path.exists() and not path.is_file():  # /dev/null, a terminal, or a pipe
        with path.open("wb") as stream:
            stream.writelines(parts)
    else:
        real = Path(os.path.realpath(path))  # a link stays one
        private_files.make_folder(real.parent)
        private_files.write_parts(real, parts)
