"""`tox -e demo` is there to be seen: that a recorded host fails is no failure of it, all else is."""

import subprocess
import sys

import pytest

from selftests import REPOSITORY
from selftests.kit.running import clean_environment


@pytest.mark.parametrize(("more", "status"), [((), 0), (("--probe-timeout=never",), 4)])
def test_status_of_the_demo(
    tmp_path_factory: pytest.TempPathFactory, more: tuple[str, ...], status: int
) -> None:
    """It says that it is one, and whatever stops the audit keeps its status."""
    reports = f"--reports={tmp_path_factory.mktemp('demo')}"
    done = subprocess.run(
        [sys.executable, "inventories/demo.py", reports, *more],
        cwd=REPOSITORY,
        env=clean_environment() | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert ("This was a demonstration" in done.stdout) is (status == 0)
