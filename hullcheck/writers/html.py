"""Adds columns and sections to the report of pytest-html."""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from pathlib import Path

import pytest

from hullcheck.controls.metadata import SEVERITIES, framework_line
from hullcheck.inventory.acceptance import waived_words
from hullcheck.messages import printable
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.results import Attestation, Audit, Control, Finding, Result, Waiver, sentences
from hullcheck.results.run_files import AUDIT_PAGE
from hullcheck.verdicts import Verdict

TITLE = "hullcheck"
MOST_SHOWN = 5  # findings of a row before it is unfolded
MOST_TARGETS = 100  # whose answers are shown; they are all in the recordings
HEAD = 600  # characters of an answer
_TOLD = (
    *("reason", "last_day", "ticket", "approved_by", "approved_on", "risk"),
    *("statement", "person", "date", "status", "evidence"),
)
_BEFORE = {Verdict.FAIL: 0, Verdict.ERROR: 1, Verdict.MANUAL: 2, Verdict.WAIVED: 3}
_OTHERS = "05"  # tests that are no controls: after what fails
STYLE = """<style>
body { display: flex; flex-direction: column; max-width: 1500px; min-width: 0;
  color: #24292f; font: 13px/1.4 system-ui, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
a, .collapse button, .collapse button:hover { color: #0b5a83; }
span.passed, .passed .col-result { color: #236456; }
span.failed, span.error, span.xpassed { color: #b42318; }
.failed .col-result, .error .col-result, .xpassed .col-result { color: #b42318; }
span.skipped, span.xfailed, span.rerun, .skipped .col-result, .xfailed .col-result { color: #855000; }
input[disabled] + span { color: #57606a; }
#results-table .collapsible td:not(.col-links):hover::after { color: #57606a; }
#results-table { color: inherit; font-size: inherit; }
#results-table td { vertical-align: top; }
.logwrapper { overflow-y: auto; background: #f4f4f4; }
.logwrapper .logexpander { float: right; margin: 6px; background: #f4f4f4; color: inherit; }
.logwrapper .log { position: static; height: auto; padding: 8px; border: 0; font-family: ui-monospace, monospace; }
.summary, .summary__data, .additional-summary { display: contents; }
.run-count, .filter, .summary__spacer, input[disabled], input[disabled] + span { display: none; }
.controls, .filters { flex-wrap: wrap; }
#environment-header, #environment, .postfix > * { order: 9; }
#results-table { order: 5; margin: 12px 0 24px; }
#results-table small { color: #57606a; }
.col-result, .col-severity, .col-number, .col-target { white-space: nowrap; }
@media (max-width: 60em) {
  #results-table, #results-table tbody, #results-table tr, #results-table td { display: block; border-width: 0; }
  #results-table thead { display: none; }
  #results-table tbody { border-bottom: 1px solid #d0d7de; padding: 6px 0; }
  #results-table .collapsible td { display: inline-block; padding: 1px 8px 1px 0; white-space: normal; }
  #results-table .col-finding { width: 100%; }
  #results-table .hidden { display: none; }
}
@media print { .logwrapper { max-height: none; overflow: visible; } .logexpander { display: none; } }
</style>"""
"""Over that of pytest-html, which is pale, leaves gaps, and shows plugins before results and counts of nothing."""
_BOX = "white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: 4px 8px; margin: 4px 0"


def header(cells: list[str]) -> None:
    """Columns for what an engineer needs; how long a test took, and links, are left out."""
    cells[1:] = [
        '<th class="sortable" data-column-type="severity">Severity</th>',
        '<th class="sortable" data-column-type="number">Number</th>',
        "<th>Finding and remedy</th>",
        '<th class="sortable" data-column-type="target">Target</th>',
    ]


def row(report: pytest.TestReport, cells: list[str]) -> None:
    """The cells of one control and target; other tests keep their name."""
    carried = getattr(report, "hullcheck", None)
    if carried is None:
        place = f'<td class="col-severity"><span hidden>{_OTHERS}</span></td>'
        cells[1:] = [place, '<td class="col-number"></td>', f"<td>{_text(report.nodeid)}</td>", "<td></td>"]
        return
    control, result = carried.control, carried.result
    number, rank = sentences.number(control), _rank(control, result)
    cells[1:] = [
        f'<td class="col-severity"><span hidden>{rank}</span>{_text(_severity(control, result))}</td>',
        f'<td class="col-number"><span hidden>{_padded(number)}</span>{_text(number)}</td>',
        f'<td class="col-finding">{_found(control, result)}</td>',
        f'<td class="col-target">{_text(result.target)}</td>',
    ]


def _rank(control: Control, result: Result) -> str:
    """By what rows are sorted: what fails before the rest, and by severity, as letters and digits sort."""
    severity = result.severity or control.severity
    return f"{_BEFORE.get(result.verdict, len(_BEFORE))}{SEVERITIES.index(severity)}"


def _padded(number: str) -> str:
    """A number so that 5.10 comes after 5.9."""
    return re.sub(r"\d+", lambda each: each[0].zfill(3), number)


def _found(control: Control, result: Result) -> str:
    """What was found, then what is demanded, and how to mend it."""
    told = [each for each in result.findings if each.verdict is result.verdict]
    if result.verdict not in _BEFORE or not told:
        return _prose(control.title)
    shown = "<br>".join(map(_finding, told[:MOST_SHOWN]))
    more = len(told) - MOST_SHOWN
    parts = [
        shown + (f"<br>and {more} more" if more > 0 else ""),
        f"<small>Demand: {_prose(control.title)}</small>",
        f"<small>Remedy: {_prose(control.remedy)}</small>" if control.remedy else "",
    ]
    return "<br>".join(filter(None, parts))


