"""The number of failed findings in each run: as a table, as JSON, and as OpenMetrics for Prometheus."""

import json
from collections.abc import Sequence

from msgspec import to_builtins

from hullcheck.messages import printable
from hullcheck.results import SEVERITIES, Moment
from hullcheck.writers import columns
from hullcheck.writers.entries import seconds
from hullcheck.writers.formats.prometheus import metric

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
    timed = sorted(((seconds(each.finished), targets, each) for targets, each in runs), key=lambda each: each[0])
    failed = [({"severity": name}, f"{each.failed.get(name, 0)} {at}") for name in SEVERITIES for at, _, each in timed]
    errors = [(dict[str, str](), f"{each.errors} {at}") for at, _, each in timed]
    text = metric("history_failed", "Findings that failed.", failed)
    text += metric("history_errors", "Results that could not be judged.", errors)
    text += metric("history_targets", "Targets of the run.", [({}, f"{targets} {at}") for at, targets, _ in timed])
    return f"{text}# EOF\n"
