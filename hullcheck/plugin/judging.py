"""Judges: calls a control once for each subject, and gives each verdict its outcome in pytest.

A control that asks for facts alone is judged at once, and has one report. If a fixture, a plugin or an option of others
takes part, it goes through the phases of pytest.
"""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import nullcontext
from functools import cache
from typing import Any, TypeGuard

import pytest

from hullcheck.controls.judge import BROKEN, finding_of, judge, summary
from hullcheck.facts.registry import FACTS, Fact, Facts, check, evidence_of, later_in
from hullcheck.facts.subjects import Subjects
from hullcheck.inventory import Target
from hullcheck.plugin import options
from hullcheck.plugin.collecting import CONTROL, is_control, target_of
from hullcheck.plugin.outcome import Carried, properties_of
from hullcheck.plugin.session import AuditSession, session_of
from hullcheck.policy import Policy
from hullcheck.results import Finding, Result
from hullcheck.verdicts import EvidenceError, NoDaemon, Verdict
from hullcheck.writers import junit, terminal

FIXTURE_FAILED = "a fixture failed"
CRASHED = "the process that judged this control died"
NOT_OF_HOSTS = (BROKEN, FIXTURE_FAILED, CRASHED)  # how reasons begin that tell of no host
RESULT = pytest.StashKey[Result]()
MORE = pytest.StashKey[list[pytest.Function]]()  # the controls of the same host that are judged with this one
_AT_ONCE = pytest.StashKey[dict[Callable[..., Any], bool]]()  # which controls are judged at once
_LOCATIONS = pytest.StashKey[dict[Callable[..., Any], tuple[str, int | None, str]]]()
_OF_ANY_ENGINE = frozenset({"container", "container_log", "image", "image_contents"})  # what Podman has, too
_PHASES = ("protocol", "setup", "call", "teardown", "makereport")
_KNOWN = {
    *("_hypothesis_pytestplugin", "_pytest", "hullcheck"),
    *("pytest_html", "pytest_metadata", "testinfra", "xdist"),
}
"""The packages whose hooks around a test have nothing to do with a control."""
_PHASE_OPTIONS = ("usepdb", "trace", "setuponly", "setupshow", "setupplan")
_PHASE_MARKERS = frozenset({"skip", "skipif", "xfail", "usefixtures", "filterwarnings"})
_GIVEN = frozenset({"audit_facts", "audit_target", "policy", "pytestconfig", "request"})


@pytest.fixture(scope="session")
def audit_target(request: pytest.FixtureRequest) -> Target:
    """The target that is judged; a test that needs it, however indirectly, is a control."""
    target: Target = request.param
    return target


@pytest.fixture(scope="session")
def audit_facts(audit_target: Target, pytestconfig: pytest.Config) -> Facts:
    """All facts of the target; EvidenceError if it gave no answer at all, for every control."""
    return _facts(session_of(pytestconfig), audit_target)


def _facts(audit: AuditSession, target: Target) -> Facts:
    known = audit.facts_of(target)
    if known.recording.failure:
        raise EvidenceError(known.recording.failure)
    return known


@pytest.fixture
def policy(audit_facts: Facts) -> Policy:
    """The policy of the target."""
    return audit_facts.policy


@pytest.hookimpl(tryfirst=True)  # before a folder is made for the run
def pytest_configure(config: pytest.Config) -> None:
    """Give every fact a fixture of its name, those that a user's conftest.py registers too."""
    with options.wrong_use(TypeError):
        check()
    fixtures = type("FactFixtures", (), {each.name: _fixture(each) for each in FACTS.values()})
    config.pluginmanager.register(fixtures(), "hullcheck-facts")


def _fixture(known: Fact) -> Any:
    def give(self: object, request: pytest.FixtureRequest, audit_facts: Facts) -> Any:
        return audit_facts.given(known.name, later_in(request.function))

    give.__doc__ = known.description
    return pytest.fixture(name=known.name)(give)


