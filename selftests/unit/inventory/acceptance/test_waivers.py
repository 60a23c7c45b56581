"""Waivers and attestations in audits: what they make of findings, which of them want a look, and where both show."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from msgspec import structs

from hullcheck.inventory.acceptance import NO_END, Acceptance, AuditContext, Entry, names_of
from hullcheck.parsing.times import Times
from hullcheck.recording import Recording
from hullcheck.results import Attestation, Finding, Result, SwitchedOff, Waiver
from hullcheck.results.failures import cause_of
from hullcheck.verdicts import Verdict
from selftests import REPOSITORY
from selftests.kit.running import Project, Run, containers, info, properties

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
TESTS = {
    "test_a.py": '''
import pytest
from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import Manual

@pytest.fixture
def thing(policy):
    return Subjects("container", (("bad", "runs with --privileged"), ("worse", "owns the host")))

@pytest.mark.cis("5.10", level=1)
@pytest.mark.pci("2.2.6")
def test_two_fail(thing):
    """Both are good."""
    assert not thing, thing

@pytest.mark.guide("1.4.auditd")
@pytest.mark.pci("2.2.5")
def test_a_person_looks(policy):
    """Somebody looks."""
    raise Manual("3 keys were found")

def test_passes(policy):
    """It passes."""
'''
}
ONE = 'targets:\n  web1: {connect: "recorded://recordings/web1"}\n'
UNTIL = "until: 2027-01-31, approved_by: Jane Döe, ticket: OPS-118"
LOOKED = "status: passed, on: 2026-11-01, by: Zoë Ray, valid_for: annually"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A recorded host, and controls that say each thing that a control can say."""
    made = Project(tmp_path / "project", TESTS)
    made.recorded("web1", info(), containers(), gathered=NOON)
    return made


def audit(project: Project, inventory: str, *arguments: str) -> Run:
    """Run it with this inventory; what comes out fits the schema."""
    project.write("inventories/local.yml", inventory)
    run = project.pytest(*arguments)
    if run.status in (0, 1):
        schema = json.loads((REPOSITORY / "docs/results.schema.json").read_text())
        assert not [each.message for each in jsonschema_rs.validator_for(schema).iter_errors(run.results)]
    return run


# ---- what they make of findings


def test_run_with_all_failures_accepted_ends_with_0(project: Project) -> None:
    """It is xfailed or passed, and every report says why, until when and by whom."""
    entry = f"{{control_id: a_person_looks, checked: all are needed, {LOOKED}, evidence: ['https://w/7']}}"
    inventory = f"{ONE}waivers:\n  '5.10': {{reason: a <mirror>, {UNTIL}}}\nattestations:\n  - {entry}\n"
    run = audit(project, inventory, "-k", "two_fail or person", "-rx", "--html=own.html")
    assert run.status == 0, run.output
    assert run.verdicts == {"two_fail": "waived", "a_person_looks": "attested"}
    (waiver,) = run.results["waivers"]
    assert (waiver["state"], waiver["findings"], waiver["place"]) == ("in force", 2, "local.yml:4")
    for line in ("1 xfailed", "web1  1 waived, 1 attested", "waivers: 1 in force"):
        assert run.lines(line), run.output
    (line,) = run.lines("XFAIL")
    said = "waived until 2027-01-31 by Jane Döe, OPS-118: a <mirror>"
    assert f"bad: runs with --privileged ({said}); worse" in line
    looked = "3 keys were found (attested by Zoë Ray on 2026-11-01, until 2027-10-31: all are needed)"
    assert looked in run.reasons
    waived, attested = run.junit
    (skipped,) = waived.iter("skipped")
    assert (skipped.get("type"), said in str(skipped.get("message"))) == ("pytest.xfail", True)
    assert dict(properties(waived))["waiver"] == f"local.yml:4: {said}"
    assert dict(properties(attested))["attested"] == "Zoë Ray on 2026-11-01: all are needed"
    assert not list(attested.iter("skipped"))
    page = (run.folder / "own.html").read_text()
    assert ("XFailed" in page, "OPS-118" in page, "<mirror>" in page) == (True, True, False)


def test_entries_that_are_not_needed(project: Project) -> None:
    """`--fail-on waivers` fails a run for one that needs review; a misspelt control is suggested."""
    part = 'waivers: {Pases: {reason: so, subjects: [gone, "b\\e"]}}'
    assert audit(project, f"{ONE}{part}\n", "-k", "passes").status == 0
    run = audit(project, f"{ONE}{part}\n", "-k", "passes", "--fail-on=waivers")
    assert (run.status, run.results["run"]["exit_status"]) == (1, 1)
    assert run.lines("gate --fail-on=waivers failed (1 finding)")
    (line,) = [each for each in run.lines("for there is") if each.startswith("  local")]
    assert line.endswith(
        "Pases (subjects gone, b\\x1b): matches nothing, for there is no such control; did you mean 'passes'?"
    )


# ---- days


