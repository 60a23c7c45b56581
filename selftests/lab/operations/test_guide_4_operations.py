"""Section 4 of the guide on real hosts: jobs, logs, sensors and log shippers that are there, and that only seem so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hullcheck.policy import DockerBench, Policy
from selftests.controls.test_guide_4_operations import log, warned
from selftests.kit.judging import facts_of_guest, judged

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]


def test_docker_bench_on_a_host(lab_host: HostFactory) -> None:
    """Its log and its checkout are found; the tool is a script of its name."""
    host = lab_host()

    def verdict(policy: Policy) -> str:
        facts = facts_of_guest(host, policy, of="docker_bench_runs_regularly")
        return judged("docker_bench_runs_regularly", facts)[host.name][0]

    policy = Policy(docker_bench=DockerBench("/var/log/bench.log.json"))
    assert verdict(Policy()) == verdict(policy) == "fail"
    host.write("/opt/docker-bench-security/docker-bench-security.sh", "#!/bin/sh\n", 0o755)
    assert verdict(Policy()) == "manual"
    now = int(time.time())
    host.write("/var/log/bench.log.json", log(start=now - 60, end=now - 50))
    assert verdict(policy) == "pass"
    host.write("/var/log/bench.log.json", log(start=now, end=now, tests=warned()))
    assert verdict(policy) == "manual"
    host.write("/var/log/bench.log.json", log(start=now - 60, end=now - 50)[:-30])
    assert verdict(policy) == "error"


# ---- runtime security


def test_falco_on_a_host(lab_host: HostFactory) -> None:
    """A unit or an image of its name counts while it runs and starts with the host, once the policy names it."""
    host = lab_host()

    def verdict(*products: str) -> str:
        policy = Policy(runtime_security=products or None)
        facts = facts_of_guest(host, policy, of="falco_sees_and_reports")
        return judged("falco_sees_and_reports", facts)[host.name][0]

    assert verdict() == verdict("falco") == "fail"
    unit = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n"
    host.write("/etc/systemd/system/falco-modern-bpf.service", unit)
    host.exec("systemctl", "start", "falco-modern-bpf")
    assert verdict() == verdict("falco") == "fail"
    host.exec("systemctl", "enable", "falco-modern-bpf")
    assert [verdict(), verdict("falco"), verdict("sysdig")] == ["manual", "pass", "not applicable"]
    host.exec("systemctl", "stop", "falco-modern-bpf")
    assert verdict("falco") == "fail"
    host.docker("tag", "bb:1", "falcosecurity/falco:0.39")
    host.run("sensor", "--restart", "always", image="falcosecurity/falco:0.39")
    assert [verdict(), verdict("falco")] == ["manual", "pass"]


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
