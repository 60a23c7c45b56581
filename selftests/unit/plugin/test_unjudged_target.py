"""A target on which nothing was judged is never green, whatever stands beside it."""

from pathlib import Path

import pytest

from hullcheck.cli import main
from selftests.kit.running import ABSENT, PRESENT, Project, containers, info

CONTROLS = '''
import pytest

from hullcheck.verdicts import Manual, NotApplicable


@pytest.mark.cis("5.5", level=1)
def test_control(engine_version):
    """It passes where there is an engine."""
    if not engine_version:
        raise NotApplicable("no engine")


@pytest.mark.cis("5.6", level=1)
def test_other(policy):
    """A person has to look at it."""
    raise Manual("look")
'''
LINE = "web2: no control was judged; nothing here says that it is hardened."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One target with an engine, and one that gives no sign of any."""
    project = Project(tmp_path, {"test_site.py": CONTROLS})
    hosts = project.recorded("web1", PRESENT, info(), containers()), project.recorded("web2", ABSENT)
    targets = "".join(f"  {each.rpartition('/')[2]}: {{connect: '{each}'}}\n" for each in hosts)
    project.write("inventory.yml", f"targets:\n{targets}")
    return project


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_target_beside_one_that_passes(
    project: Project, processes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status is 1, and terminal, results, page and command name the target."""
    run = project.pytest("--inventory=inventory.yml", *processes)
    assert run.verdicts == {
        "control@web1": "pass",
        "control@web2": "not applicable",
        "other@web1": "manual",
        "other@web2": "manual",
    }
    assert (run.status, run.results["run"]["exit_status"], run.lines("no control was judged")) == (
        1,
        1,
        [LINE],
    )
    page = (project.folder / "reports/latest/audit.html").read_text()
    assert "Nothing was judged on 1 of 2 targets; of the rest, none fails" in page
    assert "1 target on which no control passed or failed" in page
    assert main(["report", "--by", "cis", str(project.folder / "reports/latest")]) == 0
    assert LINE in capsys.readouterr().out


def test_nagios_is_told_which(project: Project) -> None:
    """The state is unknown."""
    run = project.pytest("--inventory=inventory.yml", "--nagios")
    assert run.status == 3
    assert run.lines("UNKNOWN")[0].endswith(LINE)


def test_target_that_was_not_selected_is_nobodys_fault(project: Project) -> None:
    """A run of one target is about that one."""
    run = project.pytest("--inventory=inventory.yml", "-k", "web1")
    assert (run.status, run.lines("no control was judged")) == (0, []), run.output


def test_one_control_of_a_target_is_enough(project: Project) -> None:
    """As it is for a run of one target."""
    project.write("tests/test_more.py", 'def test_more(policy):\n    """It passes everywhere."""\n')
    run = project.pytest("--inventory=inventory.yml")
    assert (run.status, run.lines("no control was judged")) == (0, []), run.output
