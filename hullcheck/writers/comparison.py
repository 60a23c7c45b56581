"""A comparison with docker-bench-security: a line for each difference, or JSON for programs."""

import json
from typing import Any

from hullcheck.compare import Comparison, Kind, Row
from hullcheck.controls.catalog import natural
from hullcheck.data import benchmarks
from hullcheck.lazy import regex
from hullcheck.messages import printable

SCHEMA = "hullcheck/comparison/1"
_ID = regex(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_EXPLAINED = {Kind.OPEN_HERE: " (docker-bench-security passes what there is nothing of, such as a swarm)"}
_DIFFERENT = [kind for kind in Kind if kind is not Kind.SAME]


def text(comparison: Comparison) -> str:
    """Render as text: kind by kind, the worst first; agreements are only counted."""
    log = comparison.log
    lines = [
        f"there: docker-bench-security {log.run.version}, {len(log.checks)} checks",
        f"here:  hullcheck, {comparison.target} in {comparison.run}, {comparison.controls} controls",
    ]
    for kind in _DIFFERENT:
        if rows := _sorted(comparison, kind):
            lines += ["", f"{kind}: {len(rows)}{_EXPLAINED.get(kind, '')}", *map(_line, rows)]
    return printable("\n".join([*lines, "", f"{Kind.SAME}: {len(comparison.of(Kind.SAME))}"])) + "\n"


def document(comparison: Comparison) -> str:
    """Render as JSON."""
    log = comparison.log
    tool = {"tool": "docker-bench-security", "version": log.run.version, "benchmark": log.run.version}
    here = {"run": comparison.run, "target": comparison.target, "benchmark": benchmarks.CURRENT}
    whole = {
        "schema": SCHEMA,
        "there": tool,
        "here": here,
        "counts": {str(kind): len(comparison.of(kind)) for kind in Kind},
        "differences": [_row_document(row) for kind in _DIFFERENT for row in _sorted(comparison, kind)],
    }
    return json.dumps(whole, indent=1) + "\n"


def _sorted(comparison: Comparison, kind: Kind) -> list[Row]:
    return sorted(comparison.of(kind), key=lambda row: natural(row.number))


def _line(row: Row) -> str:
    """Return one line with shortened ids."""
    check, result, parts = row.check, row.result, [f"  {row.number} {row.title}"]
    if check is None:
        parts.append(f"there: {row.note}")
    else:
        number = f" as {check.number}" if check.number != row.number else ""
        words = _ID.sub(r"\1", " ".join(check.details.split()))
        details = f" ({words})" if words else ""
        parts.append(f"there{number}: {check.result}{details}")
    if result is None:
        parts.append(f"here: {row.note}")
    else:
        reason = f" ({result.reason})" if result.reason else ""
        parts.append(f"here: {result.verdict}{reason}")
    if result and result.evidence:
        parts.append(f"evidence: {', '.join(result.evidence)}")
    return " | ".join(parts).replace("\n", " ")


def _row_document(row: Row) -> dict[str, Any]:
    check, result = row.check, row.result
    fields = ("control", "verdict", "reason", "evidence")
    return {
        "kind": str(row.kind),
        "number": row.number,
        "title": row.title,
        "there": check and {"number": check.number, "result": check.result, "details": check.details},
        "here": result and {name: getattr(result, name) for name in fields},
        "note": row.note,
    }
