"""Judges: calls a control once per subject, and gives each verdict its outcome in pytest."""

from collections.abc import Generator, Sequence

import pytest

from hullcheck.controls.judge import finding_of, judge, summary
from hullcheck.controls.metadata import control_of
from hullcheck.facts.registry import evidence_of
from hullcheck.inventory import Target
from hullcheck.inventory.acceptance import waived_words
from hullcheck.messages import printable
from hullcheck.plugin.items import TARGET, is_control, properties_of
from hullcheck.plugin.session import AuditSession, session_of
from hullcheck.results import Attestation, Finding, Result, Waiver
from hullcheck.results.document import to_json
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable, Verdict
from hullcheck.writers import terminal

FINDINGS = pytest.StashKey[tuple[Finding, ...]]()
SETTLED = pytest.StashKey[bool]()
"""Whether a fixture has left the control to a person, and one has looked: then there is nothing more to call."""
MAPPED = pytest.StashKey[bool]()
"""Whether a report of this process has said what it collected."""

_RAISED: dict[Verdict, type[Exception]] = {
    Verdict.ERROR: EvidenceError,
    Verdict.NOT_APPLICABLE: NotApplicable,
    Verdict.MANUAL: Manual,
}


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a control once per subject and end with the worst verdict."""
    if not is_control(pyfuncitem):
        return None
    if pyfuncitem.stash.get(SETTLED, False):
        pyfuncitem.stash[SETTLED] = False
        return True
    pyfuncitem.stash[FINDINGS] = ()  # of an earlier run of the same test, if there was one
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    target = _target_of(pyfuncitem)
    findings = _accepted(pyfuncitem, judge(pyfuncitem.obj, arguments, target.name))
    pyfuncitem.stash[FINDINGS] = findings
    verdict, reason = summary(findings)
    if verdict is Verdict.FAIL:
        # not by pytest.fail(): that is a frame which pytest hides, and it would say so below each reason
        raise pytest.fail.Exception(terminal.offenders(findings), pytrace=False)
    if verdict in _RAISED:
        raise _RAISED[verdict](reason)
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give each verdict its outcome in pytest, and let the report carry the result."""
    ended = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
    if not (ended and is_control(item)):
        return (yield)
    assert isinstance(item, pytest.Function)
    result = _result(item, call)
    if call.when == "setup" and result.verdict in (Verdict.ATTESTED, Verdict.WAIVED):
        item.stash[SETTLED] = True
        call.excinfo = None  # go on to the call, which has nothing more to ask
        return (yield)
    _drop_traceback(call)
    report = yield
    _shape(report, item, result.verdict, result.reason)
    control = control_of(item.obj, item.iter_markers())
    accepting = [to_json(each) for told in _accepting(item, result) for each in told]
    carried = {"control": to_json(control), "result": to_json(result), "accepting": accepting}
    if MAPPED not in item.config.stash:  # the first report of a process says what it collected
        item.config.stash[MAPPED] = True
        carried["mapped"] = {key: dict(each) for key, each in session_of(item.config).mapped.items()}
    report.hullcheck = carried  # type: ignore[attr-defined]
    item.user_properties += properties_of(control, result) + _accepting_properties(*_accepting(item, result))
    return report


def _result(item: pytest.Function, call: pytest.CallInfo[None]) -> Result:
    target = _target_of(item)
    if call.when == "setup" or not item.stash[FINDINGS]:
        item.stash[FINDINGS] = _accepted(item, (_finding_of(call, target.name),))
    findings = item.stash[FINDINGS]
    verdict, reason = summary(findings)
    evidence = _evidence(item.fixturenames, session_of(item.config), target)
    result = Result(_id(item), target.name, verdict, reason, findings, evidence)
    return session_of(item.config).tailored(result, target)


def _id(item: pytest.Function) -> str:
    return str(item.obj.__name__).removeprefix("test_")


def _accepted(item: pytest.Function, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return session_of(item.config).accepted(_id(item), _target_of(item), findings)


def _accepting(item: pytest.Function, result: Result) -> tuple[list[Waiver], list[Attestation]]:
    """The waivers and attestations that decided findings."""
    return session_of(item.config).acceptance.of(result)


def _drop_traceback(call: pytest.CallInfo[None]) -> None:
    """Let pytest write no traceback of a verdict: nobody sees it, and it costs more than all the judging."""
    if call.excinfo is not None:
        quiet = pytest.fail.Exception(str(call.excinfo.value), pytrace=False)
        last = call.excinfo.tb
        while last.tb_next is not None:
            last = last.tb_next
        call.excinfo = pytest.ExceptionInfo.from_exc_info((type(quiet), quiet, last))


def _evidence(arguments: Sequence[str], audit: AuditSession, target: Target) -> tuple[str, ...]:
    """The probes behind *arguments*, of those that the target answered."""
    known = audit.facts_of(target)
    names = evidence_of(arguments, known.kind)
    return tuple(name for name in names if name in known.recording.answers)


def _target_of(item: pytest.Function) -> Target:
    target = item.callspec.params[TARGET]
    assert isinstance(target, Target)
    return target


def _accepting_properties(waivers: list[Waiver], attestations: list[Attestation]) -> list[tuple[str, object]]:
    """Properties that are there only where something was waived or attested."""
    waived = [f"{each.place}: {waived_words(each)}: {each.reason}" for each in waivers]
    attested = [f"{each.person} on {each.date}: {each.statement}" for each in attestations]
    words = (("waiver", waived), ("attested", attested))
    return [(name, printable("; ".join(texts))) for name, texts in words if texts]


def _finding_of(call: pytest.CallInfo[None], target: str) -> Finding:
    """The finding on a target whose facts could not be had; an assertion in a fixture judges nothing."""
    assert call.excinfo is not None
    raised = call.excinfo.value
    if isinstance(raised, (AssertionError, pytest.fail.Exception)):
        raised = EvidenceError(f"a fixture failed: {raised}")
    return finding_of(raised, "target", target)


def _shape(report: pytest.TestReport, item: pytest.Item, verdict: Verdict, reason: str) -> None:
    if verdict is Verdict.ERROR:
        report.when, report.outcome, report.longrepr = "setup", "failed", f"error: {reason}"
    elif verdict is Verdict.FAIL:
        report.when = "call"  # also where a fixture has left it to a person, who found that it fails
    elif verdict is Verdict.WAIVED:
        report.outcome, report.wasxfail = "skipped", reason
    elif verdict in (Verdict.NOT_APPLICABLE, Verdict.MANUAL):
        path, line, _ = item.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {verdict}: {reason}")
