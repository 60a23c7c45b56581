"""The guide's chapters on the host and operations: what a host runs, and the measures of which stand-ins are there."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.policy import DockerBench, Policy
from selftests.kit.judging import facts_of_engine, facts_of_guest
from selftests.lab.judgement import verdicts, whole, worst_of

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]

FLAWS = Path("/sys/devices/system/cpu/vulnerabilities")
UNITS = "/etc/systemd/system"
START = "[Install]\nWantedBy=multi-user.target\n"
SECTIONS = [
    {"id": str(n), "desc": "", "results": [{"id": f"{n}.1", "desc": "", "result": "INFO"}]} for n in range(1, 8)
]
ALONE, APPROVED = "host_serves_containers_alone", "services_of_the_host_are_approved"


@pytest.mark.needs("dpkg-query")
def test_this_machine(engine: Callable[..., Engine]) -> None:
    """Flaws of the processor are those of the kernel's files, and packages are counted as dpkg counts them."""
    facts = facts_of_engine(
        engine().socket, of="kernel_flaws_are_mitigated host_has_no_compilers distribution_is_minimal"
    )
    found = verdicts("kernel_flaws_are_mitigated", facts)
    assert found["Dirty COW (CVE-2016-5195)"] == "pass"
    states = {path.name: path.read_text().strip() for path in FLAWS.iterdir()} if FLAWS.is_dir() else {}
    assert states or found["Meltdown (CVE-2017-5754)"] == "error"
    for name in states.keys() & found.keys():
        assert (found[name] == "fail") == ("Vulnerable" in states[name]), states[name]
    listed = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}\n"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert f"{listed.count('installed')} packages" in whole("distribution_is_minimal", facts)[1]


def test_services(lab_host: HostFactory) -> None:
    """A program of its own is shown, and a known server fails by the file that runs, but not in a container."""
    host = lab_host()
    facts = facts_of_guest(host, of=f"{ALONE} {APPROVED}")
    assert whole(ALONE, facts)[0] == "pass"
    verdict, shown = whole(APPROVED, facts)
    assert (verdict, "ssh.service" in shown, "sshd (tcp 22)" in shown) == ("manual", True, True)
    nginx = "cp /bin/busybox /nginx; ln -s nginx /sleep; /sleep 600"
    host.run("web", "--publish", "8080:80", command=("sh", "-c", nginx))
    assert whole(ALONE, facts_of_guest(host, of=ALONE))[0] == "pass"
    script = "import socket, time; s = socket.create_server(('127.0.0.1', 9090)); time.sleep(600)"
    host.write(f"{UNITS}/agent.service", f'[Service]\nExecStart=/usr/bin/python3 -c "{script}"\n')
    host.write(f"{UNITS}/wait.socket", "[Socket]\nListenStream=9091\nService=agent.service\n")
    host.exec("systemctl", "start", "wait.socket")  # before its service, else systemd refuses it
    host.exec("systemctl", "start", "agent.service")
    time.sleep(1)
    verdict, reason = whole(ALONE, facts_of_guest(host, of=ALONE))
    assert (verdict, "(tcp 9090)" in reason, "wait.socket (tcp 9091)" in reason) == ("manual", True, True)
    host.exec("sh", "-c", "mkdir /opt/web && cp /usr/bin/sleep /opt/web/nginx")
    host.write(f"{UNITS}/web.service", "[Service]\nExecStart=/opt/web/nginx infinity\n")
    host.exec("systemctl", "start", "web.service")
    assert whole(ALONE, facts_of_guest(host, of=ALONE)) == (
        "fail",
        "runs applications outside of containers: /opt/web/nginx",
    )


