"""Takes in the results, writes them, and prints the summary."""

import contextlib
import gc
import shutil
import sys
import time
from collections.abc import Generator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from hullcheck import DEFAULT_INVENTORY, private_files
from hullcheck.bundle import BundleError
from hullcheck.facts.engine.identity import user_without_rights
from hullcheck.gates import Gates
from hullcheck.gather import processes
from hullcheck.messages import WrongUse, printable
from hullcheck.plugin import options, outcome, output
from hullcheck.plugin.judging import CRASHED, NOT_OF_HOSTS
from hullcheck.plugin.outcome import Carried, Outcome
from hullcheck.plugin.screen import AuditReporter
from hullcheck.plugin.session import GATHERING, SESSION, AuditSession, session_of
from hullcheck.plugin.waiting import selects_by_marker
from hullcheck.recording import FILE_NAME
from hullcheck.results import Audit, run_files, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers import html, junit, terminal
from hullcheck.writers.formats import chosen

if TYPE_CHECKING:
    from hullcheck.plugin.bundling import Bundling

NAGIOS_UNKNOWN = 3


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register what takes in the results of this run."""
    if hasattr(config, "workerinput") or not options.runs_tests(config):
        return
    config.pluginmanager.register(Reporting(config), "hullcheck-reporting")
    config.pluginmanager.register(html, "hullcheck-html")
    if options.path(config, "reports") is not None or options.wants_bundle(config):
        session_of(config).writable_folder()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Leave out what JSON cannot hold, for plugins that write reports; what workers send, `xdist` adds."""
    data = yield
    if data:
        data.pop("hullcheck", None)
    return data


