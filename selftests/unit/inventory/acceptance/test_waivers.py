"""Waivers and attestations in audits: what they make of findings, which of them want a look, and where both show."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hullcheck.inventory.acceptance import NO_END, Acceptance, Entry, names_of
from hullcheck.parsing.times import Times
from hullcheck.recording.clocks import times
from hullcheck.results import Attestation, Finding, Waiver
from hullcheck.verdicts import Verdict
from selftests import REPOSITORY
from selftests.kit.running import Project, Run, containers, info, properties

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
TESTS = {
    "test_a.py": '''
import pytest
from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

SUBJECTS = {
    "good": (None, ""),
    "bad": (AssertionError, "runs with --privileged"),
    "worse": (AssertionError, "owns the host"),
    "unread": (EvidenceError, "forbidden"),
    "unseen": (Manual, "somebody has to look"),
}

@pytest.fixture
def thing(policy):
    return Subjects("container", tuple(SUBJECTS.items()))

@pytest.fixture
def bad_thing(policy):
    return Subjects("container", (("bad", SUBJECTS["bad"]), ("worse", SUBJECTS["worse"])))

def judged(state):
    raised, reason = state
    if raised is not None:
        raise raised(reason)

@pytest.mark.cis("5.5", level=1)
@pytest.mark.pci("2.2.6")
def test_all_kinds(thing):
    """All are good."""
    judged(thing)

@pytest.mark.cis("5.10", level=1)
@pytest.mark.pci("2.2.6")
def test_two_fail(bad_thing):
    """Both are good."""
    judged(bad_thing)

@pytest.mark.guide("1.4.auditd")
@pytest.mark.pci("2.2.5")
def test_a_person_looks(policy):
    """Somebody looks."""
    raise Manual("3 keys were found")

@pytest.fixture
def opinion(policy):
    raise Manual("the fixture leaves it to you")

def test_fixture_leaves_it(opinion):
    """Somebody looks at the fixture."""

def test_passes(policy):
    """It passes."""

def test_none(policy):
    """There is nothing."""
    raise NotApplicable("no swarm")
'''
}
HOSTS = """targets:
  web1: {connect: "recorded://recordings/web1"}
  web2: {connect: "recorded://recordings/web2"}
"""
ONE = 'targets:\n  web1: {connect: "recorded://recordings/web1"}\n'
UNTIL = "last_day: 2027-01-31, approved_by: Jane Döe, ticket: OPS-118"
LOOKED = "status: passed, updated: 2026-11-01, updated_by: Zoë Ray, frequency: annually"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two recorded hosts, and controls that say each thing that a control can say."""
    made = Project(tmp_path / "project", TESTS)
    for name in ("web1", "web2"):
        made.recorded(name, info(), containers(), gathered=NOON)
    return made


def audit(project: Project, inventory: str, *arguments: str) -> Run:
    """Run it with this inventory; what comes out fits the schema."""
    project.write("inventories/local.yml", inventory)
    run = project.pytest(*arguments)
    if run.status in (0, 1):
        schema = json.loads((REPOSITORY / "docs/results.schema.json").read_text())
        assert not [each.message for each in jsonschema_rs.validator_for(schema).iter_errors(run.results)]
    return run


def findings(run: Run, control: str, target: str = "web1") -> dict[str, tuple[str, str]]:
    """Verdict and reason by subject."""
    (found,) = [
        each["findings"]
        for each in run.results["results"]
        if (each["control"], each["target"]) == (control, target)
    ]
    return {each["subject"]: (each["verdict"], each["reason"]) for each in found}


def states(run: Run) -> list[str]:
    """The states of all entries, in the order of the file."""
    results = run.results
    return [each["state"] for each in (*results["waivers"], *results["attestations"])]


# ---- what they make of findings


