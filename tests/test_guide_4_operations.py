"""Docker Hardening Guide, section 4: central logs, and what watches the running containers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hullcheck.controls import for_each
from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.host.clock import Clock
from hullcheck.facts.logs import SYSTEMS, HostLog, Route, Shippers
from hullcheck.facts.registry import Later
from hullcheck.facts.sensors import AQUA, FALCO, SYSDIG, TOOLS, Sensors, Step, Tool, Watcher
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

_CLOCKS = 300  # seconds that a clock may be ahead
_DAY = 86400
_AFTER_A_BOOT = ("enabled", "static", "generated", "linked", "alias", "indirect")  # states of unit files
_RESTARTED = ("always", "unless-stopped")
_MOST_LOST = 0.01  # of the events between two readings
_LATELY = 30 * _DAY
_SHOWN = 10
_FOR_A_WATCH = (Step.RUNS, Step.BOOT, Step.DRIVER, Step.RULES)
_OUTPUTS = ("http_output", "syslog_output", "file_output", "program_output", "stdout_output", "grpc_output")
_INTERVALS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


# ---- logs


@pytest.mark.nist("AU-4(1)", "AU-6(4)", "AU-9(2)", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.3.3")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide(
    "4.2.central_logs", "4.2.central_logs.elk", "4.2.central_logs.fluentd", "5.pci_dss.monitor_logs"
)
@pytest.mark.severity("medium")
@for_each("option", SYSTEMS)
def test_container_logs_are_collected_centrally(
    log_system: str,
    shippers: Shippers,
    daemon: Daemon,
    container: Later[Subjects[Container]],
    policy: Policy,
) -> str:
    """The log of every container goes to another machine, by its log driver or by a shipper that reads it.

    Who breaks into a host can change what lies on it. One system is enough: ELK (the driver gelf, Filebeat, Elastic
    Agent, Logstash), Fluentd (its driver, fluentd, Fluent Bit) or another one. A shipper counts where it runs, its
    configuration reads the files of the containers, or it holds them open, and where it sends them to another
    machine than this one. Whether they arrive is not seen from here.

    Remedy: set `log-driver` and the address of the system in daemon.json, or run a shipper that reads
    `containers/*/*-json.log` of the engine's data root; a way that is not known is named in the `log_drivers` of
    the policy.
    """
    ways = _ways(shippers, daemon, container, policy)
    lost = [name for name, way in ways.items() if way is None]
    mine = [way.words for way in ways.values() if way is not None and way.system == log_system]
    if lost and shippers.doubts:
        doubts = ", ".join(shippers.doubts)
        raise EvidenceError(f"no known way for the logs of {_some(lost)}, but not understood: {doubts}")
    besides = f"; it takes others: {', '.join(dict.fromkeys(mine))}" if mine else ""
    assert not lost, f"nothing known takes the logs of {_some(lost)} to another machine{besides}"
    if not mine:
        others = dict.fromkeys(way.words for way in ways.values() if way is not None)
        raise NotApplicable(f"another way is used: {', '.join(others)}")
    return ", ".join(dict.fromkeys(mine))


def _ways(
    shippers: Shippers, daemon: Daemon, containers: Later[Subjects[Container]], policy: Policy
) -> dict[str, Route | None]:
    """The way of the log of each container, and of those that are yet to be made."""
    driver = str(daemon.setting("log-driver").value)
    logs = {"new containers": (driver, dict(daemon.setting("log-opts").value or {}), "")}
    configurations = ((name, each.configuration) for name, each in containers.get())
    logs |= {name: (each.log_driver, dict(each.log_options), each.id) for name, each in configurations}
    return {
        name: shippers.of_driver(*log) or _by_policy(log[0], policy.log_drivers) for name, log in logs.items()
    }


def _by_policy(driver: str, listed: tuple[str, ...] | None) -> Route | None:
    return Route(SYSTEMS[2], f"log driver {driver}, as the policy says") if driver in (listed or ()) else None


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


@pytest.mark.nist("AU-4(1)", "AU-6(4)", "AU-9(2)", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.3.3")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("4.2.central_logs", "5.pci_dss.monitor_logs")
@pytest.mark.severity("medium")
@for_each("log", HostLog)
def test_host_logs_are_collected_centrally(host_log: HostLog, shippers: Shippers) -> str:
    """The log of the daemon and the audit log go to another machine.

    What an intruder did with the daemon stands in them, until he takes it out. The daemon writes to the journal: a
    shipper has to read that, or take what it passes on to syslog. Where none is found a person has to say how they
    get away, since there are more ways than are known here.

    Remedy: let a shipper read the journal and /var/log/audit/audit.log, or forward all of syslog to another machine.
    """
    way = shippers.of_log(host_log)
    if way is None:
        raise Manual("no known shipper takes it to another machine")
    return way.words


# ---- what watches containers


@pytest.mark.nist("SI-4", "SI-4(2)", "SI-4(4)", sp="800-53")
@pytest.mark.nist("4.4.4", sp="800-190")
@pytest.mark.pci("10.4.1.1", "11.5.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)")
@pytest.mark.guide("4.3.runtime_monitoring")
@pytest.mark.severity("high")
@for_each("option", {each.title: each for each in TOOLS})
def test_something_watches_the_containers(
    monitor: Tool, sensors: Sensors, shippers: Shippers, clock: Clock, policy: Policy
) -> str:
    """A tool watches what containers do while they run: Falco, Sysdig or Aqua Security.

    What an image holds is known before it starts; what somebody makes of it afterwards, only who watches sees.
    A tool counts by its program, in a container of its makers' image or as the main process of a unit: a name proves
    nothing. One tool is enough, if the policy does not name those that have to watch (`runtime_monitors`).

    Remedy: install one of them, let it start with the host, and connect it to where alerts are read.
    """
    seen = Seen(sensors, shippers, clock)
    if policy.runtime_monitors is None:
        _leave_to(monitor, _watching(seen))
    elif monitor.name not in policy.runtime_monitors:
        raise NotApplicable("the policy does not ask for it")
    watch = _require_watch(monitor, seen)
    return f"{watch}; {_falco(Step.OUTPUT, seen)}" if monitor is FALCO else watch


@pytest.mark.nist("SI-4", "SI-4(4)", sp="800-53")
@pytest.mark.nist("4.4.4", sp="800-190")
@pytest.mark.pci("11.5.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)")
@pytest.mark.guide("4.3.falco")
@pytest.mark.severity("medium")
@for_each("step", Step)
def test_falco_sees_and_reports(
    step: Step, sensors: Sensors, shippers: Shippers, clock: Clock, policy: Policy
) -> str:
    """Falco runs, starts with the host, has its driver and rules, sees events, and its reports leave the host.

    Each step is judged by itself, since a process that is there may see nothing: without its driver, without
    rules, with all of them switched off, or because it loses what it is given. Its health page is a constant and is
    not asked. Not applicable where another tool watches this host, if the policy does not name Falco
    (`runtime_monitors`).

    Remedy: install Falco by its packages or its image, enable its unit, set `metrics.enabled` and
    `webserver.prometheus_metrics_enabled` in falco.yaml, and `http_output` to where alerts are read.
    """
    seen = Seen(sensors, shippers, clock)
    asked = policy.runtime_monitors is not None and FALCO.name in policy.runtime_monitors
    if not asked:
        _leave_to(FALCO, _watching(seen))
    return _falco(step, seen)


@pytest.mark.nist("SI-3", "SI-4", "SI-4(4)", sp="800-53")
@pytest.mark.nist("4.1.3", "4.4.4", sp="800-190")
@pytest.mark.pci("5.3.2", "11.5.1")
@pytest.mark.hipaa("164.308(a)(5)(ii)(B)", "164.308(a)(6)(ii)")
@pytest.mark.guide(
    "4.3.behavioural_analysis", "4.3.behavioural_analysis.sysdig", "4.3.behavioural_analysis.aqua"
)
@pytest.mark.severity("low")
@for_each("option", {each.title: each for each in (SYSDIG, AQUA)})
def test_behaviour_of_containers_is_analysed(
    analyser: Tool, sensors: Sensors, shippers: Shippers, clock: Clock, policy: Policy
) -> str:
    """The agent of Sysdig or of Aqua Security runs, starts with the host, and is connected to its console.

    Rules find what somebody thought of before; who knows how a container behaves sees what is new in it. Not
    applicable where another of the tools watches this host, if the policy does not name the agent
    (`runtime_monitors`).

    Remedy: start the agent by its unit or from its makers' image, and let it reach its collector or gateway.
    """
    seen = Seen(sensors, shippers, clock)
    if policy.runtime_monitors is None or analyser.name not in policy.runtime_monitors:
        _leave_to(analyser, _watching(seen))
    return _require_watch(analyser, seen)


@dataclass(frozen=True)
class Seen:
    """What tells whether a tool watches."""

    sensors: Sensors
    shippers: Shippers
    clock: Clock


def _leave_to(tool: Tool, watching: list[Tool]) -> None:
    """Not applicable where another tool does it."""
    if watching and tool not in watching:
        raise NotApplicable(f"{', '.join(each.title for each in watching)} watches this host")


def _watching(seen: Seen) -> list[Tool]:
    return [tool for tool in TOOLS if _does_watch(tool, seen)]


def _does_watch(tool: Tool, seen: Seen) -> bool:
    try:
        return bool(_require_watch(tool, seen))
    except (AssertionError, Manual, pytest.fail.Exception):
        return False


def _require_watch(tool: Tool, seen: Seen) -> str:
    """Say how a tool watches; for Falco the steps that need neither counters nor an output."""
    if tool is FALCO:
        return "; ".join(_falco(step, seen) for step in _FOR_A_WATCH)
    watchers = _genuine(tool, seen.sensors)
    assert any(map(_after_a_boot, watchers)), (
        f"{tool.title} does not start with the host: {_state(watchers[0])}"
    )
    called = {end for each in watchers for end in each.connected_to}
    ends = sorted(end for end in called if not seen.shippers.is_here(end.partition(" ")[0]))
    assert ends, f"{tool.title} runs ({watchers[0].place}), but is connected to no other machine"
    return f"{tool.title} runs ({watchers[0].place}), connected to {', '.join(ends)}"


def _genuine(tool: Tool, sensors: Sensors) -> list[Watcher]:
    """The processes of the tool that are what they seem, and those beside them in the same place.

    Raises:
        Manual: one of them may be.
    """
    found = sensors.of(tool)
    assert found, f"no process of {tool.title}"
    doubts = [_doubt(tool, each) for each in found]
    places = {each.place for each, doubt in zip(found, doubts, strict=True) if not doubt}
    told = "; ".join(dict.fromkeys(doubts))
    if not places and any(tool.repository.fullmatch(_whole(name)) for name in _claims(found)):
        raise Manual(told)
    assert places, told
    return [each for each in found if each.place in places]


def _may_be(watcher: Watcher) -> bool:
    """Whether its image may have been loaded from an archive, so that no registry is known of it."""
    return watcher.container is not None and not watcher.origins


def _claims(watchers: tuple[Watcher, ...]) -> Iterator[str]:
    return (name for each in watchers if _may_be(each) for name in each.claims)


def _whole(name: str) -> str:
    """A name of an image without its tag, with the registry's part at its beginning."""
    plain = name[: name.rindex(":")] if ":" in name.rpartition("/")[2] else name
    return plain if plain.count("/") > 1 or "." in plain.partition("/")[0] else f"docker.io/{plain}"


