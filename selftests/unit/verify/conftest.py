"""The bundles that are checked."""

from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from hullcheck.recording.probe import Answer
from hullcheck.verify import replay
from hullcheck.writers.run_folder import WRITERS
from selftests import REPOSITORY
from selftests.kit.bundles import Bundle, make_key, run_demo, signing
from selftests.kit.checks import OWN, OWN_TESTS, judged_once, rendered_once
from selftests.kit.running import Project
from selftests.needs import obstacle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bundle of the demo hosts is and, where the machine can sign, its key, another one and who may sign."""
    path: Path = tmp_path_factory.mktemp("verify")
    run = run_demo(path, "tests/test_5_container_runtime.py", *signing(path))
    assert run.status == 1, run.output
    if not obstacle("ssh-keygen"):
        make_key(path, "stranger")
    return path


@pytest.fixture(scope="module")
def made(folder: Path) -> Bundle:
    """The bundle of the demo hosts, signed where the machine can sign."""
    return Bundle.read(folder / "reports/latest.zip")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the directory of the controls; recordings that were judged once are not judged again.

    Nor are the reports of an audit written again, which are the bundle's unless its results were changed.
    """
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setattr(replay, "replay", judged_once)
    for name in WRITERS:
        monkeypatch.setitem(cast(dict[str, Any], WRITERS), name, partial(rendered_once, name))


@pytest.fixture
def own(tmp_path: Path) -> Project:
    """A project with a control of its own over a probe of its own, and a test that is no control."""
    project = Project(tmp_path / "own", {"test_own.py": OWN_TESTS})
    project.write("conftest.py", (REPOSITORY / "conftest.py").read_text() + OWN)
    hosts = project.recorded("web1", Answer("motd", 0, "hello\n", ""))
    assert project.pytest("--hosts", hosts, "--bundle").verdicts == {"somebody_is_greeted": "pass"}
    (project.folder / "ran").unlink()
    return project
