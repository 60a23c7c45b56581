"""Workers of pytest-xdist: each judges whole hosts, and sends one report for each control.

A worker collects the tests of its own hosts alone, so that no process holds the tests of a whole fleet.
"""

import json
from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from msgspec import convert
from msgspec import json as packed
from msgspec.structs import replace as changed
from xdist.scheduler import EachScheduling  # type: ignore[import-untyped]
from xdist.workermanage import parse_tx_spec_config  # type: ignore[import-untyped]

from hullcheck import private_files
from hullcheck.controls.judge import finding_of
from hullcheck.plugin import gathering, options
from hullcheck.plugin.collecting import CONTROL, SELECTED, is_control, stop
from hullcheck.plugin.judging import CRASHED, report_of
from hullcheck.plugin.outcome import Carried, Described, describe, properties_of
from hullcheck.plugin.session import SESSION, session_of
from hullcheck.results import Control, Result
from hullcheck.verdicts import EvidenceError, Verdict

_CONTROLS = pytest.StashKey[dict[str, Control]]()
"""The controls that workers have collected, by their ids."""
_DESCRIBED = pytest.StashKey[set[str]]()
"""The targets that this worker has described."""
_Sent = tuple[str, tuple[str, int | None, str], Result, Described | None, float, float]
"""What a worker sends of a control that was judged at once: nodeid, location, result, target, start and duration."""


# ---- in the main process


def _is_by_host(config: pytest.Config) -> bool:
    """Return whether workers get whole hosts: not if --dist says something else, or there are too few."""
    workers = len(parse_tx_spec_config(config))
    return config.getoption("dist", "no") == "load" and len(session_of(config).targets) >= workers > 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    """Tell the workers on this machine which project it is: a folder that is there by now is no path of tests."""
    session_of(config)  # it keeps the arguments as the user wrote them
    config.stash[_CONTROLS] = {}
    for number, each in enumerate(specs):  # a worker that takes the place of another has its specification
        each.hullcheck_part = number
    if config.inipath is not None and all(each.popen and not each.chdir for each in specs):
        said = (f"--config-file={config.inipath}", f"--rootdir={config.rootpath}")
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
    if not audit.gathered:
        gathering.begin(node.config)


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
        session.testscollected = len(set().union(*self.node2collection.values()))
        for node, tests in self.node2pending.items():
            if node not in self._started:
                self._started.append(node)
                node.send_runtest_some(tests)
                node.shutdown()  # when it has run them


def pytest_report_from_serializable(config: pytest.Config, data: dict[str, Any]) -> pytest.TestReport | None:
    """Make the report of a control that a worker has judged."""
    if isinstance(data.get("hullcheck"), bytes):
        sent = packed.decode(data["hullcheck"], type=_Sent)
        nodeid, place, result, described, start, duration = sent
        control, audit = config.stash[_CONTROLS][result.control], session_of(config)
        report = report_of(nodeid, place, control, result, audit, start, duration)
        report.hullcheck = changed(report.hullcheck, described=described)  # type: ignore[attr-defined]
        return report
    if isinstance(data.get("hullcheck"), str):
        data["hullcheck"] = packed.decode(data["hullcheck"], type=Carried)
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(report: pytest.TestReport, sched: Any) -> None:
    """Let the report of a control whose process died carry an error."""
    config: pytest.Config = report.node.config
    audit = config.stash.get(SESSION, None)
    function, _, parameters = report.nodeid.rpartition("::")[2].partition("[")
    control = config.stash[_CONTROLS].get(function.removeprefix("test_"))
    said = f"-{parameters.removesuffix(']')}-"
    target = next((each for each in audit.targets if f"-{each.name}-" in said), None) if audit else None
    if audit is None or control is None or target is None:
        return
    finding = finding_of(
        EvidenceError(f"{CRASHED}; run it again without -n to see why"), "target", target.name
    )
    result = Result(control.id, target.name, Verdict.ERROR, finding.reason, (finding,))
    # an error of a control that is switched off, too: what kills a process is not the matter of one control
    result = changed(result, severity=audit.tailored(result, target).severity)
    report.when, report.longrepr = "setup", f"error: {finding.reason}"
    report.user_properties = properties_of(control, result, audit)
    report.hullcheck = Carried(control, result, whole=True)  # type: ignore[attr-defined]


# ---- in a worker


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave only a part of the tests that are no controls: all workers have collected these."""
    part = getattr(config, "workerinput", {}).get("hullcheck_part")
    if part:
        first, step = part
        number = count(-first)
        items[:] = [each for each in items if is_control(each) or next(number) % step == 0]


@pytest.hookimpl(tryfirst=True)  # before xdist lets the main process know that a worker is done
def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave a list of the controls for the main process, which collects nothing.

    It is a file, because xdist sends the `workeroutput` of a worker at its end alone, and never that of one that died.
    """
    config = session.config
    if not hasattr(config, "workerinput") or SELECTED not in config.stash:
        return
    controls = {each.stash[CONTROL].id: each.stash[CONTROL] for each in session.items if is_control(each)}
    if not (controls and options.runs_tests(config)):
        return
    audit = session_of(config)
    listed = {"controls": list(controls.values()), "ids_by_control": audit.ids_by_control}
    try:
        path = audit.writable_folder() / f".controls-{audit.worker['workerid']}"
        private_files.write(path, packed.encode(listed))
    except (OSError, pytest.UsageError) as error:
        stop(config, [str(error)])


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(config: pytest.Config, report: Any) -> Generator[None, Any, Any]:
    """Send a result as one text: value by value takes longer than judging.

    Of a control that was judged at once nothing is sent that follows from the result.
    """
    data = yield
    carried: Carried | None = getattr(report, "hullcheck", None)
    if not (data and carried and hasattr(config, "workerinput")):
        return data
    carried = changed(carried, described=_described(config, carried.result.target))
    if carried.whole:
        named = (report.nodeid, report.location, carried.result, carried.described)
        return {"hullcheck": packed.encode((*named, report.start, report.duration))}
    data["hullcheck"] = packed.encode(carried).decode()
    return data


def _described(config: pytest.Config, name: str) -> Described | None:
    """Return the description of this target, once."""
    known = config.stash.setdefault(_DESCRIBED, set())
    if name in known:
        return None
    known.add(name)
    audit = session_of(config)
    return describe(audit, next(each for each in audit.targets if each.name == name))
