"""Profiles: a selection with a name selects as -m does, and together with it both hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from selftests.kit.running import Project, info

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


def test_profile_selects(project: Project) -> None:
    """Profile and -m both hold, also where one of them has an `or`; the command line wins over the environment."""
    project.environment["HULLCHECK_PROFILE"] = "folded"
    for arguments, selected in (
        ([], {"one", "two", "both"}),
        (["-m", 'not pci(id="1.2")'], {"one"}),
        (["--profile=first", "-m", 'pci(id="1.1") or pci(id="1.2")'], {"one", "both"}),
    ):
        run = project.pytest(*arguments)
        assert (run.status, set(run.verdicts)) == (0, selected), run.output
    assert run.lines("profile first: -m ")


@pytest.mark.parametrize(
    ("written", "name", "said"),
    [
        ('pci(id="1.1")', "frist", "3: profiles: no profile 'frist', which --profile asks for; did you mean 'first'?"),
        ("pci or pcj", "folded", "4: profiles.first: 'pcj' is not a marker; did you mean 'pci'?"),
    ],
)
def test_wrong_profile_gets_one_clear_line(project: Project, written: str, name: str, said: str) -> None:
    """File, line, what is wrong and what to write; nothing is judged, also where another profile is wrong."""
    project.write("inventories/local.yml", INVENTORY.replace('pci(id="1.1")', written, 1))
    run = project.pytest("--profile", name)
    assert (run.status, len(run.lines(f"inventories/local.yml:{said}"))) == (4, 1), run.output
    assert not (project.folder / "reports/latest").exists()
