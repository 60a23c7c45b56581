"""`--keep`: which runs are removed, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from selftests.kit.projects import EVERY_VERDICT, empty
from selftests.kit.running import Project


def runs(project: Project) -> list[str]:
    """The names of the runs that are there, the oldest first."""
    return sorted(each.name for each in (project.folder / "reports").glob("2*Z-????"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One with three older runs, which two targets and a bundle have."""
    made = Project(tmp_path / "project", {"test_every.py": EVERY_VERDICT})
    hosts = f"{empty(made, 'one')},{empty(made, 'two')}"
    reports = made.folder / "reports"
    for number in (1, 2, 3):
        made.pytest("-k", "test_passes", "--bundle", "--hosts", hosts)
        name = runs(made)[-1]
        (reports / name).rename(reports / f"2026010{number}T000000Z-000{number}")
        (reports / f"{name}.zip").rename(reports / f"2026010{number}T000000Z-000{number}.zip")
    return made


def test_oldest_are_removed(project: Project) -> None:
    """The newest stay, with their bundles; the link to the newest leads somewhere."""
    before = runs(project)
    assert len(before) == 3
    run = project.pytest("-k", "test_passes", "--hosts", empty(project), "--keep=2")
    assert run.status == 0, run.output
    assert runs(project)[:-1] == before[-1:]
    assert [each.stem for each in (project.folder / "reports").glob("2*.zip")] == before[-1:]
    assert (project.folder / "reports/latest").resolve().name == runs(project)[-1]


def test_what_is_not_of_a_run_stays(project: Project) -> None:
    """Neither a file that somebody has put there goes, nor what a link leads to, nor a run that has not ended."""
    reports, elsewhere = project.folder / "reports", project.folder / "elsewhere"
    oldest = reports / runs(project)[0]
    oldest.rename(elsewhere)
    oldest.symlink_to(elsewhere)
    (reports / "20250101T000000Z-aaaa/one").mkdir(parents=True)
    (reports / "20250101T000000Z-aaaa/one/recording.json").write_text("{}")
    (reports / "2025").mkdir()
    noted = reports / runs(project)[2] / "notes.txt"
    noted.write_text("looked at")
    project.pytest("-k", "test_passes", "--hosts", empty(project), "--keep=1")
    assert {each.name for each in elsewhere.iterdir()} >= {"results.json", "one", "two"}
    assert (reports / "20250101T000000Z-aaaa/one/recording.json").exists()
    assert (reports / "2025").exists()
    assert [each.name for each in noted.parent.iterdir()] == ["notes.txt"]


def test_nothing_is_removed_without_it(project: Project) -> None:
    """And a number that is none is said before a host is asked."""
    project.pytest("-k", "test_passes", "--hosts", empty(project))
    assert len(runs(project)) == 4
    run = project.pytest("-k", "test_passes", "--hosts", empty(project), "--keep=few")
    assert (run.status, len(run.lines("--keep few: write a whole number above 0"))) == (4, 1), run.output
    assert len(runs(project)) == 4
