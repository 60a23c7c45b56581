"""Gathers in the main process, after collection; workers of xdist read what it writes."""

import contextlib
import gc
import time
from typing import Any

import pytest

from hullcheck.facts.containers.compose import COMPOSE_FILE
from hullcheck.gather import processes, script_for
from hullcheck.inventory.specs import plain
from hullcheck.plugin import options
from hullcheck.plugin.collecting import CONTROL, SELECTED, is_control
from hullcheck.plugin.screen import AuditReporter
from hullcheck.plugin.session import FEW_TARGETS, session_of
from hullcheck.plugin.waiting import selects_by_marker
from hullcheck.recording.backends import COMPOSE, RECORDED, backend_of
from hullcheck.writers import terminal

_ALONE = pytest.StashKey[bool]()  # whether all tests that were collected are controls


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C end the run at once, if it has no other tests, which may have more to take down."""
    said = "" if hasattr(config, "workerinput") else "stopping...\n"
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    stack.enter_context(
        processes.ended_at_once(pytest.ExitCode.INTERRUPTED, said, unless=lambda: not _judges_alone(config))
    )


# after options and markers were checked, which is done first, and before xdist starts workers, which is done last
def pytest_sessionstart(session: pytest.Session) -> None:
    """Ask the targets while controls are collected, if -m alone selects them; else after that."""
    config = session.config
    selects = selects_by_marker(config) and not config.option.keyword
    if selects and options.runs_tests(config) and not hasattr(config, "workerinput"):
        session_of(config).begin_gathering()


def _judges_alone(config: pytest.Config) -> bool:
    alone = selects_by_marker(config) or config.stash.get(_ALONE, False)
    return alone and not config.getoption("nagios", False)  # which has an exit status of its own


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Gather if there is a control to judge; for workers, `xdist` begins."""
    config = session.config
    controls = [each for each in session.items if is_control(each)]
    config.stash[_ALONE] = len(controls) == len(session.items)
    wanted = controls and options.runs_tests(config) and SELECTED in config.stash  # not after errors
    if wanted and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Gathering(config, len({each.stash[CONTROL].id for each in controls})))


class Gathering:
    """The wait for the targets, and how far gathering and judging are."""

    def __init__(self, config: pytest.Config, controls: int) -> None:
        """Wait for the first target; if there are only few, for all of them. So many *controls* will judge each."""
        self.audit = session_of(config)
        targets = self.audit.targets
        reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self.progress = terminal.Progress(reporter)
        self.results, self.judged = controls * len(targets), 0
        self.work = f"{controls} control{'s' * (controls != 1)} on {len(targets)} target{'s' * (len(targets) != 1)}"
        self.began = time.monotonic()
        gc.freeze()  # pytest, plugins and tests stay to the end: no collection of what is judged looks through them
        if isinstance(reporter, AuditReporter) and not reporter.isatty() and reporter.verbosity == 0:
            reporter.write_line(f"auditing {self.work}")
        self.audit.waiting = self.draw
        self.audit.gathered = True
        if not self.audit.gathering_begun:
            self.audit.begin_gathering()
        if len(targets) <= FEW_TARGETS:
            self.audit.await_recordings(targets)
        elif not config.pluginmanager.hasplugin("dsession"):  # whose workers judge
            self.audit.await_recordings(targets[:1])
        self.draw()
        if not isinstance(reporter, AuditReporter):  # its letters follow
            self.progress.show("")
            self.progress = terminal.Progress(None)

    def draw(self) -> None:
        """Show which targets have answered, of a single one what it answers."""
        targets, done = self.audit.targets, len(self.audit.recordings)
        said = f"gathering {done} of {len(targets)} targets"
        if len(targets) == 1:
            said = f"asking {targets[0].name}: {processes.last_probe()}"
        self.progress.show(f"{said}, {time.monotonic() - self.began:.0f} s")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.judged += hasattr(report, "hullcheck")
        self.progress.show(f"judging {self.work}, {100 * self.judged // self.results} %")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self.progress.show("")


def show_probes(config: pytest.Config) -> int:
    """Print the script of each target for `--show-probes`, and return the exit status of pytest."""
    audit, timeout = session_of(config), options.number(config, "probe_timeout")
    for target in audit.targets:
        print(f"# ---- {target.name} ({plain(target.connect)})")
        if backend_of(target.connect) == RECORDED:
            print("# judged from a recording: nothing is run")
        elif backend_of(target.connect) == COMPOSE:
            print(f"# no host is asked; here: {COMPOSE_FILE.command}")
        else:
            print(script_for(target, audit.probes, timeout, shown=True))
    return 0
