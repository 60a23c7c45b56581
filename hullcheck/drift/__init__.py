"""What is different between two runs, and why: which answer of the host changed (docs/diff.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from hullcheck.drift.reasons import reasons
from hullcheck.drift.runs import PastRun
from hullcheck.results import Result
from hullcheck.results.changes import Change, Changes
from hullcheck.results.history import compare
from hullcheck.verdicts import Verdict

_MOST = 500  # changes that are explained: so many are a new inventory, or another version
_OTHER_RUN = "the target was not in the other run"


@dataclass(frozen=True)
class Drift:
    """Two runs beside each other.

    Attributes:
        changes: new is what fails in the later run alone, among it all failures of the targets that were *added*.
        added: the targets of the later run alone; *removed* are those of the earlier one alone.
    """

    old: PastRun
    new: PastRun
    changes: Changes
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @cached_property
    def _new(self) -> frozenset[Change]:
        return frozenset(self.changes.new)

    def severity(self, change: Change) -> str:
        """How bad it is: the one that counts on that target, where it fails."""
        run = self.new if change in self._new else self.old
        result = run.results[change.control, change.target]
        return result.severity or run.controls[change.control].severity


def drift(old: PastRun, new: PastRun) -> Drift:
    """What is different in *new*."""
    found = compare(old.audit.results, new.audit.results, old.audit.run.id, old.audit.run.finished)
    added = tuple(name for name in new.targets if name not in old.targets)
    found = explained(found, old, new)
    appeared = (each for name in added for each in _failing(new, name))
    found = replace(found, new=(*found.new, *appeared))
    return Drift(old, new, found, added, tuple(name for name in old.targets if name not in new.targets))


def explained(changes: Changes, old: PastRun, new: PastRun) -> Changes:
    """*changes* from one run to the other, each with what the host answers differently."""
    return replace(
        changes,
        new=tuple(_explained(changes.new, old, new)),
        gone=tuple(_explained(changes.gone, old, new)),
    )


def _explained(changes: Iterable[Change], old: PastRun, new: PastRun) -> Iterator[Change]:
    for number, each in enumerate(changes):
        pair = (each.control, each.target)
        evidence = _evidence(old.results[pair], new.results[pair])
        yield replace(each, why=reasons(each, evidence, old, new)) if number < _MOST else each


def _evidence(before: Result, after: Result) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before.evidence, *after.evidence)))


def _failing(run: PastRun, target: str) -> Iterator[Change]:
    for result in run.audit.results:
        if result.target == target:
            for each in result.told:
                if each.verdict is Verdict.FAIL:
                    yield Change(result.control, target, each.kind, each.subject, each.reason, (_OTHER_RUN,))
