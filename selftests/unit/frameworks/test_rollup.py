"""Requirements: the verdict over all controls and targets, and what nobody judged is never a pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from hullcheck.cli import main
from hullcheck.frameworks import Framework, rollup
from hullcheck.results import Finding, Requirement, Result, Score
from hullcheck.verdicts import Verdict
from hullcheck.writers import requirements as writer
from selftests.kit.running import Project, info

PCI = Framework("pci", "", "PCI", "4", {"1": "One", "2": "Two", "3": "Three"}, note="A note.")
NIST = Framework("nist", "800-190", "NIST", "", {"4.1": "Group", "4.1.1": "Below", "4.10": "Else"}, nested=True)
MAPPED = {"a": {"pci": ["1", "2"]}, "b": {"pci": ["1"]}}
MARKERS = """
[pci]
title = PCI
version = 4
publisher = SSC
url =
note = Read with care.
[pci ids]
1.1 = One
1.2 = Two
1.3 = Three
"""
TESTS = {
    "test_a.py": """
import pytest

@pytest.mark.pci("1.1")
def test_good(policy):
    '''It is good.'''

@pytest.mark.pci("1.1", "1.2")
def test_other(policy):
    '''It is good, too.'''
""",
    "test_b.py": "",
}


def result(control: str, verdict: Verdict, target: str = "web1") -> Result:
    """A result of a control on a target."""
    return Result(control, target, verdict, "", (Finding("target", target, verdict),))


def rolled(*results: Result, targets: tuple[str, ...] = ("web1",), narrowed: bool = False) -> dict[str, str]:
    """The verdict of each requirement of PCI."""
    (whole,) = rollup.roll_up([PCI], MAPPED, results, targets, narrowed=narrowed)
    return {each.id: each.verdict for each in whole.requirements}


# ---- the verdict of a requirement


@pytest.mark.parametrize(
    ("of_a", "of_b", "together", "assessment"),
    [
        ("pass", "pass", "pass", "supported"),
        ("pass", "fail", "fail", "contradicted"),
        ("pass", "waived", "waived", "contradicted"),
        ("pass", "attested", "attested", "supported"),
        ("error", "pass", "error", "not assessed"),
        ("error", "fail", "fail", "contradicted"),
        ("manual", "pass", "manual", "not assessed"),
        ("not applicable", "pass", "pass", "supported"),
        ("not applicable", "not applicable", "not applicable", "not assessed"),
    ],
)
def test_worst_control_decides(of_a: str, of_b: str, together: str, assessment: str) -> None:
    """1 is spoken for by both controls, 2 by one, and 3 by none."""
    results = result("a", Verdict(of_a)), result("b", Verdict(of_b))
    found = rolled(*results)
    (whole,) = rollup.roll_up([PCI], MAPPED, results, ("web1",))
    assert whole.requirements[0].deciding == tuple(
        name for name, each in (("a", of_a), ("b", of_b)) if each == together
    )
    assert [each.assessment for each in whole.requirements][::2] == [assessment, "not assessed"]
    assert found == {"1": together, "2": of_a, "3": "not covered"}


def test_worst_target_decides() -> None:
    """One host that fails is enough."""
    passes = [result(control, Verdict.PASS, target) for control in "ab" for target in ("web1", "web2")]
    assert rolled(*passes, targets=("web1", "web2"))["1"] == "pass"
    fails = result("b", Verdict.FAIL, "web2")
    assert rolled(*passes[:3], fails, targets=("web1", "web2"))["1"] == "fail"


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        *((good, "incomplete") for good in ("pass", "not applicable", "attested", "waived")),
        *((bad, bad) for bad in ("manual", "error", "fail")),
    ],
)
def test_part_of_the_controls_is_no_pass(verdict: str, shown: str) -> None:
    """Where a control was left out, good verdicts of the others do not hold; bad ones do."""
    assert rolled(result("a", Verdict(verdict)))["1"] == shown
    assert rolled(result("a", Verdict(verdict)))["2"] == verdict


def test_parts_are_no_pass() -> None:
    """Nor where a control was not judged on every target, or where pytest looked at some files only."""
    passes = [result(each, Verdict.PASS) for each in "ab"]
    assert rolled(*passes, targets=("web1", "web2"))["1"] == "incomplete"
    assert set(rolled(*passes, narrowed=True).values()) == {"incomplete"}


def test_score_counts_what_was_judged() -> None:
    """What passed or is attested, of all but what is manual or not applicable; none where a control was left out."""
    verdicts = ("pass", "attested", "fail", "waived", "error", "manual", "not applicable")
    mapped = {each: {"cis": [each], **({"baseline": [each]} if each != "fail" else {})} for each in verdicts}
    results = {each: result(each, Verdict(each)) for each in verdicts}
    assert rollup.scores(mapped, results) == {"baseline": Score(2, 4), "cis": Score(2, 5)}
    assert rollup.scores(mapped, {**results, "x": result("x", Verdict.PASS)})["cis"].percent == 40
    del results["fail"]
    assert rollup.scores(mapped, results) == {"baseline": Score(2, 4)}
    assert rollup.scores(mapped, {"manual": results["manual"]}) == {}


def test_way_to_do_a_measure_is_judged_by_what_was_found_of_it() -> None:
    """Of a control with a finding for each way, the way's own finding counts, and the measure takes all."""
    ways = (Finding("option", "Two", Verdict.PASS), Finding("option", "Three", Verdict.NOT_APPLICABLE))
    found = Result("a", "web1", Verdict.FAIL, "", (Finding("option", "Other", Verdict.FAIL), *ways))
    assert rolled(found, result("b", Verdict.PASS)) == {"1": "fail", "2": "pass", "3": "not covered"}
    named_so = Result("a", "web1", Verdict.FAIL, "", (Finding("container", "Two", Verdict.PASS),))
    assert rolled(named_so, result("b", Verdict.PASS))["2"] == "fail"


