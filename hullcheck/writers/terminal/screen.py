"""The lines at the end of a run: verdicts, what fails, what to fix first, what was not judged, and what changed.

Lines are cut to the width of the terminal. Names and reasons are printable in the results.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from hullcheck.messages import printable
from hullcheck.results import SEVERITIES, Audit, Result, grouped, sentences
from hullcheck.results.failures import CONTAINER, IMAGE, Failure, Fix, Problem, findings, fixes, problems, rank
from hullcheck.results.history import ChangeGroup, together
from hullcheck.verdicts import Verdict
from hullcheck.writers.columns import cells, cut, padded

FEW_TARGETS = 3
"""With more, a failing control is one line with its targets."""
_MOST_TARGETS = 6
"""With more, their verdicts are counted together."""
_MOST_FIXES, _MOST_CAUSES, _MOST_BROKEN = 5, 3, 5
_NAMES = 3
_NARROWEST = 12
_SEVERITY_WIDTH = max(map(len, SEVERITIES))
_LONG_NUMBER = 10
_ROOM_FOR_COLUMNS = 72
_LABEL = "fix first  "
_COLORS = {"critical": "red", "high": "red", "medium": "yellow", "low": "cyan"}


class Line(Struct, frozen=True):
    """A line of the screen, whose first *head* characters have the *markup*, as pytest names it."""

    text: str
    head: int = 0
    markup: Mapping[str, bool] = field(default_factory=dict)


def lines(audit: Audit, width: int, room: int) -> list[Line]:
    """Return what fails and what to do; *room* is how many lines there may be, 0 for all that there is to say."""
    below = [*_causes(audit, width), *_fix_first(audit, width), *_since(audit, width)]
    return [*_failures(audit, width, room and max(room - len(below), 3)), *below]


# ---- the verdicts, and what has to be known of the targets


def verdicts(audit: Audit) -> Iterator[Line]:
    """Yield how often each verdict was found on each target, or on all if there are many."""
    results = audit.by_target
    if len(results) > _MOST_TARGETS:
        yield Line(f"{len(results)} targets  {_counts(audit.results)}")
        fails = Counter({name: sum(e.verdict is Verdict.FAIL for e in each) for name, each in results.items()})
        if len(set(fails.values())) > 1:
            worst = (f"{name} ({number})" for name, number in fails.most_common(3))
            yield Line(f"most fails on {', '.join(worst)}")
        if said := sentences.scores(audit.targets):
            yield Line(f"scores: {said}")
        return
    width = max(map(cells, results))
    for each in audit.targets:
        said = sentences.scores([each])
        yield Line(f"{padded(each.name, width)}  {_counts(results[each.name])}{said and f'; {said}'}")


def _counts(results: Sequence[Result]) -> str:
    judged = _counted(each.verdict for each in results if not each.switched_off)
    off = [each.switched_off.otherwise for each in results if each.switched_off]
    words = [judged, f"{len(off)} switched off (otherwise: {_counted(off)})" if off else ""]
    return ", ".join(filter(None, words)) or "nothing judged"


def _counted(verdicts: Iterable[Verdict]) -> str:
    counts = Counter(verdicts)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])


def notes(audit: Audit) -> Iterator[Line]:
    """Yield notes on clocks, on other runtimes and on targets that may be one; the same of many targets once."""
    lines = [f"shard {audit.run.shard}: the other targets are in other runs"] if audit.run.shard else []
    by_note: dict[str, list[str]] = {}
    for each in audit.targets:
        for note in each.notes:
            if len(audit.targets) > _MOST_TARGETS:
                by_note.setdefault(note, []).append(each.name)
            else:
                lines.append(f"{each.name}: {note}")
    lines += [f"{named(names)}: {note}" for note, names in by_note.items()]
    lines += [f"{named(names)} have the same {what} ID: {sentences.SAME[what]}" for what, names in audit.same]
    for line in lines:
        yield Line(f"  {line}", len(line) + 2, {"yellow": True})


# ---- what fails


def _failures(audit: Audit, width: int, room: int) -> Iterator[Line]:
    """Yield each problem, the worst first: what was found, and the beginning of its remedy."""
    found = problems(findings(audit, Verdict.FAIL))
    fleet = len(audit.targets) > FEW_TARGETS
    if fleet:
        found.sort(key=lambda each: (rank(each.severity), -len(each.targets)))
    lines_each = 1 if fleet else 2
    fit = len(found) if not room or lines_each * len(found) <= room else (room - 1) // lines_each
    heads, below = _heads(found[:fit], width)
    for each, head in zip(found, heads, strict=False):
        markup = {_COLORS[each.severity]: True, "bold": each.severity == SEVERITIES[0]}
        yield Line(_line(head, _said(each, len(audit.targets)), width), len(each.severity), markup)
        if not fleet:
            yield Line(_line(below, each.remedy, width))
    if more := found[fit:]:
        counts = Counter(each.severity for each in more)
        said = ", ".join(f"{counts[each]} {each}" for each in SEVERITIES if counts[each])
        yield Line(cut(f"... and {said}: see the page below, or add -v", width))


def _heads(found: Sequence[Problem], width: int) -> tuple[list[str], str]:
    """Return severity and number of each problem, in columns if there is room, and the indent of a remedy."""
    room = max(width // 3, _NARROWEST)
    numbers = [(each.severity, cut(sentences.called_together(each.controls), room)) for each in found]
    if width < _ROOM_FOR_COLUMNS:
        return [f"{severity} {number}: " for severity, number in numbers], "  "
    # the few long ones stick out
    usual = max((cells(each) for _, each in numbers if cells(each) <= _LONG_NUMBER), default=0)
    heads = [f"{severity:{_SEVERITY_WIDTH}}  {padded(number, usual)}  " for severity, number in numbers]
    return heads, " " * (_SEVERITY_WIDTH + usual + 4)


def _line(left: str, text: str, width: int) -> str:
    return left + cut(text, max(width - cells(left), _NARROWEST))


def _said(problem: Problem, all_targets: int) -> str:
    """Return what was found, each reason once on each target, or in a fleet; the most frequent one first there."""
    fleet = all_targets > FEW_TARGETS
    if problem.cause:
        return _sentence(problem.failures, all_targets, is_cause=True)
    reasons = grouped(problem.failures, lambda each: (each.finding.reason, "" if fleet else each.target)).values()
    ordered = sorted(reasons, key=len, reverse=True) if fleet else reasons
    return "; ".join(_sentence(each, all_targets) for each in ordered)


def _sentence(together: Sequence[Failure], all_targets: int, *, is_cause: bool = False) -> str:
    """Return a reason with its targets and subjects: `web1: agent runs with --privileged`."""
    finding, targets = together[0].finding, list(dict.fromkeys(each.target for each in together))
    where = f"all {all_targets} targets" if len(targets) == all_targets > FEW_TARGETS else named(targets)
    where = where if all_targets > 1 else ""
    subjects = list(filter(None, dict.fromkeys(map(_subject, together))))
    if is_cause and len(subjects) > 1:
        return ": ".join(filter(None, (where, finding.reason, named(subjects))))
    before = sentences.kind_before(finding.kind, finding.verdict) if finding.kind == "step" else ""
    joint = sentences.joint(subjects, finding.reason) if subjects else ""
    said = f"{before} {named(subjects)}{joint}{finding.reason}".lstrip()
    if where and not subjects and where == targets[0]:
        return where + sentences.joint((where,), finding.reason) + said
    return ": ".join(filter(None, (where, said)))


def _subject(failure: Failure) -> str:
    return "" if failure.finding.kind == "target" else failure.finding.subject


def named(names: Sequence[str]) -> str:
    """Return a few of *names*, and how many more there are, without empty ones."""
    names = [each for each in names if each]
    more = len(names) - _NAMES
    return f"{', '.join(names[:_NAMES])} and {more} more" if more > 1 else ", ".join(names)


# ---- what to do about it


def _causes(audit: Audit, width: int) -> Iterator[Line]:
    """Yield what could not be judged, each reason once, and what to do; a long reason is cut."""
    found = sorted(problems(findings(audit, Verdict.ERROR)), key=lambda each: -len(each.controls))
    for each in found[:_MOST_CAUSES]:
        many = _many(each.controls) if each.cause else sentences.called(each.controls[0])
        where = f" on {named(each.targets)}" if len(audit.targets) > 1 else ""
        advice = f": {each.remedy}" if each.remedy else ""
        reason = each.cause or each.failures[0].finding.reason.removesuffix("; are you root?")
        line = _line(f"{many}{where} not judged: ", reason, width - cells(advice))
        yield Line(cut(line + advice, width), len(many), {"red": True})
    if more := found[_MOST_CAUSES:]:
        number = len({control.id for each in more for control in each.controls})
        yield Line(cut(f"... and {number} that could not be judged for other reasons", width))


def _many(controls: Collection[object]) -> str:
    return f"{len(controls)} control{'s' if len(controls) != 1 else ''}"


def _fix_first(audit: Audit, width: int) -> Iterator[Line]:
    """Yield the few changes that fix more than one control each; containers are one line, and so are images."""
    several = (each for each in fixes(audit) if len(each.controls) > 1)
    label = _LABEL
    for group in list(grouped(several, lambda each: each.kind).values())[:_MOST_FIXES]:
        mended = [one for fix in group for one in fix.failures]
        on = {each.target for each in mended}
        targets = f" on {len(on)} targets" if len(audit.targets) > FEW_TARGETS else ""
        said = f"{_many({each.control.id for each in mended})}{targets}: {_change(group)}"
        yield Line(_line(label, said, width), len(_LABEL), {"bold": True})
        label = " " * len(_LABEL)


def _change(group: Sequence[Fix]) -> str:
    if len(group) == 1:
        return str(group[0])
    what, how = {CONTAINER: ("containers", "started"), IMAGE: ("images", "built")}[group[0].kind]
    return f"how {len(group)} {what} are {how} ({named([each.name for each in group])})"


def _since(audit: Audit, width: int) -> Iterator[Line]:
    since = audit.since
    if since is None:
        return
    counts = [f"{len(since.new)} new", f"{len(since.gone)} gone", f"{since.still} as before"]
    if since.compared < len(audit.results):
        counts.append(f"in the {since.compared} results that both runs judged")
    time = since.finished
    head = f"since {printable(f'{time[:10]} {time[11:16]} UTC')}"
    yield Line(cut(f"{head}: {', '.join(counts)}", width), len(head), {"bold": True})
    if since.new:
        new = "; ".join(_new(each, audit) for each in together(since.new))
        yield Line(_line("  new: ", new, width), len("  new:"), {"red": True})


def _new(group: ChangeGroup, audit: Audit) -> str:
    where = f"on {named(group.targets)}" if len(audit.targets) > 1 else ""
    subjects = [each.subject for each in group.changes if each.kind != "target"]
    number = sentences.called(audit.known[group.control])
    return " ".join(filter(None, (number, named(subjects), where)))


# ---- gates


def gates(audit: Audit, *, all_lines: bool) -> Iterator[Line]:
    """Yield a line for each gate, and below it what breaks it."""
    for gate in audit.gates:
        head = f"gate {gate.option}={printable(gate.asked)}:"
        if not gate.broken:
            yield Line(f"{head} holds", len(head), {"green": True})
            continue
        many = len(gate.broken)
        yield Line(f"{head} broken by {many}: the exit status is not 0", len(head), {"red": True, "bold": True})
        shown = many if all_lines else _MOST_BROKEN
        yield from (Line(f"  {printable(each)}") for each in gate.broken[:shown])
        if many > shown:
            yield Line(f"  and {many - shown} more (-v shows all, and results.json has them)")
    fails = any(each.verdict in (Verdict.FAIL, Verdict.ERROR) for each in audit.results)
    if audit.gates and audit.run.exit_status == 0 and fails:
        yield Line("Controls fail, and no gate counts that: the exit status is 0.")
