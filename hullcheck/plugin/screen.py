"""The reporter of `hullcheck audit`, in place of pytest's: no header, no letters, no counts of tests."""

from collections.abc import Generator
from typing import Any

import pytest

from hullcheck.plugin import options


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take the place of pytest's reporter; with -v, and where tests are only listed, it stays."""
    before: Any = config.pluginmanager.get_plugin("terminalreporter")
    if before is not None and config.get_verbosity() <= 0 and options.runs_tests(config):
        config.pluginmanager.unregister(before)
        config.pluginmanager.register(AuditReporter(config, before._tw._file), "terminalreporter")


class AuditReporter(pytest.TerminalReporter):  # type: ignore[misc] # final, but there is no other way to a silent one
    """pytest's reporter without its output: `gathering` shows progress, and `reporting` the summary."""

    showheader = False
    showfspath = False  # type: ignore[override]

    def _write_nothing(self, *arguments: Any, **named: Any) -> None:
        """Take the place of what pytest and pytest-xdist would write."""

    pytest_collection = report_collect = rewrite = summary_stats = _write_nothing

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Take the terminal from pytest-xdist, which would write how many workers are ready."""
        super().pytest_sessionstart(session)
        manager = self.config.pluginmanager
        if workers := manager.get_plugin("dsession"):
            workers.terminal = None
            manager.unregister(name="terminaldistreporter")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        category = self.config.hook.pytest_report_teststatus(report=report, config=self.config)[0]
        self._add_stats(category, [report])

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.write_line(str(excinfo.value) or "interrupted", red=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        """Let the summary be written, after other plugins have written their files."""
        yield
        if exitstatus != pytest.ExitCode.INTERNAL_ERROR:
            self.config.hook.pytest_terminal_summary(terminalreporter=self, exitstatus=exitstatus, config=self.config)
        if stopped := session.shouldfail or session.shouldstop:
            self.write_line(str(stopped), red=True)
