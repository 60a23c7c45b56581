"""results.sarif and code-scanning.sarif: every verdict by its kind, and never above the limits of GitHub."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.results import Audit, Finding
from hullcheck.verdicts import Verdict
from hullcheck.writers.formats import sarif
from hullcheck.writers.formats.status import STATUS
from selftests.kit import audit_pages
from selftests.kit.formats import each_audit, each_verdict, found, named, rendered, small, text


def run_of(audit: Audit, name: str = "sarif") -> dict[str, Any]:
    """The only run of the file."""
    document = json.loads(text(name, audit))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run  # type: ignore[no-any-return]


def notes(run: dict[str, Any], kind: str) -> list[str]:
    """What the tool says of its own run."""
    (invocation,) = run["invocations"]
    told = invocation["toolExecutionNotifications"]
    level = {"evidence-not-read": "error", "results-left-out": "warning"}[kind]
    assert all(each["level"] == level for each in told if each["descriptor"]["id"] == kind)
    return [each["message"]["text"] for each in told if each["descriptor"]["id"] == kind]


@each_verdict
def test_kind_is_that_of_the_table(verdict: Verdict) -> None:
    """A result that is no problem has no level; the standard asks for that."""
    (result,) = run_of(small(Finding("container", "web", verdict, "flies")))["results"]
    assert result["kind"] == STATUS[verdict].sarif
    assert result["level"] == ("error" if result["kind"] == "fail" else "none")
    assert ("suppressions" in result) == (verdict is Verdict.WAIVED)


@pytest.mark.parametrize(
    ("severity", "level", "lowest"),
    [("critical", "error", 9.0), ("high", "error", 7.0), ("medium", "warning", 4.0), ("low", "note", 0.1)],
)
def test_severity_is_level_and_score(severity: str, level: str, lowest: float) -> None:
    """The score lies in the range that GitHub calls by the same word; one of the inventory decides the level."""
    run = run_of(small(Finding("container", "web", Verdict.FAIL), severity=severity))
    (rule,) = run["tool"]["driver"]["rules"]
    assert run["results"][0]["level"] == rule["defaultConfiguration"]["level"] == level
    assert (
        lowest
        <= float(rule["properties"]["security-severity"])
        < {9.0: 10.1, 7.0: 9.0, 4.0: 7.0, 0.1: 4.0}[lowest]
    )
    audit = small(Finding("container", "web", Verdict.FAIL), severity="low")
    stricter = replace(audit, results=tuple(replace(each, severity=severity) for each in audit.results))
    assert run_of(stricter)["results"][0]["level"] == level


@each_audit
def test_results_follow_the_audit(audit: Callable[[], Audit]) -> None:
    """Each finding once, by its stable id; each points to its rule and into the repository."""
    run, entries = run_of(audit()), found(audit(), *Verdict)
    results = run["results"]
    assert [each["partialFingerprints"]["hullcheckFinding/v1"] for each in results] == [
        each.id for each in entries
    ]
    assert Counter(each["properties"]["verdict"] for each in results) == Counter(
        str(e.verdict) for e in entries
    )
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in results)
    assert all(1 <= len(each["properties"]["tags"]) <= 20 for each in rules)
    for each in results:
        (location,) = each["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.isascii()
        assert not uri.startswith("/")
        assert location["logicalLocations"][0]["fullyQualifiedName"].startswith(
            each["properties"]["target"][:5]
        )
        assert each["partialFingerprints"]["primaryLocationLineHash"]
    assert len(notes(run, "evidence-not-read")) == sum(each.verdict is Verdict.ERROR for each in entries)


def test_problems_alone_are_for_github() -> None:
    """It takes whatever is there for a problem, so nothing that passes is."""
    audit = audit_pages.accepted().audit
    results = run_of(audit, "code-scanning")["results"]
    assert {each["kind"] for each in results} == {"fail"}
    assert len(results) == len(found(audit, Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED))


def test_location_is_the_inventory() -> None:
    """Without one it is the name of the target, for GitHub refuses a result without a place."""
    audit = small(Finding("container", "web", Verdict.FAIL))

    def uri(audit: Audit) -> str:
        (each,) = run_of(audit)["results"]
        return str(each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])

    assert uri(audit) == "web1"
    assert (
        uri(replace(audit, run=replace(audit.run, inventory="inventories/my fleet.yml")))
        == "inventories/my%20fleet.yml"
    )


def test_waiver_is_a_suppression() -> None:
    """With the reason, who approved it and until when."""
    audit = audit_pages.accepted().audit
    waived = [each for each in run_of(audit)["results"] if "suppressions" in each]
    assert len(waived) == len(found(audit, Verdict.WAIVED)) > 0
    for each in waived:
        ((suppression,),) = [each["suppressions"]]
        assert suppression["status"] == "accepted"
        assert suppression["justification"] == audit_pages.WAIVER.reason
        assert suppression["properties"]["until"] == audit_pages.WAIVER.last_day
        assert suppression["properties"]["by"] == audit_pages.WAIVER.approved_by


def test_most_results() -> None:
    """The worst are kept; how many are left out is said in the log, and to the user."""
    passing = [Finding("container", f"p{each}", Verdict.PASS) for each in range(sarif.MOST_RESULTS)]
    failing = [Finding("container", f"f{each}", Verdict.FAIL) for each in range(7)]
    audit = small(*passing, *failing)
    run = run_of(audit)
    kept = Counter(each["kind"] for each in run["results"])
    assert kept == {"fail": 7, "pass": sarif.MOST_RESULTS - 7}
    (said,) = notes(run, "results-left-out")
    assert said == rendered("sarif", audit).left_out
    assert said.startswith("7 of 25,007 results were left out")
    assert "0 of them fail" in said


def test_most_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would be too large for GitHub has fewer results, the worst of them."""
    monkeypatch.setattr(sarif, "LARGEST", 100_000)
    monkeypatch.setattr(sarif, "_SAFE", 90_000)
    numbers = random.Random(3)
    noise = [f"{numbers.getrandbits(2000):0500x}" for _ in range(600)]
    findings = [Finding("container", each, Verdict.PASS) for each in noise]
    audit = small(*findings, Finding("container", "worst", Verdict.FAIL))
    made = rendered("sarif", audit)
    assert len(gzip.compress(made.content)) < 100_000
    results = json.loads(made.content)["runs"][0]["results"]
    assert 50 < len(results) < 600
    assert [each["kind"] for each in results].count("fail") == 1
    assert made.left_out


def test_tags_have_each_framework() -> None:
    """However many ids one of them has; `security` is first, for without it GitHub ignores the score."""
    many = {"cis": tuple(f"5.{each}" for each in range(40)), "nist": ("800-53:AC-6",), "pci": ("2.2.6",)}
    (rule,) = run_of(small(frameworks=many))["tool"]["driver"]["rules"]
    tags = rule["properties"]["tags"]
    assert len(tags) == 20
    assert tags[:4] == ["security", "cis:5.0", "nist:800-53:AC-6", "pci:2.2.6"]


def test_names_stay_in_their_texts() -> None:
    """Each is one line, and is there."""
    results = run_of(named())["results"]
    assert all("\n" not in each["message"]["text"] for each in results)
    assert r"\x1b" in results[5]["message"]["text"]
    assert r"\udc80" in results[7]["message"]["text"]
    assert "\U0001f433" in results[6]["message"]["text"]
