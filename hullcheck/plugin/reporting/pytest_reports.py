"""Writes pytest's own reports, JUnit and HTML, as safely as ours: private, and whole or named as missing."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _pytest.junitxml import LogXML  # it has no public name
from pytest_html.basereport import BaseReport  # type: ignore[import-untyped]

from hullcheck import private_files
from hullcheck.plugin.reporting import junit_texts
from hullcheck.plugin.session import SESSION
from hullcheck.plugin.unwritten import Unwritten
from hullcheck.results import Audit, run_files

MOST_TESTS = 5000  # pytest-html keeps every row in memory
MOST_TARGETS = 3


def take_over(config: pytest.Config, unwritten: Unwritten, audited: Callable[[], Audit | None]) -> None:
    """Let both write to a temporary file first; note what cannot be written as *unwritten*.

    Where they lie in the folder of the run, it is enough that the summary names that: with -v, they say it themselves.

    Args:
        audited: gives what was found, when the reports are written.
    """
    for hook in config.hook.pytest_sessionfinish.get_hookimpls():
        report: Any = hook.plugin
        if isinstance(report, LogXML):
            whole = _Whole(config, report, Path(report.logfile), unwritten)
            hook.function = partial(_write_junit, whole, report, hook.function, audited)  # type: ignore[misc]
            whole.keep_quiet()
        elif isinstance(report, BaseReport):
            whole = _Whole(config, report, report._report_path, unwritten)
            report._write_report = partial(_write_page, whole)
            _worst_first(config, report._report)
            whole.keep_quiet()


def limit_page(config: pytest.Config, tests: int, targets: int, folder: Path) -> None:
    """Leave the page of pytest-html out of the *folder* of a run where it would be too large, or is not asked for.

    That of a fleet is audit.html; where `--html` names a page it is written, whatever its size.
    """
    if tests <= MOST_TESTS and targets <= MOST_TARGETS:
        return
    for page in config.pluginmanager.get_plugins():
        if isinstance(page, BaseReport) and page._report_path == folder / run_files.REPORT:
            config.pluginmanager.unregister(page)


def _worst_first(config: pytest.Config, data: Any) -> None:
    """Sort the page by severity and fold the details, where no setting of the user wants it otherwise."""
    for key, setting, default, ours in (
        ("initialSort", "initial_sort", "result", "severity"),
        ("renderCollapsed", "render_collapsed", "passed", ["all"]),
    ):
        if config.getini(setting) == default:
            data.set_data(key, ours)


class _Whole:
    """The file of one report."""

    def __init__(self, config: pytest.Config, report: object, path: Path, unwritten: Unwritten) -> None:
        self.config = config
        self.report = report
        self.path = path
        self.unwritten = unwritten

    def write(self, write: Callable[[Path], object]) -> None:
        """Let *write* write to a path that it is given; what it writes is there as a whole, or not at all."""
        written = False
        with self.unwritten.noting(self.path):
            if _is_a_stream(self.path):
                write(self.path)
            else:
                real = Path(os.path.realpath(self.path))  # a link stays one
                private_files.make_folder(real.parent)
                with private_files.replacing(real) as fresh:
                    write(fresh)
            written = True
        if not written:
            self._announce_nothing()

    def keep_quiet(self) -> None:
        """Name no file that nobody has asked for by its name."""
        session = self.config.stash.get(SESSION, None)
        if session and self.path.parent == session.folder and self.config.get_verbosity() <= 0:
            self._announce_nothing()

    def _announce_nothing(self) -> None:
        """Keep the report from saying that it has generated the file."""
        for hook in self.config.hook.pytest_terminal_summary.get_hookimpls():
            if hook.plugin is self.report:
                hook.function = lambda *arguments: None  # type: ignore[misc]


def _is_a_stream(path: Path) -> bool:
    """Whether another file in its place would not be the same: /dev/null, a pipe, or /dev/stdout, whatever it is."""
    folder = path.readlink().parent if path.is_symlink() else path.parent
    return (path.exists() and not path.is_file()) or Path(os.path.realpath(folder)).is_relative_to("/proc")


def _write_junit(
    whole: _Whole, report: LogXML, finish: Callable[[], object], audited: Callable[[], Audit | None]
) -> None:
    def write(path: Path) -> None:
        audit = audited()
        if audit:
            junit_texts.rewrite([each.to_xml() for each in report.node_reporters_ordered], audit)
        named = report.logfile  # in a line of the terminal too
        report.logfile = str(path)
        try:
            finish()
        finally:
            report.logfile = named

    whole.write(write)


def _write_page(whole: _Whole, text: str) -> None:
    whole.write(lambda path: path.write_text(text, encoding="utf-8"))