def accepted(finding: Finding, entries: Iterable[Entry[Any]], gathered: float = NOON) -> Finding:
    """What these make of the finding of the control `a` on `web1`."""
    every = list(entries)
    of = Acceptance(
        tuple(each for each in every if isinstance(each.record, Waiver)),
        tuple(each for each in every if isinstance(each.record, Attestation)),
    )
    names = names_of("a", {"cis": ("5.5",), "guide": ("3.2.read_only",), "pci": ("2.2.6",)})
    (found,) = of.applied((finding,), names, "web1", Times(gathered, gathered))
    return found


FAILS = Finding("container", "web", Verdict.FAIL, "it is so")
MANUAL = Finding("container", "web", Verdict.MANUAL, "look")


def waiver(place: str, ends: float = NO_END, **fields: Any) -> Entry[Waiver]:
    """A waiver of the control `a`."""
    return Entry(Waiver("a", "because", place=place, **fields), 0.0, ends)


def attestation(place: str, begins: float, ends: float, status: str = "passed") -> Entry[Attestation]:
    """An attestation of the control `a`."""
    return Entry(Attestation("a", "seen", "Ann", "2026-11-24", "2026-11-30", status, place=place), begins, ends)


@pytest.mark.parametrize(
    ("begins", "ends", "target", "auditor", "holds"),
    [
        (10, 20, 15, 15, True),
        (10, 20, 15, 0, True),
        (10, 20, 10, 15, True),
        (10, 20, 15, 25, False),
        (10, 20, 25, 15, False),
        (10, 20, 5, 15, False),
        (10, 20, 15, 20, False),
        (10, NO_END, 0, 0, True),
        (10, 20, 0, 0, False),
    ],
)
def test_in_force_by_both_clocks(begins: float, ends: float, target: float, auditor: float, holds: bool) -> None:
    """What only one of the clocks takes for in force is not; one that is not known says nothing."""
    entry = Entry(Waiver("a", "because"), float(begins), float(ends))
    recording = Recording("web1", "ssh", gathered=target, asked=auditor)
    assert entry.holds(recording.times) is holds


def test_waiver_that_lasts_longest_counts() -> None:
    """One without an end lasts longest; one that ended is not mentioned beside one in force."""
    entries = [waiver("short", NOON + 1), waiver("old", NOON), waiver("long", NOON + 2)]
    assert accepted(FAILS, entries).accepted_by == "long"
    assert "ended" not in accepted(FAILS, entries).reason
    assert accepted(FAILS, [*entries, waiver("ever")]).accepted_by == "ever"
    for when in (NOON + 2, NOON + 5):
        lapsed = accepted(FAILS, entries, when)
        assert (lapsed.reason, cause_of(lapsed)) == ("it is so (a waiver ended: its last day was : long)", "it is so")


def test_last_look_counts() -> None:
    """Attested twice, the newer one decides; of one day, that which found a failure."""
    old, new = attestation("old", NOON - 9, NOON + 9, "failed"), attestation("new", NOON - 5, NOON + 1)
    assert accepted(MANUAL, [old, new]).verdict is Verdict.ATTESTED
    same = attestation("same", NOON - 5, NOON + 1, "failed")
    assert accepted(MANUAL, [new, same]).accepted_by == "same"
    assert accepted(MANUAL, [same, new]).accepted_by == "same"
    assert accepted(MANUAL, [old, new], NOON + 2).accepted_by == "old"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_verdicts_that_are_accepted(verdict: Verdict) -> None:
    """A waiver changes a fail alone, and an attestation what is manual."""
    finding = Finding("container", "web", verdict, "so")
    assert (accepted(finding, [waiver("any")]) == finding) is (verdict is not Verdict.FAIL)
    looked = attestation("any", NOON - 1, NOON + 1)
    assert (accepted(finding, [looked]) == finding) is (verdict is not Verdict.MANUAL)


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({"targets": ("web2", "*1")}, True),
        ({"targets": ("web2",)}, False),
        ({"subjects": ("w*[[]1]",)}, True),
        *(({"subjects": (each,)}, False) for each in ("db", "WEB*", "web[1]")),
        *(({"control": each}, True) for each in ("CIS-5.5", "5.5", "guide-3.2.read_only")),
        *(({"control": each}, False) for each in ("5.*", "2.2.6", "3.2.read_only")),
        *(({"control": "", "cause": each}, True) for each in ("it is so [::]:80", "it is*", "* [[]::]:80")),
        *(({"control": "", "cause": each}, False) for each in ("it is", "It is*")),
        ({"control": "", "cause": "it is*", "subjects": ("db",)}, False),
    ],
)
def test_what_a_waiver_is_about(fields: dict[str, Any], matches: bool) -> None:
    """Names but those of controls are patterns as of a shell; a cause is the reason as it is, or a pattern of it."""
    entry = waiver("any")
    changed = Entry(structs.replace(entry.record, **fields), entry.begins, entry.ends)
    finding = Finding("container", "web[1]", Verdict.FAIL, "it is so\n[::]:80")
    assert (accepted(finding, [changed]).verdict is Verdict.WAIVED) is matches


