"""Central logs: each goes to another machine, by its driver or by a shipper; what stays here does not count."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts.logs.probe import SHIPPERS
from hullcheck.facts.sensors.probe import SENSORS
from hullcheck.recording.script import parse, render
from hullcheck.secrets.log_options import log_options
from selftests.kit.facts.hosts import only
from selftests.kit.facts.shippers import (
    CONFIGS,
    CONTROL,
    ES,
    EXECUTABLES,
    FILEBEAT,
    FLUENT_BIT,
    FLUENTD,
    ID,
    LOGSTASH,
    LOGSTASH_FILE,
    ROOT,
    RSYSLOG,
    SYSTEM,
    VECTOR,
    container,
    facts,
    listens,
    of,
    ship,
    verdicts,
)
from selftests.kit.facts.tools import SECRET, process
from selftests.kit.judging import judged
from selftests.needs import need

SHIPPER = "cd" * 32

NETWORK_RSYSLOG = RSYSLOG.replace('load="imuxsock"', 'load="imudp"') + 'input(type="imudp" port="514")\n'


# ---- shippers


@pytest.mark.parametrize("program", CONFIGS)
def test_shipper_reads_the_files_of_containers(program: str) -> None:
    """It passes by its own system; it fails with another output, another path, or where its process is gone."""
    config = CONFIGS[program]
    system = SYSTEM.get(program, "another system")
    found = verdicts(of(program, config))
    assert found.pop(system) == "pass"
    assert set(found.values()) == {"not applicable"}
    bad = [config.replace(".example.com", "").replace("//logs", "//localhost")]
    for host in ("es", "logs", "loki"):
        bad[0] = bad[0].replace(f"@{host}", "@localhost").replace(f"//{host}", "//localhost")
        bad[0] = bad[0].replace(f'"{host}:', '"localhost:').replace(f" {host}\n", " 127.0.0.1\n")
    bad.append(config.replace(f"{ROOT}/containers", "/var/log"))
    for each in bad:
        assert each != config
        assert set(verdicts(of(program, each)).values()) == {"fail"}, each
    assert set(verdicts(facts(ship(program, config))).values()) == {"fail"}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("**", "pass"),
        ("docker.*.log", "pass"),
        ("docker.*", "fail"),
        ("{audit,docker}.**", "pass"),
        ("audit docker.**", "pass"),
        ("audit.**", "fail"),
        ("docker.**>\n@type file\n</match>\n<match **", "error"),
        ("audit.**>\n@type file\n</match>\n<match **", "pass"),
    ],
)
def test_fluentd_that_sends_some(patterns: str, expected: str) -> None:
    """The first pattern that a tag matches takes it; what is sent to it may have the tag that goes nowhere."""
    source = FLUENTD.replace("@type tail", "@type tail\n  tag docker.*")
    found = verdicts(of("fluentd", source.replace("<match docker.**", f"<match {patterns}")))
    assert found["Fluentd"] == expected


@pytest.mark.parametrize(
    ("tag", "match", "expected"),
    [("", "*", "pass"), ("", "tail.*", "pass"), ("docker.*", "docker.*", "pass"), ("", "systemd.*", "fail")],
)
def test_fluent_bit_that_sends_some(tag: str, match: str, expected: str) -> None:
    """An input whose tag no output takes goes nowhere."""
    config = FLUENT_BIT.replace("Match *", f"Match {match}")
    config = config.replace("Name tail", f"Name tail\n    Tag {tag}" if tag else "Name tail")
    assert verdicts(of("fluent-bit", config))["Fluentd"] == expected


def test_no_shipper() -> None:
    """The files stay on the host, and with them the log."""
    found = judged(CONTROL, facts())
    assert found["ELK"] == ("fail", "nothing known takes the logs of new containers, web to another machine")
    assert set(verdicts(facts(driver="none", containers=())).values()) == {"fail"}
    assert set(verdicts(facts(user=1000)).values()) == {"error"}


def test_program_that_anybody_can_start() -> None:
    """One in a folder in which everybody can write is no shipper; in a container it is where its image has it."""
    for path in ("/tmp/filebeat", "/home/me/bin/filebeat", "/dev/shm/filebeat"):
        target = facts(ship("filebeat", FILEBEAT), processes=(process(7, path),))
        assert set(verdicts(target).values()) == {"fail"}, path


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", "pass"),
        ("confined:\n", "error"),
        (f"confined:\nheld:{ROOT}/containers/{ID}/{ID}-json.log\n", "pass"),
        ("confined:\nheld:/var/log/audit/audit.log\n", "pass"),
    ],
)
def test_shipper_without_the_right_to_read(more: str, expected: str) -> None:
    """The logs of containers are root's: one that runs as a user of its own needs to be let in."""
    target = facts(ship("filebeat", FILEBEAT, more), processes=(process(7, EXECUTABLES["filebeat"]),))
    assert verdicts(target)["ELK"] == expected
    assert judged("host_logs_are_collected_centrally", target)["the daemon's log"][0] == "pass"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/var/log/nginx/*.log", "fail"), (f"{ROOT}/containers/*/*.log", "error"), ("/var/**/*.log", "error")],
)
def test_files_that_are_nobodys_secret(path: str, expected: str) -> None:
    """A shipper of a user of its own may read others, and nothing of these is in doubt."""
    config = f"sources.a = {{type = 'file', include = ['{path}']}}\n"
    config += "sinks.b = {type = 'loki', inputs = ['a'], endpoint = 'http://loki.example.com'}\n"
    target = facts(ship("vector", config, "confined:\n"), processes=(process(7, EXECUTABLES["vector"]),))
    assert verdicts(target)["another system"] == expected


