"""Profiles: a selection with a name selects as -m does, and together with it both hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from hullcheck.frameworks import selection
from selftests.kit.running import Project, Run, info

MARKERS = """
[pci]
title = PCI
version = 4
publisher = SSC
url =
[pci ids]
1.1 = One
1.2 = Two
"""
TESTS = {
    "test_a.py": "import pytest\n"
    + "".join(
        f"@pytest.mark.pci({ids})\ndef test_{name}(policy):\n    '''It is so.'''\n"
        for name, ids in (("one", "'1.1'"), ("two", "'1.2'"), ("both", "'1.1', '1.2'"))
    )
}
INVENTORY = """targets:
  web1: {connect: "recorded://recordings/web1"}
profiles:
  first: 'pci(id="1.1")'
  folded: >
    pci(id="1.1")
    or pci(id="1.2")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three controls, one recorded host, and an inventory with two profiles."""
    made = Project(tmp_path / "project", TESTS)
    made.write("markers.ini", MARKERS)
    made.write("inventories/local.yml", INVENTORY)
    made.recorded("web1", info())
    return made


def judged(run: Run) -> set[str]:
    """The controls that were judged."""
    assert run.status == 0, run.output
    return set(run.verdicts)


@pytest.mark.parametrize(
    ("arguments", "selected"),
    [
        (["--profile", "first", "-n2"], {"one", "both"}),
        (["--profile=folded"], {"one", "two", "both"}),
        (["--profile=first", "-m", 'pci(id="1.1") or pci(id="1.2")'], {"one", "both"}),
        (["--profile=folded", "-m", 'not pci(id="1.2")'], {"one"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_profile_selects(project: Project, arguments: list[str], selected: set[str]) -> None:
    """Both hold, also where one of them has an `or`; what was left out makes requirements incomplete."""
    assert judged(project.pytest(*arguments)) == selected


def test_profile_of_settings_and_environment(project: Project) -> None:
    """As for the other options: the command line wins over the environment, that over the settings."""
    settings = project.folder / "pytest.ini"
    settings.write_text(settings.read_text() + "hullcheck_profile = first\n")
    run = project.pytest()
    assert judged(run) == {"one", "both"}
    assert run.lines("profile first: -m ")
    project.environment["HULLCHECK_PROFILE"] = "folded"
    assert judged(project.pytest()) == {"one", "two", "both"}
    assert judged(project.pytest("--profile=first")) == {"one", "both"}


@pytest.mark.parametrize(
    ("written", "name", "said"),
    [
        (
            'pci(id="1.1")',
            "frist",
            "3: profiles: no profile 'frist', which --profile asks for; did you mean 'first'?",
        ),
        (
            'pci(id="1.11")',
            "first",
            '4: profiles.first: pci(id="1.11") is not in markers.ini; did you mean "1.1"?',
        ),
        ("pci or pcj", "folded", "4: profiles.first: 'pcj' is not a marker; did you mean 'pci'?"),
    ],
)
def test_wrong_profile_gets_one_clear_line(project: Project, written: str, name: str, said: str) -> None:
    """File, line, what is wrong and what to write; nothing is judged, also where another profile is wrong."""
    project.write("inventories/local.yml", INVENTORY.replace('pci(id="1.1")', written, 1))
    run = project.pytest("--profile", name)
    assert run.status == 4, run.output
    assert len(run.lines(f"inventories/local.yml:{said}")) == 1, run.output
    assert not run.lines("INTERNALERROR")
    assert not (project.folder / "reports/latest").exists()


def test_profile_without_an_inventory(tmp_path: Path) -> None:
    """It says where profiles are."""
    run = Project(tmp_path / "project", TESTS).pytest("--profile", "prod", "--hosts", "local://")
    assert (run.status, len(run.lines("write --inventory=PATH"))) == (4, 1)


def test_profile_stays_together() -> None:
    """An `or` on either side does not take part of the other."""
    assert selection.both("a or b", "c or d") == "(a or b) and (c or d)"
    assert selection.both("a or b", " ") == "a or b"
