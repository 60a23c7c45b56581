"""The differences of two runs: findings, and the answers that they were made of (docs/compare.md)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.facts.registry import probes
from hullcheck.lazy import regex
from hullcheck.messages import WrongUse
from hullcheck.recording import Recording, RecordingError
from hullcheck.recording.lines import DOCUMENTS, Line, lines
from hullcheck.results import Audit, Change, Changes, Result, document
from hullcheck.results.history import compare
from hullcheck.verdicts import Verdict

_MOST = 10  # lines of one finding that are shown
_LONGEST = 100  # characters of a line
_OTHER_EACH_TIME = "processes"
"""The probe of which two answers are never the same."""
_OTHER_SECTIONS = ("asked", "running", "sockets", "proc", "paths")
"""The sections of which two are never the same."""
_OTHER_EACH_START = frozenset(
    ["Pid", "Id", "Created", "StartedAt", "FinishedAt", "NetworkID", "IPAddress", "GlobalIPv6Address", "SystemTime"]
)
_DATED = regex(r"\d{4}-\d\d-\d\d \d\d:\d\d:|^(?:process )?\d+$")
_PLACE = regex(r"^(?:[0-9a-f]{32} |\d+/)|/proc/\d+/root(?=/)")
"""Numbers of processes and of the script, which stand before and in lines."""

_Lines = set[tuple[str, str]]  # each with the name of the object that it is about, or an empty one


class PastRun(Struct, frozen=True, dict=True):
    """A run that left its folder, with a folder in it for each target."""

    audit: Audit
    folder: Path

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the run in the folder *path*, or of the results.json there, or raise WrongUse."""
        audit = document.load(path, "hullcheck diff OLD NEW")
        return cls(audit, path if path.is_dir() else path.parent)

    @property
    def targets(self) -> list[str]:
        """The names of the targets."""
        return [each.name for each in self.audit.targets]

    @cached_property
    def results(self) -> dict[tuple[str, str], Result]:
        """The results by control and target."""
        return {(each.control, each.target): each for each in self.audit.results}

    def recording(self, target: str) -> Recording | None:
        """Return the recording of *target*, or None if it cannot be read."""
        try:
            return Recording.load(self.folder / target, probes())
        except (RecordingError, OSError):
            return None


class Drift(Struct, frozen=True):
    """Two runs beside each other."""

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
    added, removed = (
        tuple(name for name in one.targets if name not in other.targets) for one, other in ((new, old), (old, new))
    )
    failing = (
        Change(result.control, result.target, each.kind, each.subject, each.reason)
        for name in added
        for result in new.audit.results
        if result.target == name
        for each in result.told
        if each.verdict is Verdict.FAIL
    )
    return Drift(old, new, replace(found, new=(*found.new, *failing)), answers, added, removed)


def _answers(changes: tuple[Change, ...], old: PastRun, new: PastRun) -> Iterator[tuple[Change, tuple[str, ...]]]:
    """Compare the answers target by target: the recordings of a thousand hosts are a gigabyte."""
    for target in sorted({each.target for each in changes}):
        before, after = old.recording(target), new.recording(target)
        if before is None or after is None:
            continue
        for each in changes:
            if each.target == target:
                names = (name for run in (old, new) for name in run.results[each.control, target].evidence)
                yield each, _difference(each, dict.fromkeys(names), before, after)


# ---- what a host answers differently in two recordings, as lines that begin with - or +


def _difference(change: Change, evidence: Iterable[str], old: Recording, new: Recording) -> tuple[str, ...]:
    """Compare the answers to the probes *evidence*, as far as they are about the subject of *change*."""
    found: list[str] = []
    for probe in evidence:
        if probe != _OTHER_EACH_TIME:
            before, after = (_lines(probe, each) for each in (old, new))
            differing = {*_differing(change, "-", before, after), *_differing(change, "+", after, before)}
            found += sorted(differing, key=lambda line: (line[2:].partition(": ")[0], line[0] == "+", line))
    more = len(found) - _MOST
    shown = (line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..." for line in found[:_MOST])
    return (*shown, f"and {more} more") if more > 1 else tuple(shown)


def _differing(change: Change, sign: str, lines: _Lines, others: _Lines) -> Iterator[str]:
    """Yield the *lines* that are not among the *others*; an object that is not there is one line."""
    known = {name for name, _ in others}
    for name, line in lines - others:
        shown = line if not name or name in known else name
        if _is_about(change, name, shown):
            yield f"{sign} {shown}"


def _is_about(change: Change, name: str, line: str) -> bool:
    if change.kind in DOCUMENTS.values():
        return name == f"{change.kind} {change.subject}"
    if change.kind == "file":
        return re.search(rf"(?<![\w/]){re.escape(change.subject)}(?![\w/.-])", line) is not None
    return True


def _lines(probe: str, recording: Recording) -> _Lines:
    """Return the lines of an answer that are not others each time."""
    answer = recording.answers.get(probe)
    return {
        (each.about, str(each) if each.field else _PLACE.sub("", each.text))
        for each in (lines(answer) if answer else ())
        if not _is_noise(probe, each)
    }


def _is_noise(probe: str, line: Line) -> bool:
    if line.field:
        return line.section in _OTHER_SECTIONS or line.field.rpartition(".")[2] in _OTHER_EACH_START
    return line.section in _OTHER_SECTIONS or probe in DOCUMENTS or _DATED.search(line.text) is not None