@pytest.mark.parametrize(
    ("more", "expected"), [("", "pass"), ("confined:\n", "pass"), ("confined:\nbarred:\n", "error")]
)
def test_shipper_that_may_not_ask_the_engine(more: str, expected: str) -> None:
    """It has to be in the group of the socket."""
    config = "sources.a = {type = 'docker_logs'}\n"
    config += "sinks.b = {type = 'loki', inputs = ['a'], endpoint = 'http://loki.example.com'}\n"
    target = facts(ship("vector", config, more), processes=(process(7, EXECUTABLES["vector"]),))
    assert verdicts(target)["another system"] == expected


def test_destination_that_is_here() -> None:
    """An address of this machine and a container of it are not another machine."""
    names = ("this", "This.example.com", "elastic", "LOCALHOST", "localhost.localdomain", "ip6-loopback")
    addresses = ("10.0.0.5", "127.0.0.1", "[::1]", "[fd00::7]", "172.17.0.9", "[::ffff:127.0.0.1]")
    for host in (*names, *addresses):
        config = FILEBEAT.replace("es.example.com", host)
        networks = {"bridge": {"NetworkID": "x", "IPAddress": "172.17.0.9"}}
        others = (container(), container("elastic", identifier="ee" * 32, Networks=networks))
        assert set(verdicts(of("filebeat", config, containers=others)).values()) == {"fail"}, host
    config = FILEBEAT.replace("es.example.com", "172.17.0.10")
    assert verdicts(of("filebeat", config))["ELK"] == "pass"


def test_container_that_is_called_like_a_host_elsewhere() -> None:
    """Its name is that of the central server without the domain; behind it a network of the engine is no domain."""
    networks = {"logging": {"NetworkID": "x", "IPAddress": "172.17.0.9"}}
    others = (container(), container("es", identifier="ee" * 32, Networks=networks))
    assert verdicts(of("filebeat", FILEBEAT, containers=others))["ELK"] == "pass"
    config = FILEBEAT.replace("es.example.com", "ES.logging")
    assert verdicts(of("filebeat", config, containers=others))["ELK"] == "fail"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/bin/otelcol-contrib", "manual"),
        ("/opt/datadog-agent/bin/agent/agent", "manual"),
        ("/opt/splunkforwarder/bin/splunkd", "manual"),
        ("/home/u/alloy", "fail"),
        ("/usr/bin/alloyed", "fail"),
    ],
)
def test_shippers_that_are_not_judged(path: str, expected: str) -> None:
    """Whether it takes the logs away is for a person to say, but for those that are not kept at all."""
    assert set(verdicts(facts(processes=(process(9, path),))).values()) == {expected}
    assert only(judged("2.14", facts(processes=(process(9, path),))))[0] == expected
    none = facts(driver="none", containers=(container(driver="none"),), processes=(process(9, path),))
    assert {*verdicts(none).values(), only(judged("2.14", none))[0]} == {"fail"}


