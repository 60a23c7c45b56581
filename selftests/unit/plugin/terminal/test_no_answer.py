"""A run that can ask no target says why in a sentence, and not in a letter for each control."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from hullcheck.plugin.reporting import quiet
from hullcheck.recording.probe import Answer
from selftests.kit.facts.engines import engine_text
from selftests.kit.running import ABSENT, PRESENT, Project, Run, info

REFUSED = "permission denied while trying to connect to the Docker daemon socket at unix:///run/docker.sock"
ROUTE = "ssh: connect to host web1 port 22: No route to host"
JUDGED = '''
def test_site(policy):
    """It judges nothing of the engine."""
'''


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project's own controls, with pytest's usual lists and a way to no host."""
    project = Project(tmp_path)
    project.command("ssh", f"echo '{ROUTE}' >&2; exit 255")
    project.command("sudo", "echo 'sudo: a password is required' >&2; exit 1")
    return project


def _letters(run: Run) -> int:
    """How many letters of tests stand before the summary."""
    before = run.output.partition("= hullcheck =")[0]
    return len("".join(re.findall(r"^(?:\S+\.py )?([EFs.]+)(?= |$)", before, re.MULTILINE)))


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one-process", "two-workers"])
def test_host_that_is_not_reached(project: Project, processes: tuple[str, ...]) -> None:
    """One sentence; results hold all errors, and the exit status is 1."""
    run = project.pytest("-m", "cis", "--hosts=ssh://web1", *processes)
    assert (run.status, set(run.verdicts.values()), len(run.verdicts)) == (1, {"error"}, 118)
    assert _letters(run) == 0
    assert run.lines("No route to host") == [
        f"web1: {ROUTE}. Check the address, and that ssh can log in without a prompt."
    ]
    assert "118 errors" in run.output


def test_sudo_that_asks_for_a_password(project: Project) -> None:
    """A sudo that asks for a password gives one sentence, and no letter."""
    run = project.pytest("-m", "cis", "--sudo")
    assert (run.status, set(run.verdicts.values())) == (1, {"error"})
    assert _letters(run) == 0
    assert len(run.lines("local: sudo: a password is required.")) == 1


def test_user_who_may_not_use_the_engine(project: Project) -> None:
    """An engine that refuses to answer gives one sentence, and no letter."""
    refused = Answer("engine", 0, engine_text(refusal=REFUSED), "")
    run = project.pytest("-m", "cis", "--hosts", project.recorded("web1", PRESENT, refused))
    assert (run.status, set(run.verdicts.values())) == (1, {"error"})
    assert _letters(run) == 0
    assert run.lines("web1: ") == [
        "web1: permission denied on /run/docker.sock. Record the target again, as root."
    ]


def test_host_without_docker(project: Project) -> None:
    """What does not apply has no letter either."""
    run = project.pytest("-k", "5.5", "--hosts", project.recorded("web1", ABSENT))
    assert (run.status, run.verdicts) == (1, {"container_is_not_privileged": "not applicable"})
    assert _letters(run) == 0
    assert "`hullcheck audit --demo` shows" in run.output


def test_verbose_run_shows_all(project: Project) -> None:
    """With -v each control has its line."""
    run = project.pytest("-v", "-k", "5.5", "--hosts=ssh://web1")
    assert run.lines("test_container_is_not_privileged[web1] ERROR")
    assert run.lines("not audited: web1: ")


def test_target_that_answers_beside_it(project: Project) -> None:
    """Where one target can be asked, the errors of the other are shown as ever."""
    hosts = f"ssh://web1,{project.recorded('web2', PRESENT, info())}"
    run = project.pytest("-k", "5.5", "--hosts", hosts)
    assert _letters(run) == 2
    assert run.lines(f"not audited: web1: ssh://web1 could not be audited: {ROUTE}")
    assert run.lines("results: ")


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (("{here}/bin/tool", "audit"), ("bin/tool", "audit")),
        (("/bin/sh", "-x"), ("/bin/sh", "-x")),
        (("-m", "pytest", "-m", "cis"), (sys.executable, "-m", "pytest", "-m", "cis")),
    ],
)
def test_command_of_this_run(
    words: tuple[str, ...], typed: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program is named as it was started, below this folder in short; root needs no sudo."""
    tool = tmp_path / "bin/tool"
    tool.parent.mkdir()
    tool.write_text("")
    tool.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "orig_argv", ["python", *(each.format(here=tmp_path) for each in words)])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert quiet.command() == typed
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert quiet.command() == ()


def test_control_that_needs_no_engine(tmp_path: Path) -> None:
    """What was judged nevertheless is in the summary, as ever."""
    project = Project(tmp_path, {"test_site.py": JUDGED})
    run = project.pytest("--hosts", project.recorded("web1", PRESENT))
    assert (run.status, run.verdicts) == (0, {"site": "pass"})
    assert run.lines("page: ")