def test_waiver_takes_fails_and_nothing_else(project: Project) -> None:
    """What is in error or manual stays so; what failed says by whom it was waived, and until when."""
    run = audit(
        project, f"{ONE}waivers:\n  all_kinds: {{justification: a mirror, {UNTIL}}}\n", "-k", "all_kinds"
    )
    words = "(waived until 2027-01-31 by Jane Döe, OPS-118: a mirror)"
    assert findings(run, "all_kinds") == {
        "good": ("pass", ""),
        "bad": ("waived", f"runs with --privileged {words}"),
        "worse": ("waived", f"owns the host {words}"),
        "unread": ("error", "forbidden"),
        "unseen": ("manual", "somebody has to look"),
    }
    assert (run.status, run.verdicts) == (1, {"all_kinds": "error"})
    (waiver,) = run.results["waivers"]
    assert waiver["state"] == "in force"
    assert (waiver["findings"], waiver["place"]) == (2, "local.yml:4")
    places = [each.get("accepted_by") for each in run.results["results"][0]["findings"]]
    assert places == [None, waiver["place"], waiver["place"], None, None]


def test_run_with_all_failures_waived_ends_with_0(project: Project) -> None:
    """It is xfailed, and every report says why, until when and by whom."""
    run = audit(
        project, f"{ONE}waivers:\n  '5.10': {{justification: a <mirror>, {UNTIL}}}\n", "-k", "two_fail", "-rx"
    )
    assert run.status == 0, run.output
    assert run.verdicts == {"two_fail": "waived"}
    assert run.lines("1 xfailed")
    assert run.lines("web1  1 waived")
    assert run.lines("waivers: 1 in force")
    (line,) = run.lines("XFAIL")
    assert (
        "bad: runs with --privileged (waived until 2027-01-31 by Jane Döe, OPS-118: a <mirror>); worse"
        in line
    )
    (case,) = run.junit
    (skipped,) = case.iter("skipped")
    assert skipped.get("type") == "pytest.xfail"
    assert "by Jane Döe, OPS-118: a <mirror>" in str(skipped.get("message"))
    assert (
        dict(properties(case))["waiver"]
        == "local.yml:4: waived until 2027-01-31 by Jane Döe, OPS-118: a <mirror>"
    )
    page = (run.folder / "reports/latest/report.html").read_text()
    for part in (
        "XFailed",
        "Jane D",
        "2027-01-31",
        "OPS-118",
        "local.yml:4",
        "Waivers and attestations: 1",
    ):
        assert part in page
    assert "<mirror>" not in page


def test_attestation_makes_a_manual_control_pass(project: Project) -> None:
    """What was found stays in the reason; the property names person and date."""
    entry = (
        f"{{control_id: a_person_looks, explanation: all are needed, {LOOKED}, evidence: ['https://w/7']}}"
    )
    run = audit(project, f"{ONE}attestations:\n  - {entry}\n", "-k", "person")
    assert run.status == 0, run.output
    assert run.verdicts == {"a_person_looks": "attested"}
    assert run.reasons == {
        "3 keys were found (attested by Zoë Ray on 2026-11-01, until 2027-10-31: all are needed)"
    }
    assert run.lines("1 passed")
    assert run.lines("web1  1 attested")
    assert run.lines("attestations: 1 in force")
    (case,) = run.junit
    assert not list(case.iter("skipped"))
    assert dict(properties(case))["attested"] == "Zoë Ray on 2026-11-01: all are needed"
    (told,) = run.results["attestations"]
    assert told["evidence"] == ["https://w/7"]
    assert "https://w/7" in (run.folder / "reports/latest/report.html").read_text()


def test_person_may_find_that_it_fails(project: Project) -> None:
    """Then it fails, and a waiver may accept that; the attestation is in force all the same."""
    failed = LOOKED.replace("passed", "failed")
    inventory = f"{ONE}attestations:\n  - {{control_id: a_person_looks, explanation: one is old, {failed}}}\n"
    run = audit(project, inventory, "-k", "person")
    assert (run.status, run.verdicts) == (1, {"a_person_looks": "fail"})
    assert run.lines("3 keys were found (found to fail by Zoë Ray on 2026-11-01: one is old)")
    assert list(run.junit[0].iter("failure"))
    run = audit(
        project, f"{inventory}waivers: {{guide-1.4.auditd: {{justification: soon}}}}\n", "-k", "person"
    )
    assert (run.status, run.verdicts, states(run)) == (
        0,
        {"a_person_looks": "waived"},
        ["in force", "in force"],
    )