def _finding(finding: Finding) -> str:
    before = sentences.kind_before(finding.kind, finding.verdict)
    joint = sentences.joint((finding.subject,), finding.reason)
    return f"{_text(before)} <b>{_text(finding.subject)}</b>{joint}{_text(finding.reason)}"


def _severity(control: Control, result: Result) -> str:
    return f"{result.severity} (changed from {control.severity})" if result.severity else control.severity


def details(report: pytest.TestReport, data: list[str]) -> None:
    """The findings, why the control is there, the remedy and the way to the evidence, instead of a log."""
    carried = getattr(report, "hullcheck", None)
    if carried is None:
        return
    control, result = carried.control, carried.result
    findings = "\n".join(f"<b>{each.verdict}</b> {_finding(each)}" for each in result.findings)
    evidence = ", ".join(
        f'<a href="#{_anchor(result.target, name)}">{_text(name)}</a>' for name in result.evidence
    )
    # each begins with a tag: a line that begins with an E is taken for an error there, and is red
    parts = (
        findings,
        f"<b>Why:</b> {_prose(control.rationale)}" if control.rationale else "",
        f"<b>Remedy:</b> {_prose(control.remedy)}" if control.remedy else "",
        f"<b>Frameworks:</b> {_text(framework_line(control))}",
        f"<b>Id:</b> {_text(control.id)}",
        f"<b>Evidence:</b> {evidence}" if evidence else "",
        *map(_accepted, (*carried.waivers, *carried.attestations)),
    )
    data[:] = ["\n\n".join(filter(None, parts))]


def _accepted(entry: Waiver | Attestation) -> str:
    """A waiver or attestation that decided a finding: all that is said in it."""
    said = ((name, getattr(entry, name)) for name in entry.__struct_fields__ if name in _TOLD)
    texts = ((name, ", ".join(value) if isinstance(value, tuple) else value) for name, value in said)
    rest = (f"{name.replace('_', ' ')}: {_text(text)}" for name, text in texts if text)
    return "\n".join((f"<b>{type(entry).__name__}</b> {_text(entry.place)}", *rest))


def beside(page: Path, folder: Path) -> str:
    """Where the page of the whole run is, if that lies beside this *page*."""
    if page.parent != folder:
        return ""
    return (
        f'<p>These are the tests of pytest. <a href="{AUDIT_PAGE}">{AUDIT_PAGE}</a> has the whole audit.</p>'
    )


def accepting(audit: Audit) -> str:
    """A section to unfold: every waiver and attestation, and what became of it."""
    told: list[Waiver | Attestation] = [*audit.waivers, *audit.attestations]
    lines = [
        f"<tr><td>{_text(each.state)}</td><td>{_text(each.control)}</td><td>{_text(_scope(each))}</td>"
        f"<td>{_text(_words(each))}</td><td>{_text(each.place)}</td></tr>"
        for each in told
    ]
    if not lines:
        return ""
    names = ("State", "Control", "Targets and subjects", "What is said", "Place")
    head = "".join(f"<th>{each}</th>" for each in names)
    table = f"<table><tr>{head}</tr>{''.join(lines)}</table>"
    return _unfold(f"Waivers and attestations: {len(lines)}", table)


def _scope(told: Waiver | Attestation) -> str:
    return " / ".join(", ".join(each) or "all" for each in (told.targets, told.subjects))


def _words(told: Waiver | Attestation) -> str:
    if isinstance(told, Waiver):
        return f"{waived_words(told)}: {told.reason}"
    return f"{told.status}, by {told.person} on {told.date}, until {told.last_day}: {told.statement}"


def evidence(recordings: Sequence[Recording]) -> str:
    """A section to unfold: the commands, and for each target how its answers begin."""
    commands = {name: text for recording in recordings for name, text in recording.commands.items()}
    asked = "".join(_unfold(_text(name), f"{_pre(text)}") for name, text in commands.items())
    targets = "".join(map(_target, recordings[:MOST_TARGETS]))
    more = len(recordings) - MOST_TARGETS
    rest = f"<p>{more} more targets: see their recordings.</p>" if more > 0 else ""
    return f"<h2>Evidence</h2>{_unfold('The commands that were run', asked)}{targets}{rest}"


def _target(recording: Recording) -> str:
    name = _text(recording.target)
    if recording.failure:
        return _unfold(f"{name}: not audited", _pre(recording.failure))
    answers = "".join(_answer(recording.target, answer) for answer in recording.answers.values())
    return _unfold(f"What {name} answered", answers)


def _answer(target: str, answer: Answer) -> str:
    head, more = answer.stdout[:HEAD], len(answer.stdout) - HEAD
    shown = head + (f"\n(and {more} characters more: see the recording)" if more > 0 else "")
    said = _pre(answer.stderr[:HEAD]) if answer.stderr.strip() else ""
    title = (
        f'<span id="{_anchor(target, answer.name)}">{_text(answer.name)}, exit status {answer.status}</span>'
    )
    return _unfold(title, _pre(shown) + said, is_open=True)


def _unfold(title: str, content: str, *, is_open: bool = False) -> str:
    state = " open" if is_open else ""
    return f'<details{state} style="margin: 4px 0 4px 12px"><summary>{title}</summary>{content}</details>'


def _pre(text: str) -> str:
    return f'<pre style="{_BOX}">{_text(text)}</pre>'


def _anchor(target: str, probe: str) -> str:
    return "evidence-" + re.sub(r"[^\w.-]", "_", f"{target}-{probe}")


def _prose(words: str) -> str:
    """Words of a docstring, what is between backticks as code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", _text(words))


@lru_cache(maxsize=2048)
def _text(value: str) -> str:
    """*value* as text, never as markup, whatever a host put into it; most of it is said many times."""
    return escape(printable(value))
