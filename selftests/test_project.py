"""The project of a run is that in which the user stands, wherever the paths of its options lead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.plugin import project
from selftests.running import PRESENT, REPOSITORY, Project, containers, info

INSTALLED = ("-p", "hullcheck.plugin")  # as an entry point would: before any conftest.py
CONTROL = """
def test_container_is_not_privileged(container):
    assert not container.privileged, "runs with --privileged"
"""
VERDICT = {"container_is_not_privileged": "fail"}


@pytest.fixture
def site(tmp_path: Path) -> Project:
    """A user's project, with a recording of a host in it."""
    made = Project(tmp_path / "project", {"test_site.py": CONTROL})
    made.recorded("web1", PRESENT, info(), containers({"Name": "/web", "HostConfig": {"Privileged": True}}))
    return made


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder outside of that project, with an inventory that names the recording."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    connect = f"recorded://{tmp_path}/project/recordings/web1"
    (folder / "fleet.yml").write_text(f'targets: {{web1: {{connect: "{connect}"}}}}')
    (folder / "known").touch()
    (folder / "reports").mkdir()
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["--inventory", "{}/fleet.yml"],
        ["--inventory", "{}/fleet.yml", "tests/test_site.py"],
        ["--inventory", "../elsewhere/fleet.yml", "-n", "2"],
        ["--hosts", "recorded://recordings/web1", "--ssh-config", "{}/known"],
        ["--ssh-identity-file", "{}/known", "--inventory={}/fleet.yml", "--", "tests/test_site.py"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("foreign", [False, True], ids=["no-project-there", "project-there"])
def test_path_of_an_option_leads_nowhere(
    site: Project, elsewhere: Path, arguments: list[str], foreign: bool
) -> None:
    """With a blank before a path outside, the run is that of the user's project, status and reports too."""
    if foreign:
        (elsewhere / "pytest.ini").write_text("[pytest]\naddopts = --an-option-of-theirs\n")
    run = site.pytest(*INSTALLED, *(each.format(elsewhere) for each in arguments))
    assert run.status == 1, run.output
    assert run.lines(f"rootdir: {site.folder}")
    assert run.lines("configfile: pytest.ini")
    assert run.verdicts == VERDICT


def test_reports_outside(site: Project, elsewhere: Path) -> None:
    """Reports go where the user says, also into a folder that is there already."""
    hosts = ["--hosts", "recorded://recordings/web1"]
    run = site.pytest(*INSTALLED, *hosts, "--reports", str(elsewhere / "reports"))
    assert run.status == 1
    assert (elsewhere / "reports/latest/results.json").exists()
    assert not (site.folder / "reports").exists()


def test_wrong_use_keeps_its_status(site: Project, elsewhere: Path) -> None:
    """What is wrong besides is said once."""
    run = site.pytest(*INSTALLED, "--inventory", f"{elsewhere}/fleet.yml", "--probe-timeout", "x")
    assert run.status == 4
    assert len(run.lines("--probe-timeout x: ")) == 1


def test_help_is_help(site: Project, elsewhere: Path) -> None:
    """`--help` is not stopped by where a path leads."""
    run = site.pytest(*INSTALLED, "--help", "--inventory", f"{elsewhere}/fleet.yml")
    assert run.status == 0
    assert run.lines("--probe-timeout")


def test_program_that_runs_pytest_is_not_started_again(site: Project, elsewhere: Path) -> None:
    """Where pytest is a part of another program, which may have done something, the user is told instead."""
    program = site.write(
        "program.py",
        "import sys, pytest\nprint('started', flush=True)\nsys.exit(pytest.main(sys.argv[1:]))\n",
    )
    arguments = [*INSTALLED, "-p", "no:cacheprovider", "--inventory", f"{elsewhere}/fleet.yml"]
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        cwd=site.folder,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("started") == 1
    assert done.returncode == 4
    assert "with an equals sign, as in --inventory=PATH" in done.stderr


# ---- when nothing is begun anew


def _again(
    monkeypatch: pytest.MonkeyPatch, here: Path, *arguments: str, root: Path | None = None, **known: Any
) -> list[str] | None:
    """What would be started instead of `pytest ARGUMENTS` in *here*, for which pytest took *root*."""
    monkeypatch.setattr(sys, "orig_argv", ["python", "/usr/bin/pytest", *arguments])
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest", *arguments])
    nothing = {"inifilename": None, "rootdir": None, "help": False, "version": 0}
    config: Any = SimpleNamespace(
        rootpath=root or here,
        invocation_params=SimpleNamespace(dir=here, args=arguments),
        known_args_namespace=SimpleNamespace(**{**nothing, **known}),
    )
    return project.command_again(config)


def test_only_the_paths_of_options_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, elsewhere: Path
) -> None:
    """Every other word stays as it is, also what follows `--`; and what was begun anew is not once more."""
    here = tmp_path / "project"
    path = str(elsewhere / "fleet.yml")
    words = ["-m", "cis and not pci", "--inventory", path, "-k", "", "--", "--reports", path]
    begun = _again(monkeypatch, here, *words)
    joined = ["-m", "cis and not pci", f"--inventory={path}", "-k", "", "--", "--reports", path]
    assert begun == [sys.executable, "/usr/bin/pytest", *joined]
    assert _again(monkeypatch, here, *joined) is None


def test_nothing_begins_anew_without_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, elsewhere: Path
) -> None:
    """No option of ours, a path in the project or none at all, or a user who says which project it is."""
    here = tmp_path / "project"
    (here / "inventories").mkdir(parents=True)
    (here / "inventories/fleet.yml").touch()
    path = str(elsewhere / "fleet.yml")
    assert _again(monkeypatch, here) is None
    assert _again(monkeypatch, here, "selftests") is None
    assert _again(monkeypatch, here, str(elsewhere), root=elsewhere) is None
    assert _again(monkeypatch, here, "--junitxml", path, "--html", path, root=elsewhere) is None
    assert _again(monkeypatch, here, "--inventory", "inventories/fleet.yml") is None
    assert _again(monkeypatch, here, "--inventory", str(tmp_path / "missing.yml")) is None
    assert _again(monkeypatch, here, "--inventory", path) is not None
    for said in ({"inifilename": "a.ini"}, {"rootdir": "."}, {"help": True}, {"version": 2}):
        assert _again(monkeypatch, here, "--inventory", path, **said) is None, said


def test_path_into_a_project_inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder of the project can be one of its own, and pytest take that."""
    inside = tmp_path / "project/inside"
    inside.mkdir(parents=True)
    (inside / "fleet.yml").touch()
    words = ["--inventory", "inside/fleet.yml"]
    assert _again(monkeypatch, tmp_path / "project", *words, root=inside) is not None
    assert _again(monkeypatch, tmp_path / "project", *words) is None


def test_environments_name_their_settings() -> None:
    """Whatever path follows `--` of `tox -e cis`, pytest reads its settings from here."""
    commands = [
        line.removeprefix("commands = ")
        for line in (REPOSITORY / "tox.ini").read_text().splitlines()
        if line.startswith("commands = pytest")
    ]
    assert len(commands) >= 3
    for command in commands:
        (named,) = [word for word in command.split() if word.startswith("--config-file=")]
        assert (REPOSITORY / named.partition("=")[2]).is_file()