def test_failure_that_a_person_found_may_be_waived() -> None:
    """Both are told; nothing is waived where no waiver is to count."""
    found = attestation("seen", NOON - 1, NOON + 1, "failed")
    assert accepted(MANUAL, [found]).reason == "look (found to fail by Ann on 2026-11-24: seen)"
    assert accepted(MANUAL, [found, waiver("so")]).verdict is Verdict.WAIVED
    nothing = Acceptance((waiver("so"),), waiving=False)
    assert nothing.applied((FAILS,), {"a"}, "web1", Times(NOON, NOON)) == (FAILS,)
    later = attestation("later", NOON + 1, NOON + 2)
    assert accepted(MANUAL, [later]).reason == "look (an attestation is not in force yet: later)"


# ---- which of them want a look


def result(control: str, verdict: Verdict, target: str = "web1", subject: str = "web") -> Result:
    """A result with one finding."""
    kind = "target" if subject == target else "container"
    reason = "it is so (waived without end: so)" if verdict is Verdict.WAIVED else "it is so"
    return Result(control, target, verdict, "", (Finding(kind, subject, verdict, reason),))


def state(
    record: Waiver | Attestation,
    *results: Result,
    begins: float = 0.0,
    ends: float = NO_END,
    **changes: Any,
) -> str:
    """The state of a waiver or an attestation in an audit of web1, where these controls are known."""
    entry = Entry(record, begins, ends)
    audit = AuditContext(
        results=results,
        ids_by_control={"a": {"cis": ["5.5"]}, "b": {}},
        gathered={"web1": Times(NOON, NOON)},
        targets=changes.pop("targets", ["web1"]),
        narrowed=changes.pop("narrowed", False),
        **changes,
    )
    of_waivers, of_attestations = (
        Acceptance((entry,)) if isinstance(record, Waiver) else Acceptance((), (entry,))  # type: ignore[arg-type]
    ).outcomes(audit)
    return [*of_waivers, *of_attestations][0].state


A = Waiver("a", "so")
CAUSE = Waiver("", "so", cause="it is*")
SEEN = Attestation("a", "seen", "Ann", "2026-11-24", "2026-11-30", "passed")
FAIL, PASS, ERROR = (result("a", each) for each in (Verdict.FAIL, Verdict.PASS, Verdict.ERROR))
UNREACHABLE = result("a", Verdict.ERROR, subject="web1")


@pytest.mark.parametrize(
    ("record", "results", "changes", "expected"),
    [
        (A, [FAIL], {}, "in force"),
        (A, [PASS], {}, "not needed"),
        (A, [result("a", Verdict.MANUAL)], {}, "not needed"),
        (A, [ERROR], {}, "not judged"),
        (structs.replace(A, subjects=("web",)), [UNREACHABLE], {}, "not judged"),
        (structs.replace(A, subjects=("gone",)), [FAIL], {}, "matches nothing"),
        (structs.replace(A, targets=("web9",)), [FAIL], {}, "matches nothing"),
        (structs.replace(A, targets=("web2",)), [FAIL], {"targets": ["web1", "web2"]}, "not judged"),
        (structs.replace(A, control="docker-5.5"), [FAIL], {}, "matches nothing"),
        (structs.replace(A, control="docker-5.5"), [FAIL], {"narrowed": True}, "not judged"),
        (A, [], {}, "not judged"),
        (A, [PASS], {"targets": ["web1", "web2"]}, "not judged"),
        (A, [FAIL], {"targets": ["web1", "web2"]}, "in force"),
        (A, [PASS], {"limits": {"container": ["w*"]}}, "not judged"),
        (structs.replace(A, targets=("web9",)), [FAIL], {"narrowed": True}, "matches nothing"),
        (A, [FAIL], {"ends": NOON}, "expired"),
        (A, [FAIL], {"begins": NOON + 1}, "not yet in force"),
        (A, [structs.replace(FAIL, switched_off=SwitchedOff("x", "y", Verdict.FAIL))], {}, "not judged"),
        (CAUSE, [FAIL], {}, "in force"),
        (structs.replace(CAUSE, cause="it is so"), [result("b", Verdict.WAIVED)], {}, "in force"),
        (CAUSE, [PASS, result("b", Verdict.PASS)], {}, "not needed"),
        (structs.replace(CAUSE, cause="it was"), [FAIL, result("b", Verdict.PASS)], {}, "matches nothing"),
        (structs.replace(CAUSE, cause="it was"), [FAIL], {}, "not judged"),
        (SEEN, [result("a", Verdict.MANUAL)], {}, "in force"),
        (SEEN, [FAIL], {}, "not needed"),
        (SEEN, [result("a", Verdict.WAIVED)], {}, "not needed"),
        (structs.replace(SEEN, status="failed"), [result("a", Verdict.WAIVED)], {}, "in force"),
    ],
)
def test_state(record: Waiver, results: list[Result], changes: dict[str, Any], expected: str) -> None:
    """What the audit knows of an entry; what it did not look at is not called useless."""
    assert state(record, *results, **changes) == expected