def _doubt(tool: Tool, watcher: Watcher) -> str:
    """Why a process may not be the tool; empty where it is."""
    if watcher.container is not None:
        if any(tool.repository.fullmatch(each) for each in watcher.origins):
            return ""
        origin = (
            ", ".join(watcher.origins)
            or f"no known registry (it is named {', '.join(watcher.claims) or 'nothing'})"
        )
        return f"{watcher.place} runs {watcher.executable}, but its image is from {origin}"
    if not tool.programs.fullmatch(watcher.executable):
        return f"process {watcher.pid} is {watcher.executable}, which is not where {tool.title} is installed"
    return (
        ""
        if watcher.is_main_process
        else f"process {watcher.pid} ({watcher.executable}) is not that of a unit"
    )


def _after_a_boot(watcher: Watcher) -> bool:
    if watcher.container is None:
        return watcher.unit.get("UnitFileState") in _AFTER_A_BOOT
    configuration = watcher.container.configuration
    return bool(configuration.service_id) or configuration.restart_policy.name in _RESTARTED


def _state(watcher: Watcher) -> str:
    if watcher.container is None:
        return f"{watcher.place} is {watcher.unit.get('UnitFileState') or 'not enabled'}"
    return f"{watcher.place} has the restart policy {watcher.container.configuration.restart_policy.name}"


