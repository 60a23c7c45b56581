"""Keeps what pytest prints free of what the summary says of controls; with -v, or -r on the command line, it is whole.

Other tests stay in them, and so does a control that is broken itself: its author looks there.
"""

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from hullcheck.controls.judge import BROKEN
from hullcheck.plugin.items import FIXTURE_FAILED, Carried
from hullcheck.plugin.reporting.crash import REASON as CRASHED
from hullcheck.plugin.session import session_of
from hullcheck.verdicts import Verdict

_LISTED = ("failed", "error", "skipped", "xfailed", "xpassed", "passed")
"""What pytest has lists of, by its own name."""


class Quiet:
    """Hides reports of controls from the lists of pytest's terminal reporter, and from nobody else."""

    def __init__(self) -> None:
        """Begin with nothing hidden."""
        self._all: dict[str, list[Any]] = {}

    def hide(self, reporter: Any) -> None:
        """Leave the reports out that the summary speaks of, where the run is not verbose."""
        words = map(str, reporter.config.invocation_params.args)
        asked = any(each.startswith("-r") for each in words)  # in settings it is a habit, and here a wish
        if reporter.verbosity > 0 or asked or self._all:
            return
        for name in _LISTED:
            reports = reporter.stats.get(name, [])
            shown = [each for each in reports if not _is_told(each)]
            if len(shown) < len(reports):
                self._all[name], reporter.stats[name] = reports, shown

    def show(self, reporter: Any) -> None:
        """Put all reports back, for those who count them."""
        reporter.stats.update(self._all)
        self._all = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self, report: Any, config: pytest.Config) -> Generator[None, Any, Any]:
        """Give no letter to controls that nobody could be asked for: the summary has one sentence for all."""
        status = yield
        if status[0] not in ("error", "skipped") or not _is_told(report):
            return status
        is_quiet = config.get_verbosity() <= 0 and session_of(config).is_without_answer
        return (status[0], "", "") if is_quiet else status

    @pytest.hookimpl(
        wrapper=True, trylast=True
    )  # inside that of the terminal reporter, around those of plugins
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None]:
        """Let other plugins see all reports."""
        self.show(terminalreporter)
        yield
        self.hide(terminalreporter)


def command() -> tuple[str, ...]:
    """The command line of this run, as sudo takes it; empty where root runs it."""
    if os.geteuid() == 0:
        return ()
    program, *rest = sys.orig_argv[1:] or [""]
    if not os.access(program, os.X_OK):  # an option of Python
        return (sys.executable, program, *rest)
    near = Path(program).absolute()
    return (str(near.relative_to(Path.cwd()) if near.is_relative_to(Path.cwd()) else near), *rest)


def shorten(report: Any) -> None:
    """Leave of what a report carries what is asked of it here: pytest keeps the reports of all hosts to the end."""
    report.hullcheck = _is_told(report)


def _is_told(report: Any) -> bool:
    """Whether the summary says what became of this test."""
    carried: Carried | bool = getattr(report, "hullcheck", False)
    if isinstance(carried, bool):
        return carried
    broken = (BROKEN, FIXTURE_FAILED, CRASHED)
    result = carried.result
    return result.verdict is not Verdict.ERROR or not any(
        each.reason.startswith(broken) for each in result.findings
    )
