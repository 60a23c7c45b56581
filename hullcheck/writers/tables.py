"""findings.csv and requirements.csv; a spreadsheet takes each cell for text, whatever a host put into it."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from hullcheck.messages import printable
from hullcheck.results import Audit, sentences
from hullcheck.writers.entries import accepted_document, entries

_OF_FINDINGS = """target control title cis frameworks severity control_verdict kind subject verdict reason evidence
switched_off_by accepted_by accepted_reason accepted_by_whom accepted_on accepted_until ticket risk number remedy
finding"""
_OF_REQUIREMENTS = "framework name requirement title verdict relation controls deciding left_out assessment"
FINDINGS, REQUIREMENTS = tuple(_OF_FINDINGS.split()), tuple(_OF_REQUIREMENTS.split())
"""The heads."""
_ACCEPTED = ("place", "reason", "by", "on", "until", "ticket", "risk")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def finding_rows(audit: Audit) -> Iterator[tuple[str, ...]]:
    """Yield the cells for each subject that was judged, with what was accepted of it and by whom."""
    known = {
        each.id: (" ".join(each.frameworks.get("cis", ())), " ".join(each.ids), sentences.number(each))
        for each in audit.controls
    }
    for each in entries(audit):
        control, result, finding = each.control, each.result, each.finding
        cis, frameworks, number = known[control.id]
        accepted = accepted_document(each)
        yield (
            *(result.target, control.id, control.title, cis, frameworks, each.severity, result.verdict.value),
            *(
                finding.kind,
                finding.subject,
                finding.verdict.value,
                finding.reason,
                " ".join(result.evidence),
            ),
            result.switched_off.by if result.switched_off else "",
            *(accepted.get(name, "") for name in _ACCEPTED),
            *(number, each.remedy, each.id),
        )


def requirement_rows(audit: Audit) -> Iterator[tuple[str, ...]]:
    """Yield the cells for each requirement of each framework, with its verdict and assessment over all targets."""
    for rollup in audit.requirements:
        for each in rollup.requirements:
            yield (
                *(rollup.framework, rollup.name, each.id, each.title, each.verdict, rollup.relation),
                *(" ".join(names) for names in (each.controls, each.deciding, each.left_out)),
                each.assessment,
            )


def lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield *rows* below *head* as CSV; what would be a formula of a spreadsheet begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in itertools.chain([head], rows):
        writer.writerow(map(_cell, row))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


@lru_cache(4096)  # most of a row is as in the row above
def _cell(text: str) -> str:
    return "'" + printable(text) if text.startswith(_FORMULA) else printable(text)
