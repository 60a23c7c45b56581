"""What a run leaves and shows beside our own files: pytest's reports, its lists on the terminal, standard output."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, TextIO
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import LogXML  # it has no public name
from pytest_html.basereport import BaseReport  # type: ignore[import-untyped]

from hullcheck import private_files
from hullcheck.controls.metadata import framework_line
from hullcheck.messages import printable
from hullcheck.results import Control, Finding, Result, run_files, sentences
from hullcheck.verdicts import Verdict

MOST_TARGETS = 3
"""The page of pytest-html has no more, unless it is asked for: it keeps every row in memory."""
Found = Callable[[str, str], tuple[Control, Result] | None]
"""The result of a control on a target."""


class Unwritten:
    """The files of a run that are not there, or not as they should be; it is false if there are none."""

    def __init__(self) -> None:
        self._reasons: dict[Path, str] = {}

    def __bool__(self) -> bool:
        return bool(self._reasons)

    @contextlib.contextmanager
    def noting(self, path: Path) -> Iterator[None]:
        """Go on if *path* cannot be written, and remember it until it can."""
        try:
            yield
            self._reasons.pop(path, None)
        except OSError as error:
            self._reasons[path] = error.strerror or str(error)

    def told(self, folder: Path) -> str:
        """Return one line with each file, seen from the *folder* of the run if it lies in it, and the reason."""
        files: dict[str, list[str]] = {}
        for path, reason in self._reasons.items():
            name = path.relative_to(folder) if path.is_relative_to(folder) else path
            files.setdefault(reason, []).append(str(name))
        return "; ".join(
            f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} not written: {reason}"
            for reason, names in files.items()
        )


# ---- standard output


class Output:
    """Standard output that never ends an audit: neither a closed pipe nor a full disk does; `fault` says why.

    The first line of `pytest | head -1` would else be the end of the run.
    """

    def __init__(self, stream: TextIO, is_audit: Callable[[], bool]) -> None:
        self.fault = ""
        self._stream = stream
        self._is_audit = is_audit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write *text*, or lose it."""
        with self._losing():
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is waiting, or lose it."""
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
    before, output = sys.stdout, Output(sys.stdout, is_audit)
    sys.stdout = output
    config.add_cleanup(lambda: setattr(sys, "stdout", before))
    return output


# ---- pytest's lists on the terminal


class Quiet:
    """Hides controls from the lists of pytest's terminal reporter, because the summary has them; not with -v or -r.

    Other tests stay, and so does a control that is broken itself: its author looks there.
    """

    def __init__(self, config: pytest.Config) -> None:
        words = map(str, config.invocation_params.args)
        asked = any(each.startswith("-r") for each in words)  # in settings it is a habit, and here a wish
        self.wanted = config.get_verbosity() <= 0 and not asked
        self._in_summary = pytest.TestReport("a control", ("", None, ""), {}, "passed", None, "call")
        self._all: dict[str, list[Any]] = {}

    def forget(self, reporter: Any, report: pytest.TestReport) -> None:
        """Keep of a *report* that the reporter has just got no more than that it counts: those of a fleet are many."""
        if self.wanted:
            for reports in reporter.stats.values():
                if reports and reports[-1] is report:
                    reports[-1] = self._in_summary

    def hide(self, reporter: Any) -> None:
        """Leave controls out."""
        for name, reports in reporter.stats.items():
            shown = [each for each in reports if each is not self._in_summary]
            if len(shown) < len(reports):
                self._all[name], reporter.stats[name] = reports, shown

    def show(self, reporter: Any) -> None:
        """Put all reports back, for those who count them."""
        reporter.stats.update(self._all)
        self._all = {}


def command() -> tuple[str, ...]:
    """Return the command line of this run, as sudo takes it; empty if root runs it."""
    if os.geteuid() == 0:
        return ()
    program, *rest = sys.orig_argv[1:] or [""]
    if not os.access(program, os.X_OK):  # an option of Python
        return (sys.executable, program, *rest)
    near = Path(program).absolute()
    return (str(near.relative_to(Path.cwd()) if near.is_relative_to(Path.cwd()) else near), *rest)


# ---- JUnit and pytest-html


def limit_page(config: pytest.Config, targets: int, folder: Path) -> None:
    """Leave the page of pytest-html out of the *folder* of a run of many targets: audit.html is theirs."""
    for page in config.pluginmanager.get_plugins() if targets > MOST_TARGETS else ():
        if isinstance(page, BaseReport) and page._report_path == folder / run_files.REPORT:
            config.pluginmanager.unregister(page)


class PytestReports:
    """Writes JUnit and HTML of pytest as safely as our own files: private, and whole or named as missing.

    The test cases of JUnit wait on disk, with texts of ours in those that fail.
    """

    def __init__(
        self, config: pytest.Config, unwritten: Unwritten, found: Found, folder: Path | None
    ) -> None:
        """Take over what the plugins write; those in the *folder* of the run need not be announced."""
        self.config = config
        self.unwritten = unwritten
        self.found = found
        self.junit: Any = None
        self.cases: IO[str] | None = None
        for hook in config.hook.pytest_sessionfinish.get_hookimpls():
            plugin: Any = hook.plugin
            if isinstance(plugin, LogXML):
                self.junit, path = plugin, Path(plugin.logfile)
                with contextlib.ExitStack() as stack:
                    self.cases = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
                    config.add_cleanup(stack.pop_all().close)
                hook.function = self._finishing_junit(hook.function)  # type: ignore[misc]
            elif isinstance(plugin, BaseReport):
                path = plugin._report_path
                plugin._write_report = self._writing_page(plugin)
                _worst_first(config, plugin._report)
            else:
                continue
            if folder == path.parent and config.get_verbosity() <= 0:
                self._announce_nothing(plugin)

    def store_cases(self, *, all_of_them: bool = False) -> None:
        """Write the test cases that have ended to disk, in the order in which they began."""
        if self.junit is None or self.cases is None:
            return
        cases: list[Any] = self.junit.node_reporters_ordered
        while cases and (all_of_them or "to_xml" in vars(cases[0])):  # pytest puts it there at the end
            element = cases.pop(0).to_xml()
            said = {each.get("name"): each.get("value", "") for each in element.iter("property")}
            known = self.found(said.get("control", ""), said.get("target", ""))
            for told in (*element.iter("failure"), *element.iter("error")) if known else ():
                assert known is not None
                told.set("message", message(*known))
                told.text = body(*known)
            self.cases.write(ElementTree.tostring(element, encoding="unicode"))

    def _finishing_junit(self, finish: Callable[[], object]) -> Callable[[], None]:
        """Return what writes the file when pytest wants to *finish* it: its frame, and the cases in it."""

        def write(path: Path) -> None:
            self.store_cases(all_of_them=True)
            assert self.cases is not None
            named = self.junit.logfile  # in a line of the terminal too
            with tempfile.TemporaryDirectory() as scratch:
                frame = Path(scratch) / "junit.xml"
                self.junit.logfile, self.junit.node_reporters_ordered = str(frame), [_Cases]
                try:
                    finish()
                finally:
                    self.junit.logfile = named
                head, _, tail = frame.read_text(encoding="utf-8").partition(_Cases.TEXT)
            with path.open("w", encoding="utf-8") as file:
                file.write(head)
                self.cases.seek(0)
                shutil.copyfileobj(self.cases, file)
                file.write(tail)

        return lambda: self._write(self.junit, Path(self.junit.logfile), write)

    def _writing_page(self, page: Any) -> Callable[[str], None]:
        def write(text: str) -> None:
            self._write(page, page._report_path, lambda path: path.write_text(text, encoding="utf-8"))

        return write

    def _write(self, plugin: object, path: Path, write: Callable[[Path], object]) -> None:
        """Let *write* write to a path that it is given; what it writes is there as a whole, or not at all."""
        written = False
        with self.unwritten.noting(path):
            if path.exists() and not path.is_file():  # /dev/null, a terminal, or a pipe
                write(path)
            else:
                real = Path(os.path.realpath(path))  # a link stays one
                private_files.make_folder(real.parent)
                with private_files.replacing(real) as fresh:
                    write(fresh)
            written = True
        if not written:
            self._announce_nothing(plugin)

    def _announce_nothing(self, plugin: object) -> None:
        """Keep a plugin from saying that it has generated its file."""
        for hook in self.config.hook.pytest_terminal_summary.get_hookimpls():
            if hook.plugin is plugin:
                hook.function = lambda *arguments: None  # type: ignore[misc]


class _Cases:
    """What stands in the frame of a JUnit file for its test cases."""

    TEXT = "<cases />"

    @staticmethod
    def to_xml() -> ElementTree.Element:
        return ElementTree.Element("cases")


def _worst_first(config: pytest.Config, data: Any) -> None:
    """Sort the page by severity and fold the details, unless settings of the user want it otherwise."""
    for key, setting, default, ours in (
        ("initialSort", "initial_sort", "result", "severity"),
        ("renderCollapsed", "render_collapsed", "passed", ["all"]),
    ):
        if config.getini(setting) == default:
            data.set_data(key, ours)


def message(control: Control, result: Result) -> str:
    """Return what CI servers show in one line: `CIS 5.5 (critical): container agent runs with --privileged`."""
    first, *more = _telling(result)
    also = f" (and {len(more)} more)" if more else ""
    return printable(f"{_head(control, result)}: {_sentence(first)}{also}")


def body(control: Control, result: Result) -> str:
    """Return each finding, what is demanded, and the remedy."""
    remedy = f"Remedy: {control.remedy}" if control.remedy and result.verdict is Verdict.FAIL else ""
    findings = (f"{each.verdict}: {_sentence(each)}" for each in _telling(result))
    lines = (_head(control, result), *findings, f"Demand: {control.title}", remedy, framework_line(control))
    return printable("\n".join(filter(None, lines)))


def _head(control: Control, result: Result) -> str:
    return f"{sentences.called(control)} ({result.severity or control.severity})"


def _telling(result: Result) -> list[Finding]:
    whole = Finding("target", result.target, result.verdict, result.reason)
    return [each for each in result.findings if each.verdict in (Verdict.FAIL, Verdict.ERROR)] or [whole]


def _sentence(finding: Finding) -> str:
    return sentences.sentence(finding.kind, finding.subject, finding.verdict, finding.reason)
