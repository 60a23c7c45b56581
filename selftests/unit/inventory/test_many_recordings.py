"""Runs on a folder full of recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from selftests.kit.projects import careless, site


@pytest.mark.parametrize("hosts", ["recorded://recordings"])
def test_each_recording_is_a_target(tmp_path: Path, hosts: str) -> None:
    """Those that fit have their verdicts; one that came empty is an error of its own."""
    project = site(tmp_path)
    folder = Path(careless(project).partition("://")[2])
    for name in ("copy1", "copy2"):
        (folder.parent / name).mkdir()
        (folder.parent / name / "recording.json").write_bytes((folder / "recording.json").read_bytes())
    project.write("recordings/dead", "")
    run = project.pytest("--hosts", hosts, "-n", "2")
    verdicts = {each["target"]: each["verdict"] for each in run.results["results"]}
    assert verdicts == {folder.name: "fail", "copy1": "fail", "copy2": "fail", "dead": "error"}
    assert run.status == 1


@pytest.mark.parametrize("hosts", ["recorded://tests/*"])
def test_pattern_that_finds_nothing(tmp_path: Path, hosts: str) -> None:
    """One line, and no verdict."""
    run = site(tmp_path).pytest("--hosts", hosts)
    assert (run.status, len(run.lines(f"ERROR: --hosts {hosts}: "))) == (4, 1), run.output
