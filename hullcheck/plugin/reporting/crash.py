"""Reports a control whose worker of pytest-xdist died while it judged.

That process collects nothing, so each worker leaves a list of what it collected before anything is judged.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import convert, to_builtins
from msgspec.structs import replace

from hullcheck.controls.judge import finding_of
from hullcheck.inventory import Target
from hullcheck.plugin.items import CONTROL, TARGET, Carried, is_control, properties_of
from hullcheck.plugin.session import AuditSession
from hullcheck.results import Control, Result
from hullcheck.verdicts import EvidenceError, Verdict

REASON = "the process that judged this control died; run it again without -n to see why"


def listing(session: pytest.Session, audit_session: AuditSession) -> dict[str, Any]:
    """Which control and target each test of *session* is, as JSON can hold it; empty where none is a control."""
    controls, tests = {}, {}
    for item in session.items:
        if isinstance(item, pytest.Function) and is_control(item):
            control = item.stash[CONTROL]
            controls[control.id] = to_builtins(control)
            target = item.callspec.params[TARGET]
            assert isinstance(target, Target)
            tests[item.nodeid] = [control.id, target.name]
    ids_by_control = {name: dict(ids) for name, ids in audit_session.ids_by_control.items()}
    return {"controls": controls, "tests": tests, "ids_by_control": ids_by_control} if tests else {}


def make_error(report: pytest.TestReport, listed: Mapping[str, Any], audit_session: AuditSession) -> bool:
    """Let the *report* that xdist makes of a crash carry an error; gives whether it is that of a control."""
    if report.nodeid not in listed.get("tests", ()):
        return False
    name, on = listed["tests"][report.nodeid]
    target = next(each for each in audit_session.targets if each.name == on)
    finding = finding_of(EvidenceError(REASON), "target", on)
    result = Result(name, on, Verdict.ERROR, finding.reason, (finding,))
    # an error of a control that is switched off, too: what kills a process is not the matter of one control
    result = replace(result, severity=audit_session.tailored(result, target).severity)
    control = convert(listed["controls"][name], Control)
    report.when, report.longrepr = "setup", f"error: {REASON}"
    report.user_properties = properties_of(control, result)
    report.hullcheck = Carried(control, result)  # type: ignore[attr-defined]
    return True


def end_of(report: pytest.TestReport) -> pytest.TestReport:
    """The report of the end of this test, which did not come: JUnit and pytest-html wait for it."""
    end = pytest.TestReport(
        report.nodeid, report.location, {}, "passed", None, "teardown", user_properties=report.user_properties
    )
    end.node = report.node  # type: ignore[attr-defined]
    return end
