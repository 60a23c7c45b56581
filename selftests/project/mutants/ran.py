"""Which self-tests run a line of the library."""

import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import coverage
import pytest

from selftests.project.mutants import forks

_LINES, _FAILED = (str(Path(each).absolute()) for each in ("lines", "failed"))


class Ran:
    """The self-tests by the lines of functions that they ran.

    Attributes:
        failed: the names of those that fail without a change, and are left out.
    """

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        """Run them all in a fork, and see; what fails there without a change is named and left out.

        Raises:
            pytest.UsageError: one did not end.
        """
        self._items = items
        if forks.status(self._record):
            raise pytest.UsageError("the self-tests do not come to an end without a change")
        self._data = coverage.CoverageData(_LINES)
        self._data.read()
        self.failed = frozenset(Path(_FAILED).read_text().splitlines())
        for name in sorted(self.failed):
            print(f"left out, as it fails without a change: {name}", flush=True)
        self._items = [each for each in items if each.nodeid not in self.failed]

    def _record(self) -> None:
        recorder = coverage.Coverage(data_file=_LINES, config_file=False, source=["hullcheck", "tests"])
        recorder.start()
        failed = []
        for item in self._items:
            recorder.switch_context(item.nodeid)
            failed += [] if forks.passes(item) else [item.nodeid]
        recorder.stop()
        recorder.save()
        Path(_FAILED).write_text("\n".join(failed))

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
