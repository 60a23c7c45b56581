"""Adds columns and sections to the report of pytest-html, the engineers' page."""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

import pytest

from hullcheck.inventory.acceptance import waived_words
from hullcheck.messages import printable
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.results import Attestation, Audit, Waiver

TITLE = "hullcheck"
MOST_TESTS = 5000  # pytest-html keeps every row in memory: above this only where --html asks for it
MOST_TARGETS = 100  # whose answers are shown; they are all in the recordings
HEAD = 600  # characters of an answer
_TOLD = (
    *("reason", "last_day", "ticket", "approved_by", "approved_on", "risk"),
    *("statement", "person", "date", "status", "evidence"),
)
STYLE = """<style>
body { color: #24292f; font: 13px/1.4 system-ui, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
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
@media print { .logwrapper { max-height: none; overflow: visible; } .logexpander { display: none; } }
</style>"""
"""Over that of pytest-html, which writes in a pale gray and leaves a gap below each text."""
_BOX = "white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: 4px 8px; margin: 4px 0"


def limit(config: pytest.Config, tests: int) -> None:
    """Leave the page out where it was not asked for and would be too large."""
    page = config.pluginmanager.get_plugin("html")
    asked = any(str(each).startswith("--html") for each in config.invocation_params.args)
    if page is not None and tests > MOST_TESTS and not asked:
        config.pluginmanager.unregister(page)


def header(cells: list[str]) -> None:
    """Columns for control, target, severity and frameworks, after the result."""
    cells[1:2] = [
        '<th class="sortable" data-column-type="control">Control</th>',
        '<th class="sortable" data-column-type="target">Target</th>',
        '<th class="sortable" data-column-type="severity">Severity</th>',
        "<th>Frameworks</th>",
    ]


def row(report: pytest.TestReport, cells: list[str]) -> None:
    """The cells of one control and target; other tests keep their name in the first column."""
    carried = getattr(report, "hullcheck", None)
    if carried is None:
        cells[1:2] = [f"<td>{_text(report.nodeid)}</td>", "<td></td>", "<td></td>", "<td></td>"]
        return
    control, result = carried["control"], carried["result"]
    cells[1:2] = [
        f'<td class="col-control">{_text(control["id"])}<br><small>{_text(control["title"])}</small></td>',
        f'<td class="col-target">{_text(result["target"])}</td>',
        f'<td class="col-severity">{_text(_severity(control, result))}</td>',
        f'<td class="col-frameworks"><small>{_frameworks(control["frameworks"])}</small></td>',
    ]


def _severity(control: dict[str, Any], result: dict[str, Any]) -> str:
    changed = result.get("severity")
    return f"{changed} (changed from {control['severity']})" if changed else str(control["severity"])


def details(report: pytest.TestReport, data: list[str]) -> None:
    """The findings, why the control is there, the remedy and the way to the evidence, instead of a log."""
    carried = getattr(report, "hullcheck", None)
    if carried is None:
        return
    control, result = carried["control"], carried["result"]
    findings = "\n".join(map(_finding, result["findings"]))
    evidence = ", ".join(
        f'<a href="#{_anchor(result["target"], name)}">{_text(name)}</a>' for name in result["evidence"]
    )
    remedy = f"<b>Remedy:</b> {_text(control['remedy'])}" if control["remedy"] else ""
    parts = (
        findings,
        _text(control["rationale"]),
        remedy,
        f"<b>Evidence:</b> {evidence}" if evidence else "",
        *map(_accepted, carried["accepting"]),
    )
    data[:] = ["\n\n".join(filter(None, parts))]


def _accepted(entry: dict[str, Any]) -> str:
    """A waiver or attestation that decided a finding: all that is said in it."""
    what = "Attestation" if "person" in entry else "Waiver"
    said = {key: ", ".join(value) if isinstance(value, list) else value for key, value in entry.items()}
    rest = (
        f"{key.replace('_', ' ')}: {_text(value)}" for key, value in said.items() if value and key in _TOLD
    )
    return "\n".join((f"<b>{what}</b> {_text(entry['place'])}", *rest))


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


def _finding(finding: dict[str, str]) -> str:
    reason = f": {_text(finding['reason'])}" if finding["reason"] else ""
    return f"<b>{_text(finding['verdict'])}</b> {_text(finding['kind'])} {_text(finding['subject'])}{reason}"


def _frameworks(frameworks: dict[str, Sequence[str]]) -> str:
    """A line for each framework, so that a column of many ids stays narrow."""
    return "<br>".join(f"{_text(name)} {_text(', '.join(ids))}" for name, ids in frameworks.items())


def _anchor(target: str, probe: str) -> str:
    return "evidence-" + re.sub(r"[^\w.-]", "_", f"{target}-{probe}")


@lru_cache(maxsize=2048)
def _text(value: str) -> str:
    """*value* as text, never as markup, whatever a host put into it; most of it is said many times."""
    return escape(printable(value))
