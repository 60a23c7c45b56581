"""What to fix first, as the page shows it: each change once, with what it mends and a file to copy."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hullcheck.remedies import offered
from hullcheck.results import SEVERITIES, Audit, Control, Finding, sentences
from hullcheck.results.failures import CONTROL, Fix, fixes

_MOST = 6  # that are shown whether they have a file or not


@dataclass(frozen=True)
class First:
    """One change.

    Attributes:
        title: what has to be changed; where one control alone asks for it, the first sentence of its remedy.
        only: that control; None where it mends several.
        said: by control, the worst that was found, as a sentence.
        steps: the controls whose remedies have to be followed one by one: those that are not in *file*.
    """

    fix: Fix
    title: str
    only: Control | None
    file: offered.FixFile | None
    said: Mapping[str, str]
    steps: Sequence[Control]

    @property
    def by_severity(self) -> str:
        """How many controls of each severity it mends; empty where all have that of the worst."""
        worst = {each.control.id: each.severity for each in reversed(self.fix.failures)}
        counts = Counter(worst.values())
        return (
            ", ".join(f"{counts[each]} {each}" for each in SEVERITIES if counts[each])
            if len(counts) > 1
            else ""
        )


def first(audit: Audit) -> tuple[list[First], list[First]]:
    """The changes that are shown, the worst first and all that have a file to copy; and the others."""
    found = [_first(each) for each in fixes(audit)]
    shown = {id(each) for each in found[:_MOST]} | {id(each) for each in found if each.file}
    return [each for each in found if id(each) in shown], [each for each in found if id(each) not in shown]


def _first(fix: Fix) -> First:
    file = offered.file_of(fix)
    only = fix.controls[0] if fix.kind == CONTROL else None
    title = _first_sentence(only.remedy or only.title) if only else str(fix)
    steps = file.by_hand if file else fix.controls
    return First(fix, title[0].upper() + title[1:], only, file, _said(fix), steps)


def _first_sentence(words: str) -> str:
    """What has to be done; the conditions and ways that follow are in the page of the control."""
    first, stop, _ = words.partition(". ")
    return first + stop.strip()


def _said(fix: Fix) -> Mapping[str, str]:
    """By control: its first finding as a sentence; of one on several targets how many these are."""
    found: dict[str, Finding] = {}
    targets: dict[str, set[str]] = {}
    for each in fix.failures:
        found.setdefault(each.control.id, each.finding)
        targets.setdefault(each.control.id, set()).add(each.target)
    return {
        name: f"{len(targets[name])} targets: {each.reason}"
        if each.kind == "target" and len(targets[name]) > 1
        else sentences.sentence(each.kind, each.subject, each.verdict, each.reason)
        for name, each in found.items()
    }
