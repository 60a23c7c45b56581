"""A control whose process dies is an error, in every report."""

from pathlib import Path

import pytest

from selftests.kit.running import ABSENT, PRESENT, Project, info, properties

DIES = '''
import os
import signal

import pytest


@pytest.mark.cis("5.5", level=1)
@pytest.mark.severity("high")
def test_dies(policy):
    """It dies."""
    os.kill(os.getpid(), signal.SIGKILL)
'''
OTHERS = '''

def test_passes(policy):
    """It passes."""


def test_passes_too(policy):
    """It passes too."""
'''


@pytest.mark.parametrize("controls", [DIES, DIES + OTHERS], ids=["alone", "among-others"])
def test_control_whose_process_dies_is_an_error(tmp_path: Path, controls: str) -> None:
    """It has a row in results, findings, JUnit and on both pages, and its requirement is an error."""
    project = Project(tmp_path, {"test_site.py": controls})
    run = project.pytest("-n", "2", f"--hosts={project.recorded('web1', PRESENT, info())}")
    assert run.status == 1
    assert run.verdicts == {"dies": "error"} | (
        {"passes": "pass", "passes_too": "pass"} if OTHERS in controls else {}
    )
    assert any("the process that judged this control died" in each for each in run.reasons)
    assert run.lines("web1  1 error"), run.output
    assert run.results["controls"]["dies"]["severity"] == "high"
    (cis,) = (each for each in run.results["requirements"] if each["framework"] == "cis")
    (requirement,) = (each for each in cis["requirements"] if each["id"] == "5.5")
    assert (requirement["verdict"], requirement["deciding"]) == ("error", ["dies"])
    (case,) = (each for each in run.junit if each.get("name") == "test_dies[web1]")
    assert [each.tag for each in case if each.tag != "properties"] == ["error"]
    assert dict(properties(case))["verdict"] == "error"
    folder = tmp_path / "reports/latest"
    assert "web1,dies,It dies.,5.5," in (folder / "findings.csv").read_text()
    for page in ("audit.html", "report.html"):
        assert "the process that judged this control died" in (folder / page).read_text(), page


def test_run_in_which_a_process_died_makes_no_bundle(tmp_path: Path) -> None:
    """Judged again, the control would have another verdict, and the bundle would look forged."""
    project = Project(tmp_path, {"test_site.py": DIES + OTHERS})
    run = project.pytest("-n", "2", "--bundle", f"--hosts={project.recorded('web1', ABSENT)}")
    assert run.lines("No bundle: the process that judged tests/test_site.py::test_dies[web1] died")
    assert (run.status, list((tmp_path / "reports").glob("*.zip"))) == (3, [])


def test_test_that_is_no_control_may_die(tmp_path: Path) -> None:
    """It is pytest's to tell."""
    text = DIES.replace("(policy)", "()").replace("def test_dies", "def test_no_control") + OTHERS
    project = Project(tmp_path, {"test_site.py": text})
    run = project.pytest("-n", "2", f"--hosts={project.recorded('web1', ABSENT)}")
    assert run.verdicts == {"passes": "pass", "passes_too": "pass"}, run.output
    assert run.status == 1
