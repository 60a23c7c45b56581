"""Whether something keeps a host up to date, by the record of its last run."""

from hullcheck.criteria.judgement import Judgement
from hullcheck.facts.patching import TOOLS, Patching, Tool
from hullcheck.parsing.times import CLOCK_SLACK, DAY, day
from hullcheck.verdicts import EvidenceError, Manual

_FAILED = "Installing the upgrades failed"


def tool_flaw(tool: Tool, days: int) -> str:
    """Why *tool* does not keep the host up to date, in words; empty where it does.

    Args:
        days: the greatest age of its last run.

    Raises:
        EvidenceError: that is unknown.
    """
    if tool.lock or not tool.starts:
        return tool.lock or f"nothing starts it: {', '.join(tool.signs) or 'no unit, no timer, no cron job'}"
    if tool.run is None:
        return f"{', '.join(tool.starts)} starts it, but there is no record of a run"
    if tool.run.ended > tool.now + CLOCK_SLACK:
        raise EvidenceError(f"the record of its last run is of {day(tool.run.ended)}, after the audit")
    if tool.run.ended < tool.now - days * DAY:
        return f"its last run was on {day(tool.run.ended)}, more than {days} days ago"
    if tool.run.doubt:
        raise EvidenceError(tool.run.doubt)
    return tool.run.flaw


def working_tools(patching: Patching, days: int) -> tuple[str, ...]:
    """The names of the tools that keep the host up to date."""
    return tuple(name for name in TOOLS if _works(patching, name, days))


def _works(patching: Patching, name: str, days: int) -> bool:
    try:
        return not tool_flaw(patching.tool(name), days)
    except EvidenceError:
        return False


def own_updates(patching: Patching, days: int) -> Judgement:
    """How the distribution's own updater ended last.

    Raises:
        EvidenceError: it says that it will have run.
        Manual: it did not run in the last *days*, or only fetches.
    """
    unanswered = Manual(f"is any security update not installed that has been out for more than {days} days?")
    if written := patching.unattended_upgrade:
        age = (day(patching.now) - written[0]).days
        if age < -1:  # its clock is that of the host's time zone
            raise EvidenceError(f"the log of unattended-upgrades is of {written[0]}, after the audit")
        if age > days:
            raise unanswered
        return Judgement(_FAILED not in written[1], f"unattended-upgrades: {written[1]}")
    unit, run = patching.installer_run
    if run is None or run.ended < patching.now - days * DAY:
        raise unanswered
    return Judgement(not run.flaw, run.flaw or f"{unit} ended with success on {day(run.ended)}")
