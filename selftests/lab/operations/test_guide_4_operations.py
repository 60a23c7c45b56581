"""Section 4 of the guide on real hosts: jobs, logs, sensors and log shippers that are there, and that only seem so."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hullcheck.policy import DockerBench, Policy
from selftests.controls.test_guide_4_operations import log
from selftests.kit.facts.tools import CONFIG, METRICS
from selftests.kit.judging import facts_of_guest, judge_guest, judged

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]


def test_docker_bench_on_a_host(lab_host: HostFactory) -> None:
    """Its log and its checkout are found; the tool is a script of its name."""
    host = lab_host(own_usr=True)
    policy = Policy(docker_bench=DockerBench("/var/log/bench.log.json"))

    def steps() -> list[str]:
        facts = facts_of_guest(host, policy)
        return [verdict for verdict, _ in judged("docker_bench_runs_regularly", facts).values()]

    assert steps() == ["fail", "fail"]
    host.write("/opt/docker-bench-security/docker-bench-security.sh", "#!/bin/sh\n", 0o755)
    host.write("/opt/docker-bench-security/.git/HEAD", "ref: refs/heads/master\n")
    host.write("/opt/docker-bench-security/.git/refs/heads/master", "12" * 20 + "\n")
    remote = "https://me:Hunter2@example.com/docker-bench-security.git"
    host.write("/opt/docker-bench-security/.git/config", f'[remote "origin"]\n\turl = {remote}\n')
    now = int(time.time())
    host.write("/var/log/bench.log.json", log(start=now - 60, end=now - 50))
    assert steps() == ["pass", "pass"]
    whole = json.loads(log())["tests"]
    whole[1]["results"].append({"id": "2.2", "desc": "", "result": "WARN"})
    host.write("/var/log/bench.log.json", log(start=now, end=now, tests=whole))
    assert steps() == ["pass", "manual"]
    shown = judged(
        "docker_bench_comes_from_its_source",
        facts_of_guest(host, policy, of="docker_bench_comes_from_its_source"),
    )[host.name][1]
    assert (
        shown
        == f"/opt/docker-bench-security: from https://***@example.com/docker-bench-security.git, commit {'12' * 20}"
    )
    host.write("/var/log/bench.log.json", log(start=now - 60, end=now - 50)[:-30])
    assert steps() == ["error", "error"]


# ---- Falco, by a stand-in: a program at /usr/bin/falco that holds an eBPF program and serves counters

# Loads an eBPF program that does nothing, keeps its descriptor, and becomes the web server of busybox, whose copy
# lies at /usr/bin/falco.
STAND_IN = """import ctypes, os, struct
libc = ctypes.CDLL(None)
code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0))
licence = ctypes.create_string_buffer(b"GPL")
asked = struct.pack("<IIQQ", 1, 2, ctypes.addressof(code), ctypes.addressof(licence)) + bytes(96)
program = libc.syscall(321, 5, asked, len(asked))
if os.environ.get("DRIVER") == "yes":
    os.set_inheritable(program, True)
os.execv("/usr/bin/falco", ["httpd", "-f", "-p", "127.0.0.1:8765", "-h", "/srv/falco"])
"""
UNIT = """[Service]
Environment=DRIVER=yes
ExecStart=/usr/bin/python3 /srv/falco.py
[Install]
WantedBy=multi-user.target
"""
COUNTER = """[Service]
ExecStart=/bin/sh /srv/counter.sh
"""
COUNTING = """n=0
while sleep 0.1; do
  n=$((n + 50))
  sed "s/EVENTS/$n/" /srv/counters >/srv/falco/new && mv /srv/falco/new /srv/falco/metrics