def test_neighbours_are_judged_alone(project: Project) -> None:
    """Of a control and a target, the subjects that are named; what is left decides, also with workers."""
    run = audit(
        project,
        f"{HOSTS}waivers:\n  two_fail: {{justification: so, targets: ['*1'], subjects: ['[a-b]ad', wor?]}}\n",
        "-k",
        "two_fail",
        "-n2",
    )
    assert run.verdicts == {"two_fail@web1": "fail", "two_fail@web2": "fail"}
    assert [findings(run, "two_fail")[each][0] for each in ("bad", "worse")] == ["waived", "fail"]
    assert findings(run, "two_fail", "web2")["bad"][0] == "fail"
    assert run.lines("  web1: worse: "), run.output


def test_switched_off_beside_a_waiver(project: Project) -> None:
    """It is not applicable, and would be waived; the waiver is not said to be useless."""
    part = "controls: {all: {two_fail: {off: elsewhere}}}\nwaivers: {two_fail: {justification: so}}\n"
    run = audit(project, f"{ONE}{part}", "-k", "two_fail or passes")
    (reason,) = [each["reason"] for each in run.results["results"] if each["control"] == "two_fail"]
    assert reason.endswith("(otherwise: waived)")
    assert (run.status, states(run)) == (0, ["not judged"])
    assert run.lines("waivers: 1 not judged in this run")


# ---- days


def accepted(finding: Finding, entries: Iterable[Entry[Any]], gathered: float = NOON) -> Finding:
    """What these make of the finding of the control `a` on `web1`."""
    every = list(entries)
    of = Acceptance(
        tuple(each for each in every if isinstance(each.record, Waiver)),
        tuple(each for each in every if isinstance(each.record, Attestation)),
    )
    (found,) = of.applied((finding,), names_of("a", {}), "web1", Times(gathered, gathered))
    return found


FAILS = Finding("container", "web", Verdict.FAIL, "it is so")
MANUAL = Finding("container", "web", Verdict.MANUAL, "look")


def waiver(place: str, ends: float = NO_END, **fields: Any) -> Entry[Waiver]:
    """A waiver of the control `a`."""
    return Entry(Waiver("a", "because", place=place, **fields), 0.0, ends)


def attestation(place: str, begins: float, ends: float, status: str = "passed") -> Entry[Attestation]:
    """An attestation of the control `a`."""
    return Entry(
        Attestation("a", "seen", "Ann", "2026-11-24", "2026-11-30", status, place=place), begins, ends
    )


@pytest.mark.parametrize(
    ("key", "gathered", "verdict"),
    [
        ("last_day", "2026-11-24T23:59:59", "waived"),
        ("last_day", "2026-11-25T00:00:00", "fail"),
        ("expiration_date", "2026-11-24T00:00:00", "fail"),
    ],
)
def test_day_is_one_of_utc(project: Project, key: str, gathered: str, verdict: str) -> None:
    """The last day counts as a whole, the day of expiration not at all; the clock is that of the evidence."""
    moment = datetime.fromisoformat(gathered).replace(tzinfo=UTC).timestamp()
    project.recorded("web1", info(), containers(), gathered=moment)
    project.environment["TZ"] = "Pacific/Kiritimati"
    run = audit(
        project, f"{ONE}waivers: {{two_fail: {{justification: so, {key}: 2026-11-24}}}}\n", "-k", "two_fail"
    )
    assert run.verdicts == {"two_fail": verdict}
    last = "2026-11-24" if key == "last_day" else "2026-11-23"
    if verdict == "fail":
        ended = f"(a waiver ended: its last day was {last}: local.yml:3)"
        assert findings(run, "two_fail")["bad"][1] == f"runs with --privileged {ended}"
        assert states(run) == ["expired"]
        assert run.lines(f"local.yml:3: two_fail: expired, its last day was {last}")


