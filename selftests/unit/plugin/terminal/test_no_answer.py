"""A run that can ask no target says why in a sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hullcheck.plugin import output
from hullcheck.writers.terminal import NOTHING_JUDGED
from selftests.kit.running import ABSENT, PRESENT, Project, hullcheck, info

ROUTE = "ssh: connect to host web1 port 22: No route to host"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project's own controls, with pytest's usual lists and a way to no host."""
    project = Project(tmp_path)
    project.command("ssh", f"echo '{ROUTE}' >&2; exit 255")
    return project


def test_target_that_cannot_be_asked(project: Project) -> None:
    """One sentence, and that nothing was judged; results hold all errors, and the exit status is 1."""
    run = project.pytest("-m", "cis", "--hosts=ssh://web1")
    assert (run.status, set(run.verdicts.values()), len(run.verdicts)) == (1, {"error"}, 118)
    said = f"web1: {ROUTE}. Check the address, and that ssh can log in without a prompt."
    assert run.output.partition("= hullcheck =")[2].splitlines()[1:3] == [said, NOTHING_JUDGED]
    done = hullcheck("audit", "--hosts=ssh://web1", cwd=project.folder, COLUMNS="120")
    assert (done.returncode, done.stdout.splitlines()[1:]) == (1, [said, NOTHING_JUDGED])


def test_host_without_docker(project: Project) -> None:
    """What does not apply is a sentence, too; with -v each control has its line."""
    arguments = ("-k", "5.5", "--hosts", project.recorded("web1", ABSENT))
    run = project.pytest(*arguments)
    assert (run.status, run.verdicts) == (1, {"container_is_not_privileged": "not applicable"})
    assert ". `hullcheck audit --demo` shows an audit of two recorded hosts.\n" in run.output
    assert project.pytest("-v", *arguments).lines("test_container_is_not_privileged[web1] SKIPPED")


@pytest.mark.parametrize("hosts", [1, 4], ids=["few", "many"])
def test_target_that_answers_beside_it(project: Project, hosts: int) -> None:
    """That one was not audited is a line of the summary."""
    named = [project.recorded(f"web{number + 2}", PRESENT, info()) for number in range(hosts)]
    run = project.pytest("-m", "cis", "--hosts", ",".join(["ssh://web1", *named]))
    assert run.lines("not audited: ") == [f"not audited: web1: {ROUTE}"]


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
    tool.touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "orig_argv", ["python", *(each.format(here=tmp_path) for each in words)])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert output.command() == typed
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert output.command() == ()
