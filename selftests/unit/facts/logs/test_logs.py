"""Central logs: each goes to another machine, by its driver or by a shipper; what stays here does not count."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.facts.logs import SHIPPERS, _matches, configs
from hullcheck.facts.sensors.probe import SENSORS
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.recording.script import parse, render
from hullcheck.secrets.log_options import log_options
from selftests.controls.test_guide_4_operations import PRESENT, SECRET, process
from selftests.kit.judging import judged
from selftests.needs import need

ID = "ab" * 32
SHIPPER = "cd" * 32
ROOT = "/data/docker"
CONTROL = "container_logs_are_collected_centrally"

FILEBEAT = f"""filebeat.inputs:
- type: filestream
  enabled: false
  paths: [/var/log/*.log]
- type: container
  paths: ["{ROOT}/containers/*/*.log"]
- type: journald
  id: j
output.elasticsearch:
  hosts: ["https://me:{SECRET}@es.example.com:9200"]
  password: {SECRET}
"""
FLUENTD = f"""
<source>
  @type tail
  path {ROOT}/containers/*/*-json.log
  exclude_path ["/x"]
</source>
<source>
  @type forward
</source>
# <match x>
#   @type forward
#   host commented.example.com
# </match>
<match docker.**>
  @type forward
  <server>
    host logs.example.com
    shared_key {SECRET}
  </server>
</match>
"""
FLUENT_BIT = f"""[SERVICE]
    Flush 1
[INPUT]
    Name tail
    Path {ROOT}/containers/*/*.log
[INPUT]
    Name systemd
[OUTPUT]
    Name es
    Match *
    Host es.example.com
    HTTP_Passwd {SECRET}
"""
LOGSTASH = f"""input {{
  file {{ path => "{ROOT}/containers/*/*-json.log" }}
  gelf {{ port => 12201 }}
}}
output {{
  elasticsearch {{ hosts => ["es.example.com:9200"] password => "{SECRET}" }}
  stdout {{ codec => rubydebug }}
}}
"""
PROMTAIL = f"""clients:
  - url: https://me:{SECRET}@loki.example.com/loki/api/v1/push
scrape_configs:
  - job_name: a
    static_configs:
      - labels: {{__path__: {ROOT}/containers/*/*-json.log}}
"""
VECTOR = f"""[sources.a]
type = "file"
include = ["{ROOT}/containers/*/*-json.log"]
[sinks.b]
type = "loki"
inputs = ["a"]
endpoint = "https://loki.example.com"
auth.password = "{SECRET}"
[sinks.c]
type = "console"
inputs = ["a"]
"""
RSYSLOG = """module(load="imuxsock")
*.* @@logs.example.com:514
"""
EXECUTABLES = {
    "filebeat": "/usr/share/filebeat/bin/filebeat",
    "fluentd": "/opt/td-agent/bin/ruby",
    "fluent-bit": "/opt/fluent-bit/bin/fluent-bit",
    "logstash": "/usr/share/logstash/jdk/bin/java",
    "promtail": "/usr/bin/promtail",
    "vector": "/usr/bin/vector",
    "rsyslogd": "/usr/sbin/rsyslogd",
}
SYSTEM = {"filebeat": "ELK", "logstash": "ELK", "fluentd": "Fluentd", "fluent-bit": "Fluentd"}
CONFIGS = {
    "filebeat": FILEBEAT,
    "fluentd": FLUENTD,
    "fluent-bit": FLUENT_BIT,
    "logstash": LOGSTASH,
    "promtail": PROMTAIL,
    "vector": VECTOR,
}


class Setting:
    """A setting of the daemon."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Daemon:
    """A daemon with this log driver."""

    def __init__(self, driver: str, options: dict[str, str]) -> None:
        self._settings = {"log-driver": Setting(driver), "log-opts": Setting(options)}

    def setting(self, name: str) -> Setting:
        """A setting."""
        return self._settings[name]


def ship(program: str, config: str, more: str = "", pid: int = 7) -> str:
    """What the probe says of a shipper."""
    lines = "".join(f":{line}\n" for line in config.split("\n"))
    return f"process:{pid} {program}\n{more}config:/etc/x\n{lines}"


def container(
    name: str = "web",
    driver: str = "json-file",
    options: dict[str, str] | None = None,
    identifier: str = ID,
    **more: Any,
) -> str:
    """A container as the engine describes it."""
    log = {"Type": driver, "Config": options or {}}
    document = {
        "Id": identifier,
        "Name": f"/{name}",
        "HostConfig": {"LogConfig": log, "NetworkMode": "bridge"},
        "Mounts": [],
    } | more
    return "container " + json.dumps(document)


def facts(
    *said: str,
    containers: tuple[str, ...] = (container(),),
    driver: str = "json-file",
    options: dict[str, str] | None = None,
    processes: tuple[str, ...] = (),
    listed: tuple[str, ...] | None = None,
    user: int = 0,
) -> Facts:
    """A host with these shippers and containers."""
    kept = SHIPPERS.keep(
        f"auditor:{user}\nown:10.0.0.5\nown:fd00:0000:0000:0000:0000:0000:0000:0007\nown:this\n"
        + "".join(said)
    )
    described = DOCKER_CONTAINERS.keep("\n".join((*containers, "--proc", "--paths")))
    assert SECRET not in kept + described
    texts = {
        SHIPPERS.name: kept,
        DOCKER_CONTAINERS.name: described,
        PROCESSES.name: "\n".join(processes),
        "docker_info": json.dumps({"ServerVersion": "26", "DockerRootDir": ROOT}),
    }
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()} | {PRESENT.name: PRESENT}
    daemon = Daemon(driver, options or {})
    return Facts(Recording("host", "local", answers), Policy(log_drivers=listed), daemon=daemon)


def verdicts(target: Facts) -> dict[str, str]:
    """The verdicts on the systems."""
    return {name: verdict for name, (verdict, _) in judged(CONTROL, target).items()}


def of(program: str, config: str, more: str = "", **others: Any) -> Facts:
    """A host with one shipper."""
    return facts(ship(program, config, more), processes=(process(7, EXECUTABLES[program]),), **others)


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
        ("docker.**>\n@type file\n</match>\n<match **", "fail"),
        ("audit.**>\n@type file\n</match>\n<match **", "pass"),
    ],
)
def test_fluentd_that_sends_some(patterns: str, expected: str) -> None:
    """The first pattern that a tag matches takes it."""
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
        ("fluent-bit", "pipeline:\n  inputs: []\n"),
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
        ("journald", "filebeat", {"Mounts": [{"Source": "/var/log", "Destination": "/x"}]}, "pass"),
        ("journald", "filebeat", {"Mounts": [{"Source": "/var/lib", "Destination": "/var/log"}]}, "fail"),
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
        target = facts(ship("fluentd", FLUENTD), containers=others, processes=(inside,), driver="fluentd")
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
        others = {"driver": driver, "containers": (container("web", driver),)}
        assert "pass" in verdicts(of(program, config, **others)).values(), (driver, program)
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
                assert set(verdicts(of(program, changed, **others)).values()) == {"fail"}, (driver, word)


