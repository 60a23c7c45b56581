"""Two columns on the page that pytest-html writes for `--html`, and a link to audit.html."""

import os
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from hullcheck.messages import printable
from hullcheck.results import SEVERITIES, sentences
from hullcheck.results.run_files import AUDIT_PAGE

_MOST = 5
"""The findings of a row; audit.html has all of them."""


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_header(cells: list[str]) -> None:
    """Add the heads of the columns."""
    cells[2:2] = ['<th class="sortable" data-column-type="severity">Severity</th>', "<th>Finding</th>"]


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """Add the severity of a control and what it found."""
    cells[1] = f'<td class="col-testId">{_text(report.nodeid)}</td>'
    carried = getattr(report, "hullcheck", None)
    if carried is None:
        cells[2:2] = ['<td class="col-severity"></td>', "<td></td>"]
        return
    control, result = carried.control, carried.result
    severity = result.severity or control.severity
    found = [sentences.of_finding(each) for each in result.all_findings if each.verdict is result.verdict]
    more = [f"and {len(found) - _MOST} more"] if len(found) > _MOST else []
    lines = [f"{sentences.called(control)}: {control.title}", *found[:_MOST], *more]
    cells[2:2] = [
        f'<td class="col-severity"><span hidden>{SEVERITIES.index(severity)}</span>{severity}</td>',
        f"<td>{'<br>'.join(map(_text, lines))}</td>",
    ]


def link_from(page: Path, folder: Path) -> str:
    """Return a link from this *page* to that of the whole audit."""
    address = quote(os.path.relpath(folder / AUDIT_PAGE, page.parent))
    return f'<p>These are the tests of pytest. <a href="{address}">{AUDIT_PAGE}</a> has the whole audit.</p>'


def _text(value: str) -> str:
    return escape(printable(value))
