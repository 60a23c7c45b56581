"""What to fix first, as the page shows it: each change once, with what it mends and a file to copy."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hullcheck.results import SEVERITIES, Audit, Control, Finding, sentences
from hullcheck.results.fixes import CONTROL, Fix, fixes
from hullcheck.writers.audit_page import fix_files


@dataclass(frozen=True)
class First:
    """One change.

    Attributes:
        title: what has to be changed; where one control alone asks for it, its remedy.
        only: that control; None where it mends several.
        said: by control, the worst that was found, as a sentence.
        steps: the controls whose remedies have to be followed one by one: those that are not in *file*.
    """

    fix: Fix
    title: str
    only: Control | None
    file: fix_files.FixFile | None
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


def first(audit: Audit) -> list[First]:
    """All changes, the worst first."""
    return [_first(each) for each in fixes(audit)]


def _first(fix: Fix) -> First:
    file = fix_files.file_of(fix)
    only = fix.controls[0] if fix.kind == CONTROL else None
    title = only.remedy or only.title if only else str(fix)
    steps = file.by_hand if file else fix.controls
    return First(fix, title[0].upper() + title[1:], only, file, _said(fix), steps)


def _said(fix: Fix) -> Mapping[str, str]:
    """By control: its first finding as a sentence; of one on several targets how many these are."""
    found: dict[str, Finding] = {}
    targets: dict[str, set[str]] = {}
    for each in fix.failures:
        found.setdefault(each.control.id, each.finding)
        targets.setdefault(each.control.id, set()).add(each.target)
    return {
        name: sentences.sentence(
            each.kind,
            each.subject
            if each.kind != "target" or len(targets[name]) == 1
            else f"{len(targets[name])} targets",
            each.verdict,
            each.reason,
        )
        for name, each in found.items()
    }