def test_way_that_the_policy_knows() -> None:
    """A driver that the site lists reaches the system by a way that is not seen."""
    target = facts(driver="local", containers=(container("web", "local"),), listed=("local",))
    assert judged(CONTROL, target)["another system"] == ("pass", "log driver local, as the policy says")
    target = facts(driver="local", containers=(container("web", "none"),), listed=("local",))
    assert set(verdicts(target).values()) == {"fail"}


# ---- the host's own logs


def test_host_logs() -> None:
    """The journal and the audit log count where a shipper takes them; else a person has to say."""
    control = "host_logs_are_collected_centrally"
    found = judged(control, of("filebeat", FILEBEAT))
    assert found["the daemon's log"] == ("pass", "filebeat to es.example.com")
    assert found["the audit log"][0] == "manual"
    found = judged(control, of("filebeat", FILEBEAT.replace("/var/log/*.log", "/var/log/audit/audit.log")))
    assert found["the audit log"][0] == "manual"  # that input is off
    found = judged(control, of("filebeat", FILEBEAT, "held:/var/log/audit/audit.log\n"))
    assert found["the audit log"][0] == "pass"
    assert {verdict for verdict, _ in judged(control, facts()).values()} == {"manual"}
    assert judged(control, of("rsyslogd", RSYSLOG))["the daemon's log"][0] == "pass"
    assert (
        judged(control, of("rsyslogd", RSYSLOG.replace("*.*", "mail.*")))["the daemon's log"][0] == "manual"
    )


