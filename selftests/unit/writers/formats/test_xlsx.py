"""findings.xlsx: openpyxl reads back what was found; no cell is a formula or a link."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import pytest
from msgspec.structs import replace

from hullcheck.results import Audit, Finding
from hullcheck.verdicts import Verdict
from hullcheck.writers import tables
from selftests.kit import audit_pages
from selftests.kit.formats import NAMES, each_audit, found, named, rendered, small

openpyxl = pytest.importorskip("openpyxl", reason="the extra `selftest` brings it")
pytest.importorskip("xlsxwriter", reason="the extra `selftest` brings it")


def sheet(audit: Audit, name: str = "Findings") -> list[tuple[Any, ...]]:
    """The cells of a sheet, which are texts or empty."""
    book = openpyxl.load_workbook(io.BytesIO(rendered("xlsx", audit).content))
    rows = list(book[name].iter_rows())
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "inlineStr"}
    assert not [
        cell for row in rows for cell in row if cell.hyperlink or isinstance(cell.value, (int, float))
    ]
    return [tuple(cell.value for cell in row) for row in rows]


@each_audit
def test_rows_are_those_of_the_findings(audit: Callable[[], Audit]) -> None:
    """As in findings.csv, with the same head."""
    head, *rows = sheet(audit())
    assert head == tables.FINDINGS
    assert [row[-1] for row in rows] == [row[-1] for row in tables.finding_rows(audit())]
    assert [row[9] for row in rows] == [row[9] for row in tables.finding_rows(audit())]


def test_names_are_texts() -> None:
    """No formula, no link, no control character, and nothing is lost."""
    _, *rows = sheet(named())
    shown = [row[8] for row in rows]
    assert shown[4] == NAMES[4]
    assert shown[5] == r"esc \x1b[31m red"
    assert shown[6] == NAMES[6]
    assert shown[7] == r"lone \udc80 surrogate"
    with ZipFile(io.BytesIO(rendered("xlsx", named()).content)) as packed:
        whole = b"".join(packed.read(each) for each in packed.namelist())
    assert b"<f>" not in whole
    assert b"hyperlink" not in whole


def test_waivers_have_a_sheet() -> None:
    """So have attestations and requirements."""
    audit = audit_pages.accepted().audit
    head, first, second = sheet(audit, "Waivers")
    assert dict(zip(head, first, strict=True))["last_day"] == audit_pages.WAIVER.last_day
    assert dict(zip(head, second, strict=True))["state"] == "expired"
    assert len(sheet(audit, "Attestations")) == 2
    many = sum(len(each.requirements) for each in audit.requirements)
    assert len(sheet(audit, "Requirements")) == many + 1


def test_long_cells_are_cut() -> None:
    """A spreadsheet refuses a file with a longer one."""
    _, row = sheet(small(Finding("file", "x", Verdict.FAIL, "\U0001f433" * 40_000)))
    assert len(row[10].encode("utf-16-le")) // 2 <= 32_767
    assert row[10].endswith("[…]")


def test_bytes_follow_from_the_audit() -> None:
    """The time of writing is not in it."""
    audit = audit_pages.demo().audit
    later = replace(audit, run=replace(audit.run, finished="2027-01-01T00:00:00Z"))
    assert rendered("xlsx", audit) == rendered("xlsx", audit) != rendered("xlsx", later)
    assert found(audit, Verdict.FAIL)
