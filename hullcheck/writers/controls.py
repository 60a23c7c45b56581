"""The list of controls: a table for people, JSON for programs."""

import json
from collections.abc import Sequence

from hullcheck.catalog import Listed
from hullcheck.text import printable
from hullcheck.writers.results import control_document

SCHEMA = "hullcheck/controls/1"
_COLORS = {"critical": "1;31", "high": "31", "medium": "33", "low": "2"}
_GAP, _BELOW = "  ", "\n    "
_SEVERITY = 3  # the column that is coloured


def document(listed: Sequence[Listed], version: str) -> str:
    """Render as JSON; `numbers` are those in *version* of the benchmark, `frameworks` those of today."""
    controls = [
        {
            "id": each.control.id,
            **control_document(each.control),
            "numbers": list(each.numbers(version)),
            "file": each.file,
            "line": each.line,
        }
        for each in listed
    ]
    return json.dumps({"schema": SCHEMA, "benchmark": version, "controls": controls}, indent=1) + "\n"


def table(listed: Sequence[Listed], version: str, width: int | None, color: bool) -> str:
    """Render as a table with the numbers of *version*; titles that do not fit into *width* go below."""
    head = (f"CIS {version}", "level", "control", "severity", "title")
    rows = [head, *(_row(each, version) for each in listed)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    fits = width is None or sum(widths) + len(_GAP) * (len(widths) - 1) <= width
    return "".join(_line(row, widths, _GAP if fits else _BELOW, color) + "\n" for row in rows)


def _row(listed: Listed, version: str) -> tuple[str, ...]:
    control = listed.control
    numbers = ", ".join(listed.numbers(version)) or "-"
    title = printable(control.title).replace("\n", " ")
    return numbers, str(control.cis_level or "-"), control.id, control.severity, title


def _line(row: Sequence[str], widths: Sequence[int], before_title: str, color: bool) -> str:
    *cells, title = (cell.ljust(column) for cell, column in zip(row, widths, strict=True))
    if color and (code := _COLORS.get(row[_SEVERITY])):
        cells[_SEVERITY] = f"\033[{code}m{cells[_SEVERITY]}\033[0m"
    return _GAP.join(cells) + before_title + title.rstrip()