@pytest.mark.parametrize(
    ("program", "line", "more"),
    [
        ("filebeat", "- type: journald", "\n  include_matches: [_SYSTEMD_UNIT={}.service]"),
        ("fluent-bit", "Name systemd", "\n    Systemd_Filter _SYSTEMD_UNIT={}.service"),
        ("promtail", "  - job_name: a", "\n    journal: {{matches: _SYSTEMD_UNIT={}.service}}"),
        ("vector", "[sources.a]", '\ntype = "journald"\ninclude_units = ["{}"]\n[sources.b]'),
        (
            "fluentd",
            "@type forward\n</source>",
            '\n<source>\n@type systemd\nmatches [{{"U": "{}"}}]\n</source>',
        ),
    ],
)
def test_journal_of_some_units(program: str, line: str, more: str) -> None:
    """What takes the journal of other units alone does not take that of the engine."""
    for unit, expected in (("docker", "pass"), ("ssh", "manual")):
        config = CONFIGS[program].replace(line, line + more.format(unit), 1)
        found = judged("host_logs_are_collected_centrally", of(program, config))
        assert found["the daemon's log"][0] == expected, config


@pytest.mark.parametrize("head", ["if $syslogfacility-text == 'authpriv' then {", 'ruleset(name="x") {'])
def test_rsyslog_that_sends_some(head: str) -> None:
    """What stands in a block is of some messages alone."""
    for action in ('action(type="omfwd" target="logs.example.com")', "*.* @@logs.example.com"):
        for text, expected in ((action, "pass"), (f"{head}\n  {action}\n}}", "manual")):
            target = of("rsyslogd", f'module(load="imuxsock")\n{text}\n')
            found = judged("host_logs_are_collected_centrally", target)
            assert found["the daemon's log"][0] == expected, text


SENDING = "*.* @@logs.example.com\n"
SOCKET = 'module(load="imuxsock")\n'


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("/*\n", "manual"),  # a comment that ends after it
        ("/* x */\n", "pass"),
        ("stop\n", "manual"),
        ("*.* ~\n", "manual"),
        ("*.=debug stop\n", "pass"),
        ("daemon.* /var/log/x\n& stop\n", "manual"),
        ("mail.* /var/log/x\n& stop\n", "pass"),
        (':programname, isequal, "dockerd" /var/log/x\n& stop\n', "manual"),
        (':programname, isequal, "sshd" /var/log/x\n& stop\n', "pass"),
        ('if $programname == "dockerd" then stop\n', "manual"),
        ('if $programname == "dockerd" then {\n  stop\n}\n', "manual"),
        ('if $programname == "sshd" then {\n  stop\n}\n', "pass"),
        ('ruleset(name="x") {\n  stop\n}\n', "pass"),
    ],
)
def test_rsyslog_that_drops_before_it_sends(before: str, expected: str) -> None:
    """What is stopped before the output does not come there."""
    found = judged("host_logs_are_collected_centrally", of("rsyslogd", f"{SOCKET}{before}{SENDING}*/\n"))
    assert found["the daemon's log"][0] == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("daemon.*", "pass"),
        ("auth,daemon.info", "pass"),
        ("daemon.err", "manual"),
        ("*.*;daemon.!info", "manual"),
    ],
)
def test_rsyslog_that_selects(selector: str, expected: str) -> None:
    """The facility of the engine is daemon, and most that it says is of the priority info."""
    for action in ("@@logs.example.com", 'action(target="logs.example.com" type="omfwd")'):
        found = judged("host_logs_are_collected_centrally", of("rsyslogd", f"{SOCKET}{selector} {action}\n"))
        assert found["the daemon's log"][0] == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"10-a.conf": "daemon.* stop", "20-b.conf": SENDING}, set()),
        ({"10-a.conf": SENDING, "20-b.conf": "daemon.* stop"}, {"journal"}),
    ],
)
def test_rsyslog_reads_its_folder_in_order(files: dict[str, str], expected: set[str]) -> None:
    """Where it is included; the rules of rsyslog.conf come after that."""
    texts = {"/etc/rsyslog.conf": f"{SOCKET}$IncludeConfig /etc/rsyslog.d/*.conf\nstop\n"}
    texts |= {f"/etc/rsyslog.d/{name}": text for name, text in files.items()}
    routes, _ = configs.read("rsyslogd", texts)
    assert {each for route in routes if route.sends for each in route.reads} & {"journal"} == expected


