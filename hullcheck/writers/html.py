"""What the pytest-html report shows beside pytest's own columns: the engineers' page."""

from html import escape
from typing import Any

import pytest

from hullcheck.text import printable

TITLE = "hullcheck"
MOST_TESTS = 5000  # pytest-html keeps every row in memory: above this only where --html asks for it


def limit(config: pytest.Config, tests: int) -> None:
    """Leave the page out where it was not asked for and would be too large."""
    page = config.pluginmanager.get_plugin("html")
    asked = any(str(each).startswith("--html") for each in config.invocation_params.args)
    if page is not None and tests > MOST_TESTS and not asked:
        config.pluginmanager.unregister(page)


def header(cells: list[str]) -> None:
    """Columns for control, target, severity and frameworks, after the result."""
    cells[1:2] = [
        '<th class="sortable" data-column-type="control">Control</th>',
        '<th class="sortable" data-column-type="target">Target</th>',
        '<th class="sortable" data-column-type="severity">Severity</th>',
        "<th>Frameworks</th>",
    ]


def row(report: pytest.TestReport, cells: list[str]) -> None:
    """The cells of one control and target; other tests keep their name in the first column."""
    carried = getattr(report, "hullcheck", None)
    if carried is None:
        cells[1:2] = [f"<td>{_text(report.nodeid)}</td>", "<td></td>", "<td></td>", "<td></td>"]
        return
    control, result = carried["control"], carried["result"]
    ids = " ".join(f"{name}:{each}" for name, group in control["frameworks"].items() for each in group)
    cells[1:2] = [
        f'<td class="col-control">{_text(control["id"])}<br><small>{_text(control["title"])}</small></td>',
        f'<td class="col-target">{_text(result["target"])}</td>',
        f'<td class="col-severity">{_text(control["severity"])}</td>',
        f'<td class="col-frameworks"><small>{_text(ids)}</small></td>',
    ]


def details(report: pytest.TestReport, data: list[str]) -> None:
    """The findings, why the control is there, the remedy and the evidence, instead of a log."""
    carried = getattr(report, "hullcheck", None)
    if carried is None:
        return
    control, result = carried["control"], carried["result"]
    lines = [f"{each['verdict']}: {each['subject']}: {each['reason']}" for each in result["findings"]]
    lines += [
        "",
        control["rationale"],
        "",
        f"Remedy: {control['remedy']}",
        "",
        f"Evidence: {', '.join(result['evidence'])}",
    ]
    data[:] = [_text("\n".join(lines))]


def _text(value: Any) -> str:
    """*value* as text, never as markup, whatever a host put into it."""
    return escape(printable(str(value)))
