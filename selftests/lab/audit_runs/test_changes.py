"""What changed between two audits of a real engine, and the gate that looks at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.cli import main
from selftests.kit.running import Project

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

pytestmark = pytest.mark.lab

GATE = "--fail-on=new,severity=critical"


def test_container_that_was_made_again(
    engine: Callable[..., Engine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It fails newly, `diff` shows the setting that changed, and what failed before breaks no gate."""
    one = engine()
    one.run("panel")
    one.run("old", "--privileged")
    project = Project(tmp_path)
    project.write(
        "inventory.yml", f'targets:\n  here: {{connect: "local://", docker_host: "unix://{one.socket}"}}\n'
    )
    arguments = ("-m", "cis", "-k", "container_is_not_privileged", "--inventory=inventory.yml")
    first = project.pytest(*arguments, timeout=300)
    before = (project.folder / "reports/latest").resolve()
    assert first.status == 1
    assert project.pytest(*arguments, GATE, f"--baseline={before}", timeout=300).status == 0

    one.docker("rm", "--force", "panel")
    one.run("panel", "--privileged")
    run = project.pytest(*arguments, GATE, f"--baseline={before}", timeout=300)
    assert run.status == 1
    (change,) = run.results["since"]["new"]
    assert change["subject"] == "panel"
    (line,) = run.lines("  here: CIS 5.5 container panel: ")
    assert "fail: runs with --privileged" in line
    assert main(["diff", str(before), str(project.folder / "reports/latest")]) == 1
    lines = "            - HostConfig.Privileged: false\n            + HostConfig.Privileged: true\n"
    assert lines in capsys.readouterr().out
