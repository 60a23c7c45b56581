"""Whether a tool keeps a host up to date, by its last run."""

from dataclasses import replace

import pytest

from hullcheck.criteria.patching import tool_flaw
from hullcheck.facts.patching import Run, Tool
from hullcheck.verdicts import EvidenceError

NOW, DAY = 100 * 86400.0, 86400
GOOD = Tool("Puppet", ("puppet.service",), (), Run(NOW - DAY), NOW)


@pytest.mark.parametrize(
    ("tool", "found"),
    [
        (GOOD, ""),
        (replace(GOOD, run=Run(NOW - 30 * DAY)), ""),
        (replace(GOOD, run=Run(NOW - 30 * DAY - 1)), "its last run was on 1970-03-11, more than 30 days ago"),
        (replace(GOOD, run=Run(NOW + 300)), ""),
        (replace(GOOD, run=Run(NOW, "it failed")), "it failed"),
        (replace(GOOD, run=None), "puppet.service starts it, but there is no record of a run"),
        (replace(GOOD, lock="/lock keeps the agent from running"), "/lock keeps the agent from running"),
        (replace(GOOD, starts=()), "nothing starts it: no unit, no timer, no cron job"),
        (replace(GOOD, starts=(), signs=("a.timer is there",)), "nothing starts it: a.timer is there"),
    ],
)
def test_flaw_of_a_tool(tool: Tool, found: str) -> None:
    """It is started by itself, has run recently, and with success."""
    assert tool_flaw(tool, 30) == found


@pytest.mark.parametrize("run", [Run(NOW + 301), Run(NOW, doubt="who knows")])
def test_run_of_which_nobody_knows(run: Run) -> None:
    """A record of the future, and one without a result, prove nothing."""
    with pytest.raises(EvidenceError, match=r"after the audit|who knows"):
        tool_flaw(replace(GOOD, run=run), 30)
