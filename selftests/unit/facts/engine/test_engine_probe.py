"""How the engine is asked: by curl or by the docker command, which here are functions of the shell."""

from __future__ import annotations

import subprocess

import pytest

from hullcheck.facts.engine.info import ENGINE
from hullcheck.recording.script import common
from hullcheck.secrets.redact import sections

CURL = "engine_socket=/x.sock; curl() { cat >/dev/null; %s; }"
NOT_THERE = "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?"


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param(each, id=each[0], marks=pytest.mark.needs(each[0]))
        for each in (["dash"], ["busybox", "ash"], ["bash", "--posix"])
    ],
)
@pytest.mark.parametrize(
    ("program", "section", "said"),
    [
        ("docker() { printf 'no\\n--way\\n' >&2; return 1; }", "info", "failed:no --way"),
        ("docker() { echo '{}'; echo no >&2; return 1; }", "networks", "failed:no"),
        ("docker() { echo '{'; echo no >&2; return 1; }", "version", "failed:no"),
        ("docker() { :; }", "info", ""),
        ("docker() { :; }", "plugins", "[]"),
        ("docker() { case $* in *ls*) echo a ;; esac; }", "networks", ""),
        (CURL % """yes '{"message":"no"}' | head -n 6""", "networks", "failed:no"),
        (CURL % "yes '[]' | head -n 6", "plugins", "[]"),
        (CURL % "return 7", "info", f"failed:{NOT_THERE}"),
        (CURL % "echo '{'; return 18", "info", "failed:curl ended with the status 18"),
    ],
)
def test_part_that_failed(shell: list[str], program: str, section: str, said: str) -> None:
    """It says why, and is no empty list; the others are there."""
    script = f"{program}\n{common('functions')}{ENGINE.script}"
    asked = subprocess.run(
        [*shell, "-c", script], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert sections(ENGINE.keep(asked.stdout))[section] == said
