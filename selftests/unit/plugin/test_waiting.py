"""In projects that have nothing to do with hullcheck it costs nothing, and no control is missed for that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selftests import REPOSITORY
from selftests.kit.projects import PRIVILEGED, careless, site
from selftests.kit.running import PRESENT, Project, Run, containers, info

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
    """Run pytest with the plugin, and without the conftest.py that names it."""
    return project.pytest("-p", "hullcheck.plugin", *arguments)


def own(folder: Path, tests: dict[str, str]) -> Project:
    """A project without a word of hullcheck but in these *tests*, and with an inventory in its usual place."""
    project = Project(folder, tests, settings=NO_SETTINGS)
    (folder / "conftest.py").unlink()
    hosts = project.recorded("web1", PRESENT, info(), containers({"Name": "/a"}))
    project.write("inventories/local.yml", json.dumps({"targets": {"web1": {"connect": hosts}}}))
    return project


def test_foreign_project_imports_next_to_nothing(tmp_path: Path) -> None:
    """No fact, no report and no library of ours; -k, -q and markers of its own change nothing about that."""
    settings = f"{NO_SETTINGS}markers = slow\n"
    tests = {"test_it.py": f"import pytest\npytestmark = pytest.mark.slow\n{FOREIGN}"}
    project = Project(tmp_path, tests, settings)
    (tmp_path / "conftest.py").write_text("def pytest_configure():\n    pass\n")
    project.environment["PYTHONPATH"] = str(REPOSITORY)  # a new process
    done = run(project, "-k", "somebody", "-m", "slow")
    assert done.status == 0, done.output
    assert f"{NAME} 0" not in done.output  # the header of an audit
    modules = set(json.loads((tmp_path / "modules.json").read_text()))
    light = {*("plugin", "plugin.options", "plugin.waiting", "controls", "controls.shipped", "unpacked", "lazy")}
    names = {f"{NAME}.{each}" for each in ("frameworks", "inputs", "messages")}  # for a marker that is not pytest's
    assert modules - names == {NAME, *(f"{NAME}.{each}" for each in light)}


@pytest.mark.parametrize(
    ("tests", "conftest"),
    [
        ({"test_a.py": MARKED}, ""),
        ({"test_a.py": f"from {NAME} import verdicts\n{ASKING}"}, ""),
        ({"test_a.py": IN_CONFTEST}, CONFTEST),
        ({"a/test_a.py": IN_CONFTEST, "a/conftest.py": CONFTEST}, ""),
        ({"test_a.py": FOREIGN, "test_b.py": MARKED}, ""),
    ],
    ids=["marker", "import", "conftest", "conftest below", "second module"],
)
def test_control_is_found(tmp_path: Path, tests: dict[str, str], conftest: str) -> None:
    """Wherever the first word of hullcheck is, the target is asked, the control judged and the summary shown."""
    project = own(tmp_path, tests)
    if conftest:
        project.write("conftest.py", conftest)
    done = run(project)
    assert done.lines("page: "), done.output
    assert len(done.verdicts) == 1, done.output
    assert done.status == (0 if done.verdicts.popitem()[1] == "pass" else 1)


def test_plugin_is_loaded_once_when_installed(tmp_path: Path) -> None:
    """With the entry point of an installation beside the checkout's conftest, pytest loads one plugin."""
    project = site(tmp_path)
    entry = project.write(
        "site/hullcheck-0.dist-info/entry_points.txt", "[pytest11]\nhullcheck.plugin = hullcheck.plugin\n"
    )
    (entry.parent / "METADATA").write_text("Metadata-Version: 2.1\nName: hullcheck\nVersion: 0\n")
    project.environment["PYTHONPATH"] = f"{REPOSITORY}:{project.folder}/site"
    hosts = careless(project)
    assert project.pytest("--hosts", hosts).verdicts == {"container_is_not_privileged": "fail"}