def test_names_of_this_machine() -> None:
    """What a file of hosts calls this machine, and the names that containers have for their host, are here."""
    for host in ("es.localhost", "host.docker.internal", "host.containers.internal", "es.example.com"):
        config = FILEBEAT.replace("es.example.com", host)
        known = "own:es.example.com\n" if host == "es.example.com" else ""
        assert set(verdicts(of("filebeat", config, known)).values()) == {"fail"}, host


def test_shipper_that_is_stopped() -> None:
    """It is there, and takes nothing away."""
    assert set(verdicts(of("filebeat", FILEBEAT, "halted:\n")).values()) == {"fail"}


@pytest.mark.parametrize(
    ("facility", "selector", "expected"),
    [
        ("", "daemon.*", "pass"),
        ("daemon", "daemon.*", "pass"),
        ("local3", "daemon.*", "fail"),
        ("local3", "*.*", "pass"),
        ("mail", "*.*;mail.none", "fail"),
    ],
)
def test_facility_of_a_driver(facility: str, selector: str, expected: str) -> None:
    """A rule for the daemon's messages takes none of another facility."""
    options = {"syslog-facility": facility} if facility else {}
    others = {"driver": "syslog", "options": options, "containers": (container("web", "syslog", options),)}
    found = verdicts(of("rsyslogd", RSYSLOG.replace("*.*", selector), **others))
    assert found["another system"] == expected


@pytest.mark.parametrize(
    ("address", "by_socket", "by_network"),
    [
        ("", "pass", "fail"),
        ("unixgram:///dev/log", "pass", "fail"),
        ("unix:///run/systemd/journal/dev-log", "pass", "fail"),
        ("unix:///run/own.sock", "fail", "fail"),
        ("udp://127.0.0.1:514", "fail", "pass"),
        ("tcp://localhost:601", "fail", "pass"),
    ],
)
def test_way_of_the_driver_syslog(address: str, by_socket: str, by_network: str) -> None:
    """Without an address it writes to /dev/log; who takes messages there need not listen on the network."""
    options = {"syslog-address": address} if address else {}
    others = {"driver": "syslog", "options": options, "containers": (container("web", "syslog", options),)}
    for config, expected in (
        (RSYSLOG, by_socket),
        (NETWORK_RSYSLOG, by_network),
    ):
        called = listens("601/tcp" if "tcp" in address else "514/udp")
        assert verdicts(of("rsyslogd", config, called, **others))["another system"] == expected


@pytest.mark.parametrize(
    ("driver", "address", "port", "expected"),
    [
        ("syslog", "udp://127.0.0.1:514", "514/udp", "pass"),
        ("syslog", "udp://127.0.0.1", "514/udp", "pass"),
        ("syslog", "udp://127.0.0.1:514", "514/tcp", "fail"),
        ("syslog", "udp://127.0.0.1:5140", "514/udp", "fail"),
        ("syslog", "tcp://[::1]:514", "514/tcp", "pass"),
        ("syslog", "tcp+tls://localhost:6514", "514/tcp", "fail"),
        ("fluentd", "", "24224/tcp", "pass"),
        ("fluentd", "localhost", "24224/tcp", "pass"),
        ("fluentd", "tcp://localhost:24225", "24224/tcp", "fail"),
        ("fluentd", "unix:///run/fluent.sock", "24224/tcp", "fail"),
        ("fluentd", "127.0.0.1:24224", "", "fail"),
    ],
)
def test_port_of_this_machine(driver: str, address: str, port: str, expected: str) -> None:
    """What a driver sends to a port at which no shipper listens, arrives nowhere."""
    options = {f"{driver}-address": address} if address else {}
    others = {"driver": driver, "options": options, "containers": (container("web", driver, options),)}
    program, config = ("fluentd", FLUENTD) if driver == "fluentd" else ("rsyslogd", NETWORK_RSYSLOG)
    found = verdicts(of(program, config, listens(port) if port else "", **others))
    assert found["Fluentd" if driver == "fluentd" else "another system"] == expected


def test_reason_why_a_shipper_is_not_understood() -> None:
    """It is told with the shipper."""
    target = of("vector", VECTOR, "argument:vector\nargument:-C\n")
    verdict, words = judged(CONTROL, target)["ELK"]
    assert verdict == "error"
    assert "vector (process 7: its option -C is not followed)" in words


