"""Judges: calls a control once per subject, and gives each verdict its outcome in pytest."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cache
from inspect import signature
from typing import Any

import pytest
from msgspec import convert, to_builtins

from hullcheck.controls.judge import finding_of, judge, summary
from hullcheck.facts.registry import evidence_of, later_in
from hullcheck.facts.subjects import Subjects
from hullcheck.inventory import Target
from hullcheck.inventory.acceptance import waived_words
from hullcheck.messages import printable
from hullcheck.plugin.items import (
    CONTROL,
    FIXTURE_FAILED,
    Carried,
    id_of,
    is_control,
    properties_of,
    target_of,
)
from hullcheck.plugin.session import AuditSession, session_of
from hullcheck.results import Finding, Result
from hullcheck.verdicts import EvidenceError, NoDaemon, Verdict
from hullcheck.writers import terminal

RESULT = pytest.StashKey[Result]()

_OF_ANY_ENGINE = frozenset({"container", "container_log", "image", "image_contents"})
"""What controls ask for that judge what an engine without a daemon has too."""
_PASSED = (Verdict.PASS, Verdict.ATTESTED, Verdict.WAIVED)
_SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.MANUAL)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Judge by what a fixture raises; go on to the call where an attestation or waiver settles it."""
    if not is_control(item):
        return (yield)
    assert isinstance(item, pytest.Function)
    try:
        return (yield)
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as raised:
        item.stash[RESULT] = result = _result_of_fixtures(item, raised)
    if result.verdict in (Verdict.ERROR, *_SKIPPED):
        _end(result)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a control once per subject and end with the worst verdict."""
    if not is_control(pyfuncitem):
        return None
    if RESULT not in pyfuncitem.stash:
        arguments = {name: pyfuncitem.funcargs[name] for name in _arguments(pyfuncitem)}
        pyfuncitem.stash[RESULT] = _result(pyfuncitem, _findings(pyfuncitem, arguments))
    _end(pyfuncitem.stash[RESULT])
    return True


def _findings(item: pytest.Function, arguments: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What the control says of the subjects to which the run is limited."""
    audit_session, target = session_of(item.config), target_of(item)
    kinds = {each.kind for each in arguments.values() if isinstance(each, Subjects)}
    try:
        of_containers = not kinds.isdisjoint(("container", "log"))
        limits = audit_session.limits_on(target) if of_containers else audit_session.limits
    except EvidenceError as error:  # labels are not told: no container may be left out for want of one
        return (finding_of(error, "target", target.name),)
    return judge(item.obj, arguments, target.name, limits)


def _end(result: Result) -> None:
    """Raise what pytest takes for the verdict; no traceback is written, as nobody sees it.

    Not by pytest.fail(): that is a frame which pytest hides, and it would say so below each reason.
    """
    if result.verdict in _SKIPPED:
        raise pytest.skip.Exception(f"{result.verdict}: {result.reason}")
    if result.verdict is Verdict.ERROR:
        raise pytest.fail.Exception(f"error: {result.reason}", pytrace=False)
    if result.verdict not in _PASSED:
        raise pytest.fail.Exception(terminal.offenders(result.findings), pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report of a control carry its result."""
    if call.excinfo is not None and call.when != "teardown" and RESULT in item.stash:
        call.excinfo.traceback = call.excinfo.traceback[-1:]  # a verdict, which is shown without the way here
    report = yield
    ended = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
    if not (ended and is_control(item)):
        return report
    assert isinstance(item, pytest.Function)
    if RESULT in item.stash:
        result = item.stash[RESULT]
        del item.stash[RESULT]  # pytest keeps all tests to the end, and may run one again
    else:  # what ended the call was no verdict
        assert call.excinfo is not None
        result = _result_of_fixtures(item, call.excinfo.value)
    _shape(report, item, result)
    control = item.stash[CONTROL]
    waivers, attestations = session_of(item.config).acceptance.of(result)
    carried = Carried(control, result, tuple(waivers), tuple(attestations))
    report.hullcheck = carried  # type: ignore[attr-defined]
    item.user_properties += properties_of(control, result) + _accepting_properties(carried)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    config: pytest.Config,
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Let a worker of xdist send what a report carries as one text: value by value takes longer than judging."""
    data = yield
    if data and "hullcheck" in data:
        plain = to_builtins(data["hullcheck"])
        data["hullcheck"] = json.dumps(plain) if hasattr(config, "workerinput") else plain
    return data


@pytest.hookimpl(tryfirst=True)
def pytest_report_from_serializable(data: dict[str, Any]) -> None:
    """Read what a worker of xdist sent so."""
    if isinstance(data.get("hullcheck"), str):
        data["hullcheck"] = convert(json.loads(data["hullcheck"]), Carried)


def _result_of_fixtures(item: pytest.Function, raised: BaseException) -> Result:
    """The result on a target whose facts could not be had; an assertion in a fixture judges nothing."""
    if isinstance(raised, (AssertionError, pytest.fail.Exception)):
        raised = EvidenceError(f"{FIXTURE_FAILED}: {raised}")
    if isinstance(raised, NoDaemon) and _OF_ANY_ENGINE & ({*_arguments(item)} - later_in(item.obj)):
        raised = EvidenceError(str(raised))
    return _result(item, (finding_of(raised, "target", target_of(item).name),))


def _result(item: pytest.Function, findings: tuple[Finding, ...]) -> Result:
    """The result of *findings*, after waivers, attestations and tailoring."""
    audit_session, target, name = session_of(item.config), target_of(item), id_of(item)
    findings = audit_session.accepted(name, target, findings)
    verdict, reason = summary(findings)
    evidence = _evidence(item.fixturenames, audit_session, target)
    return audit_session.tailored(Result(name, target.name, verdict, reason, findings, evidence), target)


def _arguments(item: pytest.Function) -> list[str]:
    """The names of the fixtures that the control itself asks for."""
    return [name for name in _parameters(item.function) if name in item.fixturenames]


@cache  # a control is judged on every target
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(signature(function).parameters)


def _evidence(arguments: Sequence[str], audit: AuditSession, target: Target) -> tuple[str, ...]:
    """The probes behind *arguments*, of those that the target answered."""
    known = audit.facts_of(target)
    names = evidence_of(arguments, known.kind)
    return tuple(name for name in names if name in known.recording.answers)


def _accepting_properties(carried: Carried) -> list[tuple[str, object]]:
    """Properties that are there only where something was waived or attested."""
    waived = [f"{each.place}: {waived_words(each)}: {each.reason}" for each in carried.waivers]
    attested = [f"{each.person} on {each.date}: {each.statement}" for each in carried.attestations]
    words = (("waiver", waived), ("attested", attested))
    return [(name, printable("; ".join(texts))) for name, texts in words if texts]


def _shape(report: pytest.TestReport, item: pytest.Item, result: Result) -> None:
    if result.verdict is Verdict.ERROR:
        report.when = "setup"  # JUnit and pytest call what a call raises a failure; there is no other way
        report.outcome, report.longrepr = "failed", f"error: {result.reason}"
    elif result.verdict is Verdict.WAIVED:
        report.outcome, report.wasxfail = "skipped", result.reason
    elif result.verdict in _SKIPPED:
        path, line, _ = item.location  # where the control is, not where it was judged
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {result.verdict}: {result.reason}")
