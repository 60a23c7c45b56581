"""Section 4 of the guide on real hosts: jobs, logs, sensors and shippers that are there, and that only seem so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hullcheck.policy import DockerBench, Policy
from selftests.judging import facts_of_guest, judged
from selftests.test_guide_4_operations import log

if TYPE_CHECKING:
    from selftests.lab.host import Host

HostFactory = Callable[..., "Host"]

TIMER = "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n"
SERVICE = "[Service]\nType=oneshot\nWorkingDirectory=/opt/docker-bench-security\nExecStart=/usr/local/sbin/bench-job\n"


def test_docker_bench_on_a_host(lab_host: HostFactory) -> None:
    """A timer that is only there, one that is started and one that is enabled too; a log from it, and its checkout.

    The timer and the log are real, the tool is a script of its name.
    """
    host = lab_host(own_usr=True)
    policy = Policy(docker_bench=DockerBench("/var/log/bench.log.json"))

    def steps() -> list[str]:
        facts = facts_of_guest(host, policy)
        return [verdict for verdict, _ in judged("docker_bench_runs_regularly", facts).values()]

    assert steps() == ["fail", "fail", "fail"]
    host.write("/opt/docker-bench-security/docker-bench-security.sh", "#!/bin/sh\n", 0o755)
    host.write("/opt/docker-bench-security/.git/HEAD", "ref: refs/heads/master\n")
    host.write("/opt/docker-bench-security/.git/refs/heads/master", "12" * 20 + "\n")
    remote = "https://me:Hunter2@example.com/docker-bench-security.git"
    host.write("/opt/docker-bench-security/.git/config", f'[remote "origin"]\n\turl = {remote}\n')
    host.write(
        "/usr/local/sbin/bench-job",
        "#!/bin/sh\nexec ./docker-bench-security.sh -l /var/log/bench.log\n",
        0o755,
    )
    host.write("/etc/systemd/system/bench.service", SERVICE)
    host.write("/etc/systemd/system/bench.timer", TIMER)
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "start", "bench.timer")
    assert steps()[0] == "fail"
    host.exec("systemctl", "enable", "bench.timer")
    now = int(time.time())
    host.write("/var/log/bench.log.json", log(start=now - 60, end=now - 50))
    assert steps() == ["pass", "pass", "pass"]
    shown = judged("docker_bench_comes_from_its_source", facts_of_guest(host, policy))[host.name][1]
    assert (
        shown
        == f"/opt/docker-bench-security: from https://***@example.com/docker-bench-security.git, commit {'12' * 20}"
    )
    host.write("/var/log/bench.log.json", log(start=now - 60, end=now - 50)[:-30])
    assert steps() == ["pass", "error", "error"]
