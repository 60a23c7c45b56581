"""Which self-tests run a line of the library."""

import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import coverage
import pytest

from selftests.project.mutants import forks

_FILE = "lines"


class Ran:
    """The self-tests by the lines of functions that they ran."""

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        """Run them all in a fork, and see.

        Raises:
            pytest.UsageError: they do not pass.
        """
        self._items = items
        if forks.status(self._record):
            raise pytest.UsageError("the self-tests do not pass without a change")
        self._data = coverage.CoverageData(_FILE)
        self._data.read()

    def _record(self) -> None:
        recorder = coverage.Coverage(data_file=_FILE, config_file=False, source=["hullcheck", "tests"])
        recorder.start()
        for item in self._items:
            recorder.switch_context(item.nodeid)
            forks.require_pass([item])
        recorder.stop()
        recorder.save()

    @cache  # noqa: B019  # one is made in a run
    def _names(self, path: str) -> Mapping[int, Sequence[str]]:
        return self._data.contexts_by_lineno(str(Path(path).absolute()))

    def tests_of(self, path: str, line: int = 0) -> Sequence[pytest.Item]:
        """Those that ran this line of a module, or any where none is told to have run it, the nearest first."""
        by_line = self._names(path)
        names = set(by_line.get(line) or itertools.chain(*by_line.values()))
        return sorted(
            (each for each in self._items if each.nodeid in names), key=lambda each: _distance(each, path)
        )


def _distance(item: pytest.Item, path: str) -> int:
    name = Path(path).stem.removeprefix("test_")
    folder = "/".join(Path(path).parts[1:-1])
    return (name not in item.nodeid) + 2 * (folder not in item.nodeid)
