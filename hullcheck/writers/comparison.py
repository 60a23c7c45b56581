"""A comparison with docker-bench-security: a line for each difference, or JSON for programs."""

import json
import re
from typing import Any

from hullcheck.compare.differences import Comparison, Kind, Row
from hullcheck.controls.catalog import natural
from hullcheck.data import benchmarks
from hullcheck.messages import printable

SCHEMA = "hullcheck/comparison/1"
_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_EXPLAINED = {
    Kind.SUBJECTS: "docker-bench-security sees running containers only",
    Kind.OPEN_HERE: "docker-bench-security passes what there is nothing of, such as a swarm",
}


def text(comparison: Comparison) -> str:
    """Render for people: kind by kind, the worst first; what both say is only counted."""
    log, audited = comparison.log, comparison.audit
    lines = [
        f"there: docker-bench-security {log.run.version}, {len(log.checks)} checks",
        f"here:  hullcheck, {audited.target} in {audited.run}, {len(audited.judged)} controls",
    ]
    for kind in Kind:
        if kind is not Kind.SAME:
            lines += _section(kind, comparison)
    return printable("\n".join([*lines, "", f"{Kind.SAME}: {len(comparison.of(Kind.SAME))}"])) + "\n"


def document(comparison: Comparison) -> str:
    """Render as JSON."""
    log, audited = comparison.log, comparison.audit
    rows = [_row_document(row) for kind in Kind if kind is not Kind.SAME for row in _sorted(comparison, kind)]
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "there": {
                    "tool": "docker-bench-security",
                    "version": log.run.version,
                    "benchmark": log.benchmark,
                },
                "here": {"run": audited.run, "target": audited.target, "benchmark": benchmarks.CURRENT},
                "counts": {str(kind): len(comparison.of(kind)) for kind in Kind},
                "differences": rows,
            },
            indent=1,
        )
        + "\n"
    )


def _sorted(comparison: Comparison, kind: Kind) -> list[Row]:
    return sorted(comparison.of(kind), key=lambda row: natural(row.number))


def _section(kind: Kind, comparison: Comparison) -> list[str]:
    rows = _sorted(comparison, kind)
    explained = f" ({_EXPLAINED[kind]})" if kind in _EXPLAINED else ""
    return ["", f"{kind}: {len(rows)}{explained}", *(f"  {_line(row)}" for row in rows)] if rows else []


def _line(row: Row) -> str:
    """One line, whatever a host put into its names."""
    parts = [f"{row.number} {row.title}", _there(row), _here(row), *_named(row), _evidence(row)]
    return " | ".join(part for part in parts if part).replace("\n", " ")


def _there(row: Row) -> str:
    if row.check is None:
        return f"there: {row.note}"
    number = f" as {row.check.number}" if row.check.number != row.number else ""
    return f"there{number}: {row.check.result}{_details(row)}"


def _details(row: Row) -> str:
    """The tool's own words, without subjects that follow by name; ids are shortened."""
    if row.check is None or row.kind is Kind.SUBJECTS or not row.check.details:
        return ""
    words = [_ID.sub(r"\1", word) for word in row.check.details.split()]
    return f" ({' '.join(words)})"


def _here(row: Row) -> str:
    if row.result is None:
        return f"here: {row.note}"
    reason = f" ({row.result.reason})" if row.result.reason and row.kind is not Kind.SUBJECTS else ""
    return f"here: {row.result.verdict}{reason}"


def _evidence(row: Row) -> str:
    return f"evidence: {', '.join(row.result.evidence)}" if row.result and row.result.evidence else ""


def _named(row: Row) -> list[str]:
    sides = (("there", row.named_there), ("here", row.named_here))
    return [f"only {side}: {'; '.join(names)}" for side, names in sides if names]


def _row_document(row: Row) -> dict[str, Any]:
    check, result = row.check, row.result
    return {
        "kind": str(row.kind),
        "number": row.number,
        "title": row.title,
        "there": check and {"number": check.number, "result": check.result, "details": check.details},
        "here": result
        and {
            "control": result.control,
            "verdict": str(result.verdict),
            "reason": result.reason,
            "evidence": list(result.evidence),
        },
        "named_only_there": list(row.named_there),
        "named_only_here": list(row.named_here),
        "note": row.note,
    }
