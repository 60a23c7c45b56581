"""findings.csv: a row for each subject that was judged, with what was accepted of it and by whom."""

from collections.abc import Mapping

from hullcheck.controls.metadata import framework_line
from hullcheck.results import Attestation, Audit, Control, Finding, Result, Waiver, finding_id, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.tables import csv_cells

HEAD = (
    *("target", "control", "title", "cis", "frameworks", "severity", "control_verdict"),
    *("kind", "subject", "verdict", "reason", "evidence", "switched_off_by"),
    *(
        "accepted_by",
        "accepted_reason",
        "accepted_by_whom",
        "accepted_on",
        "accepted_until",
        "ticket",
        "risk",
    ),
    *("number", "remedy", "finding"),
)

_MENDED = (Verdict.FAIL, Verdict.WAIVED)
_Accepted = Mapping[str, Waiver | Attestation]


def render(audit: Audit) -> str:
    """Render *audit*; equal audits give equal text."""
    return csv_cells.table(HEAD, rows(audit))


def rows(audit: Audit) -> list[tuple[str, ...]]:
    """The cells below the head, as the results have them."""
    controls = {each.id: each for each in audit.controls}
    accepted: dict[str, Waiver | Attestation] = {each.place: each for each in audit.waivers}
    accepted |= {each.place: each for each in audit.attestations}
    return [
        (
            *_result(controls[result.control], result),
            *_finding(result, finding),
            *_accepted(finding, accepted),
            *_told(controls[result.control], finding),
            finding_id(result.control, result.target, finding),
        )
        for result in audit.results
        for finding in result.findings
    ]


def _result(control: Control, result: Result) -> tuple[str, ...]:
    numbers = " ".join(control.frameworks.get("cis", ()))
    severity = result.severity or control.severity
    names = (result.target, control.id, control.title)
    return (*names, numbers, framework_line(control), severity, str(result.verdict))


def _finding(result: Result, finding: Finding) -> tuple[str, ...]:
    off = result.switched_off.by if result.switched_off else ""
    said = (finding.kind, finding.subject, str(finding.verdict), finding.reason)
    return (*said, " ".join(result.evidence), off)


def _accepted(finding: Finding, accepted: _Accepted) -> tuple[str, ...]:
    """Who accepted it and why; of a waiver, who approved it, and of an attestation, who looked."""
    by = accepted.get(finding.accepted_by)
    if isinstance(by, Waiver):
        return (by.place, by.reason, by.approved_by, by.approved_on, by.last_day, by.ticket, by.risk)
    if isinstance(by, Attestation):
        return (by.place, by.statement, by.person, by.date, by.last_day, "", "")
    return (finding.accepted_by, "", "", "", "", "", "")


def _told(control: Control, finding: Finding) -> tuple[str, ...]:
    """The number as people say it, and of what fails or is waived the remedy."""
    return sentences.number(control), control.remedy if finding.verdict in _MENDED else ""