done
"""
STEPS = (
    *(
        "it is installed",
        "it runs",
        "it starts with the host",
        "its driver is loaded",
        "its rules are loaded",
    ),
    *("it sees events and loses few", "an output leaves the host", "it reported something"),
)


def test_falco_on_a_host(lab_host: HostFactory) -> None:
    """The steps pass one after the other as the stand-in comes to what each names, and not before.

    A real Falco is not in reach here. Real are the path of the program, the unit, the eBPF program that the process
    holds, its socket, its files and the two readings; the counters are those of a script.
    """
    host = lab_host(own_usr=True)

    def steps() -> list[str]:
        found = judge_guest("falco_sees_and_reports", host)
        assert tuple(found) == STEPS
        return [verdict for verdict, _ in found.values()]

    assert steps() == ["fail"] * 8
    host.run("falco")
    host.docker("tag", "bb:1", "falcosecurity/falco:latest")
    host.exec("sh", "-c", "exec -a falco sleep 600 >/dev/null 2>&1 &", timeout=10)
    assert steps() == ["fail"] * 8
    host.exec("cp", "/usr/bin/busybox", "/usr/bin/falco")
    assert steps() == ["pass", *["fail"] * 7]

    rules = "- rule: Shell\n  condition: x\n"
    digest = hashlib.sha256(rules.encode()).hexdigest()
    counters = METRICS.format(digest=digest, events="EVENTS", drops=0, matches=0)
    host.write("/etc/falco/falco.yaml", CONFIG)
    host.write("/etc/falco/falco_rules.yaml", rules)
    host.write("/srv/counters", counters + "\n")
    host.write("/srv/falco/metrics", counters.replace("EVENTS", "7") + "\n")
    host.write("/srv/falco.py", STAND_IN)
    host.write("/etc/systemd/system/falco.service", UNIT.replace("yes", "no"))
    host.write("/etc/systemd/system/counter.service", COUNTER)
    host.write("/srv/counter.sh", COUNTING)
    assert steps() == ["pass", *["fail"] * 7]
    host.exec("systemctl", "start", "falco")
    time.sleep(1)
    assert steps() == ["pass", "pass", "fail", "fail", "pass", "fail", "pass", "pass"]
    host.write("/etc/systemd/system/falco.service", UNIT)
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "enable", "falco")
    host.exec("systemctl", "restart", "falco")
    time.sleep(1)
    assert steps() == ["pass", "pass", "pass", "pass", "pass", "fail", "pass", "pass"]
    host.exec("systemctl", "start", "counter")
    time.sleep(1)
    assert steps() == ["pass"] * 8
    found = judge_guest("something_watches_the_containers", host)
    assert found["Falco"][0] == "pass"
    for switch, verdict in (("disable: {rule: '*'}", "fail"), ("disable: {rule: Other}", "pass")):
        host.write("/etc/falco/falco.yaml", CONFIG + f"rules: [{{{switch}}}]\n")
        assert steps()[4] == verdict
    host.write("/etc/falco/falco_rules.yaml", rules + "  enabled: false\n")
    assert steps()[4] == "fail"
    host.write("/etc/falco/falco_rules.yaml", rules + "- rule: Other\n")
    assert steps()[4] == "fail"
    host.exec("systemctl", "stop", "falco")
    assert steps() == ["pass", *["fail"] * 7]


def test_falco_in_a_container_of_any_image(lab_host: HostFactory) -> None:
    """A program called falco in a container of some image is none, whatever the image was named."""
    host = lab_host()
    file = "FROM bb:1\nRUN mkdir -p /usr/bin && cp /bin/busybox /usr/bin/falco\n"
    host.docker("build", "--tag", "x:1", "-", stdin=file)
    host.run(
        "falco", "--restart", "always", image="x:1", command=["sh", "-c", "exec -a sleep /usr/bin/falco 600"]
    )
    time.sleep(1)
    verdict, reason = judge_guest("falco_sees_and_reports", host)["it runs"]
    assert (verdict, "container falco runs /usr/bin/falco" in reason) == ("fail", True), reason
    host.docker("tag", "x:1", "falcosecurity/falco:1")
    assert judge_guest("falco_sees_and_reports", host)["it runs"][0] == "manual"


# ---- logs


def test_logs_on_a_host(lab_host: HostFactory) -> None:
    """A log shipper counts while it runs, if the policy names it; a driver by its address.

    The shipper is a stand-in at the path of Filebeat.
    """
    host = lab_host()

    def verdicts(of: str = "container_logs_are_collected_centrally", *shippers: str) -> set[str]:
        facts = facts_of_guest(host, Policy(log_shippers=shippers), of=of)
        return {verdict for verdict, _ in judged(of, facts).values()}

    host.run("web")
    assert verdicts() == {"fail"}
    host.exec("mkdir", "-p", "/opt/beats")
    host.exec("cp", "/usr/bin/busybox", "/opt/beats/filebeat")
    host.exec("systemd-run", "--unit=beats", "bash", "-c", "exec -a sleep /opt/beats/filebeat 1000")
    time.sleep(1)
    named = "container_logs_are_collected_centrally", "filebeat"
    assert verdicts() == {"manual"}
    assert verdicts(*named) == {"pass", "not applicable"}
    assert verdicts("host_logs_are_collected_centrally", "filebeat") == {"pass"}
    host.run("remote", "--log-driver", "gelf", "--log-opt", "gelf-address=udp://192.0.2.1:12201")
    assert verdicts(*named) == {"pass", "not applicable"}
    host.exec("systemctl", "stop", "beats")
    assert verdicts(*named) == {"fail"}
