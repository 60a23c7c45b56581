"""The screen of an audit of Compose files: what fails by file and service, with its lines, and what to write there."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from hullcheck.results import SEVERITIES, Audit, Place, grouped, sentences
from hullcheck.results.failures import Failure, findings, rank
from hullcheck.verdicts import Verdict
from hullcheck.writers import source
from hullcheck.writers.columns import cells, wrapped
from hullcheck.writers.terminal.screen import COLORS, Line, counted, head

_MOST_PLACES = 3  # of one finding that are shown
_INDENT = "    "


def lines(audit: Audit, width: int) -> Iterator[Line]:
    """Yield what could not be judged, and what fails: the worst file first, and in it the worst service."""
    yield from _refused(audit)
    written = set[str]()
    for target in grouped(_found(audit), lambda each: each.target).values():
        for service in grouped(target, lambda each: each.finding.subject).values():
            yield from _service(audit, service, width, written)


def brief(audit: Audit) -> Iterator[Line]:
    """Yield a line for each finding: `FILE:LINE:COLUMN: high CIS 5.14 web: ...`."""
    yield from _refused(audit)
    for each in _found(audit):
        first = each.finding.places[0] if each.finding.places else None
        where = f"{_shown(audit, each.target, first)}: " if first else ""
        yield head(f"{where}{_word(each)} {sentences.called(each.control)} {each.finding.subject}: {_reason(each)}")


def summary(audit: Audit, left_to_hosts: int) -> Iterator[Line]:
    """Yield how much fails, and how many controls a file does not decide."""
    failed, many = findings(audit, Verdict.FAIL), len(audit.targets)
    errors = sum(each.kind == "unknown" for each in audit.targets)
    counts = counted(SEVERITIES, (each.severity for each in failed)) or "nothing fails"
    refused = f"; {errors} not judged" if errors else ""
    yield head(f"{counts} in {many} file{'s' * (many != 1)}{refused}", "bold")
    undecided = {each.control for each in audit.results} - {
        each.control for each in audit.results if each.verdict is not Verdict.NOT_APPLICABLE
    }
    if others := left_to_hosts + len(undecided):
        need = "control needs" if others == 1 else "controls need"
        yield head(f"{others} other {need} the host: hullcheck audit --hosts=ssh://HOST")


def next_command(audit: Audit) -> Iterator[Line]:
    """Yield how to fix what fails, or to accept the worst finding."""
    for each in findings(audit, Verdict.FAIL)[:1]:
        number = each.control.frameworks.get("cis", (each.control.id,))[0]
        accept = f"hullcheck accept {number} --subject {each.finding.subject} --reason TEXT"
        yield head(f"next: hullcheck remedy, or {accept}", "bold", len("next:"))


def _refused(audit: Audit) -> Iterator[Line]:
    """Yield why projects could not be judged, each reason once."""
    silent = [each for each in audit.targets if each.kind == "unknown" and audit.by_target[each.name]]
    for each in dict.fromkeys(source.refusal(audit.by_target[each.name][0].reason, each.connect) for each in silent):
        where = f"{each.path}:{each.line}: " if each.path else ""
        yield head(f"{where}error: {each.said}", "red", len(where) + len("error:"))


def _found(audit: Audit) -> list[Failure]:
    """Return what fails, and errors of single services, by file and service, the worst first."""
    silent = {each.name for each in audit.targets if each.kind == "unknown"}
    errors = [each for each in findings(audit, Verdict.ERROR) if each.target not in silent]
    found = sorted((*findings(audit, Verdict.FAIL), *errors), key=lambda each: rank(each.severity))
    files = {name: number for number, name in enumerate(dict.fromkeys(each.target for each in found))}
    services = {way: number for number, way in enumerate(dict.fromkeys(map(_service_of, found)))}
    return sorted(found, key=lambda each: (files[each.target], services[_service_of(each)]))


def _service_of(failure: Failure) -> tuple[str, str]:
    return failure.target, failure.finding.subject


def _word(failure: Failure) -> str:
    return "error" if failure.finding.verdict is Verdict.ERROR else failure.severity


def _reason(failure: Failure) -> str:
    return " ".join(failure.finding.bare_reason.split())


def _path(audit: Audit, target: str, place: Place) -> Path:
    return source.path_of(place.file, _connect(audit, target))


def _connect(audit: Audit, target: str) -> str:
    return next(each.connect for each in audit.targets if each.name == target)


def _shown(audit: Audit, target: str, place: Place) -> str:
    return f"{_path(audit, target, place)}:{place.line}:{place.column}"


def _service(audit: Audit, found: Iterable[Failure], width: int, written: set[str]) -> Iterator[Line]:
    """Yield what is found of one service: what is at one place together, with its line once."""
    for places, together in grouped(found, lambda each: each.finding.places).items():
        for each in together:
            yield from _finding(audit, each, width)
        for place in places[:_MOST_PLACES]:
            yield from _snippet(audit, together[0].target, place)
        if len(places) > _MOST_PLACES:
            yield head(f"{_INDENT}... and {len(places) - _MOST_PLACES} more places")
        yield from _advice(audit, together, written)
    yield head("")


def _finding(audit: Audit, failure: Failure, width: int) -> Iterator[Line]:
    where = _shown(audit, failure.target, failure.finding.places[0]) if failure.finding.places else failure.target
    word, number = _word(failure), sentences.called(failure.control)
    said = f"{failure.finding.subject}: {_reason(failure)}"
    first: Line = ((f"{where}  ", "bold"), (word, COLORS[word]), (f"  {number}", ""))
    if cells(f"{where}  {word}  {number}  {said}") <= width:
        yield (*first, (f"  {said}", ""))
    else:  # the place is never cut
        yield first
        yield from map(head, wrapped(said, width, _INDENT))


def _snippet(audit: Audit, target: str, place: Place) -> Iterator[Line]:
    path = _path(audit, target, place)
    if text := source.line_at(path, place):
        before, item, after = source.shown(text, place)
        indent = len(before) - len(before.lstrip())
        number = f"{_INDENT}{place.line} | "
        yield ((number + before[min(indent, 8) :], ""), (item, "bold"), (after, ""))
        blanks = " " * (len(number) - 2 + cells(before[min(indent, 8) :]))
        yield ((f"{blanks}  {'^' * max(cells(item), 1)}", "red"),)


def _advice(audit: Audit, together: Iterable[Failure], written: set[str]) -> Iterator[Line]:
    """Yield what to write for controls that are named for the first time, with their numbers."""
    by_text = dict[str, list[str]]()
    for each in together:
        if each.control.id not in written and each.finding.verdict is Verdict.FAIL:
            written.add(each.control.id)
            by_text.setdefault(source.to_write(each, _connect(audit, each.target)), []).append(
                sentences.called(each.control)
            )
    by_text.pop("", None)
    if by_text:
        yield head(f"{_INDENT}write:", "bold")
    for text, numbers in by_text.items():
        first, *more = text.splitlines()
        yield head(f"{_INDENT}  {first}{'; ' if '#' in first else '  # '}{', '.join(numbers)}", "green", len(first) + 6)
        yield from (head(f"{_INDENT}  {each}", "green") for each in more)