def _falco(step: Step, seen: Seen) -> str:
    installed = seen.sensors.installed(FALCO)
    if step is Step.INSTALLED and installed:
        return ", ".join(installed)
    falco = _genuine(FALCO, seen.sensors)[0]
    if step is Step.INSTALLED:
        return falco.place
    if step is Step.RUNS:
        return f"Falco runs as process {falco.pid} ({falco.place})"
    if step is Step.BOOT:
        assert _after_a_boot(falco), _state(falco)
        return _state(falco)
    if step is Step.DRIVER:
        assert falco.drivers, "it holds no eBPF program and no device of its module"
        return f"it holds {', '.join(falco.drivers)}"
    if step is Step.RULES:
        return _require_rules(falco)
    if step is Step.EVENTS:
        return _require_events(falco, seen.clock.now)
    return _require_output(falco, seen) if step is Step.OUTPUT else _require_report(falco, seen.clock.now)


def _require_rules(falco: Watcher) -> str:
    assert falco.rules, "no file that its configuration names has a rule"
    states = falco.rule_states
    on = [name for name, state in states.items() if state]
    if not on and None in states.values():
        raise EvidenceError("its rules are switched by tags, which could not be read")
    assert on, f"all {len(states)} rules are switched off, by its options, its configuration or their files"
    files = ", ".join(f"{path} (sha256 {digest[:12]})" for path, digest in falco.rules.items())
    shown = f"{files}, {len(on)} of {len(states)} rules on"
    loaded = falco.readings[1].rules if falco.readings else {}
    if not loaded:
        return f"{shown}; what it loaded of them it does not show"
    sums = set(loaded.values())
    other = [path for path, digest in falco.rules.items() if digest not in sums]
    assert not other, f"it has loaded another {', '.join(other)} than lies there"
    return f"{shown}, as it says itself"


