"""The number of failed findings in each run: as a table, as JSON, and as OpenMetrics for Prometheus."""

import json
from collections.abc import Sequence
from datetime import datetime

from msgspec import to_builtins

from hullcheck.messages import printable
from hullcheck.results import SEVERITIES, Moment
from hullcheck.writers import columns

SCHEMA = "hullcheck/history/1"
_BAR = 30  # characters of the longest

Runs = Sequence[tuple[int, Moment]]
"""The number of targets and of findings in each run, the oldest first."""


def text(runs: Runs, width: int | None) -> str:
    """Render a row for each run, with a bar as long as many findings failed."""
    most = max((each.total for _, each in runs), default=0)
    rows: list[tuple[str, ...]] = [("run", "finished", "targets", *SEVERITIES, "errors", "failed")]
    for targets, each in runs:
        bar = "#" * (_BAR * each.total // most if most else 0)
        numbers = (targets, *(each.failed.get(name, 0) for name in SEVERITIES), each.errors)
        rows.append((each.run, each.finished, *map(str, numbers), f"{each.total:5} {bar}".rstrip()))
    return printable(columns.table(rows, width))


def document(runs: Runs) -> str:
    """Render the same as JSON."""
    entries = [{**to_builtins(each), "targets": targets} for targets, each in runs]
    return json.dumps({"schema": SCHEMA, "runs": entries}, indent=1) + "\n"


def metrics(runs: Runs) -> str:
    """Render the same as OpenMetrics text with the time of each run, for `promtool tsdb create-blocks-from`."""
    timed = [(datetime.fromisoformat(each.finished).timestamp(), targets, each) for targets, each in runs]
    timed.sort(key=lambda each: each[0])
    lines = []
    for metric, meaning in (
        ("failed", "Findings that failed."),
        ("errors", "Results that could not be judged."),
        ("targets", "Targets of the run."),
    ):
        name = f"hullcheck_history_{metric}"
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
        for severity in SEVERITIES if metric == "failed" else ("",):
            label = f'{{severity="{severity}"}}' if severity else ""
            for time, targets, each in timed:
                value = {"failed": each.failed.get(severity, 0), "errors": each.errors, "targets": targets}[metric]
                lines.append(f"{name}{label} {value} {time:.0f}")
    return "\n".join([*lines, "# EOF"]) + "\n"
