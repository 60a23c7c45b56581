"""Takes in the results, writes them, and prints the summary."""

import gc
import re
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from hullcheck import private_files
from hullcheck.bundle import BundleError
from hullcheck.gates import Gates
from hullcheck.messages import printable
from hullcheck.plugin import options
from hullcheck.plugin.reporting import changed, crash, gating, output, pytest_reports, quiet
from hullcheck.plugin.reporting.further import Further
from hullcheck.plugin.reporting.outcome import Outcome
from hullcheck.plugin.session import FRAMEWORKS, SESSION, session_of
from hullcheck.plugin.unwritten import Unwritten
from hullcheck.results import Audit, run_files, sentences
from hullcheck.writers import html, terminal

if TYPE_CHECKING:
    from hullcheck.plugin.reporting.bundling import Bundling

NAGIOS_UNKNOWN = 3


class Reporting:
    """The hooks of the main process that read results; without a result they write and print nothing."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin with no result."""
        self.config = config
        self.outcome: Outcome | None = None
        self.audit: Audit | None = None  # all that was found, once the last test has ended
        self.unwritten = Unwritten()
        self.output = output.guard(config)
        self.crashed: set[str] = set()  # the tests whose process died
        self.interrupted = False
        self.others_failed = False  # a test that is no control, or the end of one that is
        self.gates = (
            gating.gates(config, session_of(config).limits) if gating.is_asked_for(config) else Gates()
        )
        self.reports: dict[str, pytest.TestReport] = {}  # of controls that have not ended yet
        self.further = Further(config)
        self.bundling = _bundling(config)
        self.quiet = quiet.Quiet()
        config.pluginmanager.register(self.quiet, "hullcheck-quiet")

    @pytest.hookimpl(tryfirst=True)  # before one of pytest's own reports is written
    def pytest_sessionstart(self) -> None:
        """See that pytest's own reports are written as ours are, and that no path of a package stands before dots."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and options.is_of_shipped(self.config):
            reporter.showfspath = False
        pytest_reports.take_over(self.config, self.unwritten, lambda: self.audit)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: pytest.TestReport) -> None:
        """Let the report of a test whose process died carry an error."""
        audit_session = self.config.stash.get(SESSION, None)
        if audit_session and crash.make_error(report, audit_session.listed, audit_session):
            self.crashed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Take in the result that a report carries, maybe out of another process."""
        ended = self._hear(report)
        yield
        if ended:
            quiet.shorten(ended)
        if report.when == "setup" and report.nodeid in self.crashed:
            self.config.hook.pytest_runtest_logreport(report=crash.end_of(report))

    def _hear(self, report: pytest.TestReport) -> pytest.TestReport | None:
        """Take in what a control that has ended carries, and return the report that does."""
        carried = getattr(report, "hullcheck", None)
        self.others_failed |= report.failed and carried is None
        if carried is not None:
            self.outcome = self.outcome or Outcome(session_of(self.config))
            self.reports[report.nodeid] = report
        # other reports tell of a test at its end, and of none that a person interrupts before
        return self._take_in(report.nodeid) if report.when == "teardown" else None

    def _take_in(self, test: str) -> pytest.TestReport | None:
        report = self.reports.pop(test, None)
        if self.outcome is None or report is None:
            return None
        self.outcome.take_in(report.hullcheck)
        if self.bundling:
            self.bundling.tests.add(test.partition("::")[0])
        return report

    def pytest_keyboard_interrupt(self) -> None:
        """Remember that the run was ended, by a person or by a plugin, which may choose any exit status."""
        self.interrupted = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Around the other reports: a run that judged nothing is not green, and ours are written before them."""
        for test in [] if self.interrupted else list(self.reports):  # its end was not heard of
            self._take_in(test)
        outcome = self.outcome
        if outcome:
            gc.freeze()  # as before judging: what is left to do is to write, and to look through it all finds nothing
            audit = outcome.audit()
            since = changed.since(audit, outcome.session.folder, self.gates.baseline)
            self.audit = replace(audit, since=since, gates=self.gates.outcomes(audit))
        if session.exitstatus == 0 and self._is_never_green:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.audit:
            sound = not (self.others_failed or self._is_never_green or session.shouldfail or self.interrupted)
            session.exitstatus = gating.status(int(session.exitstatus), self.audit, else_sound=sound)
        if self.interrupted and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        own = session.exitstatus
        self._write(int(own))
        self.interrupted |= own in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        yield
        if own != 0 and session.exitstatus == 0 and self.config.getoption("nagios", False):
            _say_unknown(session, int(own), self.audit)
        self._conclude(session)

    @property
    def _is_never_green(self) -> bool:
        if self.outcome is None or self.audit is None:
            return self._gathered_in_vain
        return self.outcome.is_never_green(self.audit)

    @property
    def _asks_for_audit(self) -> bool:
        """Whether the options are those of an audit, or -m names a framework."""
        names = self.config.stash[FRAMEWORKS].names
        asked = re.findall(r"\w+", self.config.option.markexpr or "")
        return options.asks_for_audit(self.config) or not set(names).isdisjoint(asked)

    def _could_ask_nobody(self, reporter: Any) -> bool:
        """Whether the summary says no more than why; with -v it says all."""
        return bool(
            self.audit
            and self.audit.nothing_judged
            and reporter.verbosity <= 0
            and session_of(self.config).is_without_answer
        )

    @property
    def _gathered_in_vain(self) -> bool:
        """Whether no control was called though there were some, as by `--setup-only`."""
        return SESSION in self.config.stash and session_of(self.config).gathered and not self.outcome

    def _conclude(self, session: pytest.Session) -> None:
        """Make the bundle and `latest`, and name what could not be written, after the other reports."""
        self._write(int(session.exitstatus))  # --nagios may have changed it
        folder = self.outcome.session.folder if self.outcome else Path()
        if self.outcome and self.audit:
            for each in self.further.left_out:
                self._say(each)
            if self.bundling:
                self._bundle(self.bundling, session, self.audit)
            latest = folder.with_name(run_files.LATEST)
            with self.unwritten.noting(latest):
                if not self.unwritten:
                    private_files.point(latest, folder.name)
                    self._keep_few(folder)
        if self.unwritten:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            self._say(printable(self.unwritten.told(folder)), red=True)
        self.output.flush()  # what waits in a buffer may not be written either
        if self.output.fault:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            self._say(f"The verdicts could not be shown to the end: {self.output.fault}", red=True)

    def _keep_few(self, folder: Path) -> None:
        """Remove older runs where --keep asks for that."""
        keep = options.number(self.config, "keep")
        if keep:
            from hullcheck.plugin.reporting import retention  # late: few runs ask for it

            with self.unwritten.noting(folder.parent):
                retention.remove_older(folder, keep)

    def _write(self, exit_status: int) -> None:
        """Write all that follows from the results, each file as a whole or not at all; again for another status."""
        if not (self.outcome and self.audit) or exit_status == self.audit.run.exit_status:
            return
        from hullcheck.writers.run_folder import WRITERS  # late: the start of a run needs no template

        audit_session = self.outcome.session
        audit_session.keep_recordings(self.unwritten)
        self.audit = replace(self.audit, run=replace(self.audit.run, exit_status=exit_status))
        for name, render in WRITERS.items():
            path = audit_session.folder / name
            with self.unwritten.noting(path):
                private_files.write_parts(path, render(self.audit, list(audit_session.recordings.values())))
        self.further.write(self.audit, audit_session.folder, self.unwritten)

    def _bundle(self, bundling: "Bundling", session: pytest.Session, audit: Audit) -> None:
        """Make the bundle; a run that cannot has failed."""
        try:
            if self.unwritten:
                raise BundleError("a file of it could not be written")
            if self.crashed:  # judged again, it would have another verdict
                raise BundleError(f"the process that judged {min(self.crashed)} died; run it again")
            self._say(f"bundle: {bundling.write(session, audit, interrupted=self.interrupted)}")
        except BundleError as error:
            self._say(f"No bundle: {printable(str(error))}", red=True)
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def _say(self, line: str, *, red: bool = False) -> None:
        """A fault is said where there is no terminal reporter, too."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and not self.output.fault:
            reporter.write_line(line, red=red)
        elif red:
            print(line, file=output.Output(sys.stderr, self.config))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> Generator[None]:
        """Print the summary below pytest's own lists, in the place of what they would say of controls."""
        self.quiet.hide(terminalreporter)
        yield
        self.quiet.show(terminalreporter)
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self._asks_for_audit:
            terminal.write_nothing_selected(terminalreporter)
        if self._gathered_in_vain:
            terminal.write_nothing_judged(terminalreporter)
        if self.outcome and self.audit:
            session = self.outcome.session
            terminal.write_summary(
                terminalreporter,
                self.audit,
                folder=session.folder,
                strict=session.strict_waivers,
                ids_by_control=session.ids_by_control,
                command=quiet.command() if self._could_ask_nobody(terminalreporter) else None,
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name the page."""
        report.title = html.TITLE

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Name the columns."""
        html.header(cells)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill the columns."""
        html.row(report, cells)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Add a link to the page of the run."""
        if self.outcome:
            prefix.append(html.beside(Path(self.config.option.htmlpath), self.outcome.session.folder))


def _say_unknown(session: pytest.Session, status: int, audit: Audit | None) -> None:
    """To Nagios: testinfra's `--nagios` counts failures alone, and calls it OK where nothing was judged."""
    session.exitstatus = NAGIOS_UNKNOWN
    because = f": {sentences.unjudged(audit.unjudged)}" if audit and audit.unjudged else ""
    print(
        f"\nUNKNOWN: without --nagios the exit status is {status}, and this would not be green{because}",
        flush=True,
    )


def _bundling(config: pytest.Config) -> "Bundling | None":
    if not options.wants_bundle(config):
        return None
    from hullcheck.plugin.reporting.bundling import Bundling  # late: few runs make a bundle

    return Bundling(config, session_of(config))
