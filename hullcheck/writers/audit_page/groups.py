"""What the page shows of the inventory's groups: how many targets each has, what fails on them, and the worst."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hullcheck.writers.audit_page.rows import Row, TargetRow

_MOST_ROWS = 100


@dataclass(frozen=True)
class GroupRow:
    """One group with the figures of all its targets.

    Attributes:
        silent: how many of the *targets* gave no answer.
        failing: how many of them fail a control.
        worst: the name of the target with the worst failures; empty where none fails.
    """

    name: str
    targets: int
    silent: int
    failing: int
    worst: str
    row: Row
    fails: Counter[str]


@dataclass(frozen=True)
class Groups:
    """The groups, the worst first, and how many more there are than are shown."""

    rows: Sequence[GroupRow]
    more: int


def of(targets: Sequence[TargetRow]) -> Groups:
    """The groups of *targets*, which come the worst first; a target counts in each of its groups."""
    inside: dict[str, list[TargetRow]] = {}
    for each in targets:
        for name in each.target.groups:
            inside.setdefault(name, []).append(each)
    rows = sorted((_row(name, found) for name, found in inside.items()), key=_badness)
    return Groups(rows[:_MOST_ROWS], len(rows[_MOST_ROWS:]))


def _row(name: str, targets: Sequence[TargetRow]) -> GroupRow:
    counts: Counter[str] = Counter()
    fails: Counter[str] = Counter()
    for each in targets:
        counts.update(each.row.counts)
        fails.update(each.fails)
    failing = [each for each in targets if each.fails]
    worst = failing[0].target.name if failing else ""
    silent = sum(bool(each.failure) for each in targets)
    return GroupRow(name, len(targets), silent, len(failing), worst, Row(name, counts), fails)


def _badness(group: GroupRow) -> tuple[float, float, float, str]:
    """By failures for each target: a group is not worse because it is larger."""
    critical, high, every = (
        number / group.targets
        for number in (group.fails["critical"], group.fails["high"], group.fails.total())
    )
    return -critical, -high, -every, group.name
