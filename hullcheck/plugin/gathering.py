"""Gathers in the main process, after collection and before any test; workers of xdist wait for it."""

import contextlib
import gc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts.engine.rights import Rights
from hullcheck.gather import interrupts
from hullcheck.plugin import options
from hullcheck.plugin.collecting import SELECTED, stop
from hullcheck.plugin.items import is_control
from hullcheck.plugin.reporting import crash, pytest_reports
from hullcheck.plugin.session import AuditSession, session_of
from hullcheck.plugin.waiting import selects_by_marker
from hullcheck.recording import Recording
from hullcheck.recording.backends import RECORDED, backend_of
from hullcheck.writers import terminal

_ALONE = pytest.StashKey[bool]()
"""Whether all tests that were collected are controls."""


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C end the run at once, if it has no other tests, which may have more to take down."""
    said = "" if hasattr(config, "workerinput") else "interrupted\n"
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    stack.enter_context(
        interrupts.at_once(pytest.ExitCode.INTERRUPTED, said, unless=lambda: not _judges_alone(config))
    )


def _judges_alone(config: pytest.Config) -> bool:
    alone = selects_by_marker(config) or config.stash.get(_ALONE, False)
    return alone and not config.getoption("nagios", False)  # which has an exit status of its own


@pytest.hookimpl(tryfirst=True)  # before xdist lets the main process know that a worker is done
def pytest_collection_finish(session: pytest.Session) -> None:
    """Gather, or let the main process do it, if there is a control to judge."""
    config = session.config
    controls = sum(map(is_control, session.items))
    config.stash[_ALONE] = controls == len(session.items)
    if not (
        controls and options.runs_tests(config) and SELECTED in config.stash
    ):  # pytest comes here after errors, too
        return
    worker = getattr(config, "workerinput", None)
    if worker is None:
        _gather(config, controls)
        return
    try:
        session_of(config).leave_list(worker["workerid"], crash.listing(session, session_of(config)))
    except pytest.UsageError as error:
        stop(config, [str(error)])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    """Tell the workers on this machine which project it is: a folder that is there by now is no path of tests."""
    session_of(config)  # it keeps the arguments as the user wrote them
    if config.inipath is not None and all(each.popen and not each.chdir for each in specs):
        said = (f"--config-file={config.inipath}", f"--rootdir={config.rootpath}")
        given = config.invocation_params
        config.invocation_params = replace(given, args=(*said, *given.args))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each worker where the recordings will be."""
    node.workerinput["hullcheck_folder"] = str(session_of(node.config).folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """Gather when the first worker has collected controls; all workers wait."""
    audit = session_of(node.config)
    listed = audit.take_list(node.gateway.id)
    if listed and not audit.gathered:
        _gather(node.config, len(listed["tests"]))


def _gather(config: pytest.Config, controls: int) -> None:
    audit = session_of(config)
    pytest_reports.limit_page(config, controls, len(audit.targets), audit.folder)
    gc.freeze()  # pytest, plugins and tests stay to the end: no collection of what is judged looks through them
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    terminal.leave_files_out(reporter, len(audit.targets))
    progress = terminal.Progress(reporter, len(audit.targets))

    def done(recording: Recording) -> None:
        progress.step(recording.target, recording.failure)

    audit.gather(done)
    told_below = False
    if reporter is not None and reporter.verbosity <= 0 and audit.is_without_answer:
        told_below = True
        reporter.showfspath = False  # no letter will stand behind a path
    progress.close(audit.gather_seconds, {} if told_below else _rights(audit), told_below=told_below)


def _rights(audit: AuditSession) -> dict[str, str]:
    """As whom each target was asked that says so, and what to do where that is not enough."""
    found = {}
    for target in audit.targets:
        rights = Rights.of(audit.recordings[target.name])
        if rights is not None:
            advice = "ask again as root" if backend_of(target.connect) == RECORDED else "use --sudo"
            found[target.name] = str(rights) if rights.is_root else f"{rights}: {advice}"
    return found
