"""The lines at the end of a run: verdicts, what fails, what to fix first, what was not judged, and what changed.

Lines are cut to the width of the terminal. Names and reasons are printable in the results.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from hullcheck.gates import FAIL_ON
from hullcheck.messages import printable
from hullcheck.recording.backends import RECORDED, backend_of
from hullcheck.results import JUDGED, SEVERITIES, Audit, AuditedTarget, Result, grouped, run_files, sentences
from hullcheck.results.failures import IMAGE, NOT_AUDITED, Failure, Problem, cause_of, findings, fixes, problems, rank
from hullcheck.results.history import together
from hullcheck.verdicts import Verdict
from hullcheck.writers.columns import cells, cut, padded

FEW_TARGETS = 3
"""With more, a failing control is one line with its targets."""
_MOST_TARGETS, _WORST_TARGETS = 6, 3
"""With more, they are counted together, and these are the worst."""
_MOST_FIXES, _MOST_CAUSES, _MOST_BROKEN = 5, 5, 5
_NAMES = 3
_NARROWEST = 12
_SEVERITY_WIDTH = max(map(len, SEVERITIES))
_LONG_NUMBER = 10
_ROOM_FOR_COLUMNS = 72
_LABEL = "fix first  "
COLORS = {"critical": "red bold", "high": "red", "medium": "yellow", "low": "cyan"}
COLORS |= {"fail": "red", "error": "red", "manual": "yellow", "pass": "green"}

Line = tuple[tuple[str, str], ...]
"""A line of the screen: texts, each with its style as pytest names it (`red bold`)."""


def head(text: str, style: str = "", start: int | None = None) -> Line:
    """Return a line of *text*, whose first *start* characters have this style; without a number all of them."""
    return ((text[:start], style), (text[start:] if start is not None else "", ""))


def plain(line: Line) -> str:
    """Return *line* without its styles."""
    return "".join(text for text, _ in line)


def counted(words: Iterable[str], found: Iterable[str], shown: Callable[[str], str] = str) -> str:
    """Return how often each of *words* was found: `3 critical, 1 low`."""
    counts = Counter(found)
    return ", ".join(f"{counts[each]} {shown(each)}" for each in words if counts[each])


def after_failures(audit: Audit, width: int, *, everything: bool) -> Iterator[Line]:
    """Yield what was not judged, what to fix first, and what changed."""
    yield from _errors(audit, width, everything)
    yield from manual(audit, width, everything)
    yield from _fix_first(audit, width)
    yield from since(audit, width)


# ---- the verdicts, and what has to be known of the targets


def judged(audit: Audit) -> Line:
    """Return how many of the controls that apply were judged, on all targets together."""
    verdicts = [each.switched_off.otherwise if each.switched_off else each.verdict for each in audit.results]
    applying = sum(each is not Verdict.NOT_APPLICABLE for each in verdicts)
    number = sum(each.verdict in JUDGED for each in audit.results)
    on = f", on {len(audit.targets)} targets" if len(audit.targets) > 1 else ""
    return head(f"judged {number} of {applying} controls that apply{on}", "bold")


def targets(audit: Audit, *, everything: bool) -> Iterator[Line]:
    """Yield how often each verdict was found on each target, the worst first; of many only on the worst."""
    found = [(name, [each.verdict for each in results]) for name, results in audit.by_target.items()]
    found.sort(key=lambda each: (each[1].count(Verdict.FAIL), each[1].count(Verdict.ERROR)), reverse=True)
    worst = found[: None if everything or len(found) <= _MOST_TARGETS else _WORST_TARGETS]
    if worst != found:
        yield _counts(f"{len(found)} targets", audit.results, audit.targets)
    width = max(cells(name) for name, _ in worst)
    for name, _ in worst:
        yield _counts(padded(name, width), audit.by_target[name], [each for each in audit.targets if each.name == name])
    if worst != found:
        yield head(f"... and {len(found) - len(worst)} more targets: `--all` shows them, or see the page")


def _counts(name: str, results: Sequence[Result], on: Sequence[AuditedTarget]) -> Line:
    if [each.kind for each in on] == ["unknown"]:
        return ((f"{name}  ", ""), ("not audited", "red"))
    counts = Counter(each.verdict for each in results if not each.switched_off)
    off = [each.switched_off.otherwise for each in results if each.switched_off]
    parts = [(f"{counts[each]} {_short(each)}", COLORS.get(each, "")) for each in Verdict if counts[each]]
    parts += [(f"{len(off)} switched off (otherwise: {counted(Verdict, off, _short)})", "")] * bool(off)
    commas = [piece for part in parts or [("nothing judged", "")] for piece in ((", ", ""), part)]
    scores = sentences.scores(on)
    return ((f"{name}  ", ""), *commas[1:], (scores and f"; {scores}", ""))


def _short(verdict: str) -> str:
    return "n/a" if verdict == Verdict.NOT_APPLICABLE else verdict


def notes(audit: Audit, users: Mapping[str, str]) -> Iterator[Line]:
    """Yield notes on rights, clocks, other runtimes and targets that may be one, each once."""
    by_note: dict[str, list[str]] = {}
    for each in audit.targets:
        said = list(each.notes)
        if user := users.get(each.name):
            advice = "record it" if backend_of(each.connect) == RECORDED else "use --sudo, or log in"
            advice += " as root"
            said.append(f"asked as {user}: files, processes of others and audit rules are not visible; {advice}")
        for note in said:
            by_note.setdefault(printable(note), []).append(each.name)
    lines = [f"shard {audit.run.shard}: the other targets are in other runs"] if audit.run.shard else []
    lines += [f"{named(names)}: {note}" for note, names in by_note.items()]
    lines += [f"{named(names)} have the same {what} ID: {sentences.SAME[what]}" for what, names in audit.same]
    return (head(f"  {line}", "yellow") for line in lines)


# ---- what fails


def failures(audit: Audit, width: int, room: int) -> Iterator[Line]:
    """Yield a line for each problem, the worst first; *room* is how many lines there may be, 0 for all."""
    found = problems(findings(audit, Verdict.FAIL))
    if len(audit.targets) > FEW_TARGETS:
        found.sort(key=lambda each: (rank(each.severity), -len(each.targets)))
    fit = len(found) if not room or len(found) <= room else room - 1
    yield from _rows(audit, found[:fit], width)
    if more := counted(SEVERITIES, (each.severity for each in found[fit:])):
        yield head(cut(f"... and {more}: `--all` shows them, or see the page", width))


def _rows(audit: Audit, found: Sequence[Problem], width: int, word: str = "") -> Iterator[Line]:
    """Yield a line for each problem: its severity or *word*, its number, and what was found."""
    for each, before in zip(found, _heads(found, width, word), strict=True):
        first = word or each.severity
        yield head(_line(before, _said(each, len(audit.targets)), width), COLORS[first], len(first))


def _heads(found: Sequence[Problem], width: int, word: str) -> list[str]:
    """Return how the line of each problem begins, in columns if there is room."""
    room = max(width // 3, _NARROWEST)
    numbers = [(word or each.severity, cut(sentences.called_together(each.controls), room)) for each in found]
    if width < _ROOM_FOR_COLUMNS:
        return [f"{severity} {number}: " for severity, number in numbers]
    # the few long ones stick out
    usual = max((cells(each) for _, each in numbers if cells(each) <= _LONG_NUMBER), default=0)
    return [f"{severity:{_SEVERITY_WIDTH}}  {padded(number, usual)}  " for severity, number in numbers]


def _line(left: str, text: str, width: int) -> str:
    return left + cut(text, max(width - cells(left), _NARROWEST))


def _said(problem: Problem, all_targets: int) -> str:
    """Return what was found, each reason once on each target, or in a fleet; the most frequent one first there."""
    fleet = all_targets > FEW_TARGETS
    if problem.cause:
        return _sentence(problem.failures, all_targets, is_cause=True)
    reasons = grouped(problem.failures, lambda each: (each.finding.reason, "" if fleet else each.target)).values()
    ordered = sorted(reasons, key=len, reverse=True) if fleet else reasons
    said = [_sentence(each, all_targets) for each in ordered]
    again = (each.removeprefix(f"{before.partition(': ')[0]}: ") for before, each in pairwise(said))
    return "; ".join((said[0], *again))


def _sentence(together: Sequence[Failure], all_targets: int, *, is_cause: bool = False) -> str:
    """Return a reason with its targets and subjects: `web1: agent runs with --privileged`."""
    finding, targets = together[0].finding, list(dict.fromkeys(each.target for each in together))
    where = f"all {all_targets} targets" if len(targets) == all_targets > FEW_TARGETS else named(targets)
    where = where if all_targets > 1 else ""
    names = (each.finding.subject for each in together if each.finding.kind != "target")
    subjects = list(filter(None, dict.fromkeys(names)))
    if is_cause and len(subjects) > 1:
        return ": ".join(filter(None, (where, finding.reason, named(subjects))))
    before = sentences.kind_before(finding.kind, finding.verdict) if finding.kind == "step" else ""
    joint = sentences.joint(subjects, finding.reason) if subjects else ""
    said = f"{before} {named(subjects)}{joint}{finding.reason}".lstrip()
    if where and not subjects and where == targets[0]:
        return where + sentences.joint((where,), finding.reason) + said
    return ": ".join(filter(None, (where, said)))


def named(names: Sequence[str]) -> str:
    """Return a few of *names*, and how many more there are, without empty ones."""
    names = [each for each in names if each]
    more = len(names) - _NAMES
    return f"{', '.join(names[:_NAMES])} and {more} more" if more > 1 else ", ".join(names)


# ---- what to do about it


def _errors(audit: Audit, width: int, everything: bool) -> Iterator[Line]:
    """Yield what could not be judged, each cause once, and what to do; a long reason is cut."""
    by_cause = grouped(findings(audit, Verdict.ERROR), lambda each: cause_of(each.finding).rpartition(NOT_AUDITED)[2])
    found = [Problem(tuple(together), cause) for cause, together in by_cause.items()]
    found.sort(key=lambda each: -len(each.controls))
    silent = {each.name for each in audit.targets if each.kind == "unknown"}
    shown = len(found) if everything else _MOST_CAUSES
    for each in found[:shown]:
        on = f" on {named(each.targets)}" if len(audit.targets) > 1 else ""
        many = _many(each.controls) if len(each.controls) > 1 else sentences.called(each.controls[0])
        start = f"not audited: {named(each.targets)}" if silent.issuperset(each.targets) else f"{many}{on} not judged"
        advice = f": {each.remedy}" if each.remedy else ""
        line = _line(f"{start}: ", each.cause, width - cells(advice))
        yield head(cut(line + advice, width), "red", len(start))
    if len(found) > shown:
        yield head(f"... and {len(found) - shown} other causes: `--all` shows them")


def manual(audit: Audit, width: int, everything: bool) -> Iterator[Line]:
    """Yield what needs a manual check, each cause once, or how many checks these are if there are several."""
    found = problems(findings(audit, Verdict.MANUAL))
    if len(found) > 1 and not everything:
        yield head(f"manual checks: {len(found)} different ones; `--all` lists them", "yellow", len("manual checks:"))
    else:
        yield from _rows(audit, found, width, Verdict.MANUAL)


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
        change = str(group[0])
        if len(group) > 1:
            how, names = "built" if group[0].kind == IMAGE else "started", named([each.name for each in group])
            change = f"how {len(group)} {group[0].kind}s are {how} ({names})"
        said = f"{_many({each.control.id for each in mended})}{targets}: {change}"
        yield head(_line(label, said, width), "bold", len(_LABEL))
        label = " " * len(_LABEL)


def since(audit: Audit, width: int) -> Iterator[Line]:
    """Yield how many findings are new and gone since the last run, and which are new."""
    found = audit.since
    if found is None:
        return
    when = f"findings since {printable(f'{found.finished[:10]} {found.finished[11:16]} UTC')}"
    line = f"{when}: {len(found.new)} new, {len(found.gone)} gone, {found.still} as before"
    part = f", in {found.compared} of {len(audit.results)} results" if found.compared < len(audit.results) else ""
    yield head(cut(line + part if cells(line + part) <= width else line, width), "bold", len(when))
    new = []
    for group in together(found.new):
        where = f"on {named(group.targets)}" if len(audit.targets) > 1 else ""
        subjects = [each.subject for each in group.changes if each.kind != "target"]
        new.append(" ".join(filter(None, (sentences.called(audit.known[group.control]), named(subjects), where))))
    if new:
        yield head(_line("  new: ", "; ".join(new), width), "red", len("  new:"))


# ---- gates, and what comes next


def gates(audit: Audit, *, everything: bool) -> Iterator[Line]:
    """Yield a line for each gate, and below it what breaks it."""
    for gate in audit.gates:
        name, many = f"gate {gate.option}={printable(gate.asked)}", len(gate.broken)
        if not many:
            yield head(f"{name} holds", "green")
            continue
        what = ("finding" if gate.option == FAIL_ON else "target") + "s" * (many > 1)
        yield head(f"{name} failed ({many} {what}): exit status 1", "red bold", len(f"{name} failed"))
        shown = many if everything else _MOST_BROKEN
        yield from (head(f"  {printable(each)}") for each in gate.broken[:shown])
        if many > shown:
            yield head(f"  ... and {many - shown} more: `--all` shows them")
    fails = any(each.verdict in (Verdict.FAIL, Verdict.ERROR) for each in audit.results)
    if audit.gates and audit.run.exit_status == 0 and fails:
        yield head("Some controls fail, but no gate does: exit status 0.")


def page(folder: Path) -> Iterator[Line]:
    """Yield the address of the page in the *folder* of the run."""
    if (path := folder / run_files.AUDIT_PAGE).is_file():
        yield head(f"page: {path.absolute().as_uri()}", "bold", len("page:"))


def next_command(audit: Audit, folder: Path) -> Iterator[Line]:
    """Yield what to type next if a control fails; *folder* is that of the run."""
    if found := findings(audit, Verdict.FAIL):
        control = found[0].control
        where = "" if folder.parent == Path.cwd() / "reports" else f" {folder}"
        explained = control.frameworks.get("cis", (control.id,))[0]
        yield head(f"next: hullcheck remedy{where}, or hullcheck explain {explained}", "bold", len("next:"))
