"""The formats that other programs show: junit.xml, findings.csv, and pytest-html's report.html."""

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.results import Audit, AuditedTarget, Control, Finding, Result, Run, finding_id, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers import tables
from selftests.kit.running import PRESENT, Project, containers, info

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REMEDY = "run it without --privileged"
AUDIT = ("-m", "cis(id='5.5') or cis(id='5.11') or cis(id='2.16') or cis(id='2.6')")


def example(*findings: Finding) -> Audit:
    """One control on one target with these findings."""
    run = Run("r", "2026-11-25T03:22:57Z", "2026-11-25T03:22:58Z", "0", (), 1)
    control = Control("c", "No cow flies.", "high", "Cows fall.", REMEDY, {"guide": ("1.2.cows",)})
    result = Result("c", "web1", Verdict.FAIL, "", findings)
    return Audit(run, (AuditedTarget("web1", "local://", "host", "1", "os"),), (control,), (result,))


def careless(project: Project, name: str) -> str:
    """A host with a privileged container."""
    described = containers({"Name": "/odd", "HostConfig": {"Privileged": True}})
    return project.recorded(name, PRESENT, info(), described)


# ---- sentences


@pytest.mark.parametrize(
    ("frameworks", "number"),
    [
        ({"cis": ("5.5", "5.6"), "guide": ("1.2",)}, "CIS 5.5"),
        ({"guide": ("1.2.automated_patching.puppet",)}, "Guide 1.2"),
        ({"guide": ("5.cis.daemon_json",)}, "Guide 5"),
        ({"pci": ("2.2.6",)}, ""),
    ],
)
def test_number_is_what_people_say(frameworks: dict[str, tuple[str, ...]], number: str) -> None:
    """That of the benchmark, else that of the guide without its words."""
    assert sentences.number(Control("c", "", "low", "", "", frameworks)) == number


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding("container", "web", Verdict.FAIL, "runs as root"), "container web runs as root"),
        (Finding("container", "web", Verdict.FAIL, "no limit is set"), "container web: no limit is set"),
        (Finding("option", "updates", Verdict.MANUAL, "is any left?"), "option updates: is any left?"),
        (Finding("target", "web1", Verdict.FAIL, "icc is true"), "web1: icc is true"),
        (Finding("step", "it runs", Verdict.FAIL, "no process"), "not met: it runs: no process"),
        (Finding("step", "it runs", Verdict.PASS, ""), "step it runs"),
    ],
)
def test_finding_is_a_sentence(finding: Finding, said: str) -> None:
    """The subject first; a colon where the reason is no predicate; a demand that is not met is no fact."""
    assert sentences.sentence(finding.kind, finding.subject, finding.verdict, finding.reason) == said


# ---- junit.xml and findings.csv


def test_junit_tells_number_severity_and_remedy(tmp_path: Path) -> None:
    """Message and body of a failure say what failed, how bad it is and what to do; an error has no remedy."""
    project = Project(tmp_path)
    run = project.pytest(*AUDIT, "--hosts", careless(project, "web1"))
    failures = {
        each.get("message", ""): each.text or "" for case in run.junit for each in case.iter("failure")
    }
    message, body = next((key, text) for key, text in failures.items() if key.startswith("CIS 5.5 "))
    assert message.startswith("CIS 5.5 (critical): container odd runs with --privileged")
    assert body.splitlines()[:3] == [
        "CIS 5.5 (critical)",
        "fail: container odd runs with --privileged",
        "Demand: No container runs privileged.",
    ]
    assert body.splitlines()[3].startswith("Remedy: run it without `--privileged`")
    assert "cis:5.5 " in body.splitlines()[4]
    errors = [each for case in run.junit for each in case.iter("error")]
    assert errors
    assert all(each.get("message", "").startswith("CIS ") for each in errors)
    assert not any("Remedy:" in (each.text or "") for each in errors)


def test_findings_have_number_and_remedy_in_the_last_columns() -> None:
    """The columns of before keep their places; a finding that passes needs no remedy."""
    audit = example(Finding("container", "a", Verdict.FAIL, "flies"), Finding("container", "b", Verdict.PASS))
    rows = list(csv.DictReader(io.StringIO(tables.findings(audit))))
    assert tables.FINDINGS[5] == "severity"
    assert tables.FINDINGS[-4:] == ("risk", "number", "remedy", "finding")
    assert [(each["number"], each["remedy"]) for each in rows] == [("Guide 1.2", REMEDY), ("Guide 1.2", "")]
    ids = [finding_id("c", "web1", each) for each in audit.results[0].findings]
    assert [each["finding"] for each in rows] == ids


# ---- report.html


def test_page_of_pytest_is_left_out_of_fleets(tmp_path: Path) -> None:
    """Up to three targets it is written by default, above only where --html asks for it."""
    project = Project(tmp_path)
    hosts = [project.recorded(f"web{number}", PRESENT, info()) for number in range(1, 5)]
    for count, options, there in ((3, (), True), (4, (), False), (4, ("--html=own.html",), False)):
        run = project.pytest("-m", "cis(id='2.16')", "--hosts", ",".join(hosts[:count]), *options)
        assert (tmp_path / "reports/latest/report.html").exists() is there, run.output
        assert (tmp_path / "reports/latest/audit.html").exists()
    assert (tmp_path / "own.html").exists()


def test_page_of_pytest_begins_with_the_worst(browser: "Browser", tmp_path: Path) -> None:
    """Its first rows are failures by severity, with number, finding and remedy; all else is folded or below."""
    project = Project(tmp_path)
    run = project.pytest(*AUDIT, "--hosts", careless(project, "web1"))
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto((tmp_path / "reports/latest/report.html").as_uri())
    rows = page.locator("#results-table tbody tr.collapsible")
    first = rows.first.inner_text()
    for each in (
        "Failed",
        "critical",
        "CIS 5.5",
        "odd runs with --privileged",
        "Demand: No container",
        "Remedy: ",
    ):
        assert each in first, run.output
    verdicts = [text.split("\t")[0].strip() for text in rows.all_inner_texts()]
    assert verdicts == sorted(verdicts, key=("Failed", "Error", "Skipped", "Passed").index)
    assert page.locator(".logwrapper:visible").count() == 0
    assert (page.locator("#environment").bounding_box() or {})["y"] > (
        page.locator("#results-table").bounding_box() or {}
    )["y"]
    rows.first.locator(".col-result").click()
    log = page.locator(".log:visible").inner_text()
    assert re.search(r"^Why: .*^Remedy: .*^Frameworks: .*^Evidence: ", log, re.DOTALL | re.MULTILINE)
    assert page.locator(".log .error").count() == 0
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
