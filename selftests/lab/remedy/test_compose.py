"""What `hullcheck remedy` writes for a Compose project mends it on a real engine, if docker compose is here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.compose import command
from hullcheck.remedies import ContainerLimit, ContainerOptions, containers
from hullcheck.remedies.containers import compose
from hullcheck.remedies.table import REMEDIES
from selftests.kit.judging import facts_of_engine
from selftests.lab.remedy import proven, test_containers
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        command.available(os.environ.get("PATH", "")) is None, reason="docker compose is not installed here"
    ),
]

SERVE = "image: bb:1, command: [httpd, -f, -p, '8000', -h, /etc], stop_grace_period: 1s"
FILE = f"""
services:
  web: {{container_name: web, {SERVE}}}
  loose:
    {{container_name: loose, {SERVE}, pid: host, ipc: host, uts: host, security_opt: ["seccomp:unconfined"]}}
  eager: {{container_name: eager, {SERVE}, restart: always}}
"""


def test_project(engine: Callable[..., Engine], tmp_path: Path) -> None:
    """`up` creates its containers again: all pass and reach each other, and `up` without the file is the way back."""
    site, file = engine(), tmp_path / "compose.yml"
    file.write_text(FILE)
    up(site, tmp_path, "compose.yml")
    until(lambda: test_containers.talks(site), "the containers do not answer")
    found = test_containers.failures(site, proven.LIMITS | proven.OPTIONS)
    assert {name for name, _ in found} == proven.LIMITS | proven.OPTIONS
    kinds = [(each, REMEDIES[each.control.id]) for each in found.values()]
    known = dict(facts_of_engine(site.socket, of="5").get("container").named)
    limits, _ = containers.limits([(f, r) for f, r in kinds if isinstance(r, ContainerLimit)])
    options, _ = containers.options([(f, r) for f, r in kinds if isinstance(r, ContainerOptions)], known)
    (project,), rest = compose.projects(options, limits, known)
    assert (project.files, rest) == ((str(file),), ())
    (tmp_path / project.file).write_text(project.text)
    up(site, tmp_path, "compose.yml", project.file)
    assert test_containers.failures(site, proven.LIMITS | proven.OPTIONS) == {}
    until(lambda: test_containers.talks(site), "the containers do not answer")
    up(site, tmp_path, "compose.yml")
    assert test_containers.failures(site, proven.LIMITS | proven.OPTIONS).keys() == found.keys()


def up(site: Engine, folder: Path, *files: str) -> None:
    """Start the project as the README says."""
    words, _ = command.available(os.environ["PATH"]) or ((), "")
    argv = [*words, "-p", "site", *(word for each in files for word in ("-f", each)), "up", "-d"]
    done = subprocess.run(
        argv, cwd=folder, env={**os.environ, **site.environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
