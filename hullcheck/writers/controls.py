"""The list of controls: a table for people, JSON for programs."""

import json
from collections.abc import Sequence

from msgspec import to_builtins

from hullcheck.controls.catalog import Listed
from hullcheck.messages import printable
from hullcheck.writers import columns

SCHEMA = "hullcheck/controls/1"
_COLORS = {"critical": "1;31", "high": "31", "medium": "33", "low": "2"}
_SEVERITY = 3  # the column that is coloured


def document(listed: Sequence[Listed], version: str) -> str:
    """Render as JSON; `numbers` are those in *version* of the benchmark, `frameworks` those of today."""
    controls = [
        {
            **to_builtins(each.control),
            "numbers": list(each.numbers(version)),
            "file": each.file,
            "line": each.line,
        }
        for each in listed
    ]
    return json.dumps({"schema": SCHEMA, "benchmark": version, "controls": controls}, indent=1) + "\n"


def table(listed: Sequence[Listed], version: str, width: int | None, color: bool) -> str:
    """Render as a table with the numbers of *version*; titles that do not fit into *width* are wrapped."""
    head = (f"CIS {version}", "level", "control", "severity", "title")
    rows = [head, *(_row(each, version) for each in listed)]
    return columns.table(rows, width, _SEVERITY, _COLORS if color else None)


def _row(listed: Listed, version: str) -> tuple[str, ...]:
    control = listed.control
    numbers = ", ".join(listed.numbers(version)) or "-"
    title = printable(control.title).replace("\n", " ")
    return numbers, str(control.cis_level or "-"), control.id, control.severity, title