def test_heading_stands_for_what_is_below() -> None:
    """4.1 has the controls of 4.1.1, and not those of 4.10; an id has its edition before it."""
    mapped = {"a": {"nist": ["800-190:4.1.1", "800-53:AC-6"]}, "b": {"nist": ["800-190:4.10"]}}
    found = rollup.controls_by_requirement(NIST, mapped)
    assert found == {"800-190:4.1": ("a",), "800-190:4.1.1": ("a",), "800-190:4.10": ("b",)}


def test_table_says_how_many() -> None:
    """Assessment and counts of each requirement, what a pass is worth, and the sum below with what has no control."""
    (whole,) = rollup.roll_up([PCI], MAPPED, [result("a", Verdict.FAIL)], ("web1",))
    assert whole.requirements[0] == Requirement("1", "One", "fail", ("a", "b"), ("a",), ("b",))
    above, note, head, *rows, counts, columns = writer.results([whole], None, color=False).splitlines()
    assert "a pass does not prove" in above
    assert (note, head.split()) == ("A note.", ["requirement", "assessment", "verdict", "controls", "title"])
    assert columns.startswith("controls: how many of all have the verdict")
    assert rows == [
        "1            contradicted  fail     1 of 2    One",
        "2            contradicted  fail     1 of 1    Two",
    ]
    assert (
        counts == "2 contradicted, 1 not assessed, 1 of these without a control (`hullcheck coverage --framework=pci`)"
    )


# ---- the commands


def test_run_of_a_part_and_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Selecting controls or files makes no requirement look better than it is, and `report` shows it."""
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path, TESTS)
    project.write("markers.ini", MARKERS)
    hosts = f"--hosts={project.recorded('web1', info())}"
    for arguments, of_one, uncovered in (
        (["--ignore=tests/test_b.py"], "incomplete", "incomplete"),
        (["-k", "good"], "incomplete", "not covered"),
    ):
        run = project.pytest(hosts, *arguments)
        (framework,) = run.results["requirements"]
        found = {each["id"]: each["verdict"] for each in framework["requirements"]}
        assert (found["1.1"], found["1.3"]) == (of_one, uncovered), run.output
    for place in ([], ["reports/latest"], ["reports/latest/results.json"]):
        assert main(["report", "--by=pci", *place]) == 0
        shown = capsys.readouterr().out
        assert "Read with care." in shown
        assert "1.1          not assessed  incomplete  1 of 2    One\n" in shown
    for words, said in (
        (["--by=pcj"], "did you mean 'pci'?"),
        (["--by=pci", "reports/none"], "audit first"),
        (["--by=pci", "--json"], "go with --history"),
    ):
        assert main(["report", *words]) == 2
        assert said in capsys.readouterr().err
