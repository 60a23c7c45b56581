"""Which tools watch."""

from types import SimpleNamespace
from typing import Any

from hullcheck.criteria.judgement import Judgement
from hullcheck.criteria.sensors import watch, watching
from hullcheck.facts.sensors import Watcher
from hullcheck.facts.sensors.tools import FALCO, SYSDIG

ENDS = {"Connected": ["192.0.2.7 6443", "127.0.0.1 1"]}
UNIT = {"Id": "a.service", "MainPID": "7", "ActiveState": "active", "UnitFileState": "enabled"}


def judged(*, net: dict[str, list[str]] | None = None, state: str = "enabled") -> tuple[Judgement, list[str]]:
    """What is said of Sysdig, and which tools watch."""
    document = {"Unit": UNIT | {"UnitFileState": state}, "Network": ENDS if net is None else net}
    watchers = {SYSDIG: (Watcher(7, "/opt/draios/bin/dragent", document),)}
    sensors: Any = SimpleNamespace(of=lambda tool: watchers.get(tool, ()), installed=lambda tool: ())
    shippers: Any = SimpleNamespace(is_here=lambda host: False)
    clock: Any = SimpleNamespace(now=0.0)
    assert watch(FALCO, sensors, shippers, clock) == (False, "no process of Falco")
    names = [tool.name for tool in watching(sensors, shippers, clock)]
    return watch(SYSDIG, sensors, shippers, clock), names


def test_watch() -> None:
    """A tool watches that runs, comes back after a boot and talks to another machine."""
    runs = "Sysdig runs (unit a.service)"
    assert judged() == ((True, f"{runs}, connected to 192.0.2.7 6443"), ["sysdig"])
    assert judged(net={"Connected": []}) == ((False, f"{runs}, but is connected to no other machine"), [])
    assert judged(state="disabled") == (
        (False, "Sysdig does not start with the host: unit a.service is disabled"),
        [],
    )
