"""Central logs: each goes to another machine, by its driver or by a log shipper that the policy names."""

from __future__ import annotations

import pytest

from hullcheck.facts import Facts
from hullcheck.secrets.log_options import log_options
from selftests.kit.facts.hosts import only
from selftests.kit.facts.shippers import container, facts
from selftests.kit.facts.tools import SECRET, process
from selftests.kit.judging import judged

FILEBEAT = "/usr/share/filebeat/bin/filebeat"
FLUENTD = "/opt/fluent/bin/ruby"
RSYSLOG = "/usr/sbin/rsyslogd"
GELF = {"gelf-address": "udp://logs.example.com:12201"}


def verdicts(target: Facts) -> dict[str, str]:
    """The verdicts on the systems."""
    found = judged("container_logs_are_collected_centrally", target)
    return {name: verdict for name, (verdict, _) in found.items()}


def verdict(target: Facts) -> str:
    """The verdict of 2.14, which is the same for the guide's systems unless one of them takes the logs."""
    found = only(judged("2.14", target))[0]
    of_guide = verdicts(target).values()
    assert found in of_guide if found == "pass" else set(of_guide) == {found}
    return found


# ---- log shippers


@pytest.mark.parametrize(
    ("driver", "program", "named", "expected"),
    [
        ("json-file", FILEBEAT, "filebeat", "pass"),
        ("json-file", FILEBEAT, "", "manual"),
        ("json-file", FILEBEAT, "fluentd", "fail"),
        ("json-file", "/usr/bin/own-agent", "own-agent", "pass"),
        ("json-file", "/usr/bin/own-agent", "", "fail"),
        ("json-file", RSYSLOG, "", "fail"),
        ("json-file", RSYSLOG, "rsyslogd", "pass"),
        ("local", FLUENTD, "", "manual"),
        ("journald", RSYSLOG, "", "manual"),
        ("syslog", RSYSLOG, "", "manual"),
        ("fluentd", FLUENTD, "fluentd", "pass"),
        ("fluentd", RSYSLOG, "", "fail"),
        ("none", FILEBEAT, "filebeat", "fail"),
    ],
)
def test_shipper(driver: str, program: str, named: str, expected: str) -> None:
    """It passes where the policy names it and it runs; a known one that is not named is manual."""
    target = facts(program, driver=driver, log_shippers=(named,) if named else ())
    assert verdict(target) == expected


@pytest.mark.parametrize(
    ("program", "system"),
    [
        (FILEBEAT, "ELK"),
        (FLUENTD, "Fluentd"),
        ("/usr/share/logstash/jdk/bin/java", "ELK"),
        (RSYSLOG, "another system"),
    ],
)
def test_system_of_a_shipper(program: str, system: str) -> None:
    """It passes by its own system; the others do not apply."""
    found = verdicts(facts(program, log_shippers=("filebeat", "fluentd", "logstash", "rsyslogd")))
    assert found.pop(system) == "pass"
    assert set(found.values()) == {"not applicable"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/bin/otelcol-contrib", "manual"),
        ("/opt/datadog-agent/bin/agent/agent", "manual"),
        ("/usr/lib/systemd/systemd-journal-upload", "manual"),
        ("/tmp/filebeat", "fail"),
        ("/home/me/bin/alloy", "fail"),
        ("/usr/bin/alloyed", "fail"),
    ],
)
def test_program_of_a_shipper(path: str, expected: str) -> None:
    """It is known by its name, in a folder in which not everybody can write; in a container it is anywhere."""
    assert verdict(facts(path)) == expected
    inside = facts(processes=(process(7, "/tmp/filebeat", cgroup=f"/docker/{'cd' * 32}"),))
    assert verdict(inside) == "manual"


def test_script_of_a_shipper() -> None:
    """Fluentd is a script: the process has its name, and the interpreter as its program."""
    target = facts(processes=(process(7, "/usr/bin/ruby3.1").replace("ruby3.1\n", "fluentd\n", 1),))
    assert target.get("shippers").running == ("fluentd",)


