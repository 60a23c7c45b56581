"""Facts of the tools that watch containers, made by hand."""

from __future__ import annotations

from hullcheck.facts import Facts
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer

NOW = 1_800_000_000


DAY = 86400


ID = "ab" * 32


SECRET = "Hunter2secret"


PRESENT = Answer("engine_presence", 0, "command docker /usr/bin/docker", "")


INFO = Answer("docker_info", 0, '{"ServerVersion": "26.1.5"}', "")


def process(pid: int, executable: str, *, name: str = "", cgroup: str = "/system.slice/x.service") -> str:
    """What the probe shows of a process."""
    comm = name or executable.rpartition("/")[2][:15]
    link = f"lrwxrwxrwx 1 0 0 0 Nov 25 00:00 {pid}/exe -> {executable}"
    return f"{pid}/status:Name:\t{comm}\n{pid}/cgroup:0::{cgroup}\n{link}"


def target(
    policy: Policy, answers: dict[str, str], *processes: str, containers: tuple[str, ...] = ()
) -> Facts:
    """The facts of a host with an engine that answered so."""
    texts = {
        PROCESSES.name: "\n".join(processes),
        DOCKER_CONTAINERS.name: "\n".join((*containers, "--proc", "--paths")),
    } | answers
    all_answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    all_answers |= {each.name: each for each in (PRESENT, INFO)}
    return Facts(Recording("host", "local", all_answers, gathered=NOW), policy)


METRICS = """falcosecurity_scap_engine_name_info{{engine_name="modern_bpf",evt_source="syscall"}} 1
falcosecurity_falco_sha256_rules_files_info{{file_name="falco_rules.yaml",sha256="{digest}"}} 1
falcosecurity_scap_n_evts_total {events}
falcosecurity_scap_n_drops_buffer_total{{dir="enter",drop="open"}} 5
falcosecurity_scap_n_drops_total {drops}
falcosecurity_falco_rules_matches_total{{priority="4",rule_name="A"}} {matches}
falcosecurity_falco_rules_matches_total{{priority="2",rule_name="B"}} 1"""


CONFIG = """rules_files:
  - /etc/falco/falco_rules.yaml
  - /etc/falco/rules.d
engine:
  kind: modern_ebpf
metrics: {enabled: true, interval: 15m}
webserver: {enabled: true, listen_port: 8765, prometheus_metrics_enabled: true}
http_output: {enabled: true, url: "https://me:Hunter2secret@alerts.example.com/Hunter2secret", insecure: false}
syslog_output: {enabled: true}
program_output: {enabled: false, program: "curl Hunter2secret"}
"""


LISTENS = "net:7/net/tcp:  0: 00000000:223D 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1"


PARTS = {
    "age": "age:864000.50 100",
    "arguments": "argument:/usr/bin/falco\nargument:-o\nargument:program_output.program=curl Hunter2secret",
    "fds": "fd:socket:[99]\nfd:socket:[98]\nfd:anon_inode:bpf-prog\nfd:/etc/Hunter2secret",
    "net": LISTENS,
    "unit": "unit:Id=falco.service\nunit:MainPID=7\nunit:ActiveState=active\nunit:UnitFileState=enabled",
    "config": CONFIG,
    "rules": "rules:2:aa:/etc/falco/falco_rules.yaml\nrule:0:- rule: Shell in it\nrule:0:  tags: [a, b]\n"
    "rule:0:- macro: m\nrule:0:  enabled: no\nrule:0:- rule: 'Odd'\nrule:0:  tags: [b]\n"
    "rules:0:ee:/etc/falco/other.yaml",
    "first": METRICS.format(digest="aa", events=1.7e6, drops=3, matches=4),
    "second": METRICS.format(digest="aa", events=1.8e6, drops=3, matches=4),
    "rest": "",
}


def said(pid: int = 7, **parts: str) -> str:
    """What the probe says of a process: of a good Falco, but for these parts."""
    known = PARTS | parts
    lines = [known[each] for each in ("age", "arguments", "fds", "net", "unit")]
    if known["config"]:
        lines += ["config:/etc/falco/falco.yaml", *(f":{line}" for line in known["config"].split("\n"))]
    lines.append(known["rules"])
    for word in ("first", "second"):
        lines += [f"{word}:{line}" for line in known[word].split("\n") if line]
    return "\n".join((f"process:{pid}", *lines, known["rest"], ""))