@pytest.mark.parametrize(
    ("module", "files", "expected"),
    [
        (SOCKET, {}, True),
        (SOCKET, {"/etc/systemd/journald.conf": "#ForwardToSyslog=no\n"}, False),
        (SOCKET, {"/etc/systemd/journald.conf": "#ForwardToSyslog=yes\n"}, True),
        (SOCKET, {"/etc/systemd/journald.conf": "ForwardToSyslog = no\n"}, False),
        ('module(load="imjournal")\n', {"/etc/systemd/journald.conf": "ForwardToSyslog=no\n"}, True),
        ('module(load="imuxsock" SysSock.Use="off")\n', {}, False),
        ("$ModLoad imuxsock\n$OmitLocalLogging on\n", {}, False),
        (SOCKET, {"/usr/lib/systemd/journald.conf.d/syslog.conf": "ForwardToSyslog=yes\n"}, True),
        (
            SOCKET,
            {
                "/etc/systemd/journald.conf": "#ForwardToSyslog=no\n",
                "/usr/lib/systemd/journald.conf.d/syslog.conf": "ForwardToSyslog=yes\n",
                "/etc/systemd/journald.conf.d/syslog.conf": "",  # so it is masked
            },
            False,
        ),
    ],
)
def test_rsyslog_gets_the_journal(module: str, files: dict[str, str], expected: bool) -> None:
    """Where it reads the journal itself, or journald passes it on to the socket that it reads."""
    routes, _ = configs.read("rsyslogd", {"/etc/rsyslog.conf": f"{module}{SENDING}", **files})
    assert ("journal" in {each for route in routes for each in route.reads}) is expected


DISCOVERING = (
    "clients: [{{url: 'http://loki.example.com'}}]\nscrape_configs:\n- docker_sd_configs: [{{}}]\n  {}"
)


@pytest.mark.parametrize(
    ("program", "line", "more", "expected"),
    [
        ("filebeat", "- type: container", "\n  stream: stderr", "error"),
        ("filebeat", "- type: container", "\n  stream: all", "pass"),
        ("filebeat", "- type: container", "\n  exclude_files: ['-json.log$']", "error"),
        ("filebeat", "- type: container", "\n  exclude_files: ['\\.gz$']", "pass"),
        ("filebeat", "- type: container", "\n- type: docker\n  containers.ids: ['*']\n- x: ", "pass"),
        (
            "filebeat",
            "- type: container",
            "\n  enabled: false\n- type: docker\n  containers.ids: [abc]",
            "error",
        ),
        ("fluent-bit", "Name tail", "\n  Exclude_Path */containers/*", "error"),
        ("fluent-bit", "Name tail", "\n  Exclude_Path *.gz, *.zip", "pass"),
        ("fluentd", '["/x"]', '\n  exclude_path ["/containers/*"]', "error"),
        ("promtail", "- labels: {", '__path_exclude__: "/containers/*", ', "error"),
        ("promtail", "- job_name: a", "\n    relabel_configs: [{action: keep, regex: a}]", "error"),
        ("promtail", "- job_name: a", "\n    relabel_configs: [{regex: a, target_label: b}]", "pass"),
        ("vector", 'type = "file"', '\nexclude = ["/containers/a*"]', "error"),
        ("vector", 'type = "file"', '\nexclude = ["/containers/*.gz"]', "pass"),
    ],
)
def test_shipper_that_leaves_some_out(program: str, line: str, more: str, expected: str) -> None:
    """What takes some containers, files or streams alone takes the log of none for sure."""
    assert line in CONFIGS[program]
    found = verdicts(of(program, CONFIGS[program].replace(line, line + more, 1)))
    assert found[SYSTEM.get(program, "another system")] == expected


@pytest.mark.parametrize(
    ("program", "text", "reads"),
    [
        ("promtail", DISCOVERING.format(""), {"docker"}),
        ("promtail", DISCOVERING.format("relabel_configs: [{action: keep, regex: promtail}]"), set()),
        ("promtail", "scrape_configs: [{journal: {}, relabel_configs: [{action: keep, regex: ssh}]}]", set()),
        (
            "promtail",
            "scrape_configs: [{journal: {}, relabel_configs: [{action: keep, regex: docker}]}]",
            {"journal"},
        ),
        ("promtail", "scrape_configs: [{journal: {}, relabel_configs: [{action: drop, regex: x}]}]", set()),
        ("vector", "sources.a = {type = 'journald', exclude_units = ['docker.service']}", set()),
        ("vector", "sources.a = {type = 'journald', exclude_units = ['ssh']}", {"journal"}),
    ],
)
def test_choice_of_what_is_taken(program: str, text: str, reads: set[str]) -> None:
    """The engine's log, or that of a container, may be what is left out."""
    routes, _ = configs.read(program, {"/x": text})
    assert {each for route in routes for each in route.reads} == reads


def test_review_is_left_to_a_person() -> None:
    """With what was found."""
    target = of("filebeat", FILEBEAT)
    target.recording.answers["sensors"] = Answer(
        "sensors", 0, '{"AsRoot": true, "Installed": [], "Processes": []}', ""
    )  # type: ignore[index]
    found = judged("logs_are_reviewed_and_kept", target)["host"]
    assert found == ("manual", "logs: filebeat to es.example.com; containers are watched by no known tool")


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


