"""The differences of two runs: findings, and the answers that they were made of (docs/compare.md)."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.evidence import Evidence
from hullcheck.facts.registry import probes
from hullcheck.lazy import regex
from hullcheck.messages import WrongUse
from hullcheck.recording import Recording, RecordingError
from hullcheck.results import Audit, Change, Changes, Result, document
from hullcheck.results.history import compare
from hullcheck.verdicts import Verdict

_LONGEST = 100  # characters of a line
_PLACE = regex(r"^\d+/|/proc/\d+/root(?=/)")
"""Numbers of processes, which are others each time."""


class PastRun(Struct, frozen=True, dict=True):
    """A run that left its folder, with a folder in it for each target."""

    audit: Audit
    folder: Path

    @classmethod
    def load(cls, path: Path, naming: str = "hullcheck diff OLD NEW") -> Self:
        """Return the run in the folder *path*, or of the results.json there, or raise WrongUse."""
        audit = document.load(path, naming)
        return cls(audit, path if path.is_dir() else path.parent)

    @cached_property
    def results(self) -> dict[tuple[str, str], Result]:
        return {(each.control, each.target): each for each in self.audit.results}

    def recording(self, target: str) -> Recording | None:
        """Return the recording of *target*, or None if it cannot be read."""
        try:
            return Recording.load(self.folder / target, probes())
        except (RecordingError, OSError):
            return None


class Drift(Struct, frozen=True):
    """Two runs next to each other."""

    old: PastRun
    new: PastRun
    changes: Changes  # new is what fails in the later run alone, and all failures of the targets that were added
    answers: Mapping[Change, tuple[str, ...]]  # the lines that a control read and that only one of the runs has
    added: tuple[str, ...]  # the targets of the later run alone
    removed: tuple[str, ...]  # the targets of the earlier run alone

    def severity(self, change: Change) -> str:
        """Return the severity of the control on that target, in the later run if it was judged there."""
        key = change.control, change.target
        run = self.new if key in self.new.results else self.old
        return run.audit.severity(run.results[key])


def drift(old: PastRun, new: PastRun) -> Drift:
    """Compare two runs; raise WrongUse if one of them was limited to other subjects."""
    if old.audit.run.limits != new.audit.run.limits:
        raise WrongUse(
            "one of the runs was limited to some containers or images by --containers, --label or --images, and the"
            " other was not so: compare runs that judged the same"
        )
    found = compare(old.audit, new.audit)
    answers = dict(_answers((*found.new, *found.gone), old, new))
    then, now = old.audit.by_target, new.audit.by_target
    added, removed = (tuple(name for name in one if name not in other) for one, other in ((now, then), (then, now)))
    failing = (
        Change(result.control, result.target, each.kind, each.subject, each.reason)
        for name in added
        for result in now[name]
        for each in result.all_findings
        if each.verdict is Verdict.FAIL
    )
    return Drift(old, new, replace(found, new=(*found.new, *failing)), answers, added, removed)


def _answers(changes: tuple[Change, ...], old: PastRun, new: PastRun) -> Iterator[tuple[Change, tuple[str, ...]]]:
    """Compare the answers target by target: the recordings of a thousand hosts are a gigabyte."""
    for target in sorted({each.target for each in changes}):
        before, after = old.recording(target), new.recording(target)
        if before is None or after is None:
            continue
        both = (old, Evidence(before)), (new, Evidence(after))
        for each in changes:
            if each.target == target:
                was, now = (_deciding(each, *one) for one in both)
                differing = [f"- {was[key]}" for key in was if key not in now]
                differing += [f"+ {now[key]}" for key in now if key not in was]
                yield each, tuple(x if len(x) <= _LONGEST else f"{x[: _LONGEST - 3]}..." for x in differing)


def _deciding(change: Change, run: PastRun, evidence: Evidence) -> dict[str, str]:
    """Return the deciding lines of *run* on the subject of *change*, by their text without the process."""
    result = run.results[change.control, change.target]
    found = (each for each in result.all_findings if (each.kind, each.subject) == (change.kind, change.subject))
    lines = [line for each in found for line in evidence.deciding(change.control, result.evidence, each)]
    texts = {each: _PLACE.sub("", each.text) for each in lines}
    return {each.meaning or text: text for each, text in texts.items()}