def test_destination_in_a_variable() -> None:
    """Then whom it is connected to counts."""
    config = FILEBEAT.replace(f'"https://me:{SECRET}@es.example.com:9200"', '"${ES_HOST}"')
    row = "net:7/net/tcp: 1: 0100000A:9999 {}:23F0 01 0:0 0:0 0 0 0 98 1\nheld:socket:[98]\n"
    assert verdicts(of("filebeat", config, row.format("0A0A0A0A")))["ELK"] == "pass"
    listens = "net:7/net/tcp: 0: 00000000:9999 00000000:0000 0A 0:0 0:0 0 0 0 97 1\nheld:socket:[97]\n"
    called_by = listens + row.format("0A0A0A0A")
    for other in (
        called_by,
        row.format("0100007F"),
        row.format("0500000A"),
        row.format("0A0A0A0A").replace("[98]", "[97]"),
    ):
        assert verdicts(of("filebeat", config, other))["ELK"] == "fail"


def test_configuration_that_is_not_understood() -> None:
    """It may do all or nothing."""
    for program, config in (
        ("filebeat", "a: [b"),
        ("elastic-agent", "fleet: {enabled: true}"),
        ("fluent-bit", "includes: [x]\npipeline:\n  inputs: []\n"),
        ("fluentd", "@include conf.d/*.conf\n"),
    ):
        target = facts(ship(program, config), processes=(process(7, "/opt/x"),))
        assert set(verdicts(target).values()) == {"error"}, program
    target = facts(ship("filebeat", "").partition("config:")[0], processes=(process(7, "/opt/x"),))
    assert set(verdicts(target).values()) == {"error"}


def test_files_that_it_holds_open() -> None:
    """They are read, whatever its configuration calls them; those of another container are not."""
    config = FILEBEAT.replace(f"{ROOT}/containers", "/logs")
    held = f"held:/logs/{ID}/{ID}-json.log\n"
    good = of("filebeat", config, held, driver="gelf", options={"gelf-address": "udp://logs.example.com:1"})
    assert verdicts(good)["ELK"] == "pass"
    other = of(
        "filebeat",
        config,
        held.replace(ID, SHIPPER),
        driver="gelf",
        options={"gelf-address": "udp://a.example:1"},
    )
    assert verdicts(other)["ELK"] == "fail"


def test_shipper_in_a_container() -> None:
    """What it reads counts by where it is mounted from; what is not mounted is its own."""
    config = FILEBEAT.replace(f"{ROOT}/containers", "/logs")
    inside = process(7, EXECUTABLES["filebeat"], cgroup=f"/docker/{SHIPPER}")

    def shipped(source: str) -> str:
        mounts = [{"Type": "bind", "Source": source, "Destination": "/logs"}] if source else []
        own = container("beat", identifier=SHIPPER, Mounts=mounts)
        return verdicts(facts(ship("filebeat", config), containers=(container(), own), processes=(inside,)))[
            "ELK"
        ]

    assert shipped(f"{ROOT}/containers") == "pass"
    config = FILEBEAT
    assert shipped("") == "fail"
    config = FILEBEAT.replace(f"{ROOT}/containers", "/logs")
    assert shipped("/srv") == "fail"
    assert shipped("") == "fail"


@pytest.mark.parametrize(
    ("driver", "program", "more", "expected"),
    [
        ("journald", "filebeat", {}, "fail"),
        (
            "journald",
            "filebeat",
            {"Mounts": [{"Type": "bind", "Source": "/var/log", "Destination": "/x"}]},
            "pass",
        ),
        (
            "journald",
            "filebeat",
            {"Mounts": [{"Type": "bind", "Source": "/var/lib", "Destination": "/var/log"}]},
            "fail",
        ),
        ("fluentd", "fluentd", {}, "fail"),
        ("fluentd", "fluentd", {"Ports": {"24224/tcp": None}}, "fail"),
        ("fluentd", "fluentd", {"Ports": {"24224/tcp": [{"HostIp": "", "HostPort": "24224"}]}}, "pass"),
    ],
)
def test_what_a_container_can_reach(driver: str, program: str, more: dict[str, Any], expected: str) -> None:
    """It reads the journal where that is mounted, and is called where a port of it is published."""
    inside = process(7, EXECUTABLES[program], cgroup=f"/docker/{SHIPPER}")
    gelf = {"gelf-address": "udp://logs.example.com:1"}
    others = (container("web", driver), container("ship", "gelf", gelf, SHIPPER, **more))
    target = facts(ship(program, CONFIGS[program]), containers=others, processes=(inside,), driver=driver)
    assert verdicts(target)[SYSTEM[program]] == expected


