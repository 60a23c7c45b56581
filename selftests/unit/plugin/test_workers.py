"""Workers of pytest-xdist: whole hosts, processes that die, and interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from selftests import REPOSITORY
from selftests.kit.projects import empty
from selftests.kit.running import PRESENT, Project, clean_environment, heed_signals, info, properties
from selftests.rig.waiting import until

DIES = '''
import os
import signal

import pytest


@pytest.mark.cis("5.5", level=1)
@pytest.mark.severity("high", "It matters.")
def test_dies(policy, audit_target):
    """It dies."""
    if audit_target.name == "web1":
        os.kill(os.getpid(), signal.SIGKILL)


def test_passes(policy):
    """It passes."""
'''
WHERE = """
import os

def test_where(policy):
    '''It tells its process.'''
    return os.environ["PYTEST_XDIST_WORKER"]


def test_too(policy):
    '''It tells its process.'''
    return os.environ["PYTEST_XDIST_WORKER"]


def test_other():
    pass
"""


def test_workers_judge_whole_hosts(tmp_path: Path) -> None:
    """Each host is judged by one worker, both have work, and a test that is no control runs once."""
    project = Project(tmp_path, {"test_site.py": WHERE})
    run = project.pytest("-n", "2", f"--hosts={','.join(empty(project, f'h{each}') for each in range(5))}")
    by_host: dict[str, set[str]] = {}
    for result in run.results["results"]:
        by_host.setdefault(result["target"], set()).add(result["reason"])
    assert [len(each) for each in by_host.values()] == [1] * 5
    assert set().union(*by_host.values()) == {"gw0", "gw1"}
    assert run.lines("11 passed"), run.output
    run = project.pytest("-n", "3", f"--hosts={empty(project, 'h0')},{empty(project, 'h1')}")
    assert run.lines("5 passed"), "more workers than hosts: those of pytest-xdist"


def test_control_whose_process_dies_is_an_error(tmp_path: Path) -> None:
    """So are all of its host, in results, findings, JUnit and the page; another worker judges the other hosts.

    No bundle is made: judged again, the control would have another verdict, and the bundle would look forged.
    """
    project = Project(tmp_path, {"test_site.py": DIES})
    names = ("web0", "web1", "web2", "web3")
    hosts = ",".join(project.recorded(each, PRESENT, info()) for each in names)
    run = project.pytest("-n", "2", f"--hosts={hosts}", "--bundle")
    assert run.status == 3
    assert run.lines("No bundle: the process that judged dies on web1 died")
    expected = {name: "error" if name == "web1" else "pass" for name in names}
    assert run.verdicts == {f"{each}@{name}": expected[name] for each in ("dies", "passes") for name in names}
    assert any("the process that judged this control died" in each for each in run.reasons)
    assert run.results["controls"]["dies"]["severity"] == "high"
    (case,) = (each for each in run.junit if each.get("name") == "test_dies[web1]")
    assert [each.tag for each in case if each.tag != "properties"] == ["error"]
    assert dict(properties(case))["verdict"] == "error"
    (folder,) = (tmp_path / "reports").glob("2*Z-????")
    assert "web1,dies,It dies.,5.5," in (folder / "findings.csv").read_text()
    assert "the process that judged this control died" in (folder / "audit.html").read_text()


# ---- Ctrl-C

SLOW = """
import time, pytest
@pytest.mark.cis("5.4", level=1)
def test_slow(policy):
    '''It is slow.'''
    open("judging", "w").close()
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("arguments", "begun"),
    [
        (("pytest", "-m", "cis", "--hosts=local://,docker://web"), "asked"),
        (("pytest", "-m", "cis", "--hosts={recorded}", "-n2"), "judging"),
        (("hullcheck.cli", "audit", "--hosts=local://,docker://web"), "asked"),
    ],
    ids=["gathering", "judging with workers", "audit"],
)
def test_interrupt(tmp_path: Path, arguments: tuple[str, ...], begun: str) -> None:
    """Ctrl-C ends the run within a second, with one word, and with all that it started."""
    project = Project(tmp_path / "project", {"test_slow.py": SLOW})
    project.command("docker", f"cd {project.folder}; touch asked; exec sleep 71")
    recorded = project.recorded("web")
    environment = {**clean_environment(), "PATH": f"{project.folder}/bin:{os.environ['PATH']}"}
    environment |= {"PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(tmp_path)}
    module, *rest = (each.replace("{recorded}", recorded) for each in arguments)
    run = f"import sys; from {module} import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", run, *rest],
        cwd=project.folder,
        env=environment,
        preexec_fn=heed_signals,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: (project.folder / begun).exists())
        sent = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert time.monotonic() - sent < 1.5
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert errors.split() == ["stopping..."]
    assert "Interrupt" not in output
    until(lambda: not _processes_in(project.folder))
    assert begun != "asked" or not list(project.folder.glob("reports/*/*/recording.json")), "no host answered"


def _processes_in(folder: Path) -> list[str]:
    """Return the processes that still run in this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            found += [str(path)] if path.readlink() == folder else []
        except OSError:
            continue
    return found


def test_other_tests_take_down_what_they_set_up(tmp_path: Path) -> None:
    """If not all that runs are controls, pytest ends the run as it does without hullcheck."""
    other = """
import os, signal, pytest

@pytest.fixture
def made():
    yield
    print("taken down")

def test_other(made):
    os.kill(os.getpid(), signal.SIGINT)
"""
    project = Project(tmp_path / "project", {"test_slow.py": SLOW, "test_other.py": other})
    run = project.pytest("-s", "--hosts", project.recorded("web"))
    assert run.status == pytest.ExitCode.INTERRUPTED
    assert run.lines("taken down")