# ---- reading


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("/a/b/c.log", "/a/*/*.log", True),
        ("/a/b/c.log", "/a/*.log", False),
        ("/a/b/c.log", "/a/**/*.log", True),
        ("/a/b/c.log", "/a/**", True),
        ("/a/b/c.log", "/a/b/c.log", True),
        ("/a/b/c.log", "/a/b/cxlog", False),
        ("/a/b/c.log", "/a/b/c?log", True),
    ],
)
def test_patterns(path: str, pattern: str, expected: bool) -> None:
    """A star stays in its folder, and a dot is a dot."""
    assert _matches(path, pattern) is expected


BROKEN_PATTERN = "<source>\n@type tail\ntag a\npath /x\n</source>\n<match {a>\n@type es\n</match>"
HERE, AWAY = {"/a/*.log"}, {"a.example"}
INPUT = "- {type: log, paths: [/a/*.log]}"
SENT = "output.elasticsearch: {hosts: [a.example]}"
TAIL = "<source>\n@type tail\npath /a/*.log\n{}\n</source>\n"
FORWARD = "<match **>\n@type forward\nhost a.example\n</match>\n"


@pytest.mark.parametrize(
    ("program", "text", "reads", "sends"),
    [
        # Filebeat and Elastic Agent
        ("filebeat", f"filebeat.inputs: [{INPUT[2:]}]\n{SENT}", HERE, AWAY),
        ("filebeat", INPUT, HERE, set()),
        ("filebeat", "words\n---\n" + SENT, set(), AWAY),
        ("filebeat", "type: docker", {"docker"}, set()),
        ("filebeat", "type: docker\nenabled: false", set(), set()),
        (
            "filebeat",
            "filebeat.autodiscover.providers: [{type: docker, hints.enabled: true}]",
            {"docker"},
            set(),
        ),
        (
            "filebeat",
            "filebeat.autodiscover.providers: [{type: docker, templates: [{config: [x]}]}]",
            {"docker"},
            set(),
        ),
        ("filebeat", "filebeat.autodiscover.providers: [{type: kubernetes}]", set(), set()),
        ("filebeat", f"{SENT}\noutput: {{console: {{hosts: b.example}}}}", set(), AWAY),
        ("filebeat", "output.redis: {host: a.example}", set(), AWAY),
        ("filebeat", "output.redis: {password: x}", set(), set()),
        ("filebeat", "output: {redis: x, elasticsearch: {hosts: a.example}}", set(), AWAY),
        ("filebeat", "output.elasticsearch: {hosts: [a.example], enabled: false}", set(), set()),
        ("filebeat", "cloud.id: x", set(), {"cloud.elastic.co"}),
        ("filebeat", "cloud.auth: x", set(), set()),
        ("elastic-agent", "inputs: [{streams: [{paths: [/a/*.log]}]}]", HERE, set()),
        ("elastic-agent", "inputs: [{streams: [{data_stream: x}]}]", set(), set()),
        ("elastic-agent", "outputs: {default: {hosts: [a.example]}}", set(), AWAY),
        # Promtail
        ("promtail", "client: {url: http://a.example/x}", set(), AWAY),
        ("promtail", "clients: [{name: x}, {url: http://a.example/x}]", set(), AWAY),
        ("promtail", "scrape_configs: [{journal: {}}]", {"journal"}, set()),
        ("promtail", "scrape_configs: [{docker_sd_configs: []}]", {"docker"}, set()),
        ("promtail", "scrape_configs: [{static_configs: [{targets: []}]}]", set(), set()),
        # Vector
        ("vector", "sources: {a: {type: docker_logs}}", {"docker"}, set()),
        ("vector", "sources.a.type = 'journald'", {"journal"}, set()),
        ("vector", "sources.a.type = 'fluent'", {"forward"}, set()),
        ("vector", "sources.a.type = 'syslog'", {"syslog"}, set()),
        ("vector", "sources.a.type = 'demo_logs'", set(), set()),
        ("vector", "sinks.a.endpoints = ['a.example', 'b.example']", set(), {"a.example", "b.example"}),
        ("vector", "sinks.a.address = 'a.example:1'", set(), AWAY),
        ("vector", "sinks.a.type = 'datadog_logs'", set(), {"service:datadog_logs"}),
        ("vector", "sinks.a.type = 'http'", set(), set()),
        ("vector", "sinks.a.uri = 'http://a.example'", set(), AWAY),
        (
            "vector",
            "sinks.a.bootstrap_servers = 'a.example:1,b.example:1'",
            set(),
            {"a.example", "b.example"},
        ),
        ("vector", "sinks.a = {type = 'blackhole', address = 'a.example:1'}", set(), set()),
        # Fluentd
        ("fluentd", "# @include x", set(), set()),
        ("fluentd", TAIL.format("").replace("tail", "exec"), set(), set()),
        ("fluentd", FORWARD, set(), AWAY),
        ("fluentd", FORWARD.replace("forward", "copy\n<store>\n@type forward"), set(), AWAY),
        ("fluentd", FORWARD.replace("forward", "stdout"), set(), set()),
        (
            "fluentd",
            FORWARD.replace("host a.example", "hosts 'a.example:1,b.example'"),
            set(),
            {*AWAY, "b.example"},
        ),
        ("fluentd", FORWARD.replace("host a.example", "s3_bucket logs"), set(), {"s3:logs"}),
        ("fluentd", FORWARD.replace("host a.example", "hec_host a.example"), set(), AWAY),
        ("fluentd", "<match **>\n@type cloudwatch_logs\n</match>", set(), {"service:cloudwatch_logs"}),
        ("fluentd", "<match **>\n@type cloudwatch_logs\nendpoint a.example\n</match>", set(), AWAY),
        ("fluentd", "<match **>\n@type unknown\n</match>", set(), set()),
        # Fluent Bit
        ("fluent-bit", "[INPUT]\nName tail\n[INPUT]\nTag x\n[INPUT]\nName forward", {"forward"}, set()),
        ("fluent-bit", "[INPUT]\nName cpu\nPath /a", set(), set()),
        ("fluent-bit", "[OUTPUT]\nName kafka\nBrokers a.example:1", set(), AWAY),
        ("fluent-bit", "[OUTPUT]\nName x\nEndpoint a.example", set(), AWAY),
        ("fluent-bit", "[OUTPUT]\nName http", set(), set()),
        ("fluent-bit", "[OUTPUT]\nName cloudwatch_logs\nMatch *", set(), {"service:cloudwatch_logs"}),
        ("fluent-bit", "[OUTPUT]\nName s3\nEndpoint a.example", set(), AWAY),
        ("fluent-bit", "[OUTPUT]\nName stdout\nHost a.example", set(), set()),
        # Logstash
        ("logstash", "input {\n  file { path => ['/a/*.log'] } # all\n} # end", HERE, set()),
        ("logstash", "input {\n  #file { path => '/a/*.log' }\n}", set(), set()),
        ("logstash", "input {\n  syslog { path => '/x' }\n}", {"syslog"}, set()),
        # rsyslog
        ("rsyslogd", 'module(load="imjournal")', {"journal", "syslog"}, set()),
        ("rsyslogd", ' # module(load="imuxsock")\nx', set(), set()),
        ("rsyslogd", 'input(type="imfile" tag="x" file="/a/*.log")', HERE, set()),
        ("rsyslogd", "*.info;mail.none @a.example", set(), AWAY),
        ("rsyslogd", "*.*;daemon.none @a.example", set(), set()),
        ("rsyslogd", "*.*;mail,daemon,news.none @a.example", set(), set()),
        ("rsyslogd", "*.debug @@(o)[fd00::1]:514", set(), {"fd00::1"}),
        ("rsyslogd", "mail.* @a.example", set(), set()),
        ("rsyslogd", 'mail.*\n  action(type="omfwd" target="a.example")', set(), set()),
        ("rsyslogd", 'x\n*.* action(type="omfwd" target="a.example")', set(), AWAY),
        ("rsyslogd", 'module(load="imtcp")\naction(type="omfwd"\n  target="a.example")', set(), AWAY),
        ("rsyslogd", 'mail.* action(type="omfwd" target="a.example")', set(), set()),
        ("rsyslogd", '*.* action(type="omrelp" target="a.example" port="2514")', set(), AWAY),
        ("rsyslogd", 'if $x == "y" then\n  action(type="omfwd" target="a.example")', set(), set()),
        ("rsyslogd", 'if $x == "y" then {\n  action(type="omfwd" target="a.example")\n}', set(), set()),
        ("rsyslogd", 'ruleset(name="x") {\nif $x then { stop }\n*.* @a.example\n}', set(), set()),
    ],
)
def test_what_a_configuration_says(program: str, text: str, reads: set[str], sends: set[str]) -> None:
    """What is read and where it is sent; what is for some messages only, or commented out, is neither."""
    routes, understood = configs.read(program, {"/x": text})
    assert understood
    assert {each for route in routes for each in route.reads} == reads
    assert {each for route in routes for each in route.sends} == sends


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("fluent-bit", "service: {}\npipeline: {}\n"),
        ("fluentd", "@include x\n" + FORWARD),
        ("filebeat", "filebeat.autodiscover.providers: [{type: docker}]"),
        (
            "filebeat",
            "filebeat.autodiscover.providers: [{type: docker, templates: [{config: [x], condition: y}]}]",
        ),
        (
            "filebeat",
            "filebeat.autodiscover.providers: [{type: docker, hints: {enabled: true, default_config.enabled: false}}]",
        ),
        ("promtail", "scrape_configs: [{docker_sd_configs: [{filters: [{name: label}]}]}]"),
        ("vector", "sources.a = {type = 'docker_logs', include_labels = ['x']}"),
    ],
)
def test_configuration_of_which_only_a_part_is_known(program: str, text: str) -> None:
    """It may read whatever else; what takes some containers alone takes none for sure."""
    routes, understood = configs.read(program, {"/x": text})
    assert not understood
    assert not any(route.reads for route in routes)


