"""What the page shows of many targets: those with the same verdicts together, the worst first, and what most share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hullcheck.results import Audit
from hullcheck.writers.audit_page.problems import Problem
from hullcheck.writers.audit_page.rows import TargetRow

MOST_ROWS = 100
"""The most targets that have a row each, and the most groups; a page of a thousand rows opens slowly."""
_MOST_SHARED = 15


@dataclass(frozen=True)
class Group:
    """Targets on which every control has the same verdict; the figures are those of its *first*."""

    first: TargetRow
    names: Sequence[str]
    engines: Sequence[str]


@dataclass(frozen=True)
class Fleet:
    """Many targets.

    Attributes:
        groups: the worst of them, the worst first.
        others: the names of the targets in the groups that are not shown.
        every: how many groups there are.
        notes: what has to be known of targets, and of which.
        shared: the controls that fail on most targets, as far as on half of them.
        every_shared: how many fail on half of them.
    """

    groups: Sequence[Group]
    others: Sequence[str]
    every: int
    notes: Mapping[str, Sequence[str]]
    shared: Sequence[Problem]
    every_shared: int


def of(audit: Audit, rows: Sequence[TargetRow], fails: Iterable[Problem]) -> Fleet | None:
    """The fleet with these *rows*, the worst first; None where there are few targets."""
    if len(rows) <= MOST_ROWS:
        return None
    alike: dict[tuple[bool, frozenset[tuple[str, str]]], list[TargetRow]] = {}
    for row in rows:
        verdicts = frozenset((each.control, each.verdict) for each in audit.by_target[row.target.name])
        alike.setdefault((bool(row.failure), verdicts), []).append(row)
    groups = [
        Group(
            same[0], [each.target.name for each in same], sorted({each.target.engine for each in same} - {""})
        )
        for same in alike.values()
    ]
    others = [name for group in groups[MOST_ROWS:] for name in group.names]
    most = sorted((each for each in fails if 2 * each.targets >= len(rows)), key=lambda each: -each.targets)
    return Fleet(groups[:MOST_ROWS], others, len(groups), _notes(rows), most[:_MOST_SHARED], len(most))


def _notes(rows: Iterable[TargetRow]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in rows:
        for note in each.target.notes:
            found.setdefault(note, []).append(each.target.name)
    return found
