"""The hardening guide, section 2: the daemon, its file, its logs and its remote API.

What a control of the CIS benchmark judges already has its marker there, and no control here.
"""

import pytest

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.logs import Log, Options
from hullcheck.gosize import go_size
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual, NotApplicable

_KEPT = {"json-file": "1 file", "local": "5 files"}  # where nothing is set
_SIZES = {"json-file": "no limit", "local": "20m"}


@pytest.mark.nist("AC-3", "CM-5", "CM-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1", "2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.2.daemon_json", "5.cis.daemon_json")
@pytest.mark.severity("low")
def test_daemon_is_configured_by_its_file(daemon: Daemon) -> str:
    """The daemon has a configuration file that can be read as JSON, and no option of its command line undoes it.

    What is in the file can be compared, kept and rolled out; what stands in a unit or a script beside it is
    forgotten. An option that is in both keeps the daemon from starting again. Who may change the file is judged
    apart.

    Remedy: write the settings into /etc/docker/daemon.json, and take them off the command line of dockerd (its
    unit, and the drop-ins of that).
    """
    file = daemon.files.config
    assert file.path, "the daemon was started without a configuration file"
    assert file.state != "absent", f"{file.path} does not exist"
    assert file.state != "read" or file.document is not None, f"{file.path} is not JSON"
    written = file.values()
    against = daemon.options_against_file
    assert not against, "; ".join(against)
    return f"{file.path} sets {', '.join(sorted(written)) or 'nothing'}"


@pytest.mark.nist("AU-12", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.2.1")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("2.2.log_driver", "5.cis.daemon_json")
@pytest.mark.severity("medium")
def test_log_driver_is_json_file_or_approved(container_log: Log, policy: Policy) -> str:
    """Logs, by default and of each container, go through json-file or another driver that the site approved.

    The driver decides whether a log is there when it is needed. json-file keeps it on the host, so that something
    has to carry it away: the benchmark's control on central logs says more.

    Remedy: set `"log-driver": "json-file"` in daemon.json and create the containers again, or name the driver in
    `log_drivers` of the policy.
    """
    driver, approved = container_log.driver, policy.log_drivers
    assert driver != "none", f"no log is kept: the driver is none{container_log.pending}"
    if driver == "json-file":
        central = "the guide takes it, while CIS 2.14 wants a central store: a shipper has to read its files"
        chosen = (
            f"; the policy chose {', '.join(approved) or 'no driver'} for that"
            if approved is not None
            else ""
        )
        return f"json-file: {central}{chosen}{container_log.pending}"
    if approved is None:
        raise Manual(f"{driver} instead of json-file; is it approved? Then list it in log_drivers")
    assert driver in approved, f"{driver}; the policy approves {', '.join(approved) or 'none'}"
    return f"{driver}, as the policy wants{container_log.pending}"


@pytest.mark.nist("AU-4", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("2.2.log_opts", "5.cis.daemon_json")
@pytest.mark.severity("low")
def test_log_options_are_set_for_all(container_log: Log) -> str:
    """The daemon sets options for logs, and each container has these or limits of its own.

    A container that was created before the options were set keeps none, and its log grows without an end.

    Remedy: set `log-opts` in daemon.json, restart the daemon, and create the containers again.
    """
    if container_log.own is None:
        assert container_log.inherits, str(container_log)
        return str(container_log)
    if not container_log.is_file:
        raise NotApplicable(f"its driver {container_log.driver} keeps no file that could be limited")
    limited = "max-size" in container_log.own
    assert limited or container_log.inherits, f"{container_log}, neither the daemon's nor a limit of its own"
    return str(container_log)


@pytest.mark.nist("AU-4", "SC-5", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("2.2.log_max_size", "5.cis.daemon_json")
@pytest.mark.severity("low")
def test_log_files_are_small(container_log: Log, policy: Policy) -> str:
    """A log file of a container, by default and of each that there is, has at most 10 MB or what the site allows.

    A container that writes without an end fills the disk of the host, and stops all others.

    Remedy: set `"log-opts": {"max-size": "10m", "max-file": "3"}` in daemon.json, restart the daemon and create the
    containers again; another limit is `log_limits` in the policy.
    """
    if not container_log.is_file:
        raise NotApplicable(f"the driver {container_log.driver} keeps no file")
    most = policy.log_limits.max_size

    def small(options: Options) -> bool:
        return 0 < (go_size(options.get("max-size", "")) or 0) <= most

    unset = f"without max-size the driver takes {_SIZES[container_log.driver]}; allowed are {most} bytes"
    assert container_log.always(small), f"{container_log}; {unset}"
    return str(container_log)


@pytest.mark.nist("AU-4", "SC-5", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("2.2.log_max_file", "5.cis.daemon_json")
@pytest.mark.severity("low")
def test_log_files_are_few(container_log: Log, policy: Policy) -> str:
    """At most three log files are kept of a container, or what the site allows, and that is set.

    The size of one file limits nothing where their number is not limited.

    Remedy: set `"log-opts": {"max-size": "10m", "max-file": "3"}` in daemon.json, restart the daemon and create the
    containers again; another limit is `log_limits` in the policy.
    """
    if not container_log.is_file:
        raise NotApplicable(f"the driver {container_log.driver} keeps no file")
    most = policy.log_limits.max_file

    def few(options: Options) -> bool:
        count = options.get("max-file", "")
        return count.isdecimal() and 1 <= int(count) <= most

    unset = f"without max-file the driver keeps {_KEPT[container_log.driver]}; to be set is at most {most}"
    assert container_log.always(few), f"{container_log}; {unset}"
    return str(container_log)
