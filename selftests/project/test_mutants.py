"""What `tox -e mutants` does with a change: it has to come to whoever holds the function, and to nobody else."""

import os
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from selftests.project.mutants import forks
from selftests.project.mutants.loaded import NotInFunctionsError, put

TEXT = """
LIMIT = 3
class Thing:
    most = 1
    def size(self):
        return sorted(each + 1 for each in (1, 2))
def of(first):
    def below(second=2):
        return first < second
    return below
def alike(): return 1
def alike_too(): return 1
"""


@pytest.fixture
def module(tmp_path: Path) -> dict[str, Any]:
    """A module that was loaded from a file, and its file as `path`."""
    (tmp_path / "module.py").write_text(TEXT)
    return runpy.run_path(str(tmp_path / "module.py")) | {"path": str(tmp_path / "module.py")}


def change(module: dict[str, Any], old: str, new: str) -> None:
    """Let it do what a changed line says."""
    assert old in TEXT
    put(module["path"], TEXT, TEXT.replace(old, new, 1))


def test_function_that_others_hold(module: dict[str, Any]) -> None:
    """Objects, closures and caches of before do what the change says; what only looks alike does not."""
    size, below, cached = module["Thing"]().size, module["of"](2), cache(module["alike"])
    change(module, "each + 1", "each - 1")
    assert size() == [0, 1]
    change(module, "first < second", "first > second")
    assert (below(1), module["of"](2)(1)) == (True, True)
    change(module, "return 1", "return 2")
    assert (cached(), module["alike_too"]()) == (2, 1)


@pytest.mark.parametrize(
    ("old", "new"), [("LIMIT = 3", "LIMIT = 4"), ("most = 1", "most = 2"), ("second=2", "second=3")]
)
def test_what_runs_when_the_module_is_loaded(module: dict[str, Any], old: str, new: str) -> None:
    """It has run already; a default of a function in a function has not."""
    if old == "second=2":
        change(module, old, new)
        assert module["of"](2)()
        assert module["of"](2).__defaults__ == (3,)
    else:
        with pytest.raises(NotInFunctionsError):
            change(module, old, new)


def test_change_of_a_module_that_is_not_loaded() -> None:
    """Nothing would notice it."""
    with pytest.raises(NotInFunctionsError):
        put("/not/there.py", TEXT, TEXT.replace("return 1", "return 2", 1))


def test_forks(capfd: pytest.CaptureFixture[str]) -> None:
    """What is done in one leaves nothing here but its status."""
    done = list[int]()

    def fail() -> None:
        os.write(1, b"never seen")
        raise KeyboardInterrupt

    assert forks.status(lambda: done.append(1)) == 0
    assert forks.status(fail) == 1
    assert forks.status(lambda: os._exit(7)) == 7
    assert (done, capfd.readouterr().out) == ([], "")
