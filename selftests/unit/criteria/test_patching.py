"""Whether a tool keeps a host up to date, by its last run."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.criteria.patching import own_updates, stand_in, tool_flaw, working_tools
from hullcheck.facts.patching import TOOLS, Run, Tool
from hullcheck.parsing.times import day
from hullcheck.verdicts import EvidenceError, Manual

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
        (replace(GOOD, run=Run(NOW, made=NOW - 30 * DAY)), ""),
        (
            replace(GOOD, run=Run(NOW, made=NOW - 30 * DAY - 1)),
            "its last run was by a catalog of 1970-03-11, more than 30 days ago",
        ),
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


def patching(**changes: Any) -> Any:
    """What a host tells of its own updates, which were all installed now."""
    line = "No packages found that can be upgraded unattended"
    good = {
        "now": NOW,
        "unattended_upgrade": (day(NOW), line),
        "security_origin": True,
        "has_security_lists": True,
        "refreshed": NOW,
        "held": (),
        "pushed": 0.0,
        "installer_run": ("dnf-automatic.service", None),
        "tool": lambda name: replace(GOOD, run=Run(NOW, doubt="who knows")),
    }
    return SimpleNamespace(**good | changes)


def written(days_ago: int) -> tuple[Any, str]:
    """What the log of unattended-upgrades ends with, so many days ago by the clock of its time zone."""
    return day(NOW) - timedelta(days=days_ago), patching().unattended_upgrade[1]


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"unattended_upgrade": written(-1)}, True),
        ({"unattended_upgrade": written(30)}, True),
        ({"refreshed": NOW - 30 * DAY}, True),
        ({"refreshed": NOW - 30 * DAY - 1}, False),
        ({"security_origin": False}, False),
        ({"unattended_upgrade": None, "installer_run": ("dnf", Run(NOW - 30 * DAY))}, True),
        ({"unattended_upgrade": None, "installer_run": ("dnf", Run(NOW, "it failed"))}, False),
    ],
)
def test_own_updates(changes: dict[str, Any], good: bool) -> None:
    """What ended well in the last days, by lists that are no older than that, and takes security updates."""
    assert own_updates(patching(**changes), 30).good is good


@pytest.mark.parametrize(
    "changes",
    [
        {"unattended_upgrade": written(31)},
        {"unattended_upgrade": None},
        {"unattended_upgrade": None, "installer_run": ("dnf", Run(NOW - 30 * DAY - 1))},
        {"has_security_lists": False},
        {"security_origin": None},
        {"refreshed": 0.0},
        {"held": ("runc",)},
    ],
)
def test_own_updates_that_a_person_has_to_look_at(changes: dict[str, Any]) -> None:
    """No run of late, nothing of where it takes them from, or a package that is left out."""
    with pytest.raises(Manual):
        own_updates(patching(**changes), 30)


def test_log_of_the_future() -> None:
    """It is named by its day; a day ahead is its time zone."""
    date, line = written(-2)
    with pytest.raises(EvidenceError, match=f"is of {date}, after the audit"):
        own_updates(patching(unattended_upgrade=(date, line)), 30)


def test_what_stands_in_for_a_tool() -> None:
    """A control node, or the updates of the distribution where these are known to be good."""
    pushed = {"unattended_upgrade": None, "pushed": NOW - 30 * DAY}
    assert "a control node had Ansible" in stand_in(patching(**pushed), 30)
    assert stand_in(patching(**pushed | {"pushed": NOW - 30 * DAY - 1}), 30) == ""
    assert "No packages found" in stand_in(patching(), 30)
    assert stand_in(patching(security_origin=False), 30) == ""


def test_tools_that_work() -> None:
    """One of which nobody knows is none of them."""
    assert working_tools(patching(), 30) == ()
    assert working_tools(patching(tool=lambda name: GOOD), 30) == tuple(TOOLS)
