"""`hullcheck audit`: the installed controls, run from any directory."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hullcheck.controls import shipped
from selftests import REPOSITORY
from selftests.kit.running import Project, hullcheck

RECORDED = f"--hosts=recorded://{REPOSITORY}/inventories/demo/hardened"


def audit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it, with nothing kept outside of *folder*."""
    return hullcheck("audit", *arguments, cwd=folder, XDG_CACHE_HOME=str(folder / "cache"))


def results(folder: Path) -> set[str]:
    """The controls and targets of the newest run."""
    document = json.loads((folder / "reports/latest/results.json").read_text())
    return {f"{each['control']}@{each['target']}" for each in document["results"]}


def test_demo(tmp_path: Path) -> None:
    """It says that it is one, ends with status 0, and leaves its results where the user stands."""
    done = audit(tmp_path, "--demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A demonstration ends with status 0" in done.stderr
    assert {each.partition("@")[2] for each in results(tmp_path)} == {"hardened", "careless"}
    assert len(results(tmp_path)) == 2 * 118


def test_selection_and_bundle(tmp_path: Path) -> None:
    """--profile takes the place of -m cis; who has hullcheck has its controls: no directory has to hold them."""
    (tmp_path / "a.yml").write_text("targets: {a: {connect: 'local://'}}\nprofiles: {few: 'guide and not cis'}\n")
    audit(tmp_path, RECORDED, "--profile=few", "--inventory=a.yml", "--bundle")
    assert len(results(tmp_path)) == 46
    (tmp_path / "auditor").mkdir()
    bundle = (tmp_path / "reports/latest.zip").resolve()
    done = hullcheck("verify", str(bundle), cwd=tmp_path / "auditor")
    assert (done.returncode, "verified:" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize(
    ("words", "judged"),
    [
        (["cis-5.5", "guide-1.1.no_browsers", "-n2"], {"container_is_not_privileged", "host_has_no_browsers"}),
        (["7", "--skip=1.1,7.6,node_certificates_are_renewed_in_time", "-k", "rotated"], {"swarm_ca_is_rotated"}),
        (["7.8", "host_has_no_browsers", "--profile=few", "--inventory=a.yml"], {"host_has_no_browsers"}),
    ],
)
def test_controls_are_named(tmp_path: Path, words: list[str], judged: set[str]) -> None:
    """By number, section and id, those of no benchmark too; the file of a format is all that standard output gets."""
    (tmp_path / "a.yml").write_text("targets: {a: {connect: 'local://'}}\nprofiles: {few: guide}\n")
    done = audit(tmp_path, RECORDED, *words, "--format=JSONL", "--output=-")
    assert {each.partition("@")[0] for each in results(tmp_path)} == judged, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith("+ ")]
    assert lines == (tmp_path / "reports/latest/findings.jsonl").read_text().splitlines()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host=web1"], "unrecognized option --host; did you mean '--hosts'?"),
        (["5.99"], "5.99: no such control; "),
        (["--skip=host_has_no_browser"], "did you mean 'host_has_no_browsers'?"),
        (["--format=csv"], "every run writes results.json, findings.csv"),
        (["--output=a.sarif"], "--output takes the file of one format"),
    ],
)
def test_wrong_use(tmp_path: Path, words: list[str], said: str) -> None:
    """It is reported before a host is asked."""
    done = audit(tmp_path, *words)
    assert (done.returncode, said in done.stderr) == (4, True), done.stderr
    assert not (tmp_path / "reports/latest").exists()


def test_help(tmp_path: Path) -> None:
    """One and a half screens with every option of ours, and the subset that `gather` takes."""
    for command, most in (("audit", 60), ("gather", 25)):
        lines = hullcheck(command, "--help", cwd=tmp_path).stdout.splitlines()
        assert len(lines) <= most
        assert max(map(len, lines)) <= 100
        options = [line.split()[0] for line in lines if line.startswith("  -")]
        assert len(options) == len(set(options)) >= 10


def test_recordings_are_gathered(tmp_path: Path) -> None:
    """Each target has its folder, which an audit judges; one that could not be asked makes the status 1."""
    done = hullcheck("gather", RECORDED, "--output=here", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "hardened: here/hardened\n")
    assert audit(tmp_path, "--hosts=recorded://here/hardened", "5.5").returncode == 0
    (tmp_path / "here/hardened/recording.json").write_text("{}")
    done = hullcheck("gather", "--hosts=recorded://here/hardened", cwd=tmp_path)
    assert (done.returncode, done.stdout.startswith("hardened: ")) == (1, True)


def test_nothing_of_the_current_directory_is_run(tmp_path: Path) -> None:
    """Neither a conftest.py nor settings, tests or modules of strangers, who may write where root stands."""
    trap = "raise SystemExit('run')\n"
    for name in ("conftest.py", "tests/conftest.py", "tests/test_a.py", "test_b.py", "yaml.py", "strange.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(trap)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p strange\n")
    done = audit(tmp_path, RECORDED)
    assert len(results(tmp_path)) == 118, done.stdout + done.stderr


def test_bundle_of_other_tests_is_refused(tmp_path: Path) -> None:
    """Controls of one's own are bundled in their project, and those of the package by this command."""
    (tmp_path / "test_own.py").write_text("def test_own(policy):\n    assert policy\n")
    done = audit(tmp_path, RECORDED, "--bundle", "test_own.py")
    assert (done.returncode, "is bundled without other tests" in done.stderr) == (4, True), done.stderr
    run = Project(tmp_path / "other").pytest(RECORDED, "--bundle", "--pyargs", shipped.PACKAGE)
    assert (run.status, len(run.lines("where `hullcheck audit --bundle` runs them"))) == (4, 1), run.output
