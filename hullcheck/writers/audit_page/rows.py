"""Rows of figures: of a chart, and of a target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hullcheck.results import INCOMPLETE, NOT_COVERED, AuditedTarget
from hullcheck.verdicts import Verdict

WORDS = (*map(str, Verdict), INCOMPLETE, NOT_COVERED)


@dataclass(frozen=True)
class Row:
    """One bar of a chart, which is a row of a table as well."""

    title: str
    counts: Mapping[str, int]
    label: str = ""
    link: str = ""
    inside: str = ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def segments(self) -> list[tuple[str, float, float]]:
        """Word, start and width of 1,000 in all; what is there at all can be seen."""
        there = [(word, self.counts[word]) for word in WORDS if self.counts.get(word)]
        sizes = [max(12.0, 1000 * number / self.total) for _, number in there]
        scale, start, found = 1000 / sum(sizes) if sizes else 0, 0.0, []
        for (word, _), size in zip(there, sizes, strict=True):
            width = round(size * scale, 1)
            found.append((word, round(start, 1), width))
            start += width
        return found


@dataclass(frozen=True)
class Chart:
    """Bars under one head; *words* are the verdicts that any of them has."""

    title: str
    rows: Sequence[Row]

    @property
    def words(self) -> list[str]:
        return [word for word in WORDS if any(row.counts.get(word) for row in self.rows)]


@dataclass(frozen=True)
class TargetRow:
    """One target with the figures of its results."""

    target: AuditedTarget
    row: Row
    gathered: str
    failure: str
    fails: Mapping[str, int]