def test_units_that_are_enabled(lab_host: HostFactory) -> None:
    """Timers, paths, instances of templates and scripts of System V count; those of the distribution do not."""
    host = lab_host()
    once = "[Service]\nType=oneshot\nExecStart=/bin/true\n"
    files = {
        "own.service": once,
        "own.timer": f"[Timer]\nOnCalendar=daily\n{START}",
        "own.path": f"[Path]\nPathExists=/srv/own\n{START}",
        "tunnel@.service": f"{once}{START}",
    }
    for name, text in files.items():
        host.write(f"{UNITS}/{name}", text)
    for name in ("legacy", "idle"):
        header = "### BEGIN INIT INFO\n# Provides: x\n# Default-Start: 3\n### END INIT INFO\n"
        host.write(f"/etc/init.d/{name}", f"#!/bin/sh\n{header}exit 0\n", 0o755)
    host.exec(
        "sh",
        "-c",
        "mkdir -p /etc/rc3.d; ln -s ../init.d/legacy /etc/rc3.d/S01legacy; systemctl daemon-reload",
    )
    enabled = ("own.timer", "own.path", "tunnel@home.service")
    host.exec("systemctl", "enable", "fstrim.timer", *enabled)
    shown = whole(APPROVED, facts_of_guest(host, of=APPROVED))[1]
    assert [each for each in (*enabled, "legacy.service") if each not in shown] == []
    assert [each for each in ("own.service", "idle.service", "fstrim.timer") if each in shown] == []


def test_kernels(lab_host: HostFactory) -> None:
    """A newer kernel that is installed, and the demand for a restart, fail."""
    host, key, running = lab_host(docker=False), "newest_installed_kernel_runs", platform.release()
    if not os.path.exists(f"/lib/modules/{running}"):
        assert whole(key, facts_of_guest(host, of=key))[0] == "not applicable"
    host.write(f"/boot/vmlinuz-{running}", "")
    assert whole(key, facts_of_guest(host, of=key))[0] == "pass"
    host.write("/run/reboot-required", "")
    host.write("/run/reboot-required.pkgs", "libc6\nlinux-base\n")
    reason = whole(key, facts_of_guest(host, of=key))[1]
    assert "/run/reboot-required requires it for libc6, linux-base" in reason
    host.exec("rm", "/run/reboot-required")
    host.write("/boot/vmlinuz-99.1.2-amd64", "")
    verdict, reason = whole(key, facts_of_guest(host, of=key))
    assert (verdict, "99.1.2-amd64 is installed" in reason) == ("fail", True)


def test_measures(lab_host: HostFactory) -> None:
    """Falco, a log shipper and docker-bench count while they run, if the policy names them.

    All are stand-ins: a unit that sleeps, a program of the name, and a log in the form of the tool.
    """
    host, log_file = lab_host(), "/var/log/bench.log.json"
    products = {"something_watches_the_containers", "2.14", "host_logs_are_collected_centrally"}
    controls = {*products, "docker_bench_runs_regularly"}
    named = Policy(runtime_security=("falco",), log_shippers=("filebeat",), docker_bench=DockerBench(log_file))

    def found(policy: Policy) -> dict[str, str]:
        facts = facts_of_guest(host, policy, of=" ".join(controls))
        return {key: worst_of(key, facts) for key in controls}

    host.run("web")
    assert found(Policy()) == found(named) == dict.fromkeys(controls, "fail")
    host.write(f"{UNITS}/falco-modern-bpf.service", f"[Service]\nExecStart=/bin/sleep 1000\n{START}")
    host.exec("systemctl", "enable", "--now", "falco-modern-bpf")
    host.exec("sh", "-c", "mkdir -p /opt/beats; cp /usr/bin/busybox /opt/beats/filebeat")
    host.exec("systemd-run", "--unit=beats", "bash", "-c", "exec -a sleep /opt/beats/filebeat 1000")
    host.write("/opt/docker-bench-security/docker-bench-security.sh", "#!/bin/sh\n", 0o755)
    now = int(time.time())
    log = {"dockerbenchsecurity": "1.6.0", "start": now - 60, "tests": SECTIONS, "end": now - 50}
    host.write(log_file, json.dumps(log))
    time.sleep(1)
    assert found(named) == dict.fromkeys(controls, "pass")
    assert found(Policy()) == dict.fromkeys(controls, "manual")
    host.write(log_file, json.dumps(log)[:-30])
    host.exec("systemctl", "stop", "falco-modern-bpf", "beats")
    assert found(named) == dict.fromkeys(products, "fail") | {"docker_bench_runs_regularly": "error"}
