"""Workers of pytest-xdist: each collects the tests of its own hosts alone, and sends one report for each host."""

import contextlib
import json
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from msgspec import Struct, convert
from msgspec import json as packed
from msgspec.structs import replace as changed
from xdist.scheduler import EachScheduling  # type: ignore[import-untyped]
from xdist.workermanage import parse_tx_spec_config  # type: ignore[import-untyped]

from hullcheck import private_files
from hullcheck.controls.judge import finding_of
from hullcheck.inventory import Target
from hullcheck.plugin import options
from hullcheck.plugin.collecting import CONTROL, SELECTED, is_control, stop, target_of
from hullcheck.plugin.gathering import Gathering
from hullcheck.plugin.judging import CRASHED, MORE, is_at_once, report_of
from hullcheck.plugin.outcome import Carried, describe, properties_of
from hullcheck.plugin.session import AuditSession, session_of
from hullcheck.results import AuditedTarget, Control, Result
from hullcheck.verdicts import EvidenceError, Verdict
from hullcheck.writers import junit

_CONTROLS = pytest.StashKey[dict[str, Control]]()  # the controls that workers have collected, by their ids
_TOGETHER = pytest.StashKey[dict[str, tuple[str, ...]]]()  # by test, what is judged with it


class _Judged(Struct, frozen=True):
    """A control that was judged at once."""

    nodeid: str
    location: tuple[str, int | None, str]
    result: Result
    case: str
    start: float
    duration: float
    sections: list[tuple[str, str]]


class _Sent(Struct, frozen=True):
    """The controls that a worker has judged of one target, and what the target is if these are all of them."""

    judged: list[_Judged]
    described: AuditedTarget | None


# ---- in the main process