@pytest.mark.parametrize(
    ("begins", "ends", "target", "auditor", "holds"),
    [
        (10, 20, 15, 15, True),
        (10, 20, 15, 0, True),
        (10, 20, 15, 25, False),
        (10, 20, 25, 15, False),
        (10, 20, 5, 15, False),
        (10, 20, 15, 5, False),
        (10, NO_END, 0, 0, True),
        (10, 20, 0, 0, False),
    ],
)
def test_in_force_by_both_clocks(
    begins: float, ends: float, target: float, auditor: float, holds: bool
) -> None:
    """What only one of the clocks takes for in force is not; one that is not known says nothing."""
    entry = Entry(Waiver("a", "because"), float(begins), float(ends))
    assert entry.holds(times(target, auditor)) is holds


def test_attestation_holds_from_its_day_on(project: Project) -> None:
    """One that is dated later than the evidence, or ended before it, leaves it to a person and is told of."""
    for updated, frequency, state in (
        ("2026-11-25", "1y", "not yet in force"),
        ("2026-11-23T11:59:00Z", "daily", "expired"),
        ("2026-11-23T12:01:00Z", "daily", "in force"),
    ):
        entry = f"control_id: a_person_looks, explanation: seen, status: passed, updated_by: Ann, updated: '{updated}'"
        run = audit(project, f"{ONE}attestations: [{{{entry}, frequency: {frequency}}}]\n", "-k", "person")
        assert (updated, states(run)) == (updated, [state])
        assert run.verdicts == {"a_person_looks": "attested" if state == "in force" else "manual"}
        if state != "in force":
            word = "ended: its last day was" if state == "expired" else "is not in force yet"
            assert f"3 keys were found (an attestation {word}" in run.reasons.pop()


def test_waiver_that_lasts_longest_counts() -> None:
    """One without an end lasts longest; one that ended is not mentioned beside one in force."""
    entries = [waiver("short", NOON + 1), waiver("old", NOON), waiver("long", NOON + 2)]
    assert accepted(FAILS, entries).accepted_by == "long"
    assert "ended" not in accepted(FAILS, entries).reason
    assert accepted(FAILS, [*entries, waiver("ever")]).accepted_by == "ever"
    assert accepted(FAILS, entries, NOON + 5).reason == "it is so (a waiver ended: its last day was : long)"


def test_last_look_counts() -> None:
    """Attested twice, the newer one decides; of one day, that which found a failure."""
    old, new = attestation("old", NOON - 9, NOON + 9, "failed"), attestation("new", NOON - 5, NOON + 1)
    assert accepted(MANUAL, [old, new]).verdict is Verdict.ATTESTED
    same = attestation("same", NOON - 5, NOON + 1, "failed")
    assert accepted(MANUAL, [new, same]).accepted_by == "same"
    assert accepted(MANUAL, [same, new]).accepted_by == "same"
    assert accepted(MANUAL, [old, new], NOON + 2).accepted_by == "old"


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.FAIL])
def test_only_a_fail_is_waived(verdict: Verdict) -> None:
    """No waiver changes anything else."""
    finding = Finding("container", "web", verdict, "so")
    assert accepted(finding, [waiver("any")]) == finding


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.MANUAL])
def test_only_manual_is_attested(verdict: Verdict) -> None:
    """No attestation changes anything else."""
    finding = Finding("container", "web", verdict, "so")
    assert accepted(finding, [attestation("any", NOON - 1, NOON + 1)]) == finding


@pytest.mark.parametrize(
    ("pattern", "subject", "matches"),
    [
        ("web", "Web", False),
        ("web", "web2", False),
        ("w*", "web", True),
        ("[[]1]", "[1]", True),
        ("[1]", "[1]", False),
        ("/srv/*", "/srv/a/b", True),
    ],
)
def test_patterns_are_those_of_a_shell(pattern: str, subject: str, matches: bool) -> None:
    """Upper and lower case differ; a bracket is written in brackets."""
    finding = Finding("container", subject, Verdict.FAIL, "it is so")
    found = accepted(finding, [waiver("any", subjects=(pattern,))])
    assert (found.verdict is Verdict.WAIVED) is matches


def test_names_of_a_control() -> None:
    """Its id and its numbers; those of a standard name requirements, and no control."""
    frameworks = {"cis": ("5.5",), "guide": ("3.2.read_only",), "pci": ("2.2.6",)}
    assert names_of("a", frameworks) == {"a", "5.5", "cis-5.5", "guide-3.2.read_only"}


