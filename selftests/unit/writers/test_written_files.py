"""What a run leaves: for the owner alone, whole or named as missing, and the verdicts are told in any case."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hullcheck import private_files
from hullcheck.gather import image_cache
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests import REPOSITORY
from selftests.kit.running import ABSENT, Project, Run, clean_environment

CONTROLS = '''
def test_passes(policy):
    """It passes."""


def test_fails(policy):
    """It fails."""
    assert not policy, "it is not so"
'''
FILES = ("results.json", "findings.csv", "audit.html", "requirements.csv", "junit.xml")


def _project(folder: Path, controls: str = CONTROLS) -> Project:
    return Project(folder, {"test_site.py": controls})


def _hosts(project: Project) -> str:
    return f"--hosts={project.recorded('web1', ABSENT)}"


# ---- for the owner alone


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_what_a_run_leaves_is_for_its_owner_alone(tmp_path: Path, processes: list[str]) -> None:
    """Folders have the mode 0700 and files 0600, whatever the mask and wherever they are written."""
    project = _project(tmp_path)
    elsewhere = ("--reports=new/reports", "--junit-xml=own/own.xml", "--html=own/own.html")
    before = os.umask(0)
    try:
        assert project.pytest(_hosts(project), "--bundle", *processes).status == 1
        assert project.pytest(_hosts(project), *elsewhere, *processes).status == 1
        recording = Recording("web1", "local", {"image_contents": Answer("image_contents", 0, "", "")})
        image_cache.save(tmp_path / "cache/x.json", recording)
    finally:
        os.umask(before)
    left = [tmp_path / name for name in ("reports", "new", "cache", "own/own.xml", "own/own.html")]
    left += [each for folder in left for each in folder.rglob("*") if not each.is_symlink()]
    assert {each.name for each in left} >= {*FILES, "recording.json", "web1", "x.json"}
    assert [each for each in left if each.suffix == ".zip"]
    wrong = {each: oct(each.stat().st_mode) for each in left if each.stat().st_mode & 0o077}
    assert not wrong


def test_report_of_pytest_goes_into_a_stream(tmp_path: Path) -> None:
    """What is no file of its own is written to, and not replaced."""
    project = _project(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    pipe = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    run = _shell(project, '"$@" >>out', _hosts(project), "--junit-xml=pipe")
    said = os.read(pipe, 1 << 16).decode()
    os.close(pipe)
    assert (run.status, run.output) == (1, "")
    assert "<testsuites" in said
    assert (tmp_path / "pipe").is_fifo()


# ---- whole, or named


def _shell(project: Project, command: str, *arguments: str) -> Run:
    """Run a shell command in which "$@" is the run of pytest."""
    environment = clean_environment() | {
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "200",
    }
    environment.pop("COVERAGE_PROCESS_CONFIG", None)  # `tox -e coverage` would write files that have no room
    words = (sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments)
    done = subprocess.run(
        ["bash", "-c", f"{command}", "bash", *words],
        cwd=project.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return Run(project.folder, done.returncode, done.stdout.decode(errors="backslashreplace"), 0)


def _require_whole(folder: Path) -> set[str]:
    """That each file in the *folder* of a run can be read to its end; gives their names."""
    names = {each.name for each in folder.rglob("*") if each.is_file()}
    for each in folder.rglob("*"):
        if each.suffix == ".json":
            json.loads(each.read_text())
        elif each.suffix == ".xml":
            ElementTree.parse(each)
        elif each.suffix == ".csv":
            rows = list(csv.reader(each.read_text().splitlines()))
            assert len({len(row) for row in rows}) == 1, each
        elif each.suffix == ".html":
            assert each.read_text().rstrip().endswith("</html>"), each
    assert names <= {*FILES, "recording.json"}
    return names


def _require_told(run: Run, folder: Path, reason: str) -> None:
    """That the verdicts and all that is missing in *folder* are told, and that the run is no success."""
    there = _require_whole(folder)
    missing = {*FILES, "recording.json"} - there
    (told,) = run.lines(f"not written: {reason}") or [""]
    assert missing
    assert {each for each in {*FILES, "recording.json"} if each in told} == missing, run.output
    assert run.lines("web1  1 fail, 1 pass"), run.output
    assert "Traceback" not in run.output
    assert "INTERNALERROR" not in run.output
    assert run.status == 3
    assert not (folder.parent / "latest").is_symlink()
    assert "junit.xml" in there or not run.lines("generated ")


def test_file_that_grows_too_large(tmp_path: Path) -> None:
    """Each file that the limit of the process cuts off is not there, and is named."""
    project = _project(tmp_path)
    run = _shell(project, 'ulimit -f 2; exec "$@"', _hosts(project))
    (folder,) = (each for each in (tmp_path / "reports").iterdir() if each.is_dir())
    _require_told(run, folder, "File too large")


@pytest.mark.parametrize("failing", [0, 1, 6])
def test_each_write_may_fail(tmp_path: Path, failing: int) -> None:
    """Whichever file cannot be put in its place is named, and the others are there."""
    project = _project(tmp_path)
    project.write(
        "conftest.py",
        (REPOSITORY / "conftest.py").read_text()
        + "\n\nimport errno, pathlib\n\nreal, done = pathlib.Path.replace, []\n\n\n"
        "def replace(self, target):\n"
        "    done.append(target)\n"
        f"    if len(done) == {failing} + 1:\n"
        "        raise OSError(errno.EDQUOT, 'Disk quota exceeded')\n"
        "    return real(self, target)\n\n\n"
        "pathlib.Path.replace = replace\n",
    )
    project.write("reports/.gitignore", "")
    run = project.pytest(_hosts(project))
    (folder,) = (tmp_path / "reports").glob("2*Z-????")
    if failing == 0:  # there is a second try, at the end
        assert (run.status, _require_whole(folder)) == (1, {*FILES, "recording.json"}), run.output
    elif failing < 6:
        _require_told(run, folder, "Disk quota exceeded")
    else:
        assert run.lines("reports/latest was not written: Disk quota exceeded"), run.output
        assert run.status == 3
    assert not [each for each in (tmp_path / "reports").rglob(".*") if each.name != ".gitignore"]


def test_latest_that_is_a_folder(tmp_path: Path) -> None:
    """It is left alone, and what it leads to would be an older run."""
    project = _project(tmp_path)
    (tmp_path / "reports/latest").mkdir(parents=True)
    run = project.pytest(_hosts(project), "-k", "passes", "--bundle")
    assert run.lines("reports/latest")[-1].endswith("Is a directory"), run.output
    assert (run.status, "Traceback" in run.output) == (3, False)
    (folder,) = (tmp_path / "reports").glob("2*Z-????")
    assert _require_whole(folder) == {*FILES, "recording.json"}
    assert json.loads((folder / "results.json").read_text())["run"]["exit_status"] == 0  # what was found
    assert not list((tmp_path / "reports").glob(".*.link"))


def test_what_is_written_is_whole_or_what_it_was(tmp_path: Path) -> None:
    """A file that cannot be replaced keeps its content, and the error names it."""
    path = tmp_path / "a"
    path.write_text("before")

    def write_half() -> None:
        with private_files.replacing(path) as fresh:
            fresh.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space") as raised:
        write_half()
    assert (raised.value.filename, path.read_text(), os.listdir(tmp_path)) == (str(path), "before", ["a"])


# ---- whoever reads


@pytest.mark.parametrize(
    ("command", "reason", "processes"),
    [
        ('set -o pipefail; "$@" 2>errors | head -n 1', "Broken pipe", ()),
        ('set -o pipefail; "$@" 2>&1 | head -n 1', "", ()),
        ('"$@" >/dev/full 2>errors', "No space left on device", ("-n2",)),
    ],
    ids=["head", "head-of-both", "full"],
)
def test_output_that_cannot_be_written(tmp_path: Path, command: str, reason: str, processes: tuple[str, ...]) -> None:
    """The run goes on to its end, its files are whole, and the exit status says that something is missing."""
    project = _project(tmp_path)
    run = _shell(project, command, _hosts(project), "-k", "passes", *processes)
    assert run.status == 3, run.output
    assert len(run.output.splitlines()) <= 1
    assert run.verdicts == {"passes": "pass"}
    assert _require_whole((tmp_path / "reports/latest").resolve()) == {*FILES, "recording.json"}
    if reason:
        said = (tmp_path / "errors").read_text()
        assert said == f"The verdicts could not be shown to the end: {reason}\n"
