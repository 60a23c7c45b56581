"""requirements.csv: a row for each requirement of each framework, with its verdict over all targets."""

from hullcheck.results import Audit
from hullcheck.writers.tables import csv_cells

HEAD = (
    *("framework", "name", "requirement", "title", "verdict", "relation"),
    *("controls", "deciding", "left_out"),
)


def render(audit: Audit) -> str:
    """Render *audit*; equal audits give equal text."""
    return csv_cells.table(HEAD, rows(audit))


def rows(audit: Audit) -> list[tuple[str, ...]]:
    """The cells below the head, as the results have them."""
    return [
        (
            *(rollup.framework, rollup.name, each.id, each.title, str(each.verdict), rollup.relation),
            *(" ".join(names) for names in (each.controls, each.deciding, each.left_out)),
        )
        for rollup in audit.requirements
        for each in rollup.requirements
    ]
