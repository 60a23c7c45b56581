"""What changed since the last run, as the page shows it: each control once, with the first few names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hullcheck.results import Change
from hullcheck.results.history import ChangeGroup, together

MOST_NAMES = 4  # subjects or targets that are named


@dataclass(frozen=True)
class Names:
    """The first few of some names, and how many more there are."""

    shown: Sequence[str]
    more: int

    @classmethod
    def of(cls, names: Sequence[str]) -> "Names":
        """The first few of *names*; one more than these is named as well."""
        most = len(names) if len(names) <= MOST_NAMES + 1 else MOST_NAMES
        return cls(names[:most], len(names) - most)


@dataclass(frozen=True)
class Changed:
    """A control on one target, or on several where the same was found.

    Attributes:
        subjects: those of the reason that most of them have; none where it is the target itself.
        others: those with other reasons, which are on the page of the control.
    """

    control: str
    kind: str
    reason: str
    subjects: Names
    others: Names
    targets: Names


@dataclass(frozen=True)
class ChangedList:
    """Controls, the first of them, and how many findings and controls there are in all."""

    rows: Sequence[Changed]
    findings: int
    controls: int
    more: int


def changed(changes: Sequence[Change], most: int) -> ChangedList:
    """*changes* in at most so many rows."""
    groups = together(changes)
    left = sum(each.findings for each in groups[most:])
    controls = len({each.control for each in groups})
    return ChangedList([_changed(each) for each in groups[:most]], len(changes), controls, left)


def _changed(group: ChangeGroup) -> Changed:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for each in group.changes:
        by_reason.setdefault((each.kind, each.reason), []).append(each.subject)
    kind, reason = max(by_reason, key=lambda each: len(by_reason[each]))
    others = (each.subject for each in group.changes if (each.kind, each.reason) != (kind, reason))
    subjects = [] if kind == "target" else by_reason[kind, reason]
    return Changed(
        group.control, kind, reason, Names.of(subjects), Names.of(_once(others)), Names.of(group.targets)
    )


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