# ---- a control that is judged at once


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Judge a control whose arguments are facts alone; a worker with whole hosts has one of each in its list."""
    if not is_at_once(item):
        return None
    report = _judged(item)
    report.hullcheck_more = [*map(_judged, item.stash.get(MORE, ()))]  # type: ignore[attr-defined]
    hook, named = item.config.hook, {"nodeid": item.nodeid, "location": report.location}
    if hasattr(item.config, "workerinput"):
        hook.pytest_runtest_logreport(report=report)
        return True
    hook.pytest_runtest_logstart(**named)
    hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(**named)
    return True


def _judged(item: pytest.Function) -> pytest.TestReport:
    start, clock = time.time(), time.perf_counter()
    audit, target = session_of(item.config), target_of(item)
    capture: Any = item.config.pluginmanager.get_plugin("capturemanager")
    try:
        known, later = _facts(audit, target), later_in(item.function)
        given = {"audit_facts": known, "audit_target": target, "policy": known.policy}
        arguments = {
            name: given[name] if name in given else known.given(name, later) for name in item._fixtureinfo.argnames
        }
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as raised:
        result = _result_of_fixtures(item, raised)
    else:
        with capture.item_capture("call", item) if capture else nullcontext():  # for its report
            result = _result(item, _findings(item, arguments))
    duration = time.perf_counter() - clock
    place = _location(item)
    carried = _carried(item, result, place[1], duration)
    report = report_of(item.nodeid, place, carried, start, duration, audit)
    report.sections = [(f"Captured {name} {when}", text) for when, name, text in item._report_sections]
    return report


def _carried(item: pytest.Item, result: Result, line: int | None, seconds: float, *, whole: bool = True) -> Carried:
    control = item.stash[CONTROL]
    more = properties_of(control, result, session_of(item.config))
    case = junit.case(item.nodeid, (line or 0) + 1, control, result, more, seconds)
    return Carried(control, result, case, whole=whole)


def _location(item: pytest.Function) -> tuple[str, int | None, str]:
    """Return what `item.location` is; pytest looks for the line of each test again."""
    known = item.config.stash.setdefault(_LOCATIONS, {})
    if item.function not in known:
        known[item.function] = item.location
    path, line, _ = known[item.function]
    return (path, line, item.name)


def is_at_once(item: pytest.Item) -> TypeGuard[pytest.Function]:
    """Return whether this is a control without fixtures or hooks of others."""
    if not (is_control(item) and isinstance(item, pytest.Function)):
        return False
    known = item.config.stash.setdefault(_AT_ONCE, {})
    if item.function not in known:
        known[item.function] = _asks_for_facts(item) and not _others_take_part(item.config)
    # a module or a conftest.py may mark the test of one target alone
    return known[item.function] and _PHASE_MARKERS.isdisjoint(each.name for each in item.iter_markers())


def _others_take_part(config: pytest.Config) -> bool:
    """Return whether another plugin wants the phases of a test, or an option of pytest shows them."""
    hooks = (getattr(config.hook, f"pytest_runtest_{each}") for each in _PHASES)
    modules = [getattr(each.function, "__module__", "") for hook in hooks for each in hook.get_hookimpls()]
    others = {each.partition(".")[0] for each in modules} - _KNOWN
    return bool(others) or any(config.getoption(each, False) for each in _PHASE_OPTIONS)


def _asks_for_facts(item: pytest.Function) -> bool:
    """Return whether a control needs only our fixtures."""
    fixtures = item._fixtureinfo
    replaced = any(len(each) > 1 for each in fixtures.name2fixturedefs.values())
    return item.cls is None and not replaced and {*fixtures.names_closure} <= FACTS.keys() | _GIVEN


def report_of(
    nodeid: str,
    location: tuple[str, int | None, str],
    carried: Carried,
    start: float,
    duration: float,
    audit: AuditSession,
) -> pytest.TestReport:
    """Return the only report of a control that was judged at once."""
    report = pytest.TestReport(nodeid, location, {}, "passed", None, "call", (), duration, start, start + duration)
    _shape(report, carried.result)
    report.user_properties = [] if audit.worker else [*properties_of(carried.control, carried.result, audit)]
    report.hullcheck = carried  # type: ignore[attr-defined]
    return report


def _shape(report: pytest.TestReport, result: Result) -> None:
    """Give a report the outcome of the verdict."""
    report.when, report.outcome, report.longrepr = "call", "passed", None
    if result.verdict is Verdict.ERROR:
        report.when = "setup"  # JUnit and pytest call what a call raises a failure; there is no other way
        report.outcome, report.longrepr = "failed", f"error: {result.reason}"
    elif result.verdict is Verdict.FAIL:
        report.outcome, report.longrepr = "failed", terminal.offenders(result.findings)
    elif result.verdict is Verdict.WAIVED:
        report.outcome, report.wasxfail = "skipped", result.reason
    elif result.verdict in (Verdict.NOT_APPLICABLE, Verdict.MANUAL):
        path, line, _ = report.location  # where the control is, not where it was judged
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {result.verdict}: {result.reason}")


# ---- a control in the phases of pytest


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a control once for each subject; what fails is raised, for --pdb."""
    if not is_control(pyfuncitem):
        return None
    if RESULT not in pyfuncitem.stash:
        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        pyfuncitem.stash[RESULT] = _result(pyfuncitem, _findings(pyfuncitem, arguments))
    result = pyfuncitem.stash[RESULT]
    if result.verdict in (Verdict.FAIL, Verdict.ERROR):
        raise pytest.fail.Exception(terminal.offenders(result.findings), pytrace=False)
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the report of a control the outcome of its verdict, also if a fixture raised it."""
    report = yield
    ended = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
    if not (ended and is_control(item)):
        return report
    assert isinstance(item, pytest.Function)
    result = item.stash.get(RESULT, None)
    if result is None:
        assert call.excinfo is not None
        result = _result_of_fixtures(item, call.excinfo.value)
    else:
        del item.stash[RESULT]  # pytest keeps all tests to the end, and may run one again
    _shape(report, result)
    if call.when == "setup" and report.passed:  # as attested: pytest goes on to the call
        item.stash[RESULT], report.when = result, "setup"
        return report
    carried = _carried(item, result, item.location[1], call.duration, whole=False)
    report.hullcheck = carried  # type: ignore[attr-defined]
    item.user_properties += properties_of(carried.control, result, session_of(item.config))
    return report


def _findings(item: pytest.Function, arguments: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the findings of the control on the subjects to which the run is limited."""
    audit, target = session_of(item.config), target_of(item)
    limits: Mapping[str, tuple[str, ...]] = audit.limits
    kinds = {each.kind for each in arguments.values() if isinstance(each, Subjects)} if limits else set()
    try:
        if not kinds.isdisjoint(("container", "log")):
            limits = audit.limits_on(target)
    except EvidenceError as error:  # labels are unknown: no container may be left out for want of one
        return (finding_of(error, "target", target.name),)
    return judge(item.obj, arguments, target.name, limits)


def _result_of_fixtures(item: pytest.Function, raised: BaseException) -> Result:
    """Return the result on a target whose facts could not be had; an assertion in a fixture judges nothing."""
    if isinstance(raised, (AssertionError, pytest.fail.Exception)):
        raised = EvidenceError(f"{FIXTURE_FAILED}: {raised}")
    if isinstance(raised, NoDaemon) and _OF_ANY_ENGINE & ({*item._fixtureinfo.argnames} - later_in(item.obj)):
        raised = EvidenceError(str(raised))
    return _result(item, (finding_of(raised, "target", target_of(item).name),))


def _result(item: pytest.Function, findings: tuple[Finding, ...]) -> Result:
    """Return the result of *findings*, after waivers, attestations and tailoring."""
    audit, target, name = session_of(item.config), target_of(item), item.stash[CONTROL].id
    findings = audit.accepted(name, target, findings)
    verdict, reason = summary(findings)
    known = audit.facts_of(target)
    probes = _probes_behind(tuple(item.fixturenames), known.kind)
    evidence = tuple(each for each in probes if each in known.recording.answers)
    return audit.tailored(Result(name, target.name, verdict, reason, findings, evidence), target)


_probes_behind = cache(evidence_of)
