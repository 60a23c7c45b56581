"""A run that can ask no target says why in a sentence, and not in a letter for each control."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from hullcheck.plugin import output
from selftests.kit.running import ABSENT, PRESENT, Project, Run, info

ROUTE = "ssh: connect to host web1 port 22: No route to host"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project's own controls, with pytest's usual lists and a way to no host."""
    project = Project(tmp_path)
    project.command("ssh", f"echo '{ROUTE}' >&2; exit 255")
    return project


def _letters(run: Run) -> int:
    """Return how many letters of tests stand before the summary."""
    before = run.output.partition("= hullcheck =")[0]
    return len("".join(re.findall(r"^(?:\S+\.py )?([EFs.]+)(?= |$)", before, re.MULTILINE)))


def test_target_that_cannot_be_asked(project: Project) -> None:
    """One sentence and no letter; results hold all errors, and the exit status is 1."""
    run = project.pytest("-m", "cis", "--hosts=ssh://web1")
    assert (run.status, set(run.verdicts.values()), len(run.verdicts)) == (1, {"error"}, 118)
    assert _letters(run) == 0
    said = f"web1: {ROUTE}. Check the address, and that ssh can log in without a prompt."
    assert len(run.lines(said)) == 1, run.output
    assert "118 errors" in run.output


def test_host_without_docker(project: Project) -> None:
    """What does not apply has no letter either; with -v each control has its line."""
    arguments = ("-k", "5.5", "--hosts", project.recorded("web1", ABSENT))
    run = project.pytest(*arguments)
    assert (run.status, run.verdicts) == (1, {"container_is_not_privileged": "not applicable"})
    assert _letters(run) == 0
    assert ". `hullcheck audit --demo` shows an audit of two recorded hosts.\n" in run.output
    assert project.pytest("-v", *arguments).lines("test_container_is_not_privileged[web1] SKIPPED")


@pytest.mark.parametrize("hosts", [1, 4], ids=["few", "many"])
def test_target_that_answers_beside_it(project: Project, hosts: int) -> None:
    """The controls of the other have a letter; that one was not asked is said once, above or below them."""
    named = [project.recorded(f"web{number + 2}", PRESENT, info()) for number in range(hosts)]
    run = project.pytest("-k", "5.5", "--hosts", ",".join(["ssh://web1", *named]))
    assert _letters(run) == hosts, run.output
    assert len(run.lines(f"not audited: web1: ssh://web1 could not be audited: {ROUTE}")) == 1
    assert len(run.lines(f"gathered {hosts + 1} targets in ")) == 1
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
    tool.touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "orig_argv", ["python", *(each.format(here=tmp_path) for each in words)])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert output.command() == typed
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert output.command() == ()
