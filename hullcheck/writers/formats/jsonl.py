"""findings.jsonl: a line of JSON for each finding, with all that is known of it, for jq, DuckDB and log shippers."""

from collections.abc import Iterator
from typing import Any

from hullcheck.results import Audit
from hullcheck.writers.entries import Entry, accepted_document, entries, json_text


def render(audit: Audit) -> Iterator[str]:
    """Yield a line for each finding; a line stands for itself, so each names its run."""
    run = {"run": audit.run.id, "finished": audit.run.finished}
    run |= {"shard": audit.run.shard} if audit.run.shard else {}
    return (json_text({**run, **_finding(each)}, indent=None) for each in entries(audit))


def _finding(entry: Entry) -> dict[str, Any]:
    control, found = entry.control, entry.finding
    off = entry.result.switched_off
    optional = {
        "accepted": accepted_document(entry),
        "switched_off_by": off.by if off else "",
        "remedy": entry.remedy,
    }
    return {
        "finding": entry.id,
        "target": entry.target,
        "control": control.id,
        "number": entry.number,
        "title": control.title,
        "severity": entry.severity,
        "kind": found.kind,
        "subject": found.subject,
        "verdict": str(entry.verdict),
        "reason": found.reason,
        "control_verdict": str(entry.result.verdict),
        "frameworks": {name: list(each) for name, each in control.frameworks.items()},
        "evidence": list(entry.result.evidence),
        **{name: each for name, each in optional.items() if each},
    }
