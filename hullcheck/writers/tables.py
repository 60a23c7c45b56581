"""findings.csv and requirements.csv; a spreadsheet takes each cell for text, whatever a host put into it."""

import csv
import io
from collections.abc import Iterable, Sequence
from functools import lru_cache

from hullcheck.controls.metadata import framework_line
from hullcheck.messages import printable
from hullcheck.results import Attestation, Audit, Waiver, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import Entry, entries

_OF_FINDINGS = """target control title cis frameworks severity control_verdict kind subject verdict reason evidence
switched_off_by accepted_by accepted_reason accepted_by_whom accepted_on accepted_until ticket risk number remedy
finding"""
_OF_REQUIREMENTS = "framework name requirement title verdict relation controls deciding left_out"
FINDINGS, REQUIREMENTS = tuple(_OF_FINDINGS.split()), tuple(_OF_REQUIREMENTS.split())
"""The heads."""
_FIXED = (Verdict.FAIL, Verdict.WAIVED)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def findings(audit: Audit) -> str:
    """Render a row for each subject that was judged, with what was accepted of it and by whom."""
    return _table(FINDINGS, finding_rows(audit))


def requirements(audit: Audit) -> str:
    """Render a row for each requirement of each framework, with its verdict over all targets."""
    return _table(REQUIREMENTS, requirement_rows(audit))


def finding_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Return the cells below the head, as the results have them."""
    return [
        (
            *(each.result.target, each.control.id, each.control.title),
            " ".join(each.control.frameworks.get("cis", ())),
            *(framework_line(each.control), each.severity, str(each.result.verdict)),
            *(each.finding.kind, each.finding.subject, str(each.verdict), each.finding.reason),
            " ".join(each.result.evidence),
            each.result.switched_off.by if each.result.switched_off else "",
            *_accepted(each),
            sentences.number(each.control),
            each.control.remedy if each.verdict in _FIXED else "",
            each.id,
        )
        for each in entries(audit)
    ]


def _accepted(entry: Entry) -> tuple[str, ...]:
    """Who accepted it and why; of a waiver, who approved it, and of an attestation, who looked."""
    by = entry.accepted
    if isinstance(by, Waiver):
        return (by.place, by.reason, by.approved_by, by.approved_on, by.last_day, by.ticket, by.risk)
    if isinstance(by, Attestation):
        return (by.place, by.statement, by.person, by.date, by.last_day, "", "")
    return (entry.finding.accepted_by, "", "", "", "", "", "")


def requirement_rows(audit: Audit) -> list[tuple[str, ...]]:
    """Return the cells below the head, as the results have them."""
    return [
        (
            *(rollup.framework, rollup.name, each.id, each.title, str(each.verdict), rollup.relation),
            *(" ".join(names) for names in (each.controls, each.deciding, each.left_out)),
        )
        for rollup in audit.requirements
        for each in rollup.requirements
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render *rows* below *head*.

    A cell that a spreadsheet would take for a formula begins with an apostrophe; results.json has it plain.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


@lru_cache(4096)  # most of a row is as in the row above
def _cell(text: str) -> str:
    return "'" + printable(text) if text.startswith(_FORMULA) else printable(text)
