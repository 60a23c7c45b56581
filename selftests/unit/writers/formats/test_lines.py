"""findings.jsonl, ocsf.jsonl and defectdojo.json: an object for each finding, with the keys that its readers know."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hullcheck.results import Audit, Finding
from hullcheck.verdicts import Verdict
from hullcheck.writers.formats.status import STATUS
from selftests.kit import audit_pages
from selftests.kit.formats import each_audit, each_verdict, found, named, small, text

REQUIRED = {
    *("activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id"),
    *("metadata", "finding_info", "compliance"),
}
"""Of a Compliance Finding."""
ALLOWED = {
    *("title", "severity", "description", "date", "mitigation", "impact", "references", "active", "verified"),
    *("risk_accepted", "static_finding", "dynamic_finding", "unique_id_from_tool", "vuln_id_from_tool"),
    *("service", "component_name", "tags"),
}
"""Of the keys that DefectDojo knows, those that we write; it refuses the file for any other."""


def lines(name: str, audit: Audit) -> list[dict[str, Any]]:
    """Each line by itself."""
    return [json.loads(each) for each in text(name, audit).splitlines()]


def dojo(audit: Audit) -> list[dict[str, Any]]:
    """What DefectDojo imports."""
    return json.loads(text("defectdojo", audit))["findings"]  # type: ignore[no-any-return]


# ---- findings.jsonl


@each_audit
def test_line_is_a_finding(audit: Callable[[], Audit]) -> None:
    """In the order of the results, each with its id and its run."""
    told, entries = lines("jsonl", audit()), found(audit(), *Verdict)
    assert [each["finding"] for each in told] == [each.id for each in entries]
    assert [each["verdict"] for each in told] == [str(each.verdict) for each in entries]
    assert all(each["run"] and each["target"] for each in told)
    assert all(("remedy" in each) <= (each["verdict"] in ("fail", "waived")) for each in told)


def test_line_says_who_accepted_it() -> None:
    """A waiver or an attestation, with its last day."""
    told = lines("jsonl", audit_pages.accepted().audit)
    waived = [each["accepted"] for each in told if each["verdict"] == "waived"]
    assert {(each["kind"], each["until"], each["ticket"]) for each in waived} == {
        ("waiver", "2027-01-31", "OPS-412")
    }
    attested = [each["accepted"] for each in told if each["verdict"] == "attested"]
    assert {(each["kind"], each["by"]) for each in attested} == {
        ("attestation", audit_pages.ATTESTATION.person)
    }


# ---- ocsf.jsonl


@each_verdict
def test_event_has_the_status_of_the_table(verdict: Verdict) -> None:
    """What does not fail is informational; what is waived is suppressed, and fails all the same."""
    (event,) = lines("ocsf", small(Finding("container", "web", verdict, "flies")))
    assert (event["compliance"]["status_id"], event["compliance"]["status"]) == STATUS[verdict].ocsf
    bad = verdict in (Verdict.FAIL, Verdict.WAIVED, Verdict.ERROR)
    assert event["severity_id"] == (4 if bad else 1)
    assert (event["status"] == "Suppressed") == (verdict is Verdict.WAIVED)
    assert ("remediation" in event) == bad
    assert event["unmapped"]["verdict"] == str(verdict)


@each_audit
def test_event_is_a_compliance_finding(audit: Callable[[], Audit]) -> None:
    """With the keys that the class asks for; its time is that of the run, in milliseconds."""
    events, entries = lines("ocsf", audit()), found(audit(), *Verdict)
    assert [each["finding_info"]["uid"] for each in events] == [each.id for each in entries]
    for each in events:
        assert each.keys() >= REQUIRED
        assert each["type_uid"] == each["class_uid"] * 100 + each["activity_id"] == 200301
        assert each["compliance"]["standards"]
    assert {each["time"] for each in lines("ocsf", named())} == {1_795_576_978_000}


# ---- defectdojo.json


@each_verdict
def test_defectdojo_has_what_is_not_well(verdict: Verdict) -> None:
    """A waiver is an accepted risk, which is not active; an error is not verified, and says so."""
    told = dojo(small(Finding("container", "web", verdict, "flies")))
    assert len(told) == (verdict in (Verdict.FAIL, Verdict.WAIVED, Verdict.ERROR))
    for each in told:
        assert each["risk_accepted"] == (verdict is Verdict.WAIVED)
        assert each["active"] == (verdict is not Verdict.WAIVED)
        assert each["verified"] == (verdict is Verdict.FAIL)
        assert each["title"].startswith("Not judged: ") == (verdict is Verdict.ERROR)
        assert each["severity"] == "High"


@each_audit
def test_defectdojo_knows_all_keys(audit: Callable[[], Audit]) -> None:
    """It refuses others; its columns hold so many characters."""
    told = dojo(audit())
    wanted = found(audit(), Verdict.FAIL, Verdict.WAIVED, Verdict.ERROR)
    assert [each["unique_id_from_tool"] for each in told] == [each.id for each in wanted]
    for each in told:
        assert each.keys() == ALLOWED
        assert len(each["title"]) <= 511
        assert len(each["component_name"]) <= 200
        assert each["severity"] in ("Critical", "High", "Medium", "Low")
