"""Whether Falco sees what containers do and reports it, step by step."""

import re
from collections.abc import Callable, Mapping

from hullcheck.criteria.judgement import Judgement
from hullcheck.criteria.sensors.watchers import genuine, start_with_host
from hullcheck.facts.host.clock import Clock
from hullcheck.facts.logs import Shippers
from hullcheck.facts.sensors import Sensors, Step, Watcher
from hullcheck.facts.sensors.tools import FALCO
from hullcheck.parsing.times import CLOCK_SLACK, DAY
from hullcheck.verdicts import EvidenceError, Manual

_MOST_LOST = 0.01  # of the events between two readings
_RECENT = 30 * DAY
_OUTPUTS = ("http_output", "syslog_output", "file_output", "program_output", "stdout_output", "grpc_output")
_INTERVALS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": float(DAY)}


def step(asked: Step, sensors: Sensors, shippers: Shippers, clock: Clock) -> Judgement:
    """Whether one step on the way to a Falco that is of use is done, and what shows it.

    Raises:
        EvidenceError: that is unknown.
        Manual: only a person can tell.
    """
    installed = sensors.installed(FALCO)
    if asked is Step.INSTALLED and installed:
        return Judgement(True, ", ".join(installed))
    found, flaw = genuine(FALCO, sensors)
    if flaw:
        return Judgement(False, flaw)
    falco = found[0]
    if asked in _OF_THE_PROCESS:
        return _OF_THE_PROCESS[asked](falco)
    if asked is Step.OUTPUT:
        return _output(falco, shippers)
    return (_events if asked is Step.EVENTS else _report)(falco, clock.now)


def _driver(falco: Watcher) -> Judgement:
    if not falco.drivers:
        return Judgement(False, "it holds no eBPF program and no device of its module")
    if chosen := falco.chosen_calls:
        raise Manual(
            f"it sees chosen calls of the kernel alone ({', '.join(chosen)}): all that its rules need?"
        )
    return Judgement(True, f"it holds {', '.join(falco.drivers)}")


def _rules(falco: Watcher) -> Judgement:
    if not falco.rules:
        return Judgement(False, "no file that its configuration names has a rule")
    states = falco.rule_states
    on = [name for name, state in states.items() if state]
    if not on and None in states.values():
        raise EvidenceError("its rules are switched by tags or in files that could not be read")
    if not on:
        off = f"all {len(states)} rules are switched off, by its options, its configuration or their files"
        return Judgement(False, off)
    files = ", ".join(f"{path} (sha256 {digest[:12]})" for path, digest in falco.rules.items())
    shown = f"{files}, {len(on)} of {len(states)} rules on"
    loaded = set(falco.readings[1].rules.values()) if falco.readings else set()
    if not loaded:
        return Judgement(True, f"{shown}; what it loaded of them it does not show")
    if other := [path for path, digest in falco.rules.items() if digest not in loaded]:
        return Judgement(False, f"it has loaded another {', '.join(other)} than lies there")
    return Judgement(True, f"{shown}, as it says itself")


_OF_THE_PROCESS: Mapping[Step, Callable[[Watcher], Judgement]] = {
    Step.INSTALLED: lambda falco: Judgement(True, falco.place),
    Step.RUNS: lambda falco: Judgement(True, f"Falco runs as process {falco.pid} ({falco.place})"),
    Step.BOOT: start_with_host,
    Step.DRIVER: _driver,
    Step.RULES: _rules,
}


def _events(falco: Watcher, now: float) -> Judgement:
    readings = falco.readings
    if readings is None or readings[0].events is None or readings[1].events is None:
        raise EvidenceError("it shows no counter of events: metrics are off, or could not be read")
    written = falco.last_snapshot
    if written is not None:
        _refuse_future("its counters", written, now)
        if now - written > 2 * _seconds(falco.config_value("metrics", "interval")):
            return Judgement(False, f"it last wrote its counters {now - written:.0f} s ago")
    seen = readings[1].events - readings[0].events
    if seen <= 0:
        return Judgement(False, f"it sees nothing: {readings[1].events:.0f} events at both readings")
    if readings[0].drops is None or readings[1].drops is None:
        raise EvidenceError("it shows no counter of what it lost")
    lost = readings[1].drops - readings[0].drops
    if lost > seen * _MOST_LOST:
        return Judgement(False, f"it lost {lost:.0f} events, and saw {seen:.0f}")
    return Judgement(True, f"{seen:.0f} events between two readings, {lost:.0f} lost")


def _seconds(interval: object) -> float:
    """A time as Falco writes it, as `1h`, `15m` or `1h30m`; an hour where it says none."""
    units = re.findall(r"(\d+)(ms|s|m|h|d)", str(interval or "1h"))
    return sum(int(number) * _INTERVALS[unit] for number, unit in units) or 3600.0


def _output(falco: Watcher, shippers: Shippers) -> Judgement:
    on = [name for name in _OUTPUTS if falco.config_value(name, "enabled") is True]
    if not on:
        return Judgement(False, "it has no output")
    host = falco.http_host
    plain = falco.container is not None and "." not in host  # it may be the name of another container
    if "http_output" in on and host and not plain and not shippers.is_here(host):
        return Judgement(True, f"its reports go to {host}")
    told = [f"{name} to {host}" if name == "http_output" else name for name in on]
    raise Manual(f"{', '.join(told)}: what takes that to another machine?")


def _report(falco: Watcher, now: float) -> Judgement:
    if falco.last_alert is not None:
        _refuse_future("its alerts", falco.last_alert, now)
        if now - falco.last_alert <= _RECENT:
            days = max(now - falco.last_alert, 0) / DAY
            return Judgement(True, f"its file of alerts was written {days:.0f} days ago")
    before, matches = (each.matches or 0 for each in falco.readings) if falco.readings else (0, 0)
    told = f"its rules matched {matches:.0f} times since it started"
    if matches > before or (matches and falco.age is not None and falco.age <= _RECENT):
        return Judgement(True, told)
    shown = f"{told}, which may be long ago" if matches else "nothing shows a report"
    raise Manual(f"{shown}: cause a harmless one, and see it arrive")


def _refuse_future(what: str, written: float, now: float) -> None:
    if written > now + CLOCK_SLACK:
        raise EvidenceError(f"{what} were written after the audit: a clock is wrong")
