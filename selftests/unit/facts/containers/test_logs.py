"""Central logs: each goes to another machine, by its driver or by a log shipper that the policy names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers.container_logs import Log
from hullcheck.facts.engine.daemon_options import Setting, Value
from hullcheck.secrets.configuration import log_options
from selftests.kit.facts.hosts import only
from selftests.kit.facts.shippers import container, facts
from selftests.kit.facts.tools import process
from selftests.kit.judging import judged

FILEBEAT, FLUENTD = "/usr/share/filebeat/bin/filebeat", "/opt/fluent/bin/ruby"
RSYSLOG, AGENT = "/usr/sbin/rsyslogd", "/usr/bin/own-agent"
GELF = {"gelf-address": "udp://logs.example.com:12201"}


def of_guide(target: Facts) -> dict[str, str]:
    """The verdicts on the systems of the guide."""
    found = judged("container_logs_are_collected_centrally", target)
    return {name: verdict for name, (verdict, _) in found.items()}


def verdict(target: Facts) -> str:
    """The verdict of 2.14, which is the same for the guide's systems unless one of them takes the logs."""
    found, systems = only(judged("2.14", target))[0], of_guide(target).values()
    assert found in systems if found == "pass" else set(systems) == {found}
    return found


@pytest.mark.parametrize(
    ("driver", "program", "named", "expected"),
    [
        ("json-file", FILEBEAT, "filebeat", "pass"),
        ("json-file", FILEBEAT, "", "manual"),
        ("json-file", FILEBEAT, "fluentd", "fail"),
        ("json-file", AGENT, "own-agent", "pass"),
        ("json-file", AGENT, "", "fail"),
        ("json-file", RSYSLOG, "", "fail"),
        ("json-file", RSYSLOG, "rsyslogd", "pass"),
        ("local", FLUENTD, "", "manual"),
        ("journald", RSYSLOG, "", "manual"),
        ("syslog", RSYSLOG, "", "manual"),
        ("fluentd", FLUENTD, "fluentd", "pass"),
        ("none", FILEBEAT, "filebeat", "fail"),
        ("json-file", "/usr/bin/otelcol-contrib", "", "manual"),
        ("json-file", "/opt/datadog-agent/bin/agent/agent", "", "manual"),
        ("json-file", "/tmp/filebeat", "", "fail"),
        ("json-file", "/usr/bin/alloyed", "", "fail"),
    ],
)
def test_shipper(driver: str, program: str, named: str, expected: str) -> None:
    """It passes where the policy names it and it runs; a known one that is not named is manual."""
    assert verdict(facts(program, driver=driver, log_shippers=(named,) if named else ())) == expected


@pytest.mark.parametrize(
    ("program", "system"), [(FILEBEAT, "ELK"), (FLUENTD, "Fluentd"), (RSYSLOG, "another system")]
)
def test_system_of_a_shipper(program: str, system: str) -> None:
    """It passes by its own system; the others do not apply."""
    found = of_guide(facts(program, log_shippers=("filebeat", "fluentd", "rsyslogd")))
    assert found.pop(system) == "pass"
    assert set(found.values()) == {"not applicable"}


def test_shipper_in_a_container_or_as_a_script() -> None:
    """In a container it may be anywhere, and a script has the interpreter as its program; the reason has the policy."""
    assert verdict(facts(processes=(process(7, "/tmp/filebeat", cgroup=f"/docker/{'cd' * 32}"),))) == "manual"
    script = facts(processes=(process(7, "/usr/bin/ruby3.1", name="fluentd"),))
    words = only(judged("2.14", script))[1]
    assert words.startswith("the logs of new containers, web")
    assert words.endswith("log_shippers: [fluentd]")


def test_auditor_who_is_not_root() -> None:
    """Without a shipper in sight there may be one."""
    assert verdict(facts(user=1000)) == "error"
    assert verdict(facts(user=1000, log_shippers=("filebeat",))) == "error"
    assert verdict(facts(FILEBEAT, user=1000)) == "manual"