def test_line_for_the_policy() -> None:
    """The reason says it, ready to copy."""
    words = only(judged("2.14", facts(FILEBEAT)))[1]
    assert words.endswith("log_shippers: [filebeat]")
    assert "the logs of new containers, web" in words


def test_auditor_who_is_not_root() -> None:
    """Without a shipper in sight there may be one."""
    assert verdict(facts(user=1000)) == "error"
    assert verdict(facts(user=1000, log_shippers=("filebeat",))) == "error"
    assert verdict(facts(FILEBEAT, user=1000)) == "manual"


# ---- log drivers


@pytest.mark.parametrize(
    ("driver", "options", "system"),
    [
        ("gelf", GELF, "ELK"),
        ("fluentd", {"fluentd-address": f"tcp://me:{SECRET}@logs.example.com:24224"}, "Fluentd"),
        ("syslog", {"syslog-address": "tcp://[fd00::1]:514"}, "another system"),
        ("splunk", {"splunk-url": "https://splunk.example.com:8088"}, "another system"),
        ("awslogs", {"awslogs-group": "x"}, "another system"),
        ("awslogs", {"awslogs-endpoint": "http://localhost:4566/x"}, ""),
        ("fluentd", {}, ""),
        ("fluentd", {"fluentd-address": "unix:///run/fluent.sock"}, ""),
        ("gelf", {"gelf-address": "udp://127.0.0.1:12201"}, ""),
        ("gelf", {"gelf-address": "udp://172.17.0.9:12201"}, ""),
        ("syslog", {}, ""),
        ("syslog", {"syslog-address": "unixgram:///dev/log"}, ""),
        *((driver, {}, "") for driver in ("local", "none", "journald", "json-file")),
    ],
)
def test_log_driver(driver: str, options: dict[str, str], system: str) -> None:
    """A driver counts if its address is another machine's: it is for the policy to say whose."""
    networks = {"bridge": {"NetworkID": "x", "IPAddress": "172.17.0.9"}}
    target = facts(
        driver=driver,
        options=log_options(options),
        containers=(container("web", driver, options, Networks=networks),),
    )
    found = verdicts(target)
    assert only(judged("2.14", target))[0] == ("manual" if system else "fail")
    assert found.pop(system or "ELK") == ("pass" if system else "fail")
    assert set(found.values()) == {"not applicable" if system else "fail"}


def test_one_container_of_another_driver() -> None:
    """It fails all, and is named."""
    described = (container("a", "gelf", GELF), container("b", "local"))
    target = facts(driver="gelf", options=GELF, containers=described)
    found = judged("container_logs_are_collected_centrally", target)["ELK"]
    assert found[0] == "fail"
    assert found[1].startswith("the logs of b: kept on this host")


def test_drivers_that_the_policy_lists() -> None:
    """One that keeps the log here needs a shipper, one that is not known does not."""
    local = facts(driver="local", log_drivers=("local",))
    assert verdict(local) == "fail"
    loki = facts(driver="loki", log_drivers=("loki",))
    assert only(judged("2.14", loki))[0] == verdicts(loki)["another system"] == "pass"
    none = facts(driver="local", containers=(container("web", "none"),), log_drivers=("local", "none"))
    assert verdict(none) == "fail"


# ---- the logs of the host


@pytest.mark.parametrize(
    ("program", "named", "expected"),
    [
        (RSYSLOG, "", "manual"),
        (RSYSLOG, "rsyslogd", "pass"),
        (RSYSLOG, "filebeat", "fail"),
        (FILEBEAT, "filebeat", "pass"),
        ("/usr/bin/sleep", "", "fail"),
    ],
)
def test_host_logs(program: str, named: str, expected: str) -> None:
    """A shipper takes them that the policy names and that runs; else check what does."""
    found = judged(
        "host_logs_are_collected_centrally", facts(program, log_shippers=(named,) if named else ())
    )
    assert {name: each for name, (each, _) in found.items()} == {
        "the daemon's log": expected,
        "the audit log": expected,
    }
