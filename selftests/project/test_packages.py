"""What leaves a developer's machine: the packages hold what they should, and no recording is in them or in git."""

from __future__ import annotations

import email
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from hullcheck import __version__
from hullcheck.recording import FILE_NAME
from selftests import REPOSITORY
from selftests.kit.running import PRESENT, Project, clean_environment, containers, hullcheck, info

STRAY = [f"{folder}reports/20261125T033324Z-5b3b/local/{FILE_NAME}" for folder in ("", "selftests/", "hullcheck/")]
KEPT = {f"inventories/demo/{name}/{FILE_NAME}" for name in ("careless", "hardened")}
"""The recordings that are meant to be here."""
DIST_INFO = f"hullcheck-{__version__}.dist-info"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MADE_HERE = (".git", ".venv", ".tox", "reports", "mutants", "dist", ".*_cache", "__pycache__")


def _git(folder: Path, *arguments: str) -> list[str]:
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
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
def packages(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The files in the sdist, and those in the wheel that is built from it, as in a release."""
    made = tmp_path_factory.mktemp("dist")
    with tarfile.open(_build("sdist", checkout, made)) as archive:
        archive.extractall(made, filter="data")
    (unpacked,) = made.glob("*/")
    files = {str(path.relative_to(unpacked)): path.read_bytes() for path in unpacked.rglob("*") if path.is_file()}
    with zipfile.ZipFile(_build("wheel", unpacked, made)) as archive:
        return {"sdist": files, "wheel": {name: archive.read(name) for name in archive.namelist()}}


def _build(kind: str, source: Path, folder: Path) -> Path:
    """Return the package of this *kind* that the build backend leaves in *folder*."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (path,) = folder.glob({"sdist": "*.tar.gz", "wheel": "*.whl"}[kind])
    return path


# ---- recordings


@pytest.mark.needs("git")
def test_git_holds_what_it_should() -> None:
    """Of recordings those alone that are meant to be, and nothing that git ignores: packages would miss that."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this is no checkout of git")
    assert {name for name in _git(REPOSITORY, "ls-files") if name.endswith(FILE_NAME)} == KEPT
    assert _git(REPOSITORY, "ls-files", "--cached", "--ignored", "--exclude-standard") == []


@pytest.mark.needs("git")
def test_git_ignores_what_runs_leave(checkout: Path) -> None:
    """`git add .` takes no recording, in whatever folder of the project a run left it, but the README of `reports/`."""
    (checkout / "reports/README.md").write_text("what this folder is for")
    _git(checkout, "init", "--quiet")
    _git(checkout, "add", ".")
    added = set(_git(checkout, "ls-files"))
    assert {name for name in added if name.endswith(FILE_NAME)} == KEPT
    assert {name for name in added if "reports/" in name} == {"reports/README.md"}


@pytest.mark.needs("git")
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


def test_packages_hold_no_recording(packages: dict[str, dict[str, bytes]]) -> None:
    """Neither the wheel nor the sdist holds what a run left, and what is meant to be here is in the sdist."""
    found = {kind: {name for name in files if name.endswith(FILE_NAME)} for kind, files in packages.items()}
    assert found == {"wheel": {f"hullcheck/{name}" for name in KEPT}, "sdist": KEPT}


def test_wheel_holds_what_an_audit_needs_and_no_more(packages: dict[str, dict[str, bytes]]) -> None:
    """The library and its data, the controls and the demo: no test of the project, no page, no byte code."""
    files = {name for name in packages["wheel"] if not name.startswith(DIST_INFO)}
    controls = {f"hullcheck/controls/{path.name}" for path in (REPOSITORY / "tests").glob("*.py")}
    library = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "hullcheck").rglob("*.*")}
    demo = {"hullcheck/inventories/demo.yml", *(f"hullcheck/{name}" for name in KEPT)}
    assert len(controls) > 10
    wanted = controls | demo | {"hullcheck/markers.ini"} | {each for each in library if "__pycache__" not in each}
    assert files == wanted


def test_sdist_holds_the_product_and_no_more(packages: dict[str, dict[str, bytes]]) -> None:
    """The sources of the wheel, and what users read: nothing that only a checkout needs."""
    product = {"hullcheck", "tests", "conftest.py", "markers.ini", "inventories", "pyproject.toml"}
    pages = {"docs", "README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"}
    assert {name.split("/")[0] for name in packages["sdist"]} == product | pages | {"PKG-INFO", ".gitignore"}


def test_audit_with_the_wheel_alone(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    """The installed controls give the verdicts that those of the project give, and the bundle is verified."""
    python = _environment(tmp_path / "venv", packages["wheel"])
    code = "import sys; from hullcheck.cli import main; sys.exit(main())"

    def command(*arguments: str, folder: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        variables = clean_environment() | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        words = [str(python), "-P", "-c", code, *arguments]
        return subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, check=False)

    (tmp_path / "auditor").mkdir()
    done = command("audit", "--demo", "--bundle")
    assert done.returncode == 0, done.stdout + done.stderr
    words = json.loads((tmp_path / "reports/latest/results.json").read_text())["run"]["arguments"]
    assert "/site-packages/hullcheck/controls/pytest.ini --pyargs hullcheck.controls" in " ".join(words)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    assert hullcheck("audit", "--demo", cwd=checkout, XDG_CACHE_HOME=str(tmp_path / "cache")).returncode == 0
    of_wheel, of_checkout = (
        json.loads((folder / "reports/latest/results.json").read_text())["results"] for folder in (tmp_path, checkout)
    )
    assert of_wheel == of_checkout
    bundle = (tmp_path / "reports/latest.zip").resolve()
    verified = command("verify", str(bundle), folder=tmp_path / "auditor")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _environment(folder: Path, wheel: dict[str, bytes]) -> Path:
    """The Python of a virtual environment with *wheel* in it, and with the dependencies of this one."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name, content in wheel.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin/python"


def test_what_the_packages_say(packages: dict[str, dict[str, bytes]]) -> None:
    """Both hold the licence; the wheel says whose it is, for which Pythons, and its version."""
    text = (REPOSITORY / "LICENSE").read_bytes()
    assert b"END OF TERMS AND CONDITIONS" in text
    assert packages["wheel"][f"{DIST_INFO}/licenses/LICENSE"] == text
    assert packages["sdist"]["LICENSE"] == text
    said = email.message_from_bytes(packages["wheel"][f"{DIST_INFO}/METADATA"])
    wanted = {
        "Name": "hullcheck",
        "Version": __version__,
        "License-Expression": "Apache-2.0",
        "Author": "hullcheck developers",
        "Requires-Python": ">=3.11",
    }
    assert {name: said[name] for name in wanted} == wanted
    assert (said["Summary"], said["Keywords"], said["Description-Content-Type"]) > ("", "", "")
    pythons = {f"Programming Language :: Python :: {version}" for version in PYTHONS}
    assert pythons | {"Framework :: Pytest", "Topic :: Security"} <= set(said.get_all("Classifier", []))


def test_version_stands_in_one_place() -> None:
    """Nothing repeats the version, so that nothing can be wrong after a release."""
    stated = re.compile(rf"(hullcheck|version)[\W_]{{1,6}}{re.escape(__version__)}(?![\d.])", re.IGNORECASE)
    tops = ("hullcheck", "docs", "bench", "selftests", "tests", "inventories", ".ci")
    files = [path for top in tops for path in (REPOSITORY / top).rglob("*") if path.suffix != ".pyc"]
    files += [path for path in REPOSITORY.iterdir() if path.suffix in (".md", ".toml", ".ini", ".py")]
    found = [path for path in files if path.is_file() and stated.search(path.read_text(errors="replace"))]
    assert found == [REPOSITORY / "hullcheck/__init__.py"]
