"""What the gates of a run say, on the terminal."""

from collections.abc import Iterator

from hullcheck.messages import printable
from hullcheck.results import Audit
from hullcheck.verdicts import Verdict
from hullcheck.writers.terminal.screen import Line

SHOWN = 5
"""How many lines of what breaks a gate are shown without -v."""


def lines(audit: Audit, most: int | None) -> Iterator[Line]:
    """A line for each gate, and below it what breaks it: at most so many lines."""
    for gate in audit.gates:
        head = f"gate {gate.option}={printable(gate.asked)}:"
        if not gate.broken:
            yield Line(f"{head} holds", len(head), {"green": True})
            continue
        many = len(gate.broken)
        yield Line(
            f"{head} broken by {many}: the exit status is not 0", len(head), {"red": True, "bold": True}
        )
        shown = many if most is None else most
        yield from (Line(f"  {printable(each)}") for each in gate.broken[:shown])
        if many > shown:
            yield Line(f"  and {many - shown} more (-v shows all, and results.json has them)")
    if _is_green_with_failures(audit):
        yield Line("Controls fail, and no gate counts that: the exit status is 0.")


def _is_green_with_failures(audit: Audit) -> bool:
    fails = any(each.verdict in (Verdict.FAIL, Verdict.ERROR) for each in audit.results)
    return bool(audit.gates) and audit.run.exit_status == 0 and fails
