"""What a machine lacks skips the tests that need it, by its name, and no other; or fails them where they must run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from selftests import REPOSITORY, needs

TESTS = """
import pytest

from selftests.needs import need


@pytest.fixture
def asked():
    need("sh", "no-such-program")


@pytest.mark.needs("sh")
def test_with_all_it_needs():
    pass


@pytest.mark.needs("no-such-program")
@pytest.mark.needs("sh", "nor-this-one")
def test_with_a_marker():
    raise AssertionError


def test_with_a_fixture(asked):
    raise AssertionError
"""


@pytest.mark.parametrize(
    ("wish", "status", "counts"), [("", 0, "1 passed, 2 skipped"), ("required", 1, "1 passed, 2 errors")]
)
def test_what_is_missing_is_named(tmp_path: Path, wish: str, status: int, counts: str) -> None:
    """By the marker and from within a fixture alike."""
    (tmp_path / "test_a.py").write_text(TESTS)
    options = ("-p", "selftests.conftest", "-p", "no:cacheprovider", "-rs", f"-c{os.devnull}", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", f"--rootdir={tmp_path}", *options],
        env={**os.environ, "HULLCHECK_LAB": wish},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout
    assert counts in done.stdout
    assert "needs no-such-program, which this machine lacks" in done.stdout
    assert "needs nor-this-one and no-such-program, which" in done.stdout


def test_rights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Root is a user, and what root may do is a capability, which a container can be without."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert needs.obstacle("root") is None
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert needs.obstacle("root", "sh") == "needs root rights, which this machine lacks"
    for mask, missing in (
        (1 << 21, None),
        (~(1 << 21), "needs the right to mount, which this machine lacks"),
    ):
        (tmp_path / "status").write_text(f"Name:\tx\nCapEff:\t{mask & (1 << 41) - 1:016x}\n")
        monkeypatch.setattr(needs, "STATUS", tmp_path / "status")
        assert needs.obstacle("mount") == missing
