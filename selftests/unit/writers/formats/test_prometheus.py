"""hullcheck.prom: numbers that Prometheus reads, and that add up to the audit."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from hullcheck.results import Audit, AuditedTarget, Change, Changes, Finding
from hullcheck.verdicts import Verdict
from selftests.kit import audit_pages
from selftests.kit.formats import NAMES, each_audit, found, small, text
from selftests.needs import need

SAMPLE = re.compile(r"(hullcheck_\w+)(?:\{((?:[a-z]+=\"(?:[^\"\\\n]|\\[\\\"n])*\",?)+)\})? (-?\d+)")


def samples(audit: Audit, name: str) -> dict[tuple[str, ...], int]:
    """The values of a metric by those of its labels."""
    matches = [SAMPLE.fullmatch(each) for each in text("prometheus", audit).splitlines() if each[0] != "#"]
    assert all(matches)
    return {
        tuple(re.findall(r'="((?:[^"\\]|\\.)*)"', each[2] or "")): int(each[3])
        for each in matches
        if each and each[1] == f"hullcheck_{name}"
    }


@each_audit
def test_promtool_reads_it(audit: Callable[[], Audit]) -> None:
    """And has nothing against names, types and help."""
    need("promtool")
    command = [shutil.which("promtool") or "", "check", "metrics"]
    done = subprocess.run(
        command, input=text("prometheus", audit()), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_numbers_are_those_of_the_audit() -> None:
    """By target, severity and verdict; what there is none of is 0 and not missing."""
    audit = audit_pages.accepted().audit
    results, findings = samples(audit, "results"), samples(audit, "findings")
    severities = {each.id: each.severity for each in audit.controls}
    counted = Counter((each.target, severities[each.control], str(each.verdict)) for each in audit.results)
    assert {key: value for key, value in results.items() if value} == counted
    assert sum(findings.values()) == len(found(audit, *Verdict))
    assert len(results) == len(findings) == len(audit.targets) * 4 * len(Verdict)
    assert samples(audit, "target_judged") == {("hardened",): 1, ("careless",): 1, ("db-7",): 0}
    assert samples(audit, "waivers") == {("expired",): 1, ("in force",): 1}


def test_severity_is_that_of_the_target() -> None:
    """Where the inventory changes it."""
    audit = small(Finding("a", "b", Verdict.FAIL), severity="low")
    stricter = replace(audit, results=tuple(replace(each, severity="critical") for each in audit.results))
    for name in ("results", "findings"):
        assert samples(stricter, name)["web1", "critical", "fail"] == 1
        assert samples(stricter, name)["web1", "low", "fail"] == 0


def test_times_are_those_of_the_run() -> None:
    """In seconds, so that an alert can tell that no audit ran."""
    audit = small(Finding("a", "b", Verdict.PASS))
    assert samples(audit, "run_finished_timestamp_seconds") == {(): 1_795_576_978}
    assert samples(audit, "run_exit_status") == {(): 1}


def test_changes_are_there_where_a_run_was_before() -> None:
    """And not else: 0 would say that nothing is new."""
    audit = small(Finding("a", "b", Verdict.FAIL))
    assert samples(audit, "findings_new") == {}
    change = Change("c", "web1", "a", "b", "")
    changed = replace(audit, since=Changes("before", "", 1, (change,), (), 0))
    assert samples(changed, "findings_new") == {(): 1}
    assert samples(changed, "findings_gone") == {(): 0}


def test_names_stay_in_their_labels() -> None:
    """Whatever a target is called."""
    audit = small()
    targets = tuple(AuditedTarget(each, "local://", "host", "", "") for each in NAMES)
    told = samples(replace(audit, targets=targets), "target_judged")
    assert len(told) == len(NAMES)
