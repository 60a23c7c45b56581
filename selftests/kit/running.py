"""Runs pytest with hullcheck as a user does: in a process of its own, in a project of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from msgspec import Struct

from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests import REPOSITORY
from selftests.kit import inside
from selftests.kit.facts import answer
from selftests.kit.facts.containers import answer as containers_answer
from selftests.kit.facts.engines import engine_text

PRESENT = answer("host", presence="command docker /usr/bin/docker\nsocket /run/docker.sock")
ABSENT = answer("host", presence="")

SETTINGS = """
[pytest]
strict = true
addopts = -ra --tb=short
hullcheck_reports = reports
testpaths = tests
"""


class Run(Struct, frozen=True):
    """One pytest run that ended."""

    folder: Path
    status: int
    output: str
    seconds: float

    @property
    def results(self) -> dict[str, Any]:
        """The results file of the newest run."""
        document: dict[str, Any] = json.loads((self.folder / "reports/latest/results.json").read_text())
        return document

    @property
    def verdicts(self) -> dict[str, str]:
        """Verdict by control; by `control@target` where there are several targets."""
        results = self.results
        several = len(results["targets"]) > 1
        return {
            f"{each['control']}@{each['target']}" if several else each["control"]: each["verdict"]
            for each in results["results"]
        }

    @property
    def reasons(self) -> set[str]:
        """What the results give as reasons."""
        return {each["reason"] for each in self.results["results"]}

    @property
    def junit(self) -> list[ElementTree.Element]:
        """The test cases of the JUnit file in the newest run's folder."""
        return list(ElementTree.parse(self.folder / "reports/latest/junit.xml").getroot().iter("testcase"))

    def lines(self, part: str) -> list[str]:
        """The lines of the output with *part* in them."""
        return [line for line in self.output.splitlines() if part in line]


class Project:
    """A pytest project in a folder of its own, with hullcheck from this checkout."""

    def __init__(self, folder: Path, tests: Mapping[str, str] | None = None, settings: str = SETTINGS) -> None:
        """Make it: with the project's own controls, or with these *tests* by file name."""
        self.folder = folder
        self.environment: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "conftest.py").write_bytes((REPOSITORY / "conftest.py").read_bytes())
        (folder / "pytest.ini").write_text(settings)
        if tests is None:
            (folder / "tests").symlink_to(REPOSITORY / "tests")
            return
        for name, text in tests.items():
            path = folder / "tests" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def command(self, name: str, script: str) -> Path:
        """Put a command before all others of this name; gives the file in which it may leave a trace."""
        path = self.write(f"bin/{name}", f"#!/bin/sh\ntrace={self.folder}/{name}.trace\n{script}\n")
        path.chmod(0o755)
        return self.folder / f"{name}.trace"

    def recorded(self, name: str, *answers: Answer, failure: str = "", gathered: float = 1e9) -> str:
        """Keep a recording of a target with these *answers*, and give its host specification."""
        recording = Recording(name, "local", {each.name: each for each in answers}, {}, gathered, failure)
        recording.save(self.folder / "recordings" / name)
        return f"recorded://{self.folder}/recordings/{name}"

    def pytest(self, *arguments: str, timeout: float = 120, cwd: Path | None = None) -> Run:
        """Run pytest with these arguments and wait for its end."""
        if "--lf" not in arguments:
            arguments = "-p", "no:cacheprovider", *arguments
        environment = clean_environment() | {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "COLUMNS": "200",
            **self.environment,
        }
        begin = time.monotonic()
        if "PYTHONPATH" in self.environment:  # which this process would not heed
            done = start(*arguments, cwd=cwd or self.folder, environment=environment, timeout=timeout)
        else:
            done = inside.run(inside.pytest_main, arguments, cwd or self.folder, environment, together=True)
        text = done.stdout.decode(errors="backslashreplace")
        return Run(self.folder, done.returncode, text, time.monotonic() - begin)


def start(*arguments: str, cwd: Path, environment: Mapping[str, str], timeout: float = 120) -> inside.Done:
    """Run pytest in a new process."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )


def hullcheck(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in *cwd*, as a user whose output goes to a file."""
    variables = {
        **clean_environment(),
        "PYTHONPATH": str(REPOSITORY),
        "PATH": f"{cwd}/bin:{os.environ['PATH']}",
        **environment,
    }
    done = inside.run(inside.hullcheck_main, arguments, cwd, variables)
    said = (each.decode(errors="backslashreplace") for each in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, *said)


def start_hullcheck(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """As `hullcheck`, in a new process, which reads the *environment* of Python."""
    code = "import sys; from hullcheck.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=cwd,
        env={**clean_environment(), "PYTHONPATH": str(REPOSITORY), **environment},
        capture_output=True,
        text=True,
    )


def heed_signals() -> None:
    """Let signals end this process, a child that starts: a shell has what it starts beside it ignore Ctrl-C."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def clean_environment() -> dict[str, str]:
    """The environment of this process without what would tell a run of pytest what this run was told.

    Nor has it what machines for tests set and users do not: a run whose output waits in no buffer fails elsewhere.
    """
    others = ("COV_", "DOCKER_", "HULLCHECK_", "PYTEST_", "PYTHONDONT", "PYTHONUNBUFFERED", "TOX_")
    return {name: value for name, value in os.environ.items() if not name.startswith(others)}


def info(**fields: object) -> Answer:
    """An answer of `docker info`."""
    return Answer("engine", 0, engine_text(fields), "")


def containers(*descriptions: Mapping[str, Any]) -> Answer:
    """An answer that describes these containers, all of them stopped."""
    numbered = enumerate(descriptions, 1)
    return containers_answer(
        *({"Id": f"{number:064x}", "Running": False, "Pid": 0, **each} for number, each in numbered)
    )


def properties(case: ElementTree.Element) -> list[tuple[str, str]]:
    """The properties of a JUnit test case."""
    return [(each.get("name", ""), each.get("value", "")) for each in case.iter("property")]


def same_but_for_the_run(documents: Sequence[dict[str, Any]]) -> bool:
    """Whether results differ in nothing but when and how they came about, and what ran before."""
    left, *others = [json.dumps({**each, "run": None, "since": None}) for each in documents]
    return all(each == left for each in others)
