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
from hullcheck.plugin.unwritten import Unwritten


def take_over(config: pytest.Config, unwritten: Unwritten) -> None:
    """Let both write to a temporary file first; note what cannot be written as *unwritten*."""
    for hook in config.hook.pytest_sessionfinish.get_hookimpls():
        report: Any = hook.plugin
        if isinstance(report, LogXML):
            whole = _Whole(config, report, Path(report.logfile), unwritten)
            hook.function = partial(_write_junit, whole, report, hook.function)  # type: ignore[misc]
        elif isinstance(report, BaseReport):
            whole = _Whole(config, report, report._report_path, unwritten)
            report._write_report = partial(_write_page, whole)


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

    def _announce_nothing(self) -> None:
        """Keep the report from saying that it has generated the file."""
        for hook in self.config.hook.pytest_terminal_summary.get_hookimpls():
            if hook.plugin is self.report:
                hook.function = lambda *arguments: None  # type: ignore[misc]


def _is_a_stream(path: Path) -> bool:
    """Whether another file in its place would not be the same: /dev/null, a pipe, or /dev/stdout, whatever it is."""
    folder = path.readlink().parent if path.is_symlink() else path.parent
    return (path.exists() and not path.is_file()) or Path(os.path.realpath(folder)).is_relative_to("/proc")


def _write_junit(whole: _Whole, report: LogXML, finish: Callable[[], object]) -> None:
    def write(path: Path) -> None:
        named = report.logfile  # in a line of the terminal too
        report.logfile = str(path)
        try:
            finish()
        finally:
            report.logfile = named

    whole.write(write)


def _write_page(whole: _Whole, text: str) -> None:
    whole.write(lambda path: path.write_text(text, encoding="utf-8"))