@pytest.mark.parametrize("program", configs.PROGRAMS)
@pytest.mark.parametrize(
    "text",
    ["", "\0", "}{<[", "a: b", "[]", "- 1", "[INPUT]\n", "input {", "<source>", BROKEN_PATTERN],
)
def test_nonsense_reads_nothing(program: str, text: str) -> None:
    """Whatever a file holds, nothing comes of what is none."""
    routes, _ = configs.read(program, {"/x": text})
    assert not any(route.reads or route.sends for route in routes)


# ---- inputs with their outputs

FILE, JOURNAL = ({"/a/*.log"}, {"a.example"}), ({"journal"}, {"b.example"})
VECTOR_TWO = """
sources.a = {{type = "file", include = ["/a/*.log"]}}
sources.b.type = "journald"
{}
sinks.far = {{type = "loki", endpoint = "https://a.example", inputs = [{}]}}
sinks.near = {{type = "loki", endpoint = "https://b.example", inputs = ["b"]}}
"""
TRANSFORM = 'transforms.t = {{type = "{}", inputs = [{}]}}'
LOGSTASH_FILE = 'input {{ file {{ path => "/a/*.log" add_field => {{ "x" => "}}#" }} }} }}\n{}'
ES = 'elasticsearch { hosts => ["a.example:9200"] }'


