"""How many findings failed in each run: as a table, as JSON, and as OpenMetrics for Prometheus."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import to_builtins

from hullcheck.messages import printable
from hullcheck.results import SEVERITIES, Moment
from hullcheck.writers import columns

SCHEMA = "hullcheck/history/1"
_BAR = 30  # characters of the longest


def text(runs: Sequence[tuple[int, Moment]], width: int | None) -> str:
    """A row for each run, the oldest first, with a bar as long as many findings failed.

    Args:
        runs: how many targets each had, and its numbers.
    """
    most = max((each.total for _, each in runs), default=0)
    head = ("run", "finished", "targets", *SEVERITIES, "errors", "failed")
    rows = [
        (
            each.run,
            each.finished,
            str(targets),
            *(str(each.failed.get(name, 0)) for name in SEVERITIES),
            str(each.errors),
            f"{each.total:5} {'#' * (_BAR * each.total // most if most else 0)}".rstrip(),
        )
        for targets, each in runs
    ]
    return printable(columns.table([head, *rows], width))


def document(runs: Sequence[tuple[int, Moment]]) -> str:
    """The same as JSON."""
    entries: list[dict[str, Any]] = [{**to_builtins(each), "targets": targets} for targets, each in runs]
    return json.dumps({"schema": SCHEMA, "runs": entries}, indent=1) + "\n"


def metrics(runs: Sequence[tuple[int, Moment]]) -> str:
    """The same as OpenMetrics text with the time of each run, as `promtool tsdb create-blocks-from` reads it."""
    timed = [(datetime.fromisoformat(each.finished).timestamp(), targets, each) for targets, each in runs]
    timed.sort(key=lambda each: each[0])
    lines = ["# HELP hullcheck_history_failed Findings that failed.", "# TYPE hullcheck_history_failed gauge"]
    for name in SEVERITIES:
        lines += [
            f'hullcheck_history_failed{{severity="{name}"}} {each.failed.get(name, 0)} {time:.0f}'
            for time, _, each in timed
        ]
    for metric, meaning, values in (
        ("errors", "Results that could not be judged.", [(time, each.errors) for time, _, each in timed]),
        ("targets", "Targets of the run.", [(time, targets) for time, targets, _ in timed]),
    ):
        lines += [f"# HELP hullcheck_history_{metric} {meaning}", f"# TYPE hullcheck_history_{metric} gauge"]
        lines += [f"hullcheck_history_{metric} {value} {time:.0f}" for time, value in values]
    return "\n".join([*lines, "# EOF"]) + "\n"
