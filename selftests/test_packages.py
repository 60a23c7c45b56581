"""What leaves a developer's machine: the packages hold what they should, and no recording is in them or in git."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from hullcheck.recording import FILE_NAME
from selftests.running import PRESENT, REPOSITORY, Project, containers, info

STRAY = [
    f"{folder}reports/20261125T033324Z-5b3b/local/{FILE_NAME}" for folder in ("", "selftests/", "hullcheck/")
]
DEMO = {f"inventories/demo/{name}/{FILE_NAME}" for name in ("careless", "hardened")}
MADE_HERE = (".git", ".venv", ".tox", "reports", "mutants", "dist", ".*_cache", "__pycache__")


def _git(folder: Path, *arguments: str) -> list[str]:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"})
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the project, and recordings that runs left in it, here and there."""
    folder = tmp_path_factory.mktemp("checkout") / "hullcheck"
    shutil.copytree(REPOSITORY, folder, ignore=shutil.ignore_patterns(*MADE_HERE), symlinks=True)
    for name in STRAY:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("{}")
    return folder


@pytest.fixture(scope="module")
def packages(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The names of the files in the wheel and in the sdist."""
    made = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(made)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (wheel,) = made.glob("*.whl")
    (sdist,) = made.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive, tarfile.open(sdist) as tar:
        unrooted = {name.partition("/")[2] for name in tar.getnames()}
        return {"wheel": set(archive.namelist()), "sdist": unrooted}


# ---- recordings


def test_no_recording_is_in_git() -> None:
    """Of recordings the demo's alone are in git."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this is no checkout of git")
    assert {name for name in _git(REPOSITORY, "ls-files") if name.endswith(FILE_NAME)} == DEMO


def test_git_ignores_what_runs_leave(checkout: Path) -> None:
    """`git add .` takes no recording, in whatever folder of the project a run left it, but the README of `reports/`."""
    (checkout / "reports/README.md").write_text("what this folder is for")
    _git(checkout, "init", "--quiet")
    _git(checkout, "add", ".")
    added = set(_git(checkout, "ls-files"))
    assert {name for name in added if name.endswith(FILE_NAME)} == DEMO
    assert {name for name in added if "reports/" in name} == {"reports/README.md"}


@pytest.mark.parametrize("before", ["missing", "empty"])
def test_git_ignores_what_a_run_leaves_for_a_user(tmp_path: Path, before: str) -> None:
    """`git add .` in a user's repository takes no file of a run, in one process or with workers."""
    project = Project(tmp_path)
    hosts = project.recorded("web1", PRESENT, info(), containers({"Name": "/a"}))
    if before == "empty":
        (tmp_path / "reports").mkdir()
    workers = ["-n", "2"] if before == "missing" else []
    run = project.pytest("-k", "privileged", "--hosts", hosts, "--bundle", *workers)
    assert (tmp_path / "reports/latest.zip").exists(), run.output
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    added = _git(tmp_path, "ls-files")
    assert "pytest.ini" in added
    assert not [name for name in added if name.startswith("reports")]


def test_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """Nothing is hidden from git that lay where the user sends the reports."""
    project = Project(tmp_path)
    hosts = project.recorded("web1", PRESENT, info(), containers({"Name": "/a"}))
    project.pytest("-k", "privileged", "--hosts", hosts, "--reports=.")
    assert (tmp_path / "latest/results.json").exists()
    assert not (tmp_path / ".gitignore").exists()


# ---- packages


def test_packages_hold_no_recording(packages: dict[str, set[str]]) -> None:
    """Neither the wheel nor the sdist holds what a run left, and the demo is in the sdist."""
    recordings = {
        kind: {name for name in names if name.endswith(FILE_NAME)} for kind, names in packages.items()
    }
    assert recordings == {"wheel": set(), "sdist": DEMO}
    assert {name for name in packages["sdist"] if "reports/" in name} <= {"reports/README.md"}
