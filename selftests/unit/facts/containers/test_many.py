"""More containers than a host has on any day: the answer is complete, or an error."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.recording.probe import Answer
from hullcheck.recording.script import parse, render
from selftests.kit.facts.shippers import container

STAND_IN = r"""#!/bin/sh
case "$1 $2" in
"ps --all") awk 'BEGIN { for (i = 1; i <= @COUNT@; i++) printf "%064x\n", i }' ;;
"inspect --type")
  shift 5
  printf "%s\n" "$@" | awk -v text="$(cat "${0%/*}/one")" '{
    said = text
    gsub("@ID@", $0, said)
    print said
  }' ;;
esac
"""


def asked(folder: Path, count: int) -> Answer:
    """What the script makes of a stand-in for docker with so many containers."""
    one = container("@ID@", identifier="@ID@", Pid=0, User="")
    head, _, document = one.partition(" ")
    first = {"Pid": 0, "NetworkMode": "bridge", "Id": "@ID@", "User": ""}  # the order in which the probe asks
    (folder / "one").write_text(f"{head} {json.dumps(first | json.loads(document), separators=(',', ':'))}")
    (folder / "docker").write_text(STAND_IN.replace("@COUNT@", str(count)))
    (folder / "docker").chmod(0o755)
    script = render((DOCKER_CONTAINERS,), timeout=120)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, check=True, env=environment, start_new_session=True
    )
    return parse(done.stdout)[DOCKER_CONTAINERS.name]


@pytest.mark.needs("awk")
def test_ten_thousand_containers(tmp_path: Path) -> None:
    """Each is there."""
    answer = asked(tmp_path, 10_000)
    names = {
        line.split('"Name":"/')[1][:64]
        for line in answer.stdout.split("\n")
        if line.startswith("container {")
    }
    assert (answer.status, len(names)) == (0, 10_000), answer.stderr


@pytest.mark.needs("awk")
def test_more_than_a_command_line_holds(tmp_path: Path) -> None:
    """It is an error, and no list of none."""
    answer = asked(tmp_path, 40_000)
    assert answer.status != 0
    assert "container {" not in answer.stdout
