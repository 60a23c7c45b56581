"""Ctrl-C ends whatever runs within a second, with one word, and with all that it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from selftests import REPOSITORY
from selftests.kit.running import Project, clean_environment, heed_signals
from selftests.rig.waiting import until

SLOW = """
import time, pytest
@pytest.mark.cis("5.4", level=1)
def test_slow(policy):
    '''It is slow.

    Remedy: none.
    '''
    open("judging", "w").close()
    time.sleep(60)
"""
HANGING = "touch asked; exec sleep 71"


@pytest.mark.parametrize(
    ("arguments", "begun"),
    [
        (("pytest", "-m", "cis", "--hosts=local://,docker://web"), "asked"),
        (("pytest", "-m", "cis", "--hosts=local://", "-n2"), "asked"),
        (("pytest", "-m", "cis", "--hosts={recorded}"), "judging"),
        (("pytest", "-m", "cis", "--hosts={recorded}", "-n2"), "judging"),
        (("hullcheck.cli", "audit", "tests", "--hosts={recorded}"), "judging"),
    ],
    ids=["gathering", "gathering with workers", "judging", "judging with workers", "hullcheck audit"],
)
def test_interrupt(tmp_path: Path, arguments: tuple[str, ...], begun: str) -> None:
    """SIGINT comes to the whole process group, as from a terminal."""
    project = Project(tmp_path / "project", {"test_slow.py": SLOW})
    project.command("docker", f"cd {project.folder}; {HANGING}")
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
    assert errors.split() == ["interrupted"]
    assert "Interrupt" not in output
    until(lambda: not _sleepers(project.folder))


def _sleepers(folder: Path) -> list[str]:
    """The programs of this folder that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            found += [str(path)] if path.readlink() == folder else []
        except OSError:
            continue
    return found


def test_interrupted_command() -> None:
    """A subcommand says no more either; its exit status is that of shells."""
    command = "lambda given: print('on', flush=True) or time.sleep(60)"
    run = f"import time\nfrom hullcheck import cli\ncli.read = lambda _: cli.argparse.Namespace(run={command})\n"
    with subprocess.Popen(
        [sys.executable, "-c", f"{run}raise SystemExit(cli.main())"],
        preexec_fn=heed_signals,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=5) == (b"", b"\ninterrupted\n")
    assert process.returncode == 130


def test_other_tests_take_down_what_they_set_up(tmp_path: Path) -> None:
    """Where not all that runs are controls, pytest ends the run as it does without hullcheck."""
    other = (
        "import os, signal, pytest\n\n@pytest.fixture\ndef made():\n    yield\n    print('taken down')\n\n"
    )
    other += "def test_other(made):\n    os.kill(os.getpid(), signal.SIGINT)\n"
    project = Project(tmp_path / "project", {"test_slow.py": SLOW, "test_other.py": other})
    run = project.pytest("-s", "--hosts", project.recorded("web"))
    assert run.status == pytest.ExitCode.INTERRUPTED
    assert run.lines("taken down")
