"""defectdojo.json: what fails, for the import *Generic Findings Import* of DefectDojo.

It refuses a file with a key that it does not know, and knows these.
"""

from typing import Any

from hullcheck.results import Audit
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import BAD, Entry, entries, json_text, line
from hullcheck.writers.formats.summary import code

_TITLE = 500  # characters; its column holds 511
_NAME = 200  # characters; that of a component or a service holds 200 or more


def render(audit: Audit) -> str:
    """Render *audit*: what fails is active, and what is waived an accepted risk; what passes is no finding there."""
    day = audit.run.finished[:10]
    return json_text(
        {
            "name": "hullcheck",
            "type": "hullcheck",
            "version": line(audit.run.version, _NAME),
            "findings": [_finding(each, day) for each in entries(audit) if each.verdict in BAD],
        }
    )


def _finding(entry: Entry, day: str) -> dict[str, Any]:
    control, waived = entry.control, entry.verdict is Verdict.WAIVED
    before = "Not judged: " if entry.verdict is Verdict.ERROR else ""
    return {
        "title": line(f"{before}{entry.number} on {entry.target}: {entry.sentence}", _TITLE),
        "severity": entry.severity.capitalize(),
        "description": _description(entry),
        "mitigation": control.remedy,
        "impact": control.rationale,
        "references": "\n".join(control.ids),
        "date": day,
        "active": not waived,
        "verified": entry.verdict is Verdict.FAIL,
        "risk_accepted": waived,
        "static_finding": False,
        "dynamic_finding": True,
        "unique_id_from_tool": entry.id,
        "vuln_id_from_tool": control.id,
        "service": line(entry.target, _NAME),
        "component_name": line(entry.finding.subject, _NAME),
        "tags": ["hullcheck", entry.target],
    }


def _description(entry: Entry) -> str:
    """Return Markdown in which names of a host are code."""
    lines = [entry.control.title, code(entry.sentence)]
    if entry.waiver is not None:
        lines.append(f"Waived: {code(entry.waiver.reason)}")
        until = entry.waiver.last_day
        lines += [f"Until {code(until)}"] if until else []
    return "\n\n".join(lines)