def test_plain_name_in_a_container() -> None:
    """It may be that of a container beside it: whom it is connected to counts. On the host it is another machine's."""
    config = FILEBEAT.replace("es.example.com", "elastic")
    assert verdicts(of("filebeat", config))["ELK"] == "pass"
    inside = process(7, EXECUTABLES["filebeat"], cgroup=f"/docker/{SHIPPER}")
    mounts = [{"Type": "bind", "Source": ROOT, "Destination": ROOT}]
    networks = {"x": {"NetworkID": "x", "IPAddress": "172.17.0.9"}}
    others = (
        container("proj-elastic-1", Networks=networks),
        container("beat", identifier=SHIPPER, Mounts=mounts),
    )

    def connected(row: str) -> str:
        said = ship("filebeat", config, f"{row}held:socket:[98]\n")
        return verdicts(facts(said, containers=others, processes=(inside,)))["ELK"]

    row = "net:7/net/tcp: 1: 0100000A:9999 {}:23F0 01 0:0 0:0 0 0 0 98 1\n"
    assert connected("") == "fail"
    assert connected(row.format("090011AC")) == "fail"
    assert connected(row.format("0A0A0A0A")) == "pass"


def test_plain_reads_of_a_driver() -> None:
    """The files of another driver are none; all containers at once, and a journal that is held open, are read."""
    every = "filebeat.inputs: [{type: docker}]\noutput.elasticsearch: {hosts: [es.example.com]}"
    assert verdicts(of("filebeat", every))["ELK"] == "pass"
    local = {"driver": "local", "containers": (container("web", "local"),)}
    assert verdicts(of("filebeat", every, **local))["ELK"] == "fail"
    journal = {"driver": "journald", "containers": (container("web", "journald"),)}
    held = "held:/var/log/journal/x/system.journal\n"
    assert verdicts(of("filebeat", every, **journal))["ELK"] == "fail"
    assert verdicts(of("filebeat", every, held, **journal))["ELK"] == "pass"
    to_syslog = {"driver": "syslog", "containers": (container("web", "syslog"),)}
    assert verdicts(of("filebeat", every, held, **to_syslog))["ELK"] == "fail"


def test_several_destinations() -> None:
    """Each counts for itself; one in a variable is where it is connected to."""
    row = "net:7/net/tcp: 1: 0100000A:9999 0A0A0A0A:23F0 01 0:0 0:0 0 0 0 98 1\nheld:socket:[98]\n"
    config = FILEBEAT.replace(f'"https://me:{SECRET}@es.example.com:9200"', '"a.example", "%{HOST}"')
    found = judged(CONTROL, of("filebeat", config, row))["ELK"]
    assert found == ("pass", "filebeat to 10.10.10.10, a.example")


@pytest.mark.parametrize(
    ("mounts", "network", "config", "expected"),
    [
        ([("/", "/host")], "bridge", f"/host{ROOT}/containers", "pass"),
        ([("/", "/host/")], "bridge", f"/host{ROOT}/containers", "pass"),
        ([(ROOT, "/logs"), ("/srv", "/logs/containers")], "bridge", "/logs/containers", "fail"),
        (
            [("/srv", "/logs"), (f"{ROOT}/containers", "/logs/containers")],
            "bridge",
            "/logs/containers",
            "pass",
        ),
        ([("/var/run/docker.sock", "/x.sock")], "bridge", "docker", "pass"),
        ([("/srv", "/x")], "host", "docker", "fail"),
    ],
)
def test_mounts_of_a_shipper(mounts: list[tuple[str, str]], network: str, config: str, expected: str) -> None:
    """A path is that of the deepest mount above it; all containers are told of by the engine's socket alone."""
    text = FILEBEAT.replace(f"{ROOT}/containers", config)
    if config == "docker":
        text = FILEBEAT.replace("type: container", "type: docker")
    inside = process(7, EXECUTABLES["filebeat"], cgroup=f"/docker/{SHIPPER}")
    own = container(
        "beat",
        identifier=SHIPPER,
        Mounts=[{"Type": "bind", "Source": source, "Destination": to} for source, to in mounts],
        HostConfig={"LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": network},
    )
    target = facts(ship("filebeat", text), containers=(container(), own), processes=(inside,))
    assert verdicts(target)["ELK"] == expected