@pytest.mark.parametrize(
    ("program", "files", "routes"),
    [
        # Vector: by the inputs of its sinks
        ("vector", VECTOR_TWO.format("", '"a"'), (FILE, JOURNAL)),
        ("vector", VECTOR_TWO.format("", '"*"'), (FILE, ({"journal"}, {"a.example", "b.example"}))),
        (
            "vector",
            VECTOR_TWO.format("", '"b"'),
            (({"/a/*.log"}, set()), ({"journal"}, {"a.example", "b.example"})),
        ),
        ("vector", VECTOR_TWO.format("", ""), (({"/a/*.log"}, set()), JOURNAL)),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("remap", '"a"'), '"t"'), (FILE, JOURNAL)),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("remap", '"a"'), '"t.x"'), (FILE, JOURNAL)),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("remap", ""), '"t"'), (({"/a/*.log"}, set()), JOURNAL)),
        (
            "vector",
            VECTOR_TWO.format(TRANSFORM.format("remap", '"t"'), '"t"'),
            (({"/a/*.log"}, set()), JOURNAL),
        ),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("filter", '"a"'), '"t", "a"'), (FILE, JOURNAL)),
        # Elastic Agent: by the name of the output
        (
            "elastic-agent",
            "inputs: [{paths: [/a/*.log]}, {type: journald, use_output: o}]\n"
            "outputs: {default: {hosts: [a.example]}, o: {hosts: [b.example]}}",
            (FILE, JOURNAL),
        ),
        (
            "elastic-agent",
            "inputs: [{paths: [/a/*.log], use_output: o}]\noutputs: {default: {hosts: [a.example]}}",
            (({"/a/*.log"}, set()), (set(), {"a.example"})),
        ),
        # Filebeat has one output for all of its files
        ("filebeat", (INPUT, SENT), (FILE,)),
        # Fluentd and Fluent Bit: by the tag
        (
            "fluentd",
            TAIL.format("tag a")
            + "<source>\n@type systemd\ntag b\n</source>\n"
            + FORWARD.replace("**", "a")
            + FORWARD.replace("**", "b").replace("a.example", "b.example"),
            (FILE, JOURNAL),
        ),
        (
            "fluent-bit",
            "[INPUT]\nName tail\nTag a\nPath /a/*.log\n[INPUT]\nName systemd\nTag b\n"
            "[OUTPUT]\nName es\nMatch a\nHost a.example\n[OUTPUT]\nName es\nMatch b\nHost b.example",
            (FILE, JOURNAL),
        ),
        # Logstash: in its pipeline
        ("logstash", LOGSTASH_FILE.format(f"output {{ stdout {{ }}\n{ES} }}"), (FILE,)),
        ("logstash", LOGSTASH_FILE.format(f"output {{ {ES} if [x] {{ stdout {{ }} }} }}"), (FILE,)),
        ("logstash", (LOGSTASH_FILE.format(""), f"output {{ {ES} }}"), (FILE,)),
        (
            "logstash",
            LOGSTASH_FILE.format('output { elasticsearch { cloud_id => "x" } }'),
            (({"/a/*.log"}, {"cloud.elastic.co"}),),
        ),
    ],
)
def test_input_counts_with_its_outputs(
    program: str, files: str | tuple[str, ...], routes: tuple[tuple[set[str], set[str]], ...]
) -> None:
    """What is read goes where it is connected to, and nowhere else."""
    texts = (files,) if isinstance(files, str) else files
    found, understood = configs.read(program, {f"/{number}": text for number, text in enumerate(texts)})
    assert understood
    pairs = [(set(reads), set(sends)) for reads, sends in found if reads]
    assert pairs == [(reads, sends) for reads, sends in routes if reads]


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("vector", VECTOR_TWO.format(TRANSFORM.format("filter", '"a"'), '"t"')),
        ("vector", VECTOR_TWO.format(TRANSFORM.format("route", '"a"'), '"t.x"')),
        ("logstash", LOGSTASH_FILE.format(f"output {{ if [x] {{ {ES} }} }}")),
        ("logstash", LOGSTASH_FILE.format(f"output {{ if [x] {{ stdout {{ }} }} else {{ {ES} }} }}")),
        ("logstash", LOGSTASH_FILE.format('output { pipeline { send_to => ["x"] } }')),
    ],
)
def test_output_for_some_events(program: str, text: str) -> None:
    """Whether all that is read comes to it cannot be told."""
    found, understood = configs.read(program, {"/x": text})
    assert not understood
    assert {route.sends for route in found if "/a/*.log" in route.reads} == {frozenset()}


