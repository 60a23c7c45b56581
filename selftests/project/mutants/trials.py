"""Tries each change, in the copy of the repository: the self-tests that ran its line have to notice."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from selftests.kit.judging import control_modules
from selftests.project.mutants import forks
from selftests.project.mutants.changes import Change, changes
from selftests.project.mutants.loaded import NotInFunctionsError, put
from selftests.project.mutants.ran import Ran

MODULES = ("tests", "hullcheck/criteria", "hullcheck/facts")
SELF_TESTS = (
    *("controls", "unit/compose", "unit/controls", "unit/criteria", "unit/facts"),
    *("unit/parsing", "unit/policy", "unit/secrets"),
)
OPTIONS = (
    "-q",
    "-m",
    "not lab",
    "--config-file=selftests/pytest.ini",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
)
_NOT_IN_FUNCTIONS = 3


class Trials:
    """A plugin of pytest that tries changes where it would run the self-tests."""

    def __init__(self, modules: Sequence[str], share: float) -> None:
        """Try a share of the changes of these modules."""
        self._modules, self._share = modules, share

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Count what is noticed, and print what is not."""
        control_modules()  # before there are forks
        ran = Ran(session.items)
        noticed = of = 0
        for module in self._modules:
            here = tried = 0
            for change in changes(module, self._share):
                tried += 1
                if _is_noticed(change, ran):
                    here += 1
                else:
                    print(change, flush=True)
            noticed, of = noticed + here, of + tried
            print(f"{module}: {here} of {tried} noticed", flush=True)
        print(f"together: {noticed} of {of} noticed")
        return True


def _is_noticed(change: Change, ran: Ran) -> bool:
    tests = ran.tests_of(change.path, change.line)

    def run_changed() -> None:
        try:
            put(str(Path(change.path).absolute()), change.before, change.after)
        except NotInFunctionsError:
            os._exit(_NOT_IN_FUNCTIONS)
        os._exit(0 if all(map(forks.passes, tests)) else 1)

    status = forks.status(run_changed)
    if status == _NOT_IN_FUNCTIONS:
        return _is_noticed_when_loaded(change, ran)
    return status != 0


def _is_noticed_when_loaded(change: Change, ran: Ran) -> bool:
    """Whether a process that loads the changed module notices, with the files of self-tests that ran any of it."""
    files = dict.fromkeys(str(each.path) for each in ran.tests_of(change.path))
    if not files:
        return False
    path, before = Path(change.path), change.before
    left_out = (f"--deselect={name}" for name in ran.failed)
    words = [sys.executable, "-m", "pytest", "-x", *OPTIONS, *left_out, *files]
    path.write_text(change.after)
    try:
        status = subprocess.run(words, capture_output=True, check=False).returncode
        return status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    finally:
        path.write_text(before)


if __name__ == "__main__":
    share, *chosen = sys.argv[1:]
    plugin = Trials(chosen or MODULES, float(share))
    sys.exit(pytest.main([*OPTIONS, *(f"selftests/{each}" for each in SELF_TESTS)], plugins=[plugin]))