def test_shipper_in_the_network_of_the_host() -> None:
    """It is called there by the daemon, with no port published."""
    inside = process(7, EXECUTABLES["fluentd"], cgroup=f"/docker/{SHIPPER}")
    gelf = {"gelf-address": "udp://logs.example.com:1"}
    for network, expected in (("host", "pass"), ("bridge", "fail")):
        log = {"LogConfig": {"Type": "gelf", "Config": gelf}, "NetworkMode": network}
        others = (container("web", "fluentd"), container("ship", identifier=SHIPPER, HostConfig=log))
        shipper = ship("fluentd", FLUENTD, listens("24224/tcp"))
        target = facts(shipper, containers=others, processes=(inside,), driver="fluentd")
        assert verdicts(target)["Fluentd"] == expected


# ---- log drivers


@pytest.mark.parametrize(
    ("driver", "options", "system"),
    [
        ("gelf", {"gelf-address": "udp://logs.example.com:12201"}, "ELK"),
        ("fluentd", {"fluentd-address": "logs.example.com:24224"}, "Fluentd"),
        ("fluentd", {"fluentd-address": f"tcp://me:{SECRET}@logs.example.com:24224"}, "Fluentd"),
        ("syslog", {"syslog-address": "tcp://[fd00::1]:514"}, "another system"),
        (
            "splunk",
            {"splunk-url": "https://splunk.example.com:8088", "splunk-token": SECRET},
            "another system",
        ),
        ("awslogs", {"awslogs-group": "x"}, "another system"),
        ("awslogs", {"awslogs-endpoint": "https://logs.example.com"}, "another system"),
        ("awslogs", {"awslogs-endpoint": "http://localhost:4566/x"}, ""),
        ("splunk", {"splunk-url": "https://localhost:8088/"}, ""),
        ("fluentd", {}, ""),
        ("fluentd", {"fluentd-address": "localhost:24224"}, ""),
        ("fluentd", {"fluentd-address": "unix:///run/fluent.sock"}, ""),
        ("gelf", {"gelf-address": "udp://127.0.0.1:12201"}, ""),
        ("syslog", {}, ""),
        ("syslog", {"syslog-address": "unixgram:///dev/log"}, ""),
        ("local", {}, ""),
        ("none", {}, ""),
        ("journald", {}, ""),
        ("json-file", {}, ""),
    ],
)
def test_log_driver(driver: str, options: dict[str, str], system: str) -> None:
    """A driver counts where its address is another machine's."""
    addresses = log_options(options)
    found = verdicts(facts(driver=driver, options=addresses, containers=(container("web", driver, options),)))
    if system:
        assert found.pop(system) == "pass"
        assert set(found.values()) == {"not applicable"}
    else:
        assert set(found.values()) == {"fail"}


def test_one_container_of_another_driver() -> None:
    """It fails all, and is named."""
    gelf = {"gelf-address": "udp://logs.example.com:12201"}
    target = facts(
        driver="gelf", options=gelf, containers=(container("a", "gelf", gelf), container("b", "local"))
    )
    found = judged(CONTROL, target)
    assert {verdict for verdict, _ in found.values()} == {"fail"}
    assert found["ELK"][1].startswith("nothing known takes the logs of b to another machine; it takes others")


def test_driver_that_hands_on_to_a_shipper_here() -> None:
    """The shipper has to take it, and to send it on."""
    ways = (
        ("fluentd", "fluentd", FLUENTD),
        ("gelf", "logstash", LOGSTASH),
        ("journald", "filebeat", FILEBEAT),
    )
    for driver, program, config in (
        *ways,
        ("journald", "rsyslogd", RSYSLOG),
        ("syslog", "rsyslogd", RSYSLOG),
    ):
        called = listens({"fluentd": "24224/tcp", "gelf": "12201/udp"}.get(driver, "9/tcp"))
        options = {"gelf-address": "udp://localhost:12201"} if driver == "gelf" else {}
        others = {"driver": driver, "options": options, "containers": (container("web", driver, options),)}
        assert "pass" in verdicts(of(program, config, called, **others)).values(), (driver, program)
        for word in (
            "forward\n</source>",
            "  gelf",
            "journald",
            "imuxsock",
            "@@logs",
            "logs.example",
            "es.example",
        ):
            if word in config:
                changed = config.replace(word, "localhost" if "example" in word else "x")
                if program == "fluentd" and "logs" in word:
                    changed = config.replace("logs.example.com", "localhost")
                elif "example" in word:
                    changed = config.replace(f"{word}.com", "localhost")
                assert set(verdicts(of(program, changed, called, **others)).values()) == {"fail"}, (
                    driver,
                    word,
                )


