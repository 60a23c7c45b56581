"""hdf.json: the status that Heimdall and SAF work out of a control is that of the audit, also where findings differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import pytest

from hullcheck.results import Audit, Finding
from hullcheck.verdicts import Verdict, worst
from selftests.kit import audit_pages
from selftests.kit.formats import each_audit, each_verdict, found, small, text

STATUS = {
    Verdict.PASS: "Passed",
    Verdict.ATTESTED: "Passed",
    Verdict.FAIL: "Failed",
    Verdict.ERROR: "Profile Error",
    Verdict.MANUAL: "Not Reviewed",
    Verdict.NOT_APPLICABLE: "Not Applicable",
    Verdict.WAIVED: "Not Applicable",
}
"""What the readers shall say."""
REQUIRED = {
    "document": {"platform", "profiles", "statistics", "version"},
    "profile": {"attributes", "controls", "groups", "name", "sha256", "supports"},
    "control": {"id", "impact", "refs", "results", "source_location", "tags"},
    "result": {"code_desc", "start_time"},
}


def profile_of(audit: Audit) -> dict[str, Any]:
    """The only profile."""
    document = json.loads(text("hdf", audit))
    assert document.keys() >= REQUIRED["document"]
    (profile,) = document["profiles"]
    assert profile.keys() >= REQUIRED["profile"]
    return profile  # type: ignore[no-any-return]


def status_of(control: dict[str, Any]) -> str:
    """As inspecjs works it out, in its order."""
    statuses = ["error" if each.get("backtrace") else each["status"] for each in control["results"]]
    if "error" in statuses or not statuses:
        return "Profile Error"
    if control.get("waiver_data", {}).get("skipped_due_to_waiver") or control["impact"] == 0:
        return "Not Applicable"
    if "failed" in statuses:
        return "Failed"
    return "Passed" if "passed" in statuses else "Not Reviewed"


@each_audit
def test_status_is_that_of_the_audit(audit: Callable[[], Audit]) -> None:
    """Of each control on each target, under an id of its own: readers take controls of one id for one."""
    controls = profile_of(audit())["controls"]
    names = [each["id"] for each in controls]
    assert len(names) == len(set(names)) == len(audit().results)
    several = len(audit().targets) > 1
    wanted = {
        f"{each.control}[{each.target}]" if several else each.control: STATUS[each.verdict]
        for each in audit().results
    }
    assert {each["id"]: status_of(each) for each in controls} == wanted


@pytest.mark.parametrize(
    "verdicts",
    list(combinations_with_replacement(Verdict, 2)),
    ids=lambda each: " and ".join(each).replace(" ", "-"),
)
def test_no_finding_softens_another(verdicts: tuple[Verdict, ...]) -> None:
    """A control is what its worst finding is, and neither a pass nor a waiver hides it."""
    audit = small(*(Finding("container", f"c{at}", each) for at, each in enumerate(verdicts)))
    (control,) = profile_of(audit)["controls"]
    assert status_of(control) == STATUS[worst(verdicts)]


@each_verdict
def test_result_has_its_message(verdict: Verdict) -> None:
    """A skip where readers look for one; only an error has a backtrace."""
    (control,) = profile_of(small(Finding("container", "web", verdict, "flies")))["controls"]
    (result,) = control["results"]
    assert control.keys() >= REQUIRED["control"]
    assert result.keys() >= REQUIRED["result"]
    assert (
        result["skip_message" if result["status"] == "skipped" else "message"]
        == f"{verdict}: container web: flies"
    )
    assert ("backtrace" in result) == (verdict is Verdict.ERROR)
    assert (control["impact"] == 0) == (verdict is Verdict.NOT_APPLICABLE)


def test_waiver_and_attestation_say_who() -> None:
    """In the words of the tools that read them."""
    controls = profile_of(audit_pages.accepted().audit)["controls"]
    waived = [each for each in controls if "waiver_data" in each]
    assert {each["waiver_data"]["justification"] for each in waived} == {audit_pages.WAIVER.reason}
    assert {each["waiver_data"]["expiration_date"] for each in waived} == {audit_pages.WAIVER.last_day}
    attested = [each["attestation_data"] for each in controls if "attestation_data" in each]
    assert {each["updated_by"] for each in attested} == {audit_pages.ATTESTATION.person}
    assert {each["status"] for each in attested} == {"passed"}
    described = [
        one["code_desc"] for each in controls if "attestation_data" in each for one in each["results"]
    ]
    assert all(f"attested by {audit_pages.ATTESTATION.person}" in each for each in described)


def test_nist_numbers_are_plain() -> None:
    """Heimdall groups by those of SP 800-53; others stay under their framework."""
    (control,) = profile_of(small(frameworks={"nist": ("800-190:4.4.3", "800-53:AC-6"), "cis": ("5.5",)}))[
        "controls"
    ]
    assert control["tags"]["nist"] == ["AC-6"]
    assert control["tags"]["cis"] == ["5.5"]
    assert control["descriptions"] == [{"label": "fix", "data": "Tie it."}]
    assert found(small(), *Verdict)
