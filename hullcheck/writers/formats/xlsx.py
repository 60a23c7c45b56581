"""findings.xlsx: findings, requirements, waivers and attestations, for people with a spreadsheet.

The extra `xlsx` brings XlsxWriter. Every cell is text, so none is a formula or a link.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import astuple

from hullcheck.results import Attestation, Audit, Waiver
from hullcheck.writers import tables
from hullcheck.writers.entries import line, seconds
from hullcheck.writers.formats import Rendering

MOST_ROWS = 1_048_575
"""Below the head; a spreadsheet holds no more."""
MOST_CHARACTERS = 16_000
"""Of a cell: it holds 32,767 units, and some characters need two."""
_WIDTHS = {"reason": 60, "title": 50, "remedy": 60, "frameworks": 30, "subject": 30, "control": 34}
_USUAL = 14
_OPTIONS = {
    "constant_memory": True,
    **dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False),
}


def render(audit: Audit) -> Rendering:
    """Render *audit*."""
    # late: it is an extra, and few runs ask for it
    import xlsxwriter  # type: ignore[import-untyped,import-not-found,unused-ignore]

    sheets = {
        "Findings": (tables.FINDINGS, tables.finding_rows(audit)),
        "Requirements": (tables.REQUIREMENTS, tables.requirement_rows(audit)),
        "Waivers": (Waiver.__struct_fields__, map(_cells, audit.waivers)),
        "Attestations": (Attestation.__struct_fields__, map(_cells, audit.attestations)),
    }
    whole = io.BytesIO()
    book = xlsxwriter.Workbook(whole, _OPTIONS)
    # without it the time at which it is written would stand there
    created = datetime.fromtimestamp(seconds(audit.run.finished), UTC)
    book.set_properties({"title": "hullcheck", "created": created})
    bold = book.add_format({"bold": True})
    left = {name: _fill(book.add_worksheet(name), bold, *sheet) for name, sheet in sheets.items()}
    book.close()
    more = (f"{many:,} rows of {name} are left out: a sheet holds no more" for name, many in left.items() if many)
    return Rendering([whole.getvalue()], "; ".join(more))


def _fill(sheet: Any, bold: object, head: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(head):
        sheet.set_column(column, column, _WIDTHS.get(name, _USUAL))
        sheet.write_string(0, column, name, bold)
    number = 0
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row if number <= MOST_ROWS else ()):
            sheet.write_string(number, column, line(text, MOST_CHARACTERS, feeds=True))
    kept = min(number, MOST_ROWS)
    sheet.autofilter(0, 0, kept, len(head) - 1)
    return number - kept


def _cells(value: Waiver | Attestation) -> tuple[str, ...]:
    return tuple(" ".join(each) if isinstance(each, tuple) else str(each) for each in astuple(value))
