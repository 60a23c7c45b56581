"""Single controls in the inventory: severity and off, in layers, told in every report and never a way to green."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from hullcheck.inventory import InventoryError, Tailoring, Target, load
from selftests import REPOSITORY
from selftests.kit.running import Project, info, properties

TESTS = {
    "test_a.py": '''
import pytest
from hullcheck.verdicts import EvidenceError

@pytest.mark.pci("2.2.6")
@pytest.mark.severity("high", "It matters.")
def test_fails(policy):
    """It fails."""
    assert False, "is bad"

def test_passes(policy):
    """It passes."""

@pytest.fixture
def unread(policy):
    raise EvidenceError("forbidden")

def test_cannot_be_read(unread):
    """It cannot be read."""
'''
}
TARGETS = """targets:
  web1: {connect: "recorded://recordings/web1", groups: [prod]}
  web2: {connect: "recorded://recordings/web2"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two recorded hosts, and controls that fail, pass and cannot be read."""
    made = Project(tmp_path / "project", TESTS)
    made.recorded("web1", info())
    made.recorded("web2", info())
    return made


def inventory(project: Project, part: str) -> None:
    """Write the inventory with this part about controls."""
    project.write("inventories/local.yml", f"{TARGETS}controls:\n{part}")


# ---- layers


def test_layers_are_those_of_the_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All, then the groups, then the target; key by key, and `off: false` switches on again."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "site.yml"
    path.write_text(
        f"{TARGETS}controls:\n"
        "  all:\n    a: {severity: low, off: 'not here'}\n"
        "  groups:\n    prod:\n      a: {severity: high}\n      b: {off: groups}\n"
        "  targets:\n    web1:\n      a: {off: false}\n"
    )
    known = load(path)
    web1, web2 = known.targets
    assert known.tailoring_for(web1) == {"a": Tailoring("high"), "b": Tailoring("", "groups", "site.yml:10")}
    assert known.tailoring_for(web2) == {"a": Tailoring("low", "not here", "site.yml:6")}
    assert known.tailoring_for(Target("web1", "ssh://web1")) == known.tailoring_for(web1)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("  all: {a: {severity: hihg}}", "5: controls.all.a.severity: 'hihg' is not a severity: critical, high"),
        ("  all: {a: {off: true}}", "5: controls.all.a.off: true is not the reason in words, or false"),
        ("  all: {a: {sevrity: low}}", "5: controls.all.a.sevrity: unknown key; did you mean 'severity'?"),
        ("  groups: {prd: {}}", "5: controls.groups.prd: no target is in this group; did you mean 'prod'?"),
    ],
)
def test_faults_have_their_line(tmp_path: Path, part: str, said: str) -> None:
    """A reason is never left out, and nothing is guessed."""
    path = tmp_path / "site.yml"
    path.write_text(f"{TARGETS}controls:\n{part}\n")
    with pytest.raises(InventoryError) as caught:
        load(path)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{path}:{said}")


# ---- the whole way


def test_change_is_told_everywhere(project: Project) -> None:
    """In results, JUnit, page and summary, with file, line, reason and what it would be; only there."""
    inventory(
        project,
        "  groups:\n    prod:\n      fails: {off: 'not here'}\n      cannot_be_read: {off: 'nor'}\n"
        "  targets: {web2: {fails: {severity: low}}}\n",
    )
    run = project.pytest("-n2", "--html=own.html")
    said = "switched off by local.yml:7: not here (otherwise: fail)"
    assert run.status == 1
    found = {(each["control"], each["target"]): each for each in run.results["results"]}
    assert [found["fails", target]["verdict"] for target in ("web1", "web2")] == ["not applicable", "fail"]
    assert found["cannot_be_read", "web1"]["verdict"] == "not applicable"
    assert found["fails", "web1"]["reason"] == said
    assert found["fails", "web2"]["severity"] == "low"
    assert run.results["controls"]["fails"]["severity"] == "high"
    of_junit = {case.get("name"): case for case in run.junit}
    assert f"not applicable: {said}" in of_junit["test_fails[web1]"][-1].get("message", "")
    assert dict(properties(of_junit["test_fails[web2]"]))["severity"] == "low"
    assert said in (run.folder / "own.html").read_text()
    assert run.lines("web1  1 pass, 2 switched off (otherwise: 1 fail, 1 error)")
    schema = json.loads((REPOSITORY / "docs/results.schema.json").read_text())
    assert not list(jsonschema_rs.validator_for(schema).iter_errors(run.results))
    of_pci = next(each for each in run.results["requirements"] if each["framework"] == "pci")
    assert {each["verdict"] for each in of_pci["requirements"] if each["id"] == "2.2.6"} == {"fail"}


def test_everything_switched_off_is_not_green(project: Project) -> None:
    """Such a run has judged nothing, and a requirement whose control is switched off is incomplete."""
    inventory(project, "  all: {fails: {off: a}, passes: {off: b}, cannot_be_read: {off: c}}\n")
    run = project.pytest()
    assert run.status == 1
    of_pci = next(each for each in run.results["requirements"] if each["framework"] == "pci")
    assert {each["verdict"] for each in of_pci["requirements"] if each["id"] == "2.2.6"} == {"incomplete"}


def test_unknown_control_stops_the_run(project: Project) -> None:
    """With file, line and the nearest name, also where -m or -k would leave it out; nothing is judged."""
    inventory(project, "  targets:\n    web1:\n      failz: {off: 'not here'}\n")
    run = project.pytest("-k", "passes")
    assert run.status == 4, run.output
    (line,) = run.lines("failz")
    assert line == (
        f"ERROR: {project.folder}/inventories/local.yml:7: controls.targets.web1.failz: no control has this name;"
        " did you mean 'fails'?"
    )
    assert not (project.folder / "reports/latest").exists()
