"""What a run leaves, and what it prints."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hullcheck.recording.probe import Answer
from selftests import REPOSITORY
from selftests.kit.projects import PRIVILEGED, careless, site
from selftests.kit.running import (
    ABSENT,
    PRESENT,
    Project,
    clean_environment,
    containers,
    info,
)

# ---- reports


def test_junit_and_html_of_the_user_win(tmp_path: Path) -> None:
    """`--junitxml` and `--html` go where the user says, and not into the run's folder."""
    project = site(tmp_path)
    run = project.pytest("--hosts", careless(project), "--junitxml=own.xml", "--html=own.html")
    assert (tmp_path / "own.xml").exists()
    assert (tmp_path / "own.html").exists()
    left = {each.name for each in (tmp_path / "reports/latest").iterdir()}
    assert left == {"results.json", "audit.html", "findings.csv", "requirements.csv", "web1"}
    assert run.status == 1


def test_reports_folder_is_taken_from_where_the_user_stands(tmp_path: Path) -> None:
    """A path on the command line starts in the current directory; recordings are for their owner alone."""
    project = site(tmp_path)
    (tmp_path / "here").mkdir()
    project.pytest("--hosts", careless(project), "--reports=out", "../tests", cwd=tmp_path / "here")
    folder = tmp_path / "here/out/latest"
    reports = {"results.json", "audit.html", "junit.xml", "report.html", "findings.csv", "requirements.csv"}
    assert {each.name for each in folder.iterdir()} == {*reports, "web1"}
    assert (folder / "web1/recording.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_password_is_nowhere(tmp_path: Path, processes: list[str]) -> None:
    """The password of a host specification is in no file and no output, whatever becomes of the target."""
    project = site(tmp_path)
    project.command("sshpass", "echo 'Permission denied, please try again.' >&2; exit 5")
    project.environment = {
        "JENKINS_URL": "http://ci",
        "GIT_URL": "https://ci:geheim@git/x",
    }  # pytest-metadata's
    hosts = "ssh://audit:geheim@web1,ssh://audit:geheim@web2:99?sudo=true"
    run = project.pytest("-v", "--hosts", hosts, "--html=page.html", *processes)
    assert run.lines("not audited: web1: ssh://audit:***@web1 could not be audited: Permission denied")
    assert run.results["targets"]["web2"]["connect"] == "ssh://audit:***@web2:99?sudo=true"
    assert f"--hosts {hosts}".replace("geheim", "***").split() == run.results["run"]["arguments"][3:5]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if b"geheim" in path.read_bytes()] == []
    assert "geheim" not in run.output


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    """Escapes, line breaks and markup from a host reach neither terminal nor page as such."""
    project = site(tmp_path, PRIVILEGED.replace('"runs with', 'container.name + "\\udcff runs with'))
    evil = "/\x1b[2J\x1b]0;owned\x07</script><script>alert(1)</script>\u202e"
    answer = containers({"Name": evil, "HostConfig": {"Privileged": True}})
    run = project.pytest("--hosts", project.recorded("web1", PRESENT, info(), answer))
    page = (tmp_path / "reports/latest/report.html").read_text()
    assert "\x1b[2J" not in run.output
    assert "\\x1b[2J" in run.output
    assert "<script>alert(1)" not in page
    (finding,) = run.results["results"][0]["findings"]
    assert finding["subject"].isprintable()
    assert "\\udcff" in finding["reason"]
    assert run.status == 1


def test_cut_off_answers_are_errors(tmp_path: Path) -> None:
    """An engine that answers nonsense, or not to the end, is judged in error."""
    project = site(tmp_path)
    cut = containers({"Name": "/web", "HostConfig": {"Privileged": False}})
    nonsense = Answer(cut.name, 0, cut.stdout[:-60], "")
    half = project.recorded("half", PRESENT, info(), nonsense)
    wrong = project.recorded(
        "wrong", PRESENT, info(), Answer(cut.name, 0, "container []\n--proc\n--paths\n", "")
    )
    refused = project.recorded("refused", PRESENT, info(), Answer(cut.name, 1, "", "permission denied\n"))
    late = project.recorded("late", PRESENT, info(), Answer(cut.name, 124, "", ""))
    run = project.pytest("--hosts", f"{half},{wrong},{refused},{late}")
    assert set(run.verdicts.values()) == {"error"}, run.reasons
    assert any("permission denied" in reason for reason in run.reasons)
    assert any("did not answer in time" in reason for reason in run.reasons)


# ---- the terminal


def test_log_has_no_progress_and_one_line_about_gathering(tmp_path: Path) -> None:
    """Where output is no terminal nothing is drawn over."""
    project = site(tmp_path)
    run = project.pytest("--hosts", careless(project))
    assert "\r" not in run.output
    assert "\x1b" not in run.output
    assert len(run.lines("gathered 1 target in ")) == 1


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_terminal_shows_progress(tmp_path: Path, processes: list[str]) -> None:
    """On a terminal a line tells how many targets are gathered, and is gone when they are."""
    project = site(tmp_path)
    command = [sys.executable, "-m", "pytest", "--hosts", careless(project), *processes]
    controller, terminal = pty.openpty()
    environment = {**clean_environment(), "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        output = _drain(controller)
    assert process.returncode == 1
    assert "\rgathering: 0 of 1 targets" in output
    assert "\rgathering: 1 of 1 targets" in output
    assert "gathered 1 target in " in output


def _drain(controller: int) -> str:
    output = b""
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        output += part
    os.close(controller)
    return output.decode(errors="replace")


KEPT = """
import gc

import pytest

from hullcheck.facts.registry import Facts


def test_keeps_little(policy):
    '''What is kept of hosts that are done.'''
    hosts = sum(type(each) is Facts for each in gc.get_objects())
    assert hosts == 1, f"{hosts} hosts"
"""
WATCHER = """
def pytest_sessionfinish(session):
    reports = session.config.pluginmanager.get_plugin("terminalreporter").stats["passed"]
    print([each.hullcheck for each in reports if hasattr(each, "hullcheck")])
"""


def test_little_is_kept_of_hosts_that_are_done(tmp_path: Path) -> None:
    """The facts of one host, and of a report what pytest's own lists need."""
    project = Project(tmp_path, {"test_site.py": KEPT, "conftest.py": WATCHER})
    hosts = ",".join(project.recorded(name, ABSENT) for name in ("a", "b", "c"))
    run = project.pytest("-s", f"--hosts={hosts}")
    assert run.status == 0, run.output
    assert str([True] * 3) in run.output
