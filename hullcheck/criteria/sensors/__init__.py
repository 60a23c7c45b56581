"""Which tools watch what containers do."""

from hullcheck.criteria.judgement import Judgement
from hullcheck.criteria.sensors import falco
from hullcheck.criteria.sensors.watchers import genuine, start_with_host
from hullcheck.facts.host.clock import Clock
from hullcheck.facts.logs import Shippers
from hullcheck.facts.sensors import Sensors, Step
from hullcheck.facts.sensors.tools import FALCO, TOOLS, Tool
from hullcheck.verdicts import Manual

_FALCO_WATCHES = (Step.RUNS, Step.BOOT, Step.DRIVER, Step.RULES)
"""The steps that need neither counters nor an output."""


def watch(tool: Tool, sensors: Sensors, shippers: Shippers, clock: Clock) -> Judgement:
    """Whether a tool watches, and how.

    Raises:
        EvidenceError: that is unknown.
        Manual: only a person can tell.
    """
    if tool is FALCO:
        return _falco_watch(sensors, shippers, clock)
    watchers, flaw = genuine(tool, sensors)
    if flaw:
        return Judgement(False, flaw)
    if not any(start_with_host(each).good for each in watchers):
        return Judgement(
            False, f"{tool.title} does not start with the host: {start_with_host(watchers[0]).words}"
        )
    called = {end for each in watchers for end in each.connected_to}
    ends = sorted(end for end in called if not shippers.is_here(end.partition(" ")[0]))
    runs = f"{tool.title} runs ({watchers[0].place})"
    if not ends:
        return Judgement(False, f"{runs}, but is connected to no other machine")
    return Judgement(True, f"{runs}, connected to {', '.join(ends)}")


def _falco_watch(sensors: Sensors, shippers: Shippers, clock: Clock) -> Judgement:
    words = []
    for each in _FALCO_WATCHES:
        found = falco.step(each, sensors, shippers, clock)
        if not found.good:
            return found
        words.append(found.words)
    return Judgement(True, "; ".join(words))


def watching(sensors: Sensors, shippers: Shippers, clock: Clock) -> list[Tool]:
    """The tools that watch for certain.

    Raises:
        EvidenceError: of one that is unknown.
    """
    return [tool for tool in TOOLS if _does_watch(tool, sensors, shippers, clock)]


def _does_watch(tool: Tool, sensors: Sensors, shippers: Shippers, clock: Clock) -> bool:
    try:
        return watch(tool, sensors, shippers, clock).good
    except Manual:
        return False