def _is_by_host(config: pytest.Config) -> bool:
    """Return whether workers get whole hosts: not if --dist is something else, or there are too few."""
    workers = len(parse_tx_spec_config(config))
    return config.getoption("dist", "no") == "load" and len(session_of(config).targets) >= workers > 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    """Tell the workers on this machine which project it is: a folder that is there by now is no path of tests."""
    session_of(config)  # it keeps the arguments as the user wrote them
    config.stash[_CONTROLS] = {}
    config.stash[_TOGETHER] = {}
    for number, each in enumerate(specs):  # a worker that takes the place of another has its specification
        each.hullcheck_part = number
    if config.inipath is not None and all(each.popen and not each.chdir for each in specs):
        said = [f"--config-file={config.inipath}", f"--rootdir={config.rootpath}"]
        if default := config.getoption("hullcheck_default", ""):
            said.append(f"-m={default}")
        given = config.invocation_params
        config.invocation_params = replace(given, args=(*said, *given.args))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the recordings will be, and which part of the targets it judges."""
    node.workerinput["hullcheck_folder"] = str(session_of(node.config).folder)
    if _is_by_host(node.config):
        workers = len(parse_tx_spec_config(node.config))
        node.workerinput["hullcheck_part"] = (node.gateway.spec.hullcheck_part, workers)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """Gather when the first worker has collected controls."""
    audit = session_of(node.config)
    path = audit.folder / f".controls-{node.gateway.id}"
    if not path.exists():
        return
    listed = json.loads(path.read_bytes())
    path.unlink()
    node.config.stash[_CONTROLS] |= {each["id"]: convert(each, Control) for each in listed["controls"]}
    audit.ids_by_control = audit.ids_by_control or listed["ids_by_control"]
    node.config.stash[_TOGETHER] |= {
        nodeid: tuple(map(sys.intern, each)) for nodeid, each in listed["together"].items()
    }
    audit.collected += listed["tests"]
    if not audit.gathered:
        node.config.pluginmanager.register(Gathering(node.config, len(node.config.stash[_CONTROLS])))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config) -> "_ByHost | None":
    """Return a scheduler for workers that have collected hosts of their own."""
    return _ByHost(config) if _is_by_host(config) else None


class _ByHost(EachScheduling):  # type: ignore[misc]
    """Lets each worker run all that it has collected, or what is left of the one whose place it takes."""

    collection_is_completed: bool

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        left = self._removed2pending
        dead = next((each for each in left if self.node2collection[each] == collection), None)
        self.node2collection[node] = collection
        if self.collection_is_completed:
            self.node2pending[node] = left.pop(dead, [])
        else:
            self.node2pending[node] = list(range(len(collection)))
            self.collection_is_completed = len(self.node2collection) >= self.numnodes

    def schedule(self) -> None:
        session: Any = self.config.pluginmanager.get_plugin("session")
        session.testscollected = session_of(self.config).collected
        for node, tests in self.node2pending.items():
            if node not in self._started:
                self._started.append(node)
                node.send_runtest_some(tests)
                node.shutdown()  # when it has run them


def pytest_report_from_serializable(config: pytest.Config, data: dict[str, Any]) -> pytest.TestReport | None:
    """Make the report of a control that a worker has judged, with those of the same host."""
    if isinstance(data.get("hullcheck"), bytes):
        sent = packed.decode(data["hullcheck"], type=_Sent)
        controls, audit, reports = config.stash[_CONTROLS], session_of(config), []
        for each in sent.judged:
            carried = Carried(controls[each.result.control], each.result, each.case, sent.described, whole=True)
            report = report_of(each.nodeid, each.location, carried, each.start, each.duration, audit)
            report.sections = each.sections
            reports.append(report)
        reports[0].hullcheck_more = reports[1:]  # type: ignore[attr-defined]
        return reports[0]
    if isinstance(data.get("hullcheck"), str):
        data["hullcheck"] = packed.decode(data["hullcheck"], type=Carried)
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_logreport(report: Any) -> Generator[None]:
    """Report the other controls of the same host after the first; these reports are not kept."""
    yield
    for each in vars(report).pop("hullcheck_more", ()) if hasattr(report, "node") else ():
        each.node = report.node
        report.node.config.hook.pytest_runtest_logreport(report=each)


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(report: pytest.TestReport) -> None:
    """Let the report of a control whose process died carry an error, and those that were judged with it."""
    config: pytest.Config = report.node.config
    audit, known = session_of(config), config.stash[_CONTROLS]
    path, _, function = report.nodeid.rpartition("::")
    function, _, parameters = function.partition("[")
    control = known.get(function.removeprefix("test_"))
    said = f"-{parameters.removesuffix(']')}-"
    target = next((each for each in audit.targets if f"-{each.name}-" in said), None)
    if control is None or target is None:
        return
    report.hullcheck_more = [  # type: ignore[attr-defined]
        _crashed(f"{path}::test_{each}[{target.name}]", known[each], target, audit)
        for each in config.stash[_TOGETHER].get(report.nodeid, ())
    ]
    crashed = _crashed(report.nodeid, control, target, audit)
    vars(report).update({**vars(crashed), "node": report.node})


def _crashed(nodeid: str, control: Control, target: Target, audit: AuditSession) -> pytest.TestReport:
    finding = finding_of(EvidenceError(f"{CRASHED}; run it again without -n to see why"), "target", target.name)
    result = Result(control.id, target.name, Verdict.ERROR, finding.reason, (finding,))
    # an error of a control that is switched off, too: what kills a process is not the matter of one control
    result = changed(result, severity=audit.tailored(result, target).severity)
    case = junit.case(nodeid, 0, control, result, properties_of(control, result, audit), 0)
    carried = Carried(control, result, case, whole=True)
    return report_of(nodeid, (nodeid.partition("::")[0], None, nodeid), carried, 0, 0, audit)


# ---- in a worker


@pytest.hookimpl(tryfirst=True)  # before xdist lets the main process know that a worker is done
def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave a list of the controls for the main process, which collects nothing.

    It is a file, because xdist sends the `workeroutput` of a worker at its end alone, and never that of one that died.
    """
    config = session.config
    if not hasattr(config, "workerinput") or SELECTED not in config.stash:
        return
    tests, part = session.items, config.workerinput.get("hullcheck_part")
    if part:
        session.items = [*_own(tests, *part)]
    controls = {each.stash[CONTROL].id: each.stash[CONTROL] for each in tests if is_control(each)}
    if not (controls and options.runs_tests(config)):
        return
    audit = session_of(config)
    together = {
        each.nodeid: [more.stash[CONTROL].id for more in each.stash[MORE]]
        for each in session.items
        if MORE in each.stash
    }
    listed = {
        "controls": list(controls.values()),
        "ids_by_control": audit.ids_by_control,
        "together": together,
        "tests": len(session.items) + sum(map(len, together.values())),
    }
    try:
        path = audit.writable_folder() / f".controls-{audit.worker['workerid']}"
        private_files.write(path, packed.encode(listed))
    except (OSError, pytest.UsageError) as error:
        stop(config, [str(error)])


def _own(items: Sequence[pytest.Item], first: int, step: int) -> Iterator[pytest.Item]:
    """Yield the part of this worker: of a host one control for all, and every so many of other tests."""
    number = count(-first)
    hosts: dict[str, pytest.Item] = {}
    for each in items:
        if is_at_once(each):
            host = hosts.setdefault(target_of(each).name, each)
            if host is not each:
                host.stash[MORE].append(each)
                continue
            host.stash[MORE] = []
        if is_control(each) or next(number) % step == 0:
            yield each


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(config: pytest.Config, report: Any) -> Generator[None, Any, Any]:
    """Send the results of a host as one text: value by value takes longer than judging."""
    data = yield
    carried: Carried | None = getattr(report, "hullcheck", None)
    if not (data and carried and hasattr(config, "workerinput")):
        return data
    if not carried.whole:
        data["hullcheck"] = packed.encode(carried).decode()
        return data
    audit = session_of(config)
    target = next(each for each in audit.targets if each.name == carried.result.target)
    described = None
    if report.hullcheck_more:
        with contextlib.suppress(Exception):  # a fault of ours: the main process meets it too, and shows where
            described = describe(audit, target)
    judged = [
        _Judged(
            each.nodeid,
            each.location,
            each.hullcheck.result,
            each.hullcheck.case,
            each.start,
            each.duration,
            each.sections,
        )
        for each in (report, *report.hullcheck_more)
    ]
    vars(report).update(hullcheck=None, hullcheck_more=())  # pytest keeps the report
    return {"hullcheck": packed.encode(_Sent(judged, described))}
