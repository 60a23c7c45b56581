"""Docker Hardening Guide, section 4: central logs, and runtime security of containers."""

from typing import NoReturn

import pytest

from hullcheck.criteria.container_logs import shipped
from hullcheck.criteria.daemon import described
from hullcheck.data.runtime_security import PRODUCTS
from hullcheck.facts.containers.logs import Shippers
from hullcheck.facts.containers.sensors import Sensor
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual


@pytest.mark.nist("AU-4(1)", "AU-6(4)", "AU-9(2)", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.3.3")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("4.2.central_logs", "5.pci_dss.monitor_logs")
@pytest.mark.severity("medium", "An intruder who becomes root on the host erases the traces of the break-in.")
def test_host_logs_are_collected_centrally(shippers: Shippers, policy: Policy) -> str:
    """Daemon and audit logs are collected in a central system.

    Intruders delete their traces in local logs. A log shipper counts if it runs and the policy names it, because its
    settings are not read. Container logs are judged by 2.14.

    Remedy: let a log shipper read the journal and /var/log/audit/audit.log, or forward all of syslog to another
    machine; name it in `log_shippers` of the policy.
    """
    taken, words = shipped("the logs of the daemon and of auditd", shippers, policy, relays=True)
    assert taken, words
    return words


@pytest.mark.nist("SI-3", "SI-4", "SI-4(2)", "SI-4(4)", sp="800-53")
@pytest.mark.nist("4.1.3", "4.4.4", sp="800-190")
@pytest.mark.pci("5.3.2", "10.4.1.1", "11.5.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(D)", "164.308(a)(5)(ii)(B)", "164.308(a)(6)(ii)")
@pytest.mark.guide(
    "4.3.runtime_monitoring",
    "4.3.falco",
    "4.3.behavioural_analysis",
    "4.3.behavioural_analysis.sysdig",
    "4.3.behavioural_analysis.aqua",
)
@pytest.mark.severity("medium", "A break-in goes unnoticed until it does visible damage.")
def test_something_watches_the_containers(sensors: dict[str, Sensor], policy: Policy) -> str:
    """A runtime security tool watches the containers.

    Image scans cannot see what happens at run time. One tool is enough: its unit, or a container of its vendor's image,
    has to run and to start at boot. Rules and alerts cannot be seen, so the policy has to name the tool.

    Remedy: install a tool such as Falco, start it at boot, send its alerts to people who read them, and name it in
    `runtime_security` of the policy.
    """
    used = policy.runtime_security or tuple(sensors)
    assert used, "no known runtime security tool runs, such as Falco, Sysdig or Aqua Security"
    missing = [PRODUCTS[each].title for each in used if each not in sensors]
    assert not missing, f"{', '.join(missing)} does not run"
    found = "; ".join(f"{PRODUCTS[each].title} runs ({sensors[each].place}, {sensors[each].at_boot})" for each in used)
    enough = all if policy.runtime_security else any
    assert enough(sensors[each].starts for each in used), f"{found}, but does not start at boot"
    if policy.runtime_security:
        return f"{found}; named by the policy"
    raise Manual(
        f"{found}: check its rules and that somebody reads its alerts, then write"
        f" `runtime_security: [{', '.join(used)}]` into the policy"
    )


@pytest.mark.nist("AU-6", "AU-6(1)", "AU-11", sp="800-53")
@pytest.mark.nist("4.4.4", "4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.3.3", "10.4.1", "10.4.1.1", "10.5.1")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("5.pci_dss.monitor_logs")
@pytest.mark.severity("low", "Traces of an old break-in are not read, or deleted before anyone looks.")
def test_logs_are_reviewed_and_kept(daemon: Daemon) -> NoReturn:
    """Logs are reviewed daily, and kept for a year.

    A log that nobody reads warns nobody. A program may do the daily review, and three months have to be at hand. The
    audit of a host cannot see the central system.

    Remedy: record the daily review and the retention of the central system.
    """
    driver = described(daemon.setting("log-driver"))
    raise Manual(f"{driver}: check the daily review and the retention in the central system")
