"""Docker Hardening Guide, section 4: central logs, and what watches the running containers."""

import pytest

from hullcheck.controls import for_each
from hullcheck.criteria.container_logs import log_routes, shipped, shipped_logs
from hullcheck.criteria.judgement import Judgement, listed
from hullcheck.criteria.sensors import falco, watch, watching
from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.host.clock import Clock
from hullcheck.facts.logs import SYSTEMS, HostLog, Shippers, system_of
from hullcheck.facts.registry import Later
from hullcheck.facts.sensors import Sensors, Step
from hullcheck.facts.sensors.tools import AQUA, FALCO, SYSDIG, TOOLS, Tool
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual, NotApplicable

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
    """The log of every container goes to another machine, by its log driver or by a log shipper.

    Who breaks into a host can change what lies on it. One system is enough: ELK (the driver gelf, Filebeat, Elastic
    Agent, Logstash), Fluentd (its driver, fluentd, Fluent Bit) or another one. A driver counts if its address is
    another machine's, a shipper if it runs and the policy names it: what it reads and where it sends that is not seen.

    Remedy: set `log-driver` and the address of the system in daemon.json, or run a log shipper that reads
    `containers/*/*-json.log` of the engine's data root, and name it in `log_shippers` of the policy; a driver that is
    not known is named in `log_drivers`.
    """
    found = log_routes(shippers, daemon, container, policy)
    systems = {str(log): log.system for log in found.values() if log.system}
    if lost := {name: log for name, log in found.items() if not log.system}:
        taken = shipped_logs(lost, shippers, policy)
        assert taken.good, f"{taken.words}; others: {', '.join(systems) or 'none'}"
        systems |= {each: system_of(each) for each in policy.log_shippers or () if shippers.runs(each)}
    if mine := [words for words, system in systems.items() if system == log_system]:
        return ", ".join(mine)
    raise NotApplicable(f"another way is used: {', '.join(systems)}")


@pytest.mark.nist("AU-4(1)", "AU-6(4)", "AU-9(2)", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.3.3")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("4.2.central_logs", "5.pci_dss.monitor_logs")
@pytest.mark.severity("medium")
@for_each("log", HostLog)
def test_host_logs_are_collected_centrally(host_log: HostLog, shippers: Shippers, policy: Policy) -> str:
    """The log of the daemon and the audit log go to another machine.

    What an intruder did with the daemon stands in them until it is taken out. A log shipper counts if it runs and the
    policy names it: what it reads and where it sends that is not seen.

    Remedy: let a log shipper read the journal and /var/log/audit/audit.log, or forward all of syslog to another
    machine; name it in `log_shippers` of the policy.
    """
    taken = shipped(str(host_log), shippers, policy, relays=True, likely=True)
    assert taken.good, taken.words
    return taken.words


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
    nothing. One tool is enough, if the policy does not name those that have to watch (`runtime_monitors`), or says
    what else does (`watched_by`). Where Tetragon, Tracee, Wazuh or another that is known here runs instead, a person
    has to say whether it watches containers.

    Remedy: install one of them, let it start with the host, and connect it to where alerts are read.
    """
    if policy.runtime_monitors is None:
        _leave_to(monitor, watching(sensors, shippers, clock), policy, sensors)
    elif monitor.name not in policy.runtime_monitors:
        raise NotApplicable("the policy does not ask for it")
    told = _require(watch(monitor, sensors, shippers, clock))
    if monitor is not FALCO:
        return told
    return f"{told}; {_require(falco.step(Step.OUTPUT, sensors, shippers, clock))}"


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
    """Falco runs from the start of the host, sees events, and its reports leave the host.

    Each step is judged by itself, since a process that is there may see nothing: without its driver, without
    rules, with all of them switched off, or because it loses what it is given. Its health page is a constant and is
    not asked. Not applicable where another tool watches this host, if the policy does not name Falco
    (`runtime_monitors`).

    Remedy: install Falco by its packages or its image, enable its unit, set `metrics.enabled` and
    `webserver.prometheus_metrics_enabled` in falco.yaml, and `http_output` to where alerts are read.
    """
    asked = policy.runtime_monitors is not None and FALCO.name in policy.runtime_monitors
    if not asked:
        _leave_to(FALCO, watching(sensors, shippers, clock), policy, sensors)
    return _require(falco.step(step, sensors, shippers, clock))


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
    if policy.runtime_monitors is None or analyser.name not in policy.runtime_monitors:
        _leave_to(analyser, watching(sensors, shippers, clock), policy, sensors)
    return _require(watch(analyser, sensors, shippers, clock))


def _leave_to(tool: Tool, others: list[Tool], policy: Policy, sensors: Sensors) -> None:
    """Not applicable where another tool does it, or the policy says what else does; other kinds are a person's."""
    if others and tool not in others:
        raise NotApplicable(f"{', '.join(each.title for each in others)} watches this host")
    if policy.watched_by and not others:
        raise NotApplicable(f"the policy says what watches this host: {policy.watched_by}")
    if (unjudged := sensors.others) and not others:
        raise Manual(
            f"{listed(unjudged)} runs, and is not judged; if it watches the containers, say so in watched_by"
        )


def _require(judgement: Judgement) -> str:
    assert judgement.good, judgement.words
    return judgement.words


# ---- section 5 of the guide


@pytest.mark.nist("AU-6", "AU-6(1)", "AU-11", sp="800-53")
@pytest.mark.nist("4.4.4", "4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.3.3", "10.4.1", "10.4.1.1", "10.5.1")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("5.pci_dss.monitor_logs")
@pytest.mark.severity("medium")
def test_logs_are_reviewed_and_kept(daemon: Daemon) -> None:
    """Logs are collected, reviewed daily by a program, and kept for a year, three months at hand.

    A log that nobody reads warns nobody. Review and retention happen in the central system, which an audit of this
    host does not see.

    Remedy: keep a record of the daily review, and of the retention that is set in the central system.
    """
    raise Manual(
        f"{daemon.setting('log-driver')}: check the daily review and the retention in the central system"
    )