class Reporting:
    """The hooks of the main process that read results; without a result they write and print nothing."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.outcome: Outcome | None = None
        self.audit: Audit | None = None  # all that was found, once the last test has ended
        self.output = output.guard(config, lambda: SESSION in config.stash)
        self.quiet = output.Quiet(config)
        self.interrupted = False
        self.others = False  # whether junit.xml has more than controls
        self.others_failed = False  # one of those, or the end of a control
        asked = any(options.option(config, each) for each in ("fail_on", "since", "min_judged"))
        self.gates = outcome.gates(config, session_of(config).limits) if asked else Gates()
        with options.wrong_use(WrongUse):
            self.formats = chosen(options.several(config, "format"))
        copy = config.getoption("hullcheck_output", None)
        self.copy = config.invocation_params.dir / Path(copy).expanduser() if copy else None
        if self.copy and len(self.formats) != 1:
            raise pytest.UsageError("--output takes the file of one format; name it, as --format=sarif")
        self.cases = junit.Cases()
        config.add_cleanup(self.cases.close)
        has_inventory = (options.project(config) / DEFAULT_INVENTORY).is_file()
        is_audit = options.asks_for_audit(config) or selects_by_marker(config) or has_inventory
        self.junit = output.junit_path(config) if is_audit else None
        self.began = time.time()
        self.left_out: dict[str, str] = {}  # by a limit, of the file of a format
        self.bundling: Bundling | None = None
        if options.wants_bundle(config):
            from hullcheck.plugin import bundling  # late: few runs make a bundle

            self.bundling = bundling.Bundling(config, session_of(config))

    @pytest.hookimpl(tryfirst=True)  # before one of pytest's own reports is written
    def pytest_sessionstart(self) -> None:
        """See that the page of pytest-html is written as ours are."""
        audit = self.config.stash.get(SESSION, None)
        output.guard_page(self.config, audit.unwritten if audit else output.Unwritten())

    @property
    def _reporter(self) -> Any:
        return self.config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Take in the result that a report carries, maybe out of another process."""
        carried: Carried | None = getattr(report, "hullcheck", None)
        self.others_failed |= report.failed and carried is None
        if carried:
            self.outcome = self.outcome or Outcome(session_of(self.config))
            self.outcome.take_in(carried)
            self.cases.add(carried.case)
            if self.bundling:
                self.bundling.tests.add(report.nodeid.partition("::")[0])
        else:
            self.pytest_collectreport(report)
        yield
        if carried and self._reporter is not None and _has_outcome(carried):
            self.quiet.forget(self._reporter, report)
        if carried and carried.whole:
            self._end(report)

    def pytest_collectreport(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Add files that could not be collected, and tests that are not controls, to junit.xml."""
        text = junit.other(report)
        self.others |= bool(text)
        self.cases.add(text)

    def _end(self, report: pytest.TestReport) -> None:
        """Report the end of a test that has only one report: pytest-html and other plugins wait for it."""
        end = pytest.TestReport(
            report.nodeid, report.location, {}, "passed", None, "teardown", user_properties=report.user_properties
        )
        if hasattr(report, "node"):
            end.node = report.node  # type: ignore[attr-defined]
        self._others(report=end)

    @cached_property
    def _others(self) -> Any:
        """The hook of all plugins but this and the terminal reporter, which keeps every report."""
        return self.config.pluginmanager.subset_hook_caller("pytest_runtest_logreport", [self, self._reporter])

    def pytest_keyboard_interrupt(self) -> None:
        """Remember that the run was interrupted, by a user or by a plugin, which may choose any exit status."""
        self.interrupted = True
        processes.end_all()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Around the other reports: a run that judged nothing is not green, and ours are written before them."""
        if self.outcome:
            gc.freeze()  # as before judging: what is left to do is to write, and to look through it all finds nothing
            audit = self.outcome.audit()
            since = outcome.since(audit, self.outcome.session, self.gates.baseline)
            self.audit = replace(audit, since=since, gates=self.gates.outcomes(audit))
        if session.exitstatus == 0 and self._is_never_green:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.audit:
            sound = not (self.others_failed or self._is_never_green or session.shouldfail or self.interrupted)
            session.exitstatus = outcome.status(int(session.exitstatus), self.audit, else_sound=sound)
        if self.interrupted and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        own = session.exitstatus
        self._write(int(own))
        self.interrupted |= own in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        yield
        if own != 0 and session.exitstatus == 0 and self.config.getoption("nagios", False):
            # testinfra's option counts failures alone, and calls it OK if nothing was judged
            session.exitstatus = NAGIOS_UNKNOWN
            because = f": {sentences.unjudged(self.audit.unjudged)}" if self.audit and self.audit.unjudged else ""
            said = f"without --nagios the exit status is {int(own)}, and this would not be green{because}"
            print(f"\nUNKNOWN: {said}", flush=True)
        self._conclude(session)

    @property
    def _is_never_green(self) -> bool:
        if self.outcome is None or self.audit is None:
            return self._gathered_in_vain
        return bool(self.audit.unjudged)

    @property
    def _gathered_in_vain(self) -> bool:
        """Whether no control was called though there were some, as by `--setup-only`."""
        return SESSION in self.config.stash and session_of(self.config).gathered and not self.outcome

    def _write(self, exit_status: int) -> None:
        """Write all that follows from the results, each file as a whole or not at all; again for another status."""
        if not (self.outcome and self.audit) or exit_status == self.audit.run.exit_status:
            return
        from hullcheck.writers.run_folder import WRITERS  # late: the start of a run needs no template

        session = self.outcome.session
        self.audit = replace(self.audit, run=replace(self.audit.run, exit_status=exit_status))
        recordings = [session.recording_of(each) for each in session.targets]
        session.keep(recordings)
        for name, render in WRITERS.items():
            path = session.folder / name
            with session.unwritten.noting(path):
                private_files.write_parts(path, render(self.audit, recordings))
        for each in self.formats:
            path = session.folder / each.file
            with session.unwritten.noting(path):
                made = each.render(self.audit)
                private_files.write_parts(path, made.parts)
                if made.left_out:
                    self.left_out[each.file] = made.left_out

    def _conclude(self, session: pytest.Session) -> None:
        """Make the bundle and `latest`, and name what could not be written, after the other reports."""
        self._write(int(session.exitstatus))  # --nagios may have changed it
        audit = self.config.stash.get(SESSION, None)
        seconds = time.time() - self.began
        for path in (self.junit, audit.folder / run_files.JUNIT if audit and self.audit else None):
            if path:
                with audit.unwritten.noting(path) if audit else contextlib.nullcontext():
                    output.write_file(path, self.cases.render(self.began, seconds))
        if audit and audit.gathering_begun:
            (audit.folder / GATHERING).unlink(missing_ok=True)
        if audit and self.outcome and self.audit:
            if self.copy:
                with audit.unwritten.noting(self.copy):
                    output.write_file(self.copy, self.formats[0].render(self.audit).parts)
            for name, left_out in self.left_out.items():
                self._say(f"{name}: {left_out}")
            if self.bundling:
                self._bundle(self.bundling, session, self.audit)
            latest = audit.folder.with_name(run_files.LATEST)
            with audit.unwritten.noting(latest):
                if not audit.unwritten:
                    private_files.point(latest, audit.folder.name)
                    if keep := options.number(self.config, "keep"):
                        remove_older(audit.folder, keep)
        if audit and audit.unwritten:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            self._say(printable(audit.unwritten.message(audit.folder)), red=True)
        self.output.flush()  # what waits in a buffer may not be written either
        if self.output.fault:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            self._say(f"The verdicts could not be shown to the end: {self.output.fault}", red=True)

    def _bundle(self, bundling: "Bundling", session: pytest.Session, audit: Audit) -> None:
        try:
            if session_of(self.config).unwritten:
                raise BundleError("a file of it could not be written")
            for each in audit.results:
                if each.reason.startswith(CRASHED):  # judged again, it would have another verdict
                    raise BundleError(f"the process that judged {each.control} on {each.target} died; run it again")
            made = bundling.write(session, audit, interrupted=self.interrupted, others=self.others)
            self._say(f"bundle: {made}")
        except BundleError as error:
            self._say(f"No bundle: {printable(str(error))}", red=True)
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def _say(self, line: str, *, red: bool = False) -> None:
        """Print a line; a fault also if there is no terminal reporter, or -q was given to `hullcheck audit`."""
        if isinstance(self._reporter, AuditReporter) and self._reporter.verbosity < 0 and not red:
            return
        if self._reporter is not None and not self.output.fault:
            self._reporter.write_line(line, red=red)
        elif red:
            print(line, file=output.Output(sys.stderr, lambda: True))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> Generator[None]:
        """Print the summary below pytest's own lists, which leave controls out."""
        with self.quiet.hidden(terminalreporter):
            yield
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and (
            options.asks_for_audit(self.config) or selects_by_marker(self.config)
        ):
            left = SESSION in self.config.stash and session_of(self.config).left_to_hosts
            terminalreporter.write_line(terminal.NEEDS_HOST if left else terminal.NOTHING_SELECTED, red=True)
        if self._gathered_in_vain:
            terminalreporter.write_line(terminal.NOTHING_JUDGED, red=True)
        if not (self.outcome and self.audit):
            return
        is_command = isinstance(terminalreporter, AuditReporter)
        if not is_command:
            terminalreporter.write_sep("=", "hullcheck")
        if is_command and terminalreporter.verbosity < 0:
            terminal.write_brief(terminalreporter, self.audit)
        else:
            self._write_summary(terminalreporter, self.audit, self.outcome.session)
        for each in self.formats:
            if each.file == run_files.GITHUB and not self.copy:  # its reader is the log of the job
                terminalreporter.write(b"".join(each.render(self.audit).parts).decode())

    def _write_summary(self, reporter: Any, audit: Audit, session: AuditSession) -> None:
        is_verbose = reporter.verbosity > 0 and not options.is_of_shipped(self.config)
        terminal.write_summary(
            reporter,
            audit,
            folder=session.folder,
            ids_by_control=session.ids_by_control,
            rows=shutil.get_terminal_size().lines - 2,  # a prompt follows, or a line of pytest
            everything=self.config.option.hullcheck_all or is_verbose,
            remarks=[f"inventory: {each}" for each in session.inventory.notes],
            users={name: user_without_rights(each) for name, each in session.recordings.items()},
            command=output.command(),
            left_to_hosts=session.left_to_hosts,
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Add a link to the page of the run."""
        if self.outcome:
            prefix.append(html.link_from(Path(self.config.option.htmlpath), self.outcome.session.folder))


def _has_outcome(carried: Carried) -> bool:
    """Return whether the summary has the outcome of this test: not if the control itself is broken."""
    result = carried.result
    return result.verdict is not Verdict.ERROR or not any(
        each.reason.startswith(NOT_OF_HOSTS) for each in result.findings
    )


def remove_older(newest: Path, keep: int) -> None:
    """Remove all ended runs next to *newest* except the last *keep*, with their bundles, and no other files."""
    names = sorted(each.name for each in newest.parent.iterdir() if run_files.FOLDER.fullmatch(each.name))
    ended = [name for name in names if (newest.parent / name / run_files.RESULTS).is_file()]
    for name in ended[:-keep]:
        folder = newest.with_name(name)
        if folder != newest and not folder.is_symlink():
            _remove(folder)
            newest.with_name(f"{name}.zip").unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    """Remove the files of a run by their names, results last, so that one that is cut short can go on."""
    for target in [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()]:
        (target / FILE_NAME).unlink(missing_ok=True)
        if not any(target.iterdir()):
            target.rmdir()
    for name in reversed(run_files.NAMES):
        if (folder / name).is_file():
            (folder / name).unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
