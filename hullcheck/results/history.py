"""Finds the earlier run of the same targets in the folder of reports, and what changed since."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import islice
from pathlib import Path

from hullcheck.messages import WrongUse
from hullcheck.results import Audit, Finding, Result, Run, reader, run_files, trend
from hullcheck.results.changes import Change, Changes
from hullcheck.results.document import from_json
from hullcheck.verdicts import Verdict

_MOST_FOLDERS = 500
_MOST_READ = 3  # results that turn out to be of other targets or controls: reading is what takes time
_OPEN = (Verdict.ERROR, Verdict.MANUAL)
_Pair = tuple[str, str]  # control and target
_Subject = tuple[str, str]  # kind and name


def since_last_run(audit: Audit, folder: Path) -> Changes | None:
    """What changed since the newest earlier run of the targets of *audit*; None where there is none.

    Targets are the same by name and address. Of the few newest runs of them, the first counts that judged all
    that was judged now, or else the one that judged most of it. What cannot be read is passed over.

    Args:
        folder: that of *audit* itself; the other runs lie beside it.
    """
    names = {each.name for each in audit.targets}
    candidates = (each for each in _earlier(folder) if _targets_in(each) == names)
    wanted = sum(map(_is_judged, audit.results))
    best = None
    for each in islice(candidates, _MOST_READ):
        found = _compared(audit, each)
        if found and found.compared > (best.compared if best else 0):
            best = found
        if best and best.compared == wanted:
            break
    return best


def _earlier(folder: Path) -> list[Path]:
    """The folders of runs that began before that of *folder*, the newest first: their names are the times."""
    try:
        names = [
            each
            for each in os.listdir(folder.parent)
            if run_files.FOLDER.fullmatch(each) and each < folder.name
        ]
    except OSError:
        return []
    return [folder.with_name(each) for each in sorted(names, reverse=True)[:_MOST_FOLDERS]]


def _targets_in(folder: Path) -> set[str]:
    """The targets of a run: each has a folder with its recording."""
    try:
        with os.scandir(folder) as entries:
            return {each.name for each in entries if each.is_dir(follow_symlinks=False)}
    except OSError:
        return set()


def _compared(audit: Audit, folder: Path) -> Changes | None:
    try:
        document = reader.read(folder / run_files.RESULTS, "")
        addresses = {name: each["connect"] for name, each in document["targets"].items()}
        if addresses != {each.name: each.connect for each in audit.targets}:
            return None
        if (
            from_json(Run, document["run"] | {"version": ""}).limits != audit.run.limits
        ):  # a subject was left out
            return None
        before = [from_json(Result, each) for each in document["results"]]
        found = compare(before, audit.results, folder.name, str(document["run"]["finished"]))
        return replace(found, before=trend.up_to(document, before))
    except (WrongUse, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def compare(before: Iterable[Result], now: Sequence[Result], run: str, finished: str) -> Changes:
    """The failed findings of *now* beside those of *before*, results of the run of this id that ended then.

    A subject that one of the runs left open (an error, *manual*, a control that is switched off) is
    neither new nor gone. A waived finding does not fail: it is new when its waiver ends, and not gone when it begins.
    """
    earlier = {(each.control, each.target): each for each in before if _is_judged(each)}
    pairs = [(earlier[_pair(each)], each) for each in now if _is_judged(each) and _pair(each) in earlier]
    new = [change for old, each in pairs for change in _appeared(old, each, (Verdict.FAIL,))]
    gone = [change for old, each in pairs for change in _appeared(each, old, (Verdict.FAIL, Verdict.WAIVED))]
    still = sum(len(_failing(old) & _failing(each)) for old, each in pairs)
    return Changes(run, finished, len(pairs), tuple(new), tuple(gone), still)


def _pair(result: Result) -> _Pair:
    return result.control, result.target


def _is_judged(result: Result) -> bool:
    """Whether the host as a whole was judged, be it that single subjects could not be."""
    if result.switched_off:
        return False
    return not any(each.kind == "target" and each.verdict in _OPEN for each in result.told)


def _by_subject(result: Result, verdicts: Sequence[Verdict]) -> Mapping[_Subject, Finding]:
    return {(each.kind, each.subject): each for each in result.told if each.verdict in verdicts}


def _failing(result: Result) -> Set[_Subject]:
    return _by_subject(result, (Verdict.FAIL,)).keys()


def _appeared(then: Result, now: Result, same: Sequence[Verdict]) -> Iterator[Change]:
    """What fails in *now*, and in *then* has none of the verdicts *same* and is not open."""
    known = _by_subject(then, (*same, *_OPEN))
    for key, each in _by_subject(now, (Verdict.FAIL,)).items():
        if key not in known:
            yield Change(now.control, now.target, each.kind, each.subject, each.reason)