def _require_events(falco: Watcher, now: float) -> str:
    readings = falco.readings
    if readings is None or readings[0].events is None or readings[1].events is None:
        raise EvidenceError("it shows no counter of events: metrics are off, or could not be read")
    written = falco.last_snapshot
    if written is not None:
        _refuse_future("its counters", written, now)
        limit = 2 * _seconds(falco.set("metrics", "interval"))
        assert now - written <= limit, f"it last wrote its counters {now - written:.0f} s ago"
    seen = readings[1].events - readings[0].events
    assert seen > 0, f"it sees nothing: {readings[1].events:.0f} events at both readings"
    if readings[0].drops is None or readings[1].drops is None:
        raise EvidenceError("it shows no counter of what it lost")
    lost = readings[1].drops - readings[0].drops
    assert lost <= seen * _MOST_LOST, f"it lost {lost:.0f} events, and saw {seen:.0f}"
    return f"{seen:.0f} events between two readings, {lost:.0f} lost"


def _seconds(interval: object) -> float:
    """A time as Falco writes it, as `1h`, `15m` or `1h30m`; an hour where it says none."""
    units = re.findall(r"(\d+)(ms|s|m|h|d)", str(interval or "1h"))
    return sum(int(number) * _INTERVALS[unit] for number, unit in units) or 3600.0


def _require_output(falco: Watcher, seen: Seen) -> str:
    on = [name for name in _OUTPUTS if falco.set(name, "enabled") is True]
    assert on, "it has no output"
    host = falco.http_host
    plain = falco.container is not None and "." not in host  # it may be the name of another container
    if "http_output" in on and host and not plain and not seen.shippers.is_here(host):
        return f"its reports go to {host}"
    told = [f"{name} to {host}" if name == "http_output" else name for name in on]
    raise Manual(f"{', '.join(told)}: what takes that to another machine?")


def _refuse_future(what: str, written: float, now: float) -> None:
    if written > now + _CLOCKS:
        raise EvidenceError(f"{what} were written after the audit: a clock is wrong")


def _require_report(falco: Watcher, now: float) -> str:
    if falco.last_alert is not None:
        _refuse_future("its alerts", falco.last_alert, now)
    if falco.last_alert is not None and now - falco.last_alert <= _LATELY:
        return f"its file of alerts was written {max(now - falco.last_alert, 0) / _DAY:.0f} days ago"
    before, matches = (each.matches or 0 for each in falco.readings) if falco.readings else (0, 0)
    told = f"its rules matched {matches:.0f} times since it started"
    if matches > before or (matches and falco.age is not None and falco.age <= _LATELY):
        return told
    shown = f"{told}, which may be long ago" if matches else "nothing shows a report"
    raise Manual(f"{shown}: cause a harmless one, and see it arrive")


# ---- section 5 of the guide


@pytest.mark.nist("AU-6", "AU-6(1)", "AU-11", sp="800-53")
@pytest.mark.nist("4.4.4", "4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.3.3", "10.4.1", "10.4.1.1", "10.5.1")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("5.pci_dss.monitor_logs")
@pytest.mark.severity("medium")
def test_logs_are_reviewed_and_kept(
    shippers: Shippers,
    daemon: Daemon,
    container: Later[Subjects[Container]],
    sensors: Sensors,
    clock: Clock,
    policy: Policy,
) -> None:
    """Logs are collected, reviewed every day by a program, and kept for a year, three months of it at hand.

    A log that nobody reads warns nobody. Review and retention happen in the central system, where an audit of this
    host does not look: what is shown is how far the logs get, and what watches the containers.

    Remedy: keep a record of the daily review, and of the retention that is set in the central system.
    """
    ways = _ways(shippers, daemon, container, policy)
    told = dict.fromkeys(way.words if way else f"no known way for {name}" for name, way in ways.items())
    watching = [tool.title for tool in _watching(Seen(sensors, shippers, clock))] or ["no known tool"]
    raise Manual(f"logs: {_some(list(told))}; containers are watched by {', '.join(watching)}")
