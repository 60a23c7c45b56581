"""Requirements: the verdict over all controls and targets, and what nobody judged is never a pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from hullcheck.frameworks import Framework, rollup
from hullcheck.results import Finding, Requirement, Result
from hullcheck.verdicts import Verdict
from hullcheck.writers import requirements as writer
from selftests import REPOSITORY
from selftests.kit.running import Project, Run, hullcheck, info
from selftests.unit.commands.test_cli import wrong_use

PCI = Framework("pci", "", "PCI", "4", "SSC", "", {"1": "One", "2": "Two", "3": "Three"}, note="A note.")
NIST = Framework(
    "nist", "800-190", "NIST", "", "NIST", "", {"4.1": "Group", "4.1.1": "Below", "4.10": "Else"}, nested=True
)
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
    "test_a.py": '''
import pytest

@pytest.mark.pci("1.1")
def test_good(policy):
    """It is good."""

@pytest.mark.pci("1.1", "1.2")
def test_other(kernel):
    """It is told of the kernel, of which the recording says nothing."""
    assert kernel.apparmor
''',
    "test_b.py": "",
    "sub/test_c.py": "",
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
    ("of_a", "of_b", "together"),
    [
        ("pass", "pass", "pass"),
        ("pass", "fail", "fail"),
        ("error", "pass", "error"),
        ("error", "fail", "fail"),
        ("manual", "pass", "manual"),
        ("not applicable", "pass", "pass"),
        ("not applicable", "not applicable", "not applicable"),
    ],
)
def test_worst_control_decides(of_a: str, of_b: str, together: str) -> None:
    """1 is spoken for by both controls, 2 by one, and 3 by none."""
    found = rolled(result("a", Verdict(of_a)), result("b", Verdict(of_b)))
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


def test_part_of_the_targets_is_no_pass() -> None:
    """Nor where a control was not judged on every target."""
    assert (
        rolled(*(result(each, Verdict.PASS) for each in "ab"), targets=("web1", "web2"))["1"] == "incomplete"
    )


def test_unknown_controls_are_no_pass() -> None:
    """Where pytest looked at some files only, there may be more controls, also for what has none here."""
    found = rolled(*(result(each, Verdict.PASS) for each in "ab"), narrowed=True)
    assert set(found.values()) == {"incomplete"}


def test_way_to_do_a_measure_is_judged_by_what_was_found_of_it() -> None:
    """Of a control with a finding for each way, the way's own finding counts, and the measure takes all."""
    ways = (Finding("option", "Two", Verdict.PASS), Finding("option", "Three", Verdict.NOT_APPLICABLE))
    found = Result("a", "web1", Verdict.FAIL, "", (Finding("option", "Other", Verdict.FAIL), *ways))
    assert rolled(found, result("b", Verdict.PASS)) == {"1": "fail", "2": "pass", "3": "not covered"}
    named_so = Result("a", "web1", Verdict.FAIL, "", (Finding("container", "Two", Verdict.PASS),))
    assert rolled(named_so, result("b", Verdict.PASS))["2"] == "fail"


def test_controls_are_named() -> None:
    """All that speak for it, those that decided, and those that were left out."""
    (whole,) = rollup.roll_up([PCI], MAPPED, [result("a", Verdict.FAIL)], ("web1",))
    assert whole.requirements[0] == Requirement("1", "One", "fail", ("a", "b"), ("a",), ("b",))


def test_heading_stands_for_what_is_below() -> None:
    """4.1 has the controls of 4.1.1, and not those of 4.10; an id has its edition before it."""
    mapped = {"a": {"nist": ["800-190:4.1.1", "800-53:AC-6"]}, "b": {"nist": ["800-190:4.10"]}}
    found = rollup.controls_by_requirement(NIST, mapped)
    assert found == {"800-190:4.1": ("a",), "800-190:4.1.1": ("a",), "800-190:4.10": ("b",)}


# ---- tables


def test_table_says_how_many() -> None:
    """Verdict and counts of each requirement, what a pass is worth, and the sum below."""
    (whole,) = rollup.roll_up([PCI], MAPPED, [result("a", Verdict.FAIL)], ("web1",))
    above, note, head, *rows, counts = writer.results([whole], None, color=False).splitlines()
    assert "a pass does not prove" in above
    assert (note, head.split()) == ("A note.", ["requirement", "verdict", "controls", "title"])
    assert rows == [
        "1            fail         1 of 2    One",
        "2            fail         1 of 1    Two",
        "3            not covered  -         Three",
    ]
    assert counts == "2 fail, 1 not covered"


# ---- the whole way


