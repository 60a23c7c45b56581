"""In projects that have nothing to do with hullcheck it costs nothing, and no control is missed for that."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from selftests import REPOSITORY
from selftests.kit.projects import PRIVILEGED
from selftests.kit.running import PRESENT, Project, Run, clean_environment, containers, info

NAME = "hull" + "check"  # a module with the whole name in it would be taken for one that holds controls
FOREIGN = f'''
import json, sys
from pathlib import Path

def test_of_somebody_else():
    """Tells which modules are there."""
    Path("modules.json").write_text(json.dumps([each for each in sys.modules if each.startswith({NAME[:4]!r})]))
'''
NO_SETTINGS = "[pytest]\nstrict = true\n"
MARKED = PRIVILEGED.replace("container.host_config.privileged", "False")
ASKING = "def test_own(policy):\n    assert policy.paths is None\n"
IN_CONFTEST = "def test_own(site_policy):\n    assert site_policy.paths is None\n"
CONFTEST = f"""
import pytest
import {NAME}

@pytest.fixture
def site_policy(policy):
    return policy
"""


def run(project: Project, *arguments: str) -> Run:
    """Run pytest in a new process, with the plugin and without the conftest.py that names it."""
    project.environment["PYTHONPATH"] = str(REPOSITORY)
    return project.pytest("-p", "hullcheck.plugin", *arguments)


def own(folder: Path, tests: dict[str, str]) -> Project:
    """A project without a word of hullcheck but in these *tests*, and with an inventory where one is looked for."""
    project = Project(folder, tests, settings=NO_SETTINGS)
    (folder / "conftest.py").unlink()
    hosts = project.recorded("web1", PRESENT, info(), containers({"Name": "/a"}))
    document = {"targets": {"web1": {"connect": hosts}}}
    project.write("inventories/local.yml", json.dumps(document))
    return project


def test_foreign_project_imports_next_to_nothing(tmp_path: Path) -> None:
    """No fact, no report and no library of ours; -k, -q and markers of its own change nothing about that."""
    settings = f"{NO_SETTINGS}markers = slow\n"
    project = Project(
        tmp_path, {"test_it.py": f"import pytest\npytestmark = pytest.mark.slow\n{FOREIGN}"}, settings
    )
    (tmp_path / "conftest.py").write_text("def pytest_configure():\n    pass\n")
    done = run(project, "-k", "somebody", "-m", "slow")
    assert done.status == 0, done.output
    assert f"{NAME} 0" not in done.output  # the header of an audit
    modules = set(json.loads((tmp_path / "modules.json").read_text()))
    light = {f"plugin.{each}" for each in ("options", "project", "waiting")}
    light |= {"plugin", "controls", "controls.shipped", "pytest_settings", "unpacked"}
    names = {f"{NAME}.frameworks", f"{NAME}.inputs"}  # for a marker that is not pytest's
    assert modules - names == {NAME, *(f"{NAME}.{each}" for each in light)}


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """Tests of somebody else, and beside them folders and files that nobody may read."""
    tests = tmp_path / "t"
    for name in ("t", "private", "here/tests"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("t/test_a.py", "t/test_b.py"):
        (tmp_path / name).write_text("def test_it():\n    pass\n")
    for name in ("tox.ini", "pyproject.toml", "pytest.ini"):
        (tmp_path / "here" / name).touch()
    shut = [tmp_path / "private", *(tmp_path / "here").iterdir(), tests / "test_b.py"]
    for each in shut:
        each.chmod(0)
    yield tests
    for each in shut:
        each.chmod(0o755)


def give_up_reading() -> None:
    """Let root read no more than modes allow, from the next program on: no CAP_DAC_OVERRIDE and _READ_SEARCH."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability)  # PR_CAPBSET_DROP, which a plain user may not and need not


@pytest.mark.parametrize(
    ("cwd", "arguments", "said"),
    [
        ("", ("t/test_a.py",), "1 passed"),
        ("here", ("../t/test_a.py",), "1 passed"),
        ("", ("t", "--continue-on-collection-errors"), "1 passed, 1 error"),
    ],
    ids=["folder beside it", "settings here", "module"],
)
def test_what_may_not_be_read_is_no_matter(
    closed: Path, cwd: str, arguments: tuple[str, ...], said: str
) -> None:
    """Tests of other people run as without hullcheck where something that may not be read lies beside them."""
    ends = []
    for plugin in ("-pno:hullcheck.plugin", "-phullcheck.plugin"):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-pno:cacheprovider", plugin, *arguments],
            cwd=closed.parent / cwd,
            env={**clean_environment(), "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            preexec_fn=give_up_reading,
        )
        assert f" {said} " in done.stdout, done.stdout + done.stderr
        ends.append(done.returncode)
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("tests", "conftest"),
    [
        ({"test_a.py": MARKED}, ""),
        ({"test_a.py": ASKING}, ""),
        ({"test_a.py": f"from {NAME} import verdicts\n{ASKING}"}, ""),
        ({"test_a.py": IN_CONFTEST}, CONFTEST),
        ({"a/test_a.py": IN_CONFTEST, "a/conftest.py": CONFTEST}, ""),
        ({"test_a.py": FOREIGN, "test_b.py": MARKED}, ""),
    ],
    ids=["marker", "policy", "import", "conftest", "conftest below", "second module"],
)
@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["one", "workers"])
def test_control_is_found(tmp_path: Path, tests: dict[str, str], conftest: str, workers: list[str]) -> None:
    """Wherever the first word of hullcheck is, the target is asked, the control judged and the summary shown."""
    project = own(tmp_path, tests)
    if conftest:
        project.write("conftest.py", conftest)
    done = run(project, *workers)
    assert done.lines("results: "), done.output
    assert len(done.verdicts) == 1, done.output
    assert done.status == (0 if done.verdicts.popitem()[1] == "pass" else 1)


def test_what_was_missed_is_done(tmp_path: Path) -> None:
    """What happens at the start of a run happens where the first control is seen: numbers for -k, secrets hidden."""
    project = own(tmp_path, {"test_a.py": MARKED, "test_b.py": ASKING})
    project.environment["GIT_URL"] = "https://audit:hunter22hunter@example.com/x"
    project.environment["JENKINS_URL"] = "https://ci.example.com"
    done = run(project, "-k", "5.5", "--html=report.html", "-v")
    assert set(done.verdicts) == {"container_is_not_privileged"}, done.output
    page = (tmp_path / "report.html").read_text()
    assert "GIT_URL" in page
    assert "hunter22" not in page


def test_wrong_marker_is_refused(tmp_path: Path) -> None:
    """An id that nobody knows stops the run as in any other project."""
    done = run(own(tmp_path, {"test_a.py": MARKED.replace('"5.5"', '"5.999"')}))
    assert (done.status, len(done.lines("is not in markers.ini"))) == (4, 1), done.output
