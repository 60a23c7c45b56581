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


@pytest.mark.severity("high", "It matters.")
def test_high(policy, engine_version):
    """It fails as the policy says."""
    assert "HIGH" not in __file__, "it fails"


@pytest.mark.severity("low", "It matters.")
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


def test_failures_that_no_gate_counts(project: Project) -> None:
    """The status is that of the gate: 0 where it holds, though a control fails; other failures count as ever."""
    assert gated(project) == (1, [])
    before = (project.folder / "reports/latest").resolve()
    new = ("--fail-on=new,severity>=low", f"--since={before}")
    assert gated(project, *new) == (0, ["gate --fail-on=new,severity>=low holds"])
    broken = "gate --fail-on=severity>=low failed (1 finding): exit status 1"
    assert gated(project, "--fail-on=severity>=low", "-n2") == (1, [broken])
    assert gated(project, "--min-judged=67", "--fail-on=severity>=high")[0] == 1
    assert gated(project, "--fail-on=severity=critical", "--exitfirst")[0] == 1
    tests = project.folder / "tests/test_site.py"
    tests.write_text(tests.read_text().replace('"HIGH" not in __file__', "False"))
    run = project.pytest("--inventory=inventory.yml", *new)
    assert (run.status, len(run.lines("  web1: high: fail: it fails"))) == (1, 1)
    assert [each["control"] for each in run.results["since"]["new"]] == ["high"]
    (project.folder / "tests/test_other.py").write_text(OTHER)
    assert gated(project, "--fail-on=severity=critical")[0] == 1


def test_gate_that_cannot_be_used(project: Project) -> None:
    """It is said before a host is asked, and is no green run."""
    for option, said in (
        ("--fail-on=new", "--since=reports/RUN"),
        ("--since=nowhere", "nowhere: not there"),
        ("--min-judged=101", "a percentage above 0"),
        ("--max-age=30", "such as 36h, 30d or 4w"),
    ):
        run = project.pytest("--inventory=inventory.yml", option)
        assert (run.status, said in run.output) == (4, True), run.output
    assert not (project.folder / "reports/latest").exists()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A bundle of the demo hosts with gates that hold."""
    return run_demo(tmp_path_factory.mktemp("demo"), "--bundle", "--fail-on=verdict=waived", "--max-age=5200w")


def verified(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What `hullcheck verify` says."""
    return main(["verify", str(path)]), capsys.readouterr().out


def test_bundle_of_a_green_run(demo: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Controls fail and the status is 0: the gate follows from the results, and a forged one does not."""
    assert demo.status == 0
    bundle = demo.folder / "reports/latest.zip"
    status, output = verified(bundle, capsys)
    assert status == 0, output
    assert "holds" in (demo.folder / "reports/latest/audit.html").read_text()
    gates = [{"option": "--fail-on", "asked": "verdict=fail", "broken": []}]
    made = Bundle.read(bundle)
    made.edit(run_files.RESULTS, lambda document: document.update(gates=gates))
    status, output = verified(made.fitting().write(tmp_path / "forged.zip"), capsys)
    assert status == 1
    assert "results.json: gates, entry 1: broken is '[]', and the recordings give" in output


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