def run(tmp_path: Path, *arguments: str) -> Run:
    """Audit two recorded hosts with two controls of a user, one of which cannot read its evidence."""
    project = Project(tmp_path / "project", TESTS)
    project.write("markers.ini", MARKERS)
    hosts = [project.recorded(name, info()) for name in ("web1", "web2")]
    return project.pytest("--hosts", ",".join(hosts), *arguments)


def requirements(done: Run) -> Mapping[str, str]:
    """The verdicts of the requirements in results.json."""
    (framework,) = done.results["requirements"]
    return {each["id"]: each["verdict"] for each in framework["requirements"]}


@pytest.mark.parametrize(
    ("arguments", "of_good", "uncovered"),
    [
        (["-k", "good"], "incomplete", "not covered"),
        (["--deselect", "tests/test_a.py::test_other"], "incomplete", "not covered"),
        (["tests/test_a.py", "-k", "good"], "incomplete", "incomplete"),
        (["tests/sub", "tests/test_a.py"], "error", "incomplete"),
        (["--ignore=tests/test_b.py"], "error", "incomplete"),
    ],
    ids=["by word", "deselected", "by file", "part", "ignored"],
)
def test_run_of_a_part_says_so(tmp_path: Path, arguments: list[str], of_good: str, uncovered: str) -> None:
    """Selecting controls makes no requirement look better than it is, in one process and in several."""
    done = run(tmp_path, *arguments, "-n2")
    found = requirements(done)
    assert (found["1.1"], found["1.3"]) == (of_good, uncovered), done.output


def test_report_reads_what_the_audit_wrote(tmp_path: Path) -> None:
    """The command shows the newest run, or the folder that is named."""
    done = run(tmp_path, "-k", "good")
    for place in ([], ["reports/latest"], ["reports/latest/results.json"]):
        shown = hullcheck("report", "--by", "pci", *place, cwd=done.folder)
        assert shown.returncode == 0, shown.stderr
        assert "Read with care." in shown.stdout
        assert "1.1          incomplete   1 of 2    One\n" in shown.stdout
        assert "incomplete: some of its controls were left out" in shown.stdout


def test_wrong_use_of_report(tmp_path: Path) -> None:
    """One line says what is wrong and what to write."""
    done = run(tmp_path)
    assert "did you mean 'pci'?" in wrong_use(hullcheck("report", "--by", "pcj", cwd=done.folder))
    assert "audit first" in wrong_use(hullcheck("report", "--by", "pci", "reports/none", cwd=done.folder))
    path = done.folder / "reports/latest/results.json"
    document = done.results
    path.write_text(json.dumps({**document, "requirements": [{"framework": "pci"}]}))
    assert "`$.requirements[0]`" in wrong_use(hullcheck("report", "--by", "pci", cwd=done.folder))


# ---- coverage


def test_gaps_are_listed(tmp_path: Path) -> None:
    """A requirement without a control is there, counted, and makes the exit status 1."""
    project = Project(tmp_path / "project", TESTS)
    project.write("markers.ini", MARKERS)
    done = hullcheck("coverage", "tests", "--framework", "pci", cwd=project.folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert "1.3          none      Three\n2 of 3 have a control, 1 have none\n" in done.stdout
    document = json.loads(
        hullcheck("coverage", "tests", "--framework", "pci", "--json", cwd=project.folder).stdout
    )
    (framework,) = document["frameworks"]
    assert (document["schema"], framework["gaps"]) == ("hullcheck/coverage/1", ["1.3"])
    assert framework["requirements"][0] == {"id": "1.1", "title": "One", "controls": ["good", "other"]}


def test_coverage_without_a_gap() -> None:
    """The benchmark has a control for each recommendation: status 0; of NIST both publications are listed."""
    done = hullcheck("coverage", "--framework", "cis", cwd=REPOSITORY)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "118 of 118 have a control, 0 have none")
    nist = hullcheck("coverage", "--framework", "nist", "--json", cwd=REPOSITORY)
    assert (nist.returncode, len(json.loads(nist.stdout)["frameworks"])) == (1, 2)
    every = json.loads(hullcheck("coverage", "--json", cwd=REPOSITORY).stdout)["frameworks"]
    assert {each["framework"] for each in every} == {"cis", "nist", "pci", "hipaa", "guide"}


def test_wrong_use_of_coverage(tmp_path: Path) -> None:
    """An unknown framework, and a place without controls."""
    assert "did you mean 'hipaa'?" in wrong_use(hullcheck("coverage", "--framework", "hippa", cwd=REPOSITORY))
    (tmp_path / "empty").mkdir()
    assert "no control in" in wrong_use(hullcheck("coverage", "--framework", "pci", "empty", cwd=tmp_path))