def test_way_that_the_policy_knows() -> None:
    """A driver that the site lists reaches the system by a way that is not seen."""
    target = facts(driver="local", containers=(container("web", "local"),), listed=("local",))
    assert set(verdicts(target).values()) == {"manual"}  # its files stay here, and nothing known reads them
    other = facts(driver="loki", containers=(container("web", "loki"),), listed=("loki",))
    assert judged(CONTROL, other)["another system"] == ("pass", "log driver loki, as the policy states")
    target = facts(driver="local", containers=(container("web", "none"),), listed=("local",))
    assert set(verdicts(target).values()) == {"fail"}


# ---- the probes, on processes of this machine


def run_as(folder: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a command of this machine from a path that ends in the name of a program."""
    path = folder / program
    shutil.copy(str(shutil.which(arguments[0])), path)
    return subprocess.Popen(arguments, executable=path)


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
def test_processes_are_found_by_their_program(tmp_path: Path, shell: tuple[str, ...]) -> None:
    """By the path of the program, in any POSIX shell; one that only has the name of it is not found."""
    need(shell[0])
    log = tmp_path / f"{ID}-json.log"
    log.write_text("x\n")
    started = [
        run_as(tmp_path, "falco", "sleep", "30"),
        run_as(tmp_path, "filebeat", "tail", "-f", str(log)),
        subprocess.Popen(["falco", "30"], executable="/usr/bin/sleep"),
    ]
    try:
        time.sleep(0.2)
        script = render((SENSORS, SHIPPERS))
        said = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=True).stdout
    finally:
        for each in started:
            each.kill()
            each.wait()
    answers = parse(said)
    sensors = json.loads(SENSORS.keep(answers["sensors"].stdout))
    shippers = json.loads(SHIPPERS.keep(answers["shippers"].stdout))
    pids = {each["Pid"] for each in sensors["Processes"]}
    assert (started[0].pid in pids, started[2].pid in pids) == (True, False)
    (found,) = [each for each in shippers["Shippers"] if each["Pid"] == started[1].pid]
    assert (found["Program"], found["Holds"], found["Understood"]) == ("filebeat", [ID], False)
    assert "127.0.0.1" in shippers["Own"]


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/*.conf", [["/a/*.log"], ["a.example"]]),
        ("", [["/a/*.log"], ["a.example"]]),
        ("/in.conf", [["/a/*.log"], []]),
    ],
)
def test_pipelines_are_read_by_their_list(
    tmp_path: Path, shell: tuple[str, ...], place: str, expected: list[list[str]]
) -> None:
    """The probe reads what pipelines.yml of the settings names, folders and files; and no other folder."""
    need(shell[0])
    for folder in ("pipes", "other"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pipes/in.conf").write_text(LOGSTASH_FILE.format(""))
    (tmp_path / "pipes/out.conf").write_text(f"output {{ {ES} }}")
    (tmp_path / "other/x.conf").write_text("input { syslog { } }")
    (tmp_path / "pipelines.yml").write_text(
        f'- pipeline.id: main # x\n  path.config: "{tmp_path}/pipes{place}" # all\n'
    )
    words = ("sh", "-c", "sleep 30; :", "org.logstash.Logstash", "--path.settings", str(tmp_path))
    process = run_as(tmp_path, "java", *words)
    try:
        time.sleep(0.2)
        said = subprocess.run([*shell, "-c", render((SHIPPERS,))], capture_output=True, text=True, check=True)
    finally:
        process.kill()
        process.wait()
    document = json.loads(SHIPPERS.keep(parse(said.stdout)["shippers"].stdout))
    (found,) = [each for each in document["Shippers"] if each["Pid"] == process.pid]
    assert (found["Program"], found["Routes"], found["Understood"]) == ("logstash", [expected], True)