# ---- which of them want a look


@pytest.mark.parametrize(
    ("entry", "arguments", "state"),
    [
        ("passes: {justification: so}", (), "not needed"),
        ("all_kinds: {justification: so, subjects: [good]}", (), "not needed"),
        ("all_kinds: {justification: so, subjects: [unread]}", (), "not judged"),
        ("all_kinds: {justification: so, subjects: [gone]}", (), "matches nothing"),
        ("all_kinds: {justification: so, subjects: [good]}", ("--containers=bad",), "not judged"),
        ("all_kinds: {justification: so, subjects: [bad]}", ("--containers=bad",), "in force"),
        ("all_kinds: {justification: so, subjects: ['go*']}", ("--containers=bad,gone",), "not judged"),
        ("passes: {justification: so}", ("--containers=bad",), "not judged"),
        ("docker-5.5: {justification: so}", ("tests/test_a.py",), "not judged"),
        (
            "passes: {justification: so, targets: [web2]}",
            ("--hosts=recorded://recordings/web1",),
            "not judged",
        ),
        ("two_fail: {justification: so}", ("--hosts=recorded://recordings/web1",), "in force"),
    ],
)
def test_state_of_a_waiver(project: Project, entry: str, arguments: tuple[str, ...], state: str) -> None:
    """What the audit knows of it; what it did not look at is not called useless."""
    run = audit(project, f"{HOSTS}waivers:\n  {entry}\n", *arguments)
    assert states(run) == [state], run.output
    named = [line for line in run.lines("local.yml:5: ") if line.startswith("  local")]
    assert bool([line for line in named if line.endswith(state) or f"{state}, " in line]) is (
        state in ("not needed", "matches nothing", "expired")
    )


def test_misspelt_control_is_suggested(project: Project) -> None:
    """What a misspelt waiver names is shown; what would steer a terminal is not written."""
    run = audit(project, f'{ONE}waivers: {{Two_fial: {{justification: so, subjects: [gone, "b\\e"]}}}}\n')
    (line,) = [each for each in run.lines("for there is") if each.startswith("  local")]
    assert line.endswith(
        "Two_fial (subjects gone, b\\x1b): matches nothing, for there is no such control; did you mean 'two_fail'?"
    )


def test_unreachable_target_is_not_waived(project: Project) -> None:
    """Its controls are in error, and no waiver is called useless for that."""
    project.recorded("web1", failure="unreachable", gathered=NOON)
    part = "waivers:\n  two_fail: {justification: so, subjects: [bad]}\n  passes: {justification: so}\n"
    run = audit(project, f"{ONE}{part}")
    assert (run.status, states(run)) == (1, ["not judged", "not judged"])
    assert set(run.verdicts.values()) == {"error"}


@pytest.mark.parametrize(
    "state",
    [
        "passes",
    ],
)
def test_attestation_that_is_not_needed(project: Project, state: str) -> None:
    """The control decides by itself."""
    run = audit(project, f"{ONE}attestations: [{{control_id: {state}, explanation: seen, {LOOKED}}}]\n")
    assert states(run) == ["not needed"]
    assert run.verdicts["two_fail"] == "fail"


@pytest.mark.parametrize(
    ("part", "status"),
    [
        ("waivers: {two_fail: {justification: so}}", 0),
        ("waivers: {passes: {justification: so}}", 1),
        ("waivers: {all_kinds: {justification: so}}", 0),
    ],
)
def test_gate_asks_for_entries_that_are_needed(project: Project, part: str, status: int) -> None:
    """--strict-waivers fails a run for one that wants a look, and says so; without it the status is another's."""
    selected = ("-k", "passes") if "two_fail" not in part else ("-k", "two_fail or passes")
    assert audit(project, f"{ONE}{part}\n", *selected).status == 0
    run = audit(project, f"{ONE}{part}\n", *selected, "--strict-waivers")
    assert (run.status, run.results["run"]["exit_status"]) == (status, status)
    assert bool(run.lines("--strict-waivers: mend them or take them out")) is bool(status)