def test_pipelines_of_logstash() -> None:
    """An input of one does not come to the output of another; a place that was not read leaves it open."""
    texts = {"/c/a/in.conf": LOGSTASH_FILE.format(""), "/c/a/out.conf": f"output {{ {ES} }}"}
    together, apart = (
        "- path.config: '/c/a/*.conf'",
        "- path.config: /c/a/in.conf\n- path.config: /c/a/out.conf",
    )
    string = "- config.string: 'input { syslog { } } output { }'"

    def read(listed: str) -> tuple[list[tuple[set[str], set[str]]], bool]:
        found, understood = configs.read("logstash", {"/c/pipelines.yml": listed, **texts})
        return [(set(reads), set(sends)) for reads, sends in found], understood

    assert read(together) == ([FILE], True)
    assert read("- path.config: /c/a") == ([FILE], True)
    assert read("# none") == ([FILE], True)
    assert read(apart) == ([({"/a/*.log"}, set()), (set(), {"a.example"})], True)
    assert read(string) == ([({"syslog"}, set())], True)
    assert read(f"{together}\n- path.config: /d") == ([FILE], False)
    assert read(f"{together}\n- pipeline.id: x") == ([FILE], False)
    assert read("a: [") == ([], False)


def test_files_held_by_a_shipper_that_sends_some_nowhere() -> None:
    """They may be those that go nowhere."""
    text = VECTOR_TWO.format("", '"a"').replace("/a/", "/other/")
    held = f"held:/logs/{ID}/{ID}-json.log\n"
    gelf = {"driver": "gelf", "options": {"gelf-address": "udp://logs.example.com:1"}}
    assert verdicts(of("vector", text, held, **gelf))["another system"] == "pass"
    text = text.replace('inputs = ["a"]', 'inputs = ["b"]')
    found = judged(CONTROL, of("vector", text, held, **gelf))["another system"]
    assert found[0] == "fail"
    near = text.replace("a.example", "localhost").replace("b.example", "localhost")
    assert verdicts(of("vector", near, held, **gelf))["another system"] == "fail"
