"""Where something that hullcheck needs is not installed, one line says what, and how to get it."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from hullcheck import requirements
from selftests import REPOSITORY
from selftests.kit.running import Project, clean_environment

WITHOUT = """
import sys

import pytest

sys.modules.update({{name: None for name in {without}}})
pytest.version_tuple, pytest.__version__ = {version}, ".".join(map(str, {version}))
sys.exit(pytest.main(["-m", "cis"]))
"""


@pytest.mark.parametrize(
    ("without", "version", "missing"),
    [
        (["yaml"], (9, 0, 1), "PyYAML"),
        (["jsonschema_rs", "cryptography"], (9, 0, 1), "jsonschema-rs, cryptography"),
        ([], (8, 3, 5), "pytest 9.0 (this is 8.3.5)"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    tmp_path: Path, without: Sequence[str], version: tuple[int, ...], missing: str
) -> None:
    """It is a wrong use, status 4, and no traceback."""
    Project(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(without=without, version=version)],
        cwd=tmp_path,
        env=clean_environment() | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert (done.returncode, line.partition(": install")[0]) == (4, f"ERROR: hullcheck needs {missing}")
    assert line.endswith("by `pip install -e .`")


def test_all_dependencies_are_looked_for() -> None:
    """Those of pyproject.toml, and the version of pytest that stands there."""
    named = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["dependencies"]
    first, *others = named
    assert first == f"pytest >= {'.'.join(map(str, requirements.PYTEST))}"
    assert {re.split("[ >=]", each)[0] for each in others} == set(requirements.PACKAGES.values())
