"""ocsf.jsonl: a Compliance Finding (class 2003) of the Open Cybersecurity Schema Framework for each finding."""

from collections.abc import Iterator
from typing import Any

from hullcheck.results import Audit
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import (
    BAD,
    STATUS,
    Entry,
    accepted_document,
    entries,
    json_text,
    line,
    seconds,
)

VERSION = "1.5.0"
"""Of the schema."""
_CLASS = {
    "activity_id": 1,
    "activity_name": "Create",
    "category_uid": 2,
    "category_name": "Findings",
    "class_uid": 2003,
    "class_name": "Compliance Finding",
    "type_uid": 200301,
    "type_name": "Compliance Finding: Create",
}
_SEVERITIES = {"low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"), "critical": (5, "Critical")}
_INFORMATIONAL = (1, "Informational")
_NEW, _SUPPRESSED, _RESOLVED = (1, "New"), (3, "Suppressed"), (4, "Resolved")
_STATES = {Verdict.WAIVED: _SUPPRESSED, Verdict.PASS: _RESOLVED, Verdict.ATTESTED: _RESOLVED}
_LONGEST = 500  # characters of a title


def render(audit: Audit) -> Iterator[str]:
    """Yield an event a line; all have the time at which the run ended, so that it is the same again."""
    return (json_text(_event(audit, each), indent=None) for each in entries(audit))


def _event(audit: Audit, entry: Entry) -> dict[str, Any]:
    control, time = entry.control, seconds(audit.run.finished) * 1000
    bad = entry.verdict in BAD
    severity_id, severity = _SEVERITIES[entry.severity] if bad else _INFORMATIONAL
    state_id, state = _STATES.get(entry.verdict, _NEW)
    # a verdict that has no status of its own there is *Other* with its word
    status_id, status = STATUS[entry.verdict].ocsf
    title = line(f"{entry.number}: {control.title}", _LONGEST)
    event = {
        **_CLASS,
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": state_id,
        "status": state,
        "message": f"{entry.target}: {entry.sentence}",
        "metadata": {
            "version": VERSION,
            "product": {"name": "hullcheck", "vendor_name": "hullcheck", "version": audit.run.version},
            "correlation_uid": audit.run.id,
        },
        "finding_info": {
            "uid": entry.id,
            "title": title,
            "desc": control.rationale or title,
            "types": ["Compliance"],
            "created_time": time,
        },
        "compliance": {
            "control": entry.number,
            "standards": list(control.frameworks) or ["hullcheck"],
            "requirements": control.ids,
            "status_id": status_id,
            "status": status,
            "status_detail": entry.sentence,
        },
        "resources": _resources(entry),
    }
    unmapped = {"verdict": str(entry.verdict), "control": control.id, "accepted": accepted_document(entry)}
    event["unmapped"] = {name: each for name, each in unmapped.items() if each}
    return event | ({"remediation": {"desc": control.remedy}} if bad and control.remedy else {})


def _resources(entry: Entry) -> list[dict[str, Any]]:
    target, found = entry.target, entry.finding
    host = {"uid": target, "name": target, "type": "host"}
    if found.kind == "target":
        return [host]
    name = line(found.subject, _LONGEST)
    return [
        {"uid": f"{target}/{found.kind}/{name}", "name": name, "type": found.kind, "namespace": target},
        host,
    ]