@pytest.mark.parametrize(
    ("driver", "options", "system"),
    [
        ("gelf", GELF, "ELK"),
        ("fluentd", {"fluentd-address": "tcp://me:Hunter2secret@logs.example.com:24224"}, "Fluentd"),
        ("syslog", {"syslog-address": "tcp+tls://[fd00::1]:6514"}, "another system"),
        ("splunk", {"splunk-url": "https://splunk.example.com:8088/x"}, "another system"),
        ("awslogs", {"awslogs-group": "x"}, "another system"),
        ("awslogs", {"awslogs-endpoint": "http://localhost:4566/x"}, ""),
        ("fluentd", {}, ""),
        ("fluentd", {"fluentd-address": "unix:///run/fluent.sock"}, ""),
        ("gelf", {"gelf-address": "udp://172.17.0.9:12201"}, ""),
        ("syslog", {}, ""),
        *((driver, {}, "") for driver in ("local", "none", "journald", "json-file")),
    ],
)
def test_log_driver(driver: str, options: dict[str, str], system: str) -> None:
    """A driver counts if its address is another machine's: it is for the policy to say whose."""
    networks = {"bridge": {"NetworkID": "x", "IPAddress": "172.17.0.9"}}
    described = container("web", driver, options, Networks=networks)
    target = facts(driver=driver, options=log_options(options), containers=(described,))
    found = of_guide(target)
    assert only(judged("2.14", target))[0] == ("manual" if system else "fail")
    assert found.pop(system or "ELK") == ("pass" if system else "fail")
    assert set(found.values()) == {"not applicable" if system else "fail"}


def test_one_container_of_another_driver() -> None:
    """It fails all, and is named."""
    described = (container("a", "gelf", GELF), container("b", "local"))
    target = facts(driver="gelf", options=GELF, containers=described)
    found = judged("container_logs_are_collected_centrally", target)["ELK"]
    assert (found[0], found[1].partition(":")[0]) == ("fail", "the logs of b")


def test_drivers_that_the_policy_lists() -> None:
    """One that keeps the log here needs a shipper, one that is not known does not."""
    assert verdict(facts(driver="local", log_drivers=("local",))) == "fail"
    loki = facts(driver="loki", log_drivers=("loki",))
    assert only(judged("2.14", loki))[0] == of_guide(loki)["another system"] == "pass"


@pytest.mark.parametrize(
    ("program", "named", "expected"),
    [
        (RSYSLOG, "", "manual"),
        (RSYSLOG, "rsyslogd", "pass"),
        (RSYSLOG, "filebeat", "fail"),
        (AGENT, "", "fail"),
    ],
)
def test_host_logs(program: str, named: str, expected: str) -> None:
    """A shipper takes them that the policy names and that runs; else check what does."""
    found = judged(
        "host_logs_are_collected_centrally", facts(program, log_shippers=(named,) if named else ())
    )
    assert {each for each, _ in found.values()} == {expected}
    assert [*found] == ["the daemon's log", "the audit log"]


@pytest.mark.parametrize(
    ("given", "own", "inherits"),
    [
        ({"max-size": "1m"}, {"max-size": "1m", "tag": "x"}, True),
        ({"max-size": "1m"}, {"tag": "x"}, False),
        ({}, {}, False),
        ({"max-size": "1m"}, None, True),
        ({}, None, False),
    ],
)
def test_options_from_the_daemon(given: dict[str, str], own: dict[str, str] | None, inherits: bool) -> None:
    """A container has the options that it got at its creation; None is the default itself."""
    daemon: Any = SimpleNamespace(setting=lambda name: Setting(name, Value(given, "daemon.json")))
    found = Log("json-file", daemon, own)
    assert found.inherits is inherits
    assert found.always(lambda options: "max-size" in options) is (
        "max-size" in (given if own is None else own)
    )
