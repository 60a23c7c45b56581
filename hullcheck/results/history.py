"""Changes since an earlier run of the same targets, and the number of failed findings in earlier runs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.messages import WrongUse
from hullcheck.results import Audit, Change, Changes, Finding, Moment, Result, document, grouped, run_files
from hullcheck.verdicts import Verdict

_LONGEST = 60  # runs of a trend
_MOST_FOLDERS = 500
_MOST_READ = 3  # reading takes time
_OPEN = (Verdict.ERROR, Verdict.MANUAL)
_Subject = tuple[str, str]  # kind and name


def since_last_run(audit: Audit, folder: Path) -> Changes | None:
    """Return the changes since the newest run of the same targets next to the *folder* of *audit*, if there is one.

    Targets are the same if name and address are. Of the newest runs, the first counts that judged all that was judged
    now, or else the one that judged most. Unreadable runs are skipped.
    """
    names, wanted = {each.name for each in audit.targets}, sum(map(_is_judged, audit.results))
    earlier = (each for each in _folders(folder.parent) if run_files.FOLDER.fullmatch(each) and each < folder.name)
    newest = (folder.with_name(each) for each in sorted(earlier, reverse=True)[:_MOST_FOLDERS])
    best = None
    for each in islice((each for each in newest if _folders(each) == names), _MOST_READ):
        found = _compared(audit, each)
        if found and found.compared > (best.compared if best else 0):
            best = found
        if best and best.compared == wanted:
            break
    return best


def _folders(path: Path) -> set[str]:
    """Return the names of the folders in *path*: runs, or the targets of a run."""
    try:
        return {each.name for each in path.iterdir() if each.is_dir()}
    except OSError:
        return set()


def _compared(audit: Audit, folder: Path) -> Changes | None:
    try:
        before = document.load(folder, "")
    except WrongUse:
        return None
    addresses, earlier = ({one.name: one.connect for one in each.targets} for each in (audit, before))
    if addresses != earlier or before.run.limits != audit.run.limits:  # a subject was left out
        return None
    found = compare(before, audit)
    return replace(found, run=folder.name, before=trend(before)[-_LONGEST:])


def compare(before: Audit, now: Audit) -> Changes:
    """Compare the failed findings of two runs.

    A subject that one run left open (an error, *manual*, a control that is switched off) is neither new nor gone. A
    waived finding does not fail: it is new when its waiver ends, and not gone when the waiver begins.
    """
    earlier = {(each.control, each.target): each for each in before.results if _is_judged(each)}
    pairs = [
        (earlier[each.control, each.target], each)
        for each in now.results
        if _is_judged(each) and (each.control, each.target) in earlier
    ]
    new = [change for old, each in pairs for change in _appeared(old, each, (Verdict.FAIL,))]
    gone = [change for old, each in pairs for change in _appeared(each, old, (Verdict.FAIL, Verdict.WAIVED))]
    still = sum(len(_failing(old).keys() & _failing(each).keys()) for old, each in pairs)
    return Changes(before.run.id, before.run.finished, len(pairs), tuple(new), tuple(gone), still)


def _is_judged(result: Result) -> bool:
    """Return whether the host as a whole was judged, even if single subjects were not."""
    if result.switched_off:
        return False
    return not any(each.kind == "target" and each.verdict in _OPEN for each in result.all_findings)


def _failing(result: Result, *others: Verdict) -> Mapping[_Subject, Finding]:
    """Return the findings that failed, or have one of the *others*, by kind and name of the subject."""
    return {(each.kind, each.subject): each for each in result.all_findings if each.verdict in (Verdict.FAIL, *others)}


def _appeared(then: Result, now: Result, same: Sequence[Verdict]) -> Iterator[Change]:
    """Yield the failures of *now* that in *then* are not open and have none of the verdicts *same*."""
    known = _failing(then, *same, *_OPEN)
    for key, each in _failing(now).items():
        if key not in known:
            yield Change(now.control, now.target, each.kind, each.subject, each.reason)


# ---- the numbers of each run


def trend(audit: Audit) -> tuple[Moment, ...]:
    """Return the numbers of the known runs before *audit*, the oldest first, and its own."""
    failed: Counter[str] = Counter()
    for one in audit.results:
        failed[audit.severity(one)] += sum(each.verdict is Verdict.FAIL for each in one.all_findings)
    errors = sum(each.verdict is Verdict.ERROR for each in audit.results)
    own = Moment(audit.run.id, audit.run.finished, {name: many for name, many in failed.items() if many}, errors)
    return (*(audit.since.before if audit.since else ()), own)


# ---- equal changes on several targets


class ChangeGroup(Struct, frozen=True):
    """Equal changes of one control on several targets.

    Attributes:
        changes: the changes on the first target.
        kind: the kind of most subjects, as in a `Finding`; *reason* is why most of them fail, or failed.
        subjects: those with that reason; empty for the target as a whole.
        others: the subjects with other reasons.
    """

    control: str
    targets: tuple[str, ...]
    changes: tuple[Change, ...]
    kind: str
    reason: str
    subjects: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def findings(self) -> int:
        return len(self.targets) * len(self.changes)


def together(changes: Iterable[Change]) -> list[ChangeGroup]:
    """Group *changes* by control and target; targets with equal changes of a control are one group."""
    places = grouped(changes, lambda each: (each.control, each.target))
    alike: dict[tuple[Change, ...], list[str]] = {}
    for (_, target), found in places.items():
        nowhere = (replace(each, target="", subject="" if each.kind == "target" else each.subject) for each in found)
        alike.setdefault(tuple(nowhere), []).append(target)
    groups = []
    for (first, *_), targets in alike.items():
        found = places[first.control, targets[0]]
        reasons = grouped(found, lambda each: (each.kind, each.reason))
        usual, together = max(reasons.items(), key=lambda each: len(each[1]))
        same = [each.subject for each in together if each.kind != "target"]
        others = dict.fromkeys(each.subject for each in found if (each.kind, each.reason) != usual)
        groups.append(ChangeGroup(first.control, tuple(targets), tuple(found), *usual, tuple(same), tuple(others)))
    return groups
