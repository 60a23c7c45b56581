"""`hullcheck audit`: the installed controls, run from any directory."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

from hullcheck.controls import shipped
from selftests import REPOSITORY
from selftests.kit.running import Project, clean_environment, hullcheck, start

RECORDED = f"--hosts=recorded://{REPOSITORY}/inventories/demo/hardened"


def audit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it, with nothing kept outside of *folder*."""
    return hullcheck("audit", *arguments, cwd=folder, XDG_CACHE_HOME=str(folder / "cache"))


def results(folder: Path) -> dict[str, str]:
    """The verdicts of the newest run."""
    document = json.loads((folder / "reports/latest/results.json").read_text())
    return {f"{each['control']}@{each['target']}": each["verdict"] for each in document["results"]}


def test_demo(tmp_path: Path) -> None:
    """It says that it is one, ends with status 0, and leaves its results where the user stands."""
    done = audit(tmp_path, "--demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This was a demonstration" in done.stdout
    assert {each.partition("@")[2] for each in results(tmp_path)} == {"hardened", "careless"}
    assert len(results(tmp_path)) == 2 * 118
    assert not [line for line in done.stdout.splitlines()[1:] if "test_5_container_runtime.py" in line]


def test_command_is_the_one_that_it_stands_for(tmp_path: Path) -> None:
    """The first line is a command of pytest, and gives the same verdicts."""
    done = audit(tmp_path, RECORDED, "-m", "cis(level=1)", "-k", "remote_api or seccomp or limit")
    first = results(tmp_path)
    said, program, *arguments = shlex.split(done.stdout.splitlines()[0])
    assert (said, program) == ("+", "pytest")
    (tmp_path / "reports/latest").unlink()
    start(*arguments, cwd=tmp_path, environment=clean_environment() | {"PYTHONPATH": str(REPOSITORY)})
    assert results(tmp_path) == first
    assert first


def test_cis_is_what_is_asked_for_by_default(tmp_path: Path) -> None:
    """-m and --profile take its place."""
    (tmp_path / "a.yml").write_text("profiles: {few: 'guide and not cis'}\n")
    counts = []
    for arguments in ([], ["-m", "guide and not cis"], ["--profile=few", "--inventory=a.yml"]):
        audit(tmp_path, RECORDED, *arguments)
        counts.append(len(results(tmp_path)))
    assert counts[0] == 118
    assert counts[1] == counts[2] == 52


def test_nothing_of_the_current_directory_is_run(tmp_path: Path) -> None:
    """Neither a conftest.py nor settings, tests or modules of strangers, who may write where root stands."""
    trap = "raise SystemExit('run')\n"
    for name in ("conftest.py", "tests/conftest.py", "tests/test_a.py", "test_b.py", "yaml.py", "strange.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(trap)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p strange\n")
    done = audit(tmp_path, RECORDED)
    assert len(results(tmp_path)) == 118, done.stdout + done.stderr


def test_bundle_is_verified_anywhere(tmp_path: Path) -> None:
    """Whoever has hullcheck has its controls: no directory has to hold them."""
    (tmp_path / "auditor").mkdir()
    done = audit(tmp_path, RECORDED, "--bundle", "-k", "remote_api or process_limit")
    bundle = (tmp_path / "reports/latest.zip").resolve()
    assert done.returncode == 0, done.stdout + done.stderr
    done = hullcheck("verify", str(bundle), cwd=tmp_path / "auditor")
    assert (done.returncode, "verified:" in done.stdout) == (0, True), done.stdout


def test_bundle_of_other_tests_is_refused(tmp_path: Path) -> None:
    """Controls of one's own are bundled in their project, and those of the package by this command."""
    (tmp_path / "test_own.py").write_text("def test_own(policy):\n    assert policy\n")
    done = audit(tmp_path, RECORDED, "--bundle", "test_own.py")
    assert (done.returncode, "is bundled without other tests" in done.stderr) == (4, True), done.stderr
    run = Project(tmp_path / "other").pytest(RECORDED, "--bundle", "--pyargs", shipped.PACKAGE)
    assert (run.status, len(run.lines("where `hullcheck audit --bundle` runs them"))) == (4, 1), run.output
