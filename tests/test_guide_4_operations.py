"""Docker Hardening Guide, section 4: central logs, and what watches the running containers."""

from typing import NoReturn

import pytest

from hullcheck.controls import for_each
from hullcheck.criteria.container_logs import log_routes, shipped, shipped_logs
from hullcheck.criteria.daemon import described
from hullcheck.data.runtime_security import PRODUCTS
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.logs import SYSTEMS, HostLog, Shippers, system_of
from hullcheck.facts.containers.sensors import Sensor
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual, NotApplicable

GUIDE = ("falco", "sysdig", "aqua")
"""The products that the guide names."""


def _require_product(name: str, sensors: dict[str, Sensor], policy: Policy) -> str:
    """Require that a product runs, starts with the host and is named by the policy; return what shows that."""
    title, used = PRODUCTS[name].title, policy.runtime_security or tuple(sensors)
    if used and name not in used:
        raise NotApplicable(f"{', '.join(PRODUCTS[each].title for each in used)} is used in its place")
    sensor = sensors.get(name)
    assert sensor, f"no unit and no container of {title} runs"
    found = f"{title} runs ({sensor.place}, {sensor.at_boot})"
    assert sensor.starts, f"{found}, but does not start with the host"
    if policy.runtime_security:
        return f"{found}; the policy states that it watches the containers"
    raise Manual(
        f"{found}. Check that its rules are loaded, and that its alerts arrive where somebody reads them; then name"
        f" it in the policy: runtime_security: [{name}]"
    )


# ---- logs


@pytest.mark.nist("AU-4(1)", "AU-6(4)", "AU-9(2)", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.3.3")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("4.2.central_logs", "4.2.central_logs.elk", "4.2.central_logs.fluentd", "5.pci_dss.monitor_logs")
@pytest.mark.severity("medium", "An intruder who becomes root on the host erases the traces of the break-in.")
@for_each("option", SYSTEMS)
def test_container_logs_are_collected_centrally(
    log_system: str,
    shippers: Shippers,
    daemon: Daemon,
    container: Later[Subjects[Container]],
    policy: Policy,
) -> str:
    """Container logs are collected in a central system.

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
@pytest.mark.severity("medium", "An intruder who becomes root on the host erases the traces of the break-in.")
@for_each("log", HostLog)
def test_host_logs_are_collected_centrally(host_log: HostLog, shippers: Shippers, policy: Policy) -> str:
    """Daemon and audit logs are collected in a central system.

    What an intruder did with the daemon stands in them until it is taken out. A log shipper counts if it runs and the
    policy names it: what it reads and where it sends that is not seen.

    Remedy: let a log shipper read the journal and /var/log/audit/audit.log, or forward all of syslog to another
    machine; name it in `log_shippers` of the policy.
    """
    taken = shipped(str(host_log), shippers, policy, relays=True)
    assert taken.good, taken.words
    return taken.words


# ---- what watches containers


@pytest.mark.nist("SI-4", "SI-4(2)", "SI-4(4)", sp="800-53")
@pytest.mark.nist("4.4.4", sp="800-190")
@pytest.mark.pci("10.4.1.1", "11.5.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)")
@pytest.mark.guide("4.3.runtime_monitoring")
@pytest.mark.severity("medium", "A break-in goes unnoticed until it does visible damage.")
@for_each("option", {PRODUCTS[each].title: each for each in GUIDE})
def test_something_watches_the_containers(product: str, sensors: dict[str, Sensor], policy: Policy) -> str:
    """A runtime security tool watches the containers.

    What an image holds is known before it starts; what somebody makes of it afterwards, only who watches sees. A
    product counts if a unit or a container of its vendor's image runs and starts with the host, and the policy names
    it (`runtime_security`): its rules and where its alerts go are not seen. One is enough, of those that the guide
    names or of others that are known, as Tetragon, Wazuh and the agents of EDR.

    Remedy: install one of them, let it start with the host, connect it to where alerts are read, and name it in
    `runtime_security` of the policy.
    """
    used = policy.runtime_security or tuple(sensors)
    judged = [each for each in used if each == product or each not in GUIDE] or [product]
    return "; ".join(_require_product(each, sensors, policy) for each in judged)


@pytest.mark.nist("SI-4", "SI-4(4)", sp="800-53")
@pytest.mark.nist("4.4.4", sp="800-190")
@pytest.mark.pci("11.5.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)")
@pytest.mark.guide("4.3.falco")
@pytest.mark.severity("medium", "A sensor that sees or reports nothing lets a break-in go unnoticed.")
def test_falco_sees_and_reports(sensors: dict[str, Sensor], policy: Policy) -> str:
    """Falco starts with the host and reports what it sees.

    A process that is there may see nothing: without its driver, without rules, or with all of them switched off. That
    is for a person to check, and for the policy to say (`runtime_security`). Not applicable where another product is
    used.

    Remedy: install Falco by its packages or its image, enable its unit, set `http_output` in falco.yaml to where alerts
    are read, cause a harmless alert and see it arrive, and name falco in `runtime_security` of the policy.
    """
    return _require_product("falco", sensors, policy)


@pytest.mark.nist("SI-3", "SI-4", "SI-4(4)", sp="800-53")
@pytest.mark.nist("4.1.3", "4.4.4", sp="800-190")
@pytest.mark.pci("5.3.2", "11.5.1")
@pytest.mark.hipaa("164.308(a)(5)(ii)(B)", "164.308(a)(6)(ii)")
@pytest.mark.guide("4.3.behavioural_analysis", "4.3.behavioural_analysis.sysdig", "4.3.behavioural_analysis.aqua")
@pytest.mark.severity("low", "New kinds of attack are noticed later than with an analysis of behaviour.")
@for_each("option", {PRODUCTS[each].title: each for each in ("sysdig", "aqua")})
def test_behaviour_of_containers_is_analysed(product: str, sensors: dict[str, Sensor], policy: Policy) -> str:
    """An agent analyses the behaviour of containers.

    Rules find what somebody thought of before; who knows how a container behaves sees what is new in it. The connection
    is for the policy to say (`runtime_security`). Not applicable where another product is used.

    Remedy: start the agent by its unit or from its makers' image, let it reach its collector or gateway, and name it in
    `runtime_security` of the policy.
    """
    return _require_product(product, sensors, policy)


# ---- section 5 of the guide


@pytest.mark.nist("AU-6", "AU-6(1)", "AU-11", sp="800-53")
@pytest.mark.nist("4.4.4", "4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.3.3", "10.4.1", "10.4.1.1", "10.5.1")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("5.pci_dss.monitor_logs")
@pytest.mark.severity("low", "Traces of an old break-in are not read, or deleted before anyone looks.")
def test_logs_are_reviewed_and_kept(daemon: Daemon) -> NoReturn:
    """Logs are reviewed daily, and kept for a year.

    A log that nobody reads warns nobody. A program can do the daily review, and three months have to be at hand. Both
    happen in the central system, which an audit of this host does not see.

    Remedy: keep a record of the daily review, and of the retention that is set in the central system.
    """
    driver = described(daemon.setting("log-driver"))
    raise Manual(f"{driver}: check the daily review and the retention in the central system")
