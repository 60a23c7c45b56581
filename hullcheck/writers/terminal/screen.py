"""The end of a run on one screen: what fails, what to fix first, what could not be judged, and what changed.

Every line is cut to the width of the terminal, so none takes two. Names and reasons are printable in the results.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hullcheck.messages import printable
from hullcheck.results import SEVERITIES, Audit, Changes, Control, sentences
from hullcheck.results.failures import CONTAINER, IMAGE, Cause, Failure, Fix, causes, failures, fixes
from hullcheck.results.history import ChangeGroup, together
from hullcheck.writers.terminal.cells import cells, cut, padded

FEW_TARGETS = 3
"""With more, a failing control is one line with its targets."""
_MOST_FIXES, _MOST_CAUSES = 5, 3
_NAMES = 3
_NARROWEST = 12
_SEVERITY_WIDTH = max(map(len, SEVERITIES))
_LONG_NUMBER = 10
_ROOM_FOR_COLUMNS = 72
_LABEL = "fix first  "
_COLORS = {"critical": "red", "high": "red", "medium": "yellow", "low": "cyan"}


@dataclass(frozen=True)
class Line:
    """A line of the screen.

    Attributes:
        head: how many of its characters have the *markup*, as pytest names it.
    """

    text: str
    head: int = 0
    markup: Mapping[str, bool] = field(default_factory=dict)


def lines(audit: Audit, width: int, room: int) -> list[Line]:
    """What stands between the verdicts of the targets and the addresses of the reports.

    Args:
        room: how many lines there may be; 0 for all that there is to say.
    """
    found = failures(audit)
    below = [*_causes(audit, width), *_fix_first(audit, width), *_since(audit, width)]
    return [*_failures(audit, found, width, room and max(room - len(below), 3)), *below]


# ---- what fails


def _failures(audit: Audit, found: Sequence[Failure], width: int, room: int) -> Iterator[Line]:
    """Each control that fails, the worst first: what was found, and the beginning of its remedy."""
    together: dict[str, list[Failure]] = {}
    for each in found:
        together.setdefault(each.control.id, []).append(each)
    groups = list(together.values())
    fleet = len(audit.targets) > FEW_TARGETS
    if fleet:
        groups.sort(key=lambda group: (group[0].rank, -len(_targets(group))))
    lines_each = 1 if fleet else 2
    fit = len(groups) if not room or lines_each * len(groups) <= room else (room - 1) // lines_each
    heads, below = _heads(groups[:fit], width)
    for group, head in zip(groups, heads, strict=False):
        said = _in_fleet(group, len(audit.targets)) if fleet else _said(group, len(audit.targets) > 1)
        severity = group[0].severity
        markup = {_COLORS.get(severity, "red"): True, "bold": severity == SEVERITIES[0]}
        yield Line(_line(head, said, width), len(severity), markup)
        if not fleet:
            yield Line(_line(below, group[0].control.remedy, width))
    if more := groups[fit:]:
        counts = Counter(group[0].severity for group in more)
        said = ", ".join(f"{counts[each]} {each}" for each in SEVERITIES if counts[each])
        yield Line(cut(f"... and {said}: see the page below, or add -v", width))


def _heads(groups: Sequence[Sequence[Failure]], width: int) -> tuple[list[str], str]:
    """Severity and number of each, in columns where there is room, and what stands before a remedy."""
    numbers, usual = _numbers([group[0].control for group in groups], width)
    if width < _ROOM_FOR_COLUMNS:
        pairs = zip(groups, numbers, strict=True)
        return [f"{group[0].severity} {number.strip()}: " for group, number in pairs], "  "
    severities = [padded(group[0].severity, _SEVERITY_WIDTH) for group in groups]
    heads = [f"{severity}  {number}  " for severity, number in zip(severities, numbers, strict=True)]
    return heads, " " * (_SEVERITY_WIDTH + usual + 4)


def _line(left: str, text: str, width: int) -> str:
    """*text* behind *left*, and cut to what that leaves of *width*."""
    return left + cut(text, max(width - cells(left), _NARROWEST))


def _numbers(controls: Sequence[Control], width: int) -> tuple[list[str], int]:
    """The numbers of *controls*, and how wide most are: the few long ones stick out."""
    numbers = [cut(sentences.called(each), max(width // 4, _NARROWEST)) for each in controls]
    usual = max((cells(each) for each in numbers if cells(each) <= _LONG_NUMBER), default=0)
    return [padded(each, usual) for each in numbers], usual


def _said(group: Sequence[Failure], several: bool) -> str:
    """What was found: `agent runs with --privileged`; of *several* targets with their names."""
    reasons: dict[tuple[str, str], list[Failure]] = {}
    for each in group:
        reasons.setdefault((each.finding.reason, each.target if several else ""), []).append(each)
    found = (_sentence(target, together) for (_, target), together in reasons.items())
    return "; ".join(found)


def _in_fleet(group: Sequence[Failure], all_targets: int) -> str:
    """On which targets, and what was found most often."""
    targets = _targets(group)
    where = f"all {all_targets} targets" if len(targets) == all_targets else named(targets)
    usual = Counter((each.finding.reason, _subject(each)) for each in group).most_common(1)[0][0]
    first = next(each for each in group if (each.finding.reason, _subject(each)) == usual)
    return _sentence(where, [first])


def _sentence(where: str, together: Sequence[Failure]) -> str:
    """What the subjects of one reason have in common."""
    finding = together[0].finding
    subjects = [name for each in together if (name := _subject(each))]
    before = sentences.kind_before(finding.kind, finding.verdict) if finding.kind == "step" else ""
    joint = sentences.joint(subjects, finding.reason) if subjects else ""
    said = f"{before} {named(subjects)}{joint}{finding.reason}".lstrip()
    if where and not subjects and where == together[0].target:
        return where + sentences.joint((where,), finding.reason) + said
    return ": ".join(filter(None, (where, said)))


def _subject(failure: Failure) -> str:
    return "" if failure.finding.kind == "target" else failure.finding.subject


def _targets(group: Sequence[Failure]) -> list[str]:
    return list(dict.fromkeys(each.target for each in group))


def named(names: Sequence[str]) -> str:
    """A few of *names*, and how many more there are; without those that are empty."""
    names = [each for each in names if each]
    more = len(names) - _NAMES
    return f"{', '.join(names[:_NAMES])} and {more} more" if more > 1 else ", ".join(names)


# ---- what to do about it


def _causes(audit: Audit, width: int) -> Iterator[Line]:
    """What could not be judged, each reason once."""
    found = causes(audit)
    for each in found[:_MOST_CAUSES]:
        yield Line(_cause(each, audit, width), len(_many(each.controls)), {"red": True})
    if more := found[_MOST_CAUSES:]:
        yield Line(
            cut(
                f"... and {sum(each.controls for each in more)} that could not be judged for other reasons",
                width,
            )
        )


def _cause(cause: Cause, audit: Audit, width: int) -> str:
    """How many controls, why, and what to do; where that is too long the reason is cut."""
    where = f" on {named(cause.targets)}" if len(audit.targets) > 1 else ""
    advice = f": {cause.advice}" if cause.advice else ""
    line = _line(f"{_many(cause.controls)}{where} not judged: ", cause.reason, width - cells(advice))
    return cut(line + advice, width)


def _many(controls: int) -> str:
    return f"{controls} control{'s' if controls != 1 else ''}"


def _fix_first(audit: Audit, width: int) -> Iterator[Line]:
    """The few things to change that mend most of it."""
    label = _LABEL
    for said, mended in _changes(fixes(audit))[:_MOST_FIXES]:
        controls = len({each.control.id for each in mended})
        targets = f" on {len(_targets(mended))} targets" if len(audit.targets) > FEW_TARGETS else ""
        yield Line(_line(label, f"{_many(controls)}{targets}: {said}", width), len(_LABEL), {"bold": True})
        label = " " * len(_LABEL)


def _changes(found: Sequence[Fix]) -> list[tuple[str, list[Failure]]]:
    """The fixes that mend more than one control; containers are one line, and so are images."""
    together: dict[str, list[Fix]] = {}
    for each in found:
        if len(each.controls) > 1:
            together.setdefault(each.kind, []).append(each)
    return [(_change(each), [one for fix in each for one in fix.failures]) for each in together.values()]


def _change(group: Sequence[Fix]) -> str:
    if len(group) == 1:
        return str(group[0])
    words: Mapping[str, Callable[[str], str]] = {
        CONTAINER: lambda names: f"how {len(group)} containers are started ({names})",
        IMAGE: lambda names: f"how {len(group)} images are built ({names})",
    }
    return words[group[0].kind](named([each.name for each in group]))


def _since(audit: Audit, width: int) -> Iterator[Line]:
    """What changed since the last run of the same targets."""
    since = audit.since
    if since is None:
        return
    counts = [f"{len(since.new)} new", f"{len(since.gone)} gone", f"{since.still} as before"]
    if since.compared < len(audit.results):
        counts.append(f"in the {since.compared} results that both runs judged")
    head = f"since {_moment(since)}"
    yield Line(cut(f"{head}: {', '.join(counts)}", width), len(head), {"bold": True})
    if since.new:
        numbers = {each.id: sentences.called(each) for each in audit.controls}
        new = (_new(each, numbers, len(audit.targets) > 1) for each in together(since.new))
        yield Line(_line("  new: ", "; ".join(new), width), len("  new:"), {"red": True})


def _new(group: ChangeGroup, numbers: Mapping[str, str], several: bool) -> str:
    where = f"on {named(group.targets)}" if several else ""
    return " ".join(filter(None, (numbers.get(group.control, group.control), named(group.subjects), where)))


def _moment(since: Changes) -> str:
    """When that run ended, as people write it; its id where the results do not say so."""
    time = since.finished
    return printable(f"{time[:10]} {time[11:16]} UTC") if len(time) >= len("2026-01-31T10:00") else since.run
