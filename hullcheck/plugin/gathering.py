"""Gathers in the main process, after collection; workers of xdist read what it writes."""

import contextlib
import gc
from collections.abc import Generator

import pytest

from hullcheck.facts import registry
from hullcheck.facts.containers.compose import COMPOSE_FILE
from hullcheck.facts.engine.identity import Rights
from hullcheck.gather import processes, script_for
from hullcheck.inventory.specs import plain
from hullcheck.plugin import options, output
from hullcheck.plugin.collecting import SELECTED, is_control
from hullcheck.plugin.session import FEW_TARGETS, session_of
from hullcheck.plugin.waiting import selects_by_marker
from hullcheck.recording import Recording
from hullcheck.recording.backends import COMPOSE, RECORDED, backend_of
from hullcheck.writers import terminal

_ALONE = pytest.StashKey[bool]()  # whether all tests that were collected are controls
_GATHERING = pytest.StashKey["_Gathering"]()


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C end the run at once, if it has no other tests, which may have more to take down."""
    said = "" if hasattr(config, "workerinput") else "interrupted\n"
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
    controls = sum(map(is_control, session.items))
    config.stash[_ALONE] = controls == len(session.items)
    wanted = controls and options.runs_tests(config) and SELECTED in config.stash  # not after errors
    if wanted and not hasattr(config, "workerinput"):
        begin(config)


def begin(config: pytest.Config) -> None:
    """Wait for the first target; if there are only few, for all of them."""
    config.stash[_GATHERING] = _Gathering(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Say below the tests what could not be gathered, if that was not known above them."""
    result = yield
    gathering = session.config.stash.get(_GATHERING, None)
    if gathering and not gathering.finished:
        if gathering.reporter is not None and gathering.reporter._tw.width_of_current_line:
            gathering.reporter._tw.line()
        gathering.finish()
    return result


class _Gathering:
    """What is printed of asking the targets: how far it is, what went wrong, and as whom they were asked."""

    def __init__(self, config: pytest.Config) -> None:
        self.audit = session_of(config)
        targets = self.audit.targets
        self.reporter = config.pluginmanager.get_plugin("terminalreporter")
        self.progress = terminal.Progress(self.reporter, len(targets))
        self.recorded = {each.name for each in targets if backend_of(each.connect) == RECORDED}
        self.rights: dict[str, str] = {}
        self.finished = False
        output.limit_page(config, len(targets), self.audit.folder)
        gc.freeze()  # pytest, plugins and tests stay to the end: no collection of what is judged looks through them
        terminal.leave_files_out(self.reporter, len(targets))
        self.audit.arrived = self.arrived
        self.audit.gathered = True
        if not self.audit.asked:
            self.audit.begin_gathering()
        if len(targets) <= FEW_TARGETS:
            self.finish()
        elif not config.pluginmanager.hasplugin("dsession"):  # whose workers judge
            self.audit.await_recordings(targets[:1])
        self.progress.hide()

    def arrived(self, recording: Recording) -> None:
        self.progress.step(recording.target, recording.failure)
        if rights := Rights.of(recording):
            advice = "ask again as root" if recording.target in self.recorded else "use --sudo"
            self.rights[recording.target] = _asked_as(rights, advice)

    def finish(self) -> None:
        """Wait for all targets, and say what is to be known of them."""
        if self.finished:
            return
        self.finished = True
        audit = self.audit
        audit.await_recordings(audit.targets)
        rights = {each.name: self.rights[each.name] for each in audit.targets if each.name in self.rights}
        told_below = False
        if self.reporter is not None and self.reporter.verbosity <= 0:
            told_below = all(map(audit.is_silent, audit.targets))
            self.reporter.showfspath &= not told_below  # no letter will stand behind a path
        self.progress.close(audit.gather_seconds, {} if told_below else rights, told_below=told_below)


def _asked_as(rights: Rights, advice: str) -> str:
    if rights.is_root:
        return f"as {rights.user}"
    may = ", may use the engine:" if rights.answered else ":"
    if rights.refused:
        may = ", may not use the engine: nothing of it is seen;"
    return f"as {rights.user}, not root{may} files, processes of others and audit rules are not seen: {advice}"


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
            print(script_for(target, registry.probes(), timeout, shown=True))
    return 0
