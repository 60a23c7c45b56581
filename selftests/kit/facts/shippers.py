"""Facts of what takes logs to other machines, made by hand."""

from __future__ import annotations

import json
from typing import Any

from hullcheck.facts import Facts
from hullcheck.facts.auditd.daemon import AUDIT_DAEMON
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.facts.logs.probe import SHIPPERS
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts.tools import PRESENT, SECRET, process
from selftests.kit.judging import judged

ID = "ab" * 32


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
<match docker.** *>
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


SYSLOG_NG = f"""@version: 4.8
@include "scl.conf"
source s_src {{ system(); internal(); }};
source s_docker {{
  wildcard-file(base-dir("{ROOT}/containers") filename-pattern("*-json.log") recursive(yes));
}};
destination d_es {{
  elasticsearch-http(url("https://es.example.com:9200/_bulk") index("x") user("me") password("{SECRET}"));
}};
log {{ source(s_src); source(s_docker); destination(d_es); }};
"""


EXECUTABLES = {
    "filebeat": "/usr/share/filebeat/bin/filebeat",
    "fluentd": "/opt/td-agent/bin/ruby",
    "fluent-bit": "/opt/fluent-bit/bin/fluent-bit",
    "logstash": "/usr/share/logstash/jdk/bin/java",
    "promtail": "/usr/bin/promtail",
    "vector": "/usr/bin/vector",
    "rsyslogd": "/usr/sbin/rsyslogd",
    "syslog-ng": "/usr/sbin/syslog-ng",
    "systemd-journal-upload": "/usr/lib/systemd/systemd-journal-upload",
}


SYSTEM = {"filebeat": "ELK", "logstash": "ELK", "fluentd": "Fluentd", "fluent-bit": "Fluentd"}


CONFIGS = {
    "filebeat": FILEBEAT,
    "fluentd": FLUENTD,
    "fluent-bit": FLUENT_BIT,
    "logstash": LOGSTASH,
    "promtail": PROMTAIL,
    "vector": VECTOR,
    "syslog-ng": SYSLOG_NG,
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


def listens(port: str, address: str = "0100007F") -> str:
    """What the probe says more of a shipper that listens, for `ship`: on a port such as `514/udp`."""
    number, _, protocol = port.partition("/")
    state = {"tcp": "0A", "udp": "07"}[protocol]
    row = f"0: {address}:{int(number):04X} 00000000:0000 {state} 0:0 0:0 0 0 0 97 1"
    return f"net:7/net/{protocol}: {row}\nheld:socket:[97]\n"


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
        "Networks": {},
        "Ports": {},
        "Service": None,
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
    auditd: str | None = "log:/var/log/audit/audit.log",
    written: str = "daemon:socket:[1]\n",
) -> Facts:
    """A host with these shippers and containers, and what it says of auditd, if it does, and of the daemon's log."""
    kept = SHIPPERS.keep(
        f"auditor:{user}\nown:10.0.0.5\nown:fd00:0000:0000:0000:0000:0000:0000:0007\nown:this\n"
        + written
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
    texts |= {} if auditd is None else {AUDIT_DAEMON.name: AUDIT_DAEMON.keep(auditd)}
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()} | {PRESENT.name: PRESENT}
    daemon = Daemon(driver, options or {})
    return Facts(Recording("host", "local", answers), Policy(log_drivers=listed), daemon=daemon)


def verdicts(target: Facts) -> dict[str, str]:
    """The verdicts on the systems."""
    return {name: verdict for name, (verdict, _) in judged(CONTROL, target).items()}


def of(program: str, config: str, more: str = "", **others: Any) -> Facts:
    """A host with one shipper."""
    return facts(ship(program, config, more), processes=(process(7, EXECUTABLES[program]),), **others)


LOGSTASH_FILE = 'input {{ file {{ path => "/a/*.log" add_field => {{ "x" => "}}#" }} }} }}\n{}'


ES = 'elasticsearch { hosts => ["a.example:9200"] }'
