"""Gates of whole runs: what they do to the exit status, and what a bundle says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullcheck.cli import main
from hullcheck.results import run_files
from selftests import REPOSITORY
from selftests.kit.bundles import Bundle, run_demo
from selftests.kit.running import PRESENT, Project, Run, containers, info

CONTROLS = '''
import pytest

from hullcheck.verdicts import EvidenceError, Manual


@pytest.mark.severity("high")
def test_high(policy, engine_version):
    """It fails as the policy says."""
    assert "HIGH" not in __file__, "it fails"


@pytest.mark.severity("low")
def test_low(engine_version):
    """It fails."""
    assert False, "it always fails"


def test_open(policy):
    """A person has to look."""
    raise Manual("look")
'''
OTHER = "def test_other():\n    assert False\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One host on which a control of severity low fails, one needs a person, and one passes."""
    project = Project(tmp_path, {"test_site.py": CONTROLS})
    host = project.recorded("web1", PRESENT, info(), containers())
    project.write("inventory.yml", f"targets:\n  web1: {{connect: '{host}'}}\n")
    return project


def gated(project: Project, *options: str) -> tuple[int, list[str]]:
    """The exit status of a run, and what it says of gates."""
    run = project.pytest("--inventory=inventory.yml", *options)
    if (project.folder / "reports/latest").exists():
        assert run.results["run"]["exit_status"] == run.status
    return run.status, run.lines("gate --")


def test_failure_that_no_gate_counts(project: Project) -> None:
    """The status is that of the gate: 0 where it holds, though a control fails."""
    assert gated(project) == (1, [])
    assert gated(project, "--fail-on=severity>=high") == (0, ["gate --fail-on=severity>=high: holds"])
    broken = "gate --fail-on=severity>=low: broken by 1: the exit status is not 0"
    assert gated(project, "--fail-on=severity>=low", "-n2") == (1, [broken])
    assert gated(project, "--coverage=67", "--fail-on=severity>=high")[0] == 1


def test_new_failure(project: Project) -> None:
    """What failed in the run before does not count, and what fails since then does."""
    first = project.pytest("--inventory=inventory.yml")
    before = (first.folder / "reports/latest").resolve()
    options = ("--fail-on=new,severity>=low", f"--baseline={before}")
    assert gated(project, *options) == (0, ["gate --fail-on=new,severity>=low: holds"])
    tests = project.folder / "tests/test_site.py"
    tests.write_text(tests.read_text().replace('"HIGH" not in __file__', "False"))
    run = project.pytest("--inventory=inventory.yml", *options)
    assert (run.status, len(run.lines("  web1: high: fail: it fails"))) == (1, 1)
    assert run.results["since"]["run"] == before.name
    assert [each["control"] for each in run.results["since"]["new"]] == ["high"]


def test_other_failures_count(project: Project) -> None:
    """A gate speaks of controls: a test that is none and fails, a run that was ended, a host without an answer."""
    holding = "--fail-on=severity=critical"
    assert gated(project, holding)[0] == 0
    assert gated(project, holding, "--exitfirst")[0] == 1
    (project.folder / "tests/test_other.py").write_text(OTHER)
    assert gated(project, holding)[0] == 1
    (project.folder / "tests/test_other.py").unlink()
    crashing = "\n\ndef test_crash(policy):\n    import os; os._exit(1)\n"
    tests = project.folder / "tests/test_site.py"
    tests.write_text(tests.read_text() + crashing)
    assert gated(project, holding, "-n", "1")[0] == 0  # the control that died is an error of severity medium
    assert gated(project, "--fail-on=severity>=medium", "-n", "1")[0] == 1


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--fail-on=new", "--baseline=reports/RUN"),
        ("--fail-on=nwe", "did you mean 'new'?"),
        ("--baseline=nowhere", "nowhere: not there"),
        ("--coverage=0", "a percentage above 0"),
        ("--coverage=101", "a percentage above 0"),
        ("--max-age=30", "as 36h, 30d or 4w"),
    ],
)
def test_gate_that_cannot_be_used(project: Project, option: str, said: str) -> None:
    """It is said before a host is asked, and is no green run."""
    run = project.pytest("--inventory=inventory.yml", option)
    assert (run.status, said in run.output) == (4, True), run.output
    assert not (project.folder / "reports/latest").exists()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A bundle of the demo hosts with gates that hold, and one that is broken."""
    return run_demo(
        tmp_path_factory.mktemp("demo"), "--bundle", "--fail-on=verdict=waived", "--max-age=5200w"
    )


def verified(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What `hullcheck verify` says."""
    return main(["verify", str(path)]), capsys.readouterr().out


def test_bundle_of_a_green_run(demo: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Controls fail and the status is 0: the gate says why, and it follows from the results."""
    assert demo.status == 0
    bundle = demo.folder / "reports/latest.zip"
    status, output = verified(bundle, capsys)
    assert status == 0, output
    assert "holds" in (demo.folder / "reports/latest/audit.html").read_text()


@pytest.mark.parametrize("asked", ["verdict=fail", "severity>=nothing"])
def test_gate_that_is_said_to_hold(
    demo: Run, asked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A forger writes down a gate that is broken as one that holds."""
    gates = [{"option": "--fail-on", "asked": asked, "broken": []}]
    made = Bundle.read(demo.folder / "reports/latest.zip")
    made.edit(run_files.RESULTS, lambda document: document.update(gates=gates))
    path = made.fitting().write(tmp_path / "forged.zip")
    status, output = verified(path, capsys)
    assert status == 1
    assert f"the gate --fail-on={asked} is not what the results make of it" in output


def test_age_counts_to_the_run(demo: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Judged again later, evidence is as old as it was."""
    document = json.loads((REPOSITORY / "inventories/demo/hardened/recording.json").read_text())
    document["asked"] -= 7200  # the demo may have been recorded just now
    old = tmp_path / "old"
    old.mkdir()
    (old / "recording.json").write_text(json.dumps(document))
    run = run_demo(tmp_path, "--bundle", "--max-age=1h", f"--hosts=recorded://{old}")
    assert set(run.verdicts.values()) == {"error"}
    status, output = verified(tmp_path / "reports/latest.zip", capsys)
    assert status == 0, output
