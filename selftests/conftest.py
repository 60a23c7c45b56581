"""Fixtures of the self-tests: real Docker engines and hosts, for tests that ask for them.

Such a test has the marker `lab`. Where the machine cannot run engines, or lacks what a test says that it `needs`, it
is skipped with the reason in words, or fails with it if the environment has HULLCHECK_LAB=required.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct

from selftests.needs import need, need_engine, stop_if

if TYPE_CHECKING:  # nothing of the laboratory is imported before a test asks for it
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host, Hub
    from selftests.rig.hosts.machine import Machine
    from selftests.rig.laboratory import Laboratory

DURATIONS = {
    "not lab and not timed": "self-tests without engines: about 2 minutes; `tox -e lab` runs those with real engines",
    "lab and not timed": "the laboratory, on one version of the engine: about 12 minutes",
    "timed": "tests that measure time, on a machine that does nothing else: half a minute",
}

MARKERS = (
    "lab: runs on real Docker engines, which takes root",
    "nightly: takes hours, and runs only if `-m nightly` asks for it",
    "timed: fails on a machine that is busy with something else",
    "needs(*names): skipped where a program or a right of this name is missing",
    "needs_engine(versions, reason): skipped where the laboratory's engine is not one of these",
    "product(*names): with the package of this version itself",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that takes over changed verdicts."""
    parser.addoption("--update", action="store_true", help="write the table of expected verdicts again")


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if os.environ.get("HULLCHECK_ENGINE"):
        from selftests.rig.engines import versions

        client = versions.chosen().path  # which probes call
        os.environ["PATH"] = f"{client}:{os.environ['PATH']}"
    config.pluginmanager.register(_Names(config))


class _Names(Struct, eq=False):
    """Names a failure when it comes; pytest does at the end."""

    config: pytest.Config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal and not terminal.verbosity > 0:
            terminal.write_line(f"FAILED {report.nodeid}")


def pytest_report_header(config: pytest.Config) -> str | list[str]:
    """Say what will run, and for how long on two quiet cores."""
    return DURATIONS.get(config.option.markexpr) or []


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test that uses the laboratory, so that `-m lab` and `-m 'not lab'` tell them apart."""
    if "lab" in getattr(item, "fixturenames", ()):
        item.add_marker("lab")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes hours, unless `-m nightly` asks for it."""
    if "nightly" not in config.option.markexpr:
        late = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=late)
        items[:] = [item for item in items if item not in late]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Do not begin what this machine lacks the means for."""
    need(*(name for mark in item.iter_markers("needs") for name in mark.args))
    for mark in item.iter_markers("needs_engine"):
        need_engine(*mark.args)


@pytest.fixture(autouse=True)
def undeclared_reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Which facts looked for the answer to a probe that they do not name: none in any self-test."""
    if "hullcheck.facts" not in sys.modules:  # what judges nothing does not wait for it
        yield []
        return
    from selftests.kit import evidence

    noted: list[str] = []
    monkeypatch.setattr("hullcheck.facts.Facts._handed", evidence.handing(noted))
    yield noted
    assert not noted


@pytest.fixture(scope="session")
def lab() -> Iterator[Laboratory]:
    """The laboratory of this process."""
    from selftests.rig import laboratory

    stop_if(laboratory.obstacle())
    made = laboratory.Laboratory()
    yield made
    made.close()


@pytest.fixture
def engine(lab: Laboratory) -> Iterator[Callable[..., Engine]]:
    """Start engines: `engine(icc=False)` gives one with `{"icc": false}` as its daemon.json, and the image bb:1.

    `flags` are further options of dockerd, `hosts` addresses to listen on. A `guarded` one can change nothing of the
    machine, for volumes and binds of its own folders.
    """
    from selftests.rig.engines.engine import Engine, GuardedEngine

    with ExitStack() as started:

        def start(
            *, flags: Sequence[str] = (), hosts: Sequence[str] = (), guarded: bool = False, **settings: object
        ) -> Engine:
            kind = GuardedEngine if guarded else Engine
            own = {name.replace("_", "-"): value for name, value in settings.items()}
            return started.enter_context(kind(lab, own, flags, hosts))

        yield start


@pytest.fixture(scope="session")
def hub(lab: Laboratory) -> Hub:
    """The engine in which this process's hosts live."""
    from selftests.rig.hosts.host import Hub

    return Hub(lab)


@pytest.fixture
def lab_host(hub: Hub) -> Iterator[Callable[..., Host]]:
    """Make hosts: `lab_host(icc=False)` gives one with systemd, sshd and an engine with that daemon.json.

    Further keywords are those of the class; `docker=False` does not wait for the engine, and `wait=False` for nothing.
    It is reached as `ssh://root@NAME?ssh_config=SSH_CONFIG`.
    """
    from selftests.rig.hosts.host import Host

    made: list[Host] = []
    of_the_class = {"files", "own_partition", "own_usr", "release", "packages"}

    def make(*, wait: bool = True, docker: bool = True, **keywords: Any) -> Host:
        options = {key: keywords.pop(key) for key in of_the_class & keywords.keys()}
        made.append(Host(hub, {key.replace("_", "-"): value for key, value in keywords.items()}, **options))
        if wait:
            made[-1].wait(docker=docker)
        return made[-1]

    yield make
    for each in made:
        each.down()


@pytest.fixture(scope="session")
def _machine_disk(lab: Laboratory) -> Path:
    from selftests.rig.hosts import machine

    stop_if(machine.obstacle())
    if reason := machine.unfit(lab):  # nothing that is installed would change that
        pytest.skip(reason)
    return machine.disk(lab)


@pytest.fixture(scope="module")
def machine(lab: Laboratory, _machine_disk: Path) -> Iterator[Callable[..., Machine]]:
    """Start machines with a kernel of their own: `machine("security=apparmor")` gives its options.

    They live as long as the tests of the module, because a start takes 20 seconds.
    """
    from selftests.rig.hosts.machine import Machine

    made: list[Machine] = []

    def make(*kernel: str) -> Machine:
        made.append(Machine(lab, _machine_disk, kernel))
        return made[-1]

    yield make
    for each in made:
        each.down()
