"""More containers than a host has on any day: the answer is complete, or an error."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.recording.script import parse, render
from hullcheck.secrets.redact import sections
from selftests.kit.facts.containers import raw

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


@pytest.mark.needs("awk")
@pytest.mark.parametrize(("count", "described"), [(10_000, 10_000), (40_000, 0)])
def test_many_containers(tmp_path: Path, count: int, described: int) -> None:
    """Each is there; where there are more than a command line holds, each is listed and none described: an error."""
    document = raw({"Id": "@ID@", "Name": "/@ID@", "Pid": 0, "User": ""})
    (tmp_path / "one").write_text(json.dumps(document, separators=(",", ":")))
    (tmp_path / "docker").write_text(STAND_IN.replace("@COUNT@", str(count)))
    (tmp_path / "docker").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", render((CONTAINERS,), timeout=120)],
        capture_output=True,
        check=True,
        env=environment,
        start_new_session=True,
    )
    found = sections(parse(done.stdout)[CONTAINERS.name].stdout)
    assert len(found["listed"].split()) == count
    assert found["inspect"].count('{"Id":') == described
