"""Whether something keeps a host up to date, by the record of its last run."""

from hullcheck.criteria.judgement import Judgement
from hullcheck.facts.patching import TOOLS, Patching, Tool
from hullcheck.parsing.times import CLOCK_SLACK, DAY, day
from hullcheck.verdicts import EvidenceError, Manual

_ENDED_WELL = ("All upgrades installed", "No packages found that can be upgraded")


def _unattended(patching: Patching, line: str, days: int) -> Judgement:
    """What its last line is worth: it finds nothing to install too where it may take nothing, or gets no lists.

    Raises:
        Manual: the target does not tell what it takes, or when the lists were fetched.
    """
    said = f"unattended-upgrades: {line}"
    if not any(each in line for each in _ENDED_WELL):
        return Judgement(good=False, words=said)
    if patching.security_origin is False:
        return Judgement(good=False, words=f"{said}; its allowed origins are none of security updates")
    if not patching.has_security_lists:
        raise Manual(f"{said}, but apt has no list of security updates: is a source of them configured?")
    if patching.security_origin is None or not patching.refreshed:
        raise Manual(f"{said}: does it take security updates, and were its lists fetched?")
    fetched = day(patching.refreshed)
    if patching.refreshed < patching.now - days * DAY:
        return Judgement(
            good=False, words=f"{said}, by lists of security updates of {fetched}, more than {days} days ago"
        )
    return Judgement(good=True, words=f"{said}, by lists of security updates of {fetched}")


def stand_in(patching: Patching, days: int) -> str:
    """What may keep the host up to date in place of a configuration management tool, in words; empty for nothing."""
    if patching.pushed >= patching.now - days * DAY:
        return f"a control node had Ansible update packages here on {day(patching.pushed)}"
    try:
        found = _own_updates(patching, days)
    except (EvidenceError, Manual):
        return ""
    return found.words if found.good else ""


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
    if tool.run.made and tool.run.made < tool.now - days * DAY:
        return f"its last run was by a catalog of {day(tool.run.made)}, more than {days} days ago"
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
        Manual: it did not run in the last *days*, or only fetches, or something is kept from it.
    """
    found = _own_updates(patching, days)
    if found.good and patching.held:
        raise Manual(f"{found.words}; but {', '.join(patching.held)} is left out: without security updates?")
    return found


def _own_updates(patching: Patching, days: int) -> Judgement:
    unanswered = Manual(f"is any security update not installed that has been out for more than {days} days?")
    if written := patching.unattended_upgrade:
        age = (day(patching.now) - written[0]).days
        if age < -1:  # its clock is that of the host's time zone
            raise EvidenceError(f"the log of unattended-upgrades is of {written[0]}, after the audit")
        if age > days:
            raise unanswered
        return _unattended(patching, written[1], days)
    unit, run = patching.installer_run
    if run is None or run.ended < patching.now - days * DAY:
        raise unanswered
    return Judgement(not run.flaw, run.flaw or f"{unit} ended with success on {day(run.ended)}")
