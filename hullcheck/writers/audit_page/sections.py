"""The results by the sections of the benchmark and of the guide, over all targets and for each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hullcheck.results import Audit, Control
from hullcheck.verdicts import Verdict

# Our own words: results name ids, and a benchmark's sections have none.
_TITLES = {
    "cis": {
        "1": "The host",
        "2": "The daemon's configuration",
        "3": "The daemon's files",
        "4": "Images",
        "5": "Containers at run time",
        "6": "Operations",
        "7": "Swarm mode",
    },
    "guide": {
        "1": "The host",
        "2": "The daemon",
        "3": "Images and containers",
        "4": "Audits, logs and monitoring",
        "5": "What frameworks ask beside",
    },
}


_DARKEST = 4


@dataclass(frozen=True)
class Section:
    """One section: the controls that speak for it, and what came of them."""

    marker: str
    number: str
    title: str
    controls: frozenset[str]
    counts: Mapping[str, int]

    @property
    def key(self) -> str:
        """Its name in links, such as `cis.5`."""
        return f"{self.marker}.{self.number}"

    @property
    def link(self) -> str:
        """To what was found there."""
        return f"#findings?section={self.key}"


@dataclass(frozen=True)
class Division:
    """The sections of one framework, in order."""

    name: str
    sections: Sequence[Section]


@dataclass(frozen=True)
class Matrix:
    """For each target and section: how many controls fail, and how dark that is, from 0 to 4."""

    division: Division
    cells: Mapping[str, Sequence[tuple[int, int]]]


def divisions(audit: Audit) -> list[Division]:
    """The frameworks that have sections here, as far as any control of the audit is in one."""
    found = [_division(marker, audit) for marker in _TITLES]
    return [each for each in found if each.sections]


def _division(marker: str, audit: Audit) -> Division:
    inside: dict[str, set[str]] = {}
    for each in audit.controls:
        for number in _numbers(each, marker):
            inside.setdefault(number, set()).add(each.id)
    counts: dict[str, Counter[str]] = {number: Counter() for number in inside}
    sections_of = {each.id: _numbers(each, marker) for each in audit.controls}
    for result in audit.results:
        for number in sections_of[result.control]:
            counts[number][str(result.verdict)] += 1
    name = next((each.name for each in audit.requirements if each.framework == marker), marker)
    titles = _TITLES[marker]
    sections = [
        Section(marker, number, titles.get(number, "Other"), frozenset(inside[number]), counts[number])
        for number in sorted(inside, key=_order)
    ]
    return Division(name, sections)


def _numbers(control: Control, marker: str) -> list[str]:
    """The sections that a control is in, each once."""
    return list(dict.fromkeys(each.partition(".")[0] for each in control.frameworks.get(marker, ())))


def _order(number: str) -> tuple[int, str]:
    return (int(number), "") if number.isdecimal() else (999, number)


def matrix(division: Division, audit: Audit) -> Matrix:
    """What fails on each target, section by section."""
    failing: dict[str, set[str]] = {each.name: set() for each in audit.targets}
    for each in audit.results:
        if each.verdict is Verdict.FAIL:
            failing[each.target].add(each.control)
    cells = {
        name: [_cell(len(each.controls & controls), len(each.controls)) for each in division.sections]
        for name, controls in failing.items()
    }
    return Matrix(division, cells)


def _cell(fails: int, controls: int) -> tuple[int, int]:
    return fails, -(-_DARKEST * fails // controls)
