"""Sections 1, 4.2 and 5 of the guide on real kernels, a real systemd and a real auditd.

Puppet, Salt and Ansible are stood in for, as no host of the laboratory has them: their units are real units that
sleep or end, and their records are files in the form in which Puppet 8.10 and ansible-core 2.19 wrote them when
that was tried. Salt's was made by hand, from its source.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.facts.hosts import only
from selftests.kit.judging import facts_of_engine, facts_of_guest, judge_engine, judge_guest, judged

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

SYS = Path("/sys/devices/system/cpu/vulnerabilities")
TIMER = "[Timer]\nOnCalendar=hourly\n[Install]\nWantedBy=timers.target\n"


def verdicts(control: str, facts: Facts) -> dict[str, str]:
    """The verdict of a control by subject."""
    return {subject: verdict for subject, (verdict, _) in judged(control, facts).items()}


def with_policy(facts: Facts, **policy: object) -> Facts:
    """The same recording under a policy."""
    return Facts(facts.recording, Policy.from_mapping(policy))


# ---- this machine


@pytest.fixture
def settings() -> Iterator[Callable[[str, str], None]]:
    """Change settings of the kernel, which is that of everybody here, for a moment."""
    before: dict[Path, str] = {}

    def change(name: str, value: str) -> None:
        path = Path("/proc/sys") / name.replace(".", "/")
        before.setdefault(path, path.read_text())
        path.write_text(value)

    yield change
    for path, value in before.items():
        path.write_text(value)


@pytest.mark.parametrize(
    ("control", "name", "good", "bad"),
    [
        ("privileged_programs_leave_no_core_dumps", "fs.suid_dumpable", "0", "1"),
        ("address_space_is_randomized", "kernel.randomize_va_space", "2", "1"),
    ],
)
def test_setting_of_the_kernel(
    engine: Callable[..., Engine],
    settings: Callable[[str, str], None],
    control: str,
    name: str,
    good: str,
    bad: str,
) -> None:
    """The kernel's own value decides."""
    one = engine()
    for value, verdict in ((good, "pass"), (bad, "fail")):
        settings(name, value)
        assert only(judge_engine(control, one.socket))[0] == verdict


def test_flaws_of_this_processor(engine: Callable[..., Engine]) -> None:
    """Each file of the kernel has its finding, and only those that say Vulnerable fail."""
    found = judge_engine("kernel_flaws_are_mitigated", engine().socket)
    assert found["Dirty COW (CVE-2016-5195)"][0] == "pass"
    if not SYS.is_dir():
        assert found["Meltdown (CVE-2017-5754)"][0] == "error"
        return
    states = {path.name: path.read_text().strip() for path in SYS.iterdir()}
    own = {name: state for name, state in states.items() if name in found}
    assert len(own) == len(states) - 3  # spectre_v1, spectre_v2 and meltdown have the names of the guide
    for name, state in own.items():
        bad, doubt = (
            "Vulnerable" in state,
            any(word in state for word in ("nknown", "vulnerable", "but not", "no micro")),
        )
        assert found[name][0] == ("fail" if bad else "manual" if doubt else "pass"), state


@pytest.mark.needs("dpkg-query")
def test_programs_of_this_machine(engine: Callable[..., Engine], tmp_path: Path) -> None:
    """What is on the path is found, and the packages are counted as dpkg counts them."""
    facts = facts_of_engine(engine().socket)
    listed = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}\n"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert facts.software.count == listed.count("installed")
    found = set(facts.software.programs)
    for name in ("gcc", "cc", "make", "ld", "lynx"):
        path = shutil.which(name, path="/usr/bin")
        assert (path in found) == (path is not None)


# ---- a host with systemd


@pytest.fixture
def host(lab_host: Callable[..., Host]) -> Host:
    """A host with systemd and an engine."""
    return lab_host()


def test_services_of_a_host(host: Host) -> None:
    """The base system passes; a program of its own is shown, and a known server fails by the file that runs."""
    control, approved = "host_serves_containers_alone", "services_of_the_host_are_approved"
    facts = facts_of_guest(host, of=f"{control} {approved}")
    assert only(judged(control, facts))[0] == "pass"
    verdict, shown = only(judged(approved, facts))
    assert (verdict, "ssh.service" in shown, "sshd (tcp 22)" in shown) == ("manual", True, True)
    units = [*facts.host_services.units.wanted, *(each.name for each in facts.host_services.listeners)]
    assert only(judged(approved, with_policy(facts, allowed_host_services=units)))[0] == "pass"
    units.remove("ssh.service")
    verdict, reason = only(judged(approved, with_policy(facts, allowed_host_services=units)))
    assert (verdict, reason) == ("fail", "not on the list of the policy: ssh.service")
    script = "import socket, time; s = socket.create_server(('127.0.0.1', 9090)); time.sleep(600)"
    host.write("/etc/systemd/system/agent.service", f'[Service]\nExecStart=/usr/bin/python3 -c "{script}"\n')
    host.exec("systemctl", "start", "agent.service")
    time.sleep(1)
    verdict, reason = only(judge_guest(control, host))
    assert (verdict, "(tcp 9090)" in reason) == ("manual", True)
    host.exec("systemctl", "stop", "agent.service")
    host.write("/etc/systemd/system/agent.socket", "[Socket]\nListenStream=9090\n")
    host.exec("systemctl", "start", "agent.socket")  # systemd waits in its place
    verdict, reason = only(judge_guest(control, host))
    assert (verdict, "agent.socket (tcp 9090)" in reason) == ("manual", True)
    host.exec("systemctl", "stop", "agent.socket")
    host.exec("sh", "-c", "mkdir /opt/web && cp /usr/bin/sleep /opt/web/nginx")
    host.write("/etc/systemd/system/web.service", "[Service]\nExecStart=/opt/web/nginx infinity\n")
    host.exec("systemctl", "start", "web.service")
    assert only(judge_guest(control, host)) == (
        "fail",
        "outside of containers runs /opt/web/nginx",
    )
    host.exec("systemctl", "stop", "web.service")
    host.run(
        "web", "--volume", "/opt/web:/opt/web:ro", "--network", "host", command=("sh", "-c", "sleep 600")
    )
    assert only(judge_guest(control, host))[0] == "pass"


def test_units_that_systemd_does_not_call_enabled(host: Host) -> None:
    """A script of System V that a runlevel starts, and no other."""
    host.exec("mkdir", "-p", "/etc/rc3.d")
    for name in ("legacy", "idle"):
        header = "### BEGIN INIT INFO\n# Provides: x\n# Default-Start: 3\n### END INIT INFO\n"
        host.write(f"/etc/init.d/{name}", f"#!/bin/sh\n{header}exit 0\n")
        host.exec("chmod", "755", f"/etc/init.d/{name}")
    host.exec("ln", "-s", "../init.d/legacy", "/etc/rc3.d/S01legacy")
    host.exec("systemctl", "daemon-reload")
    units = facts_of_guest(host, of="services_of_the_host_are_approved").host_services.units.wanted
    assert {"legacy.service", "idle.service"} & {*units} == {"legacy.service"}


def test_instances_of_templates(host: Host) -> None:
    """Systemd lists the template alone: an instance that is over, as of a tunnel, is known by the link to it."""
    start = "[Install]\nWantedBy=multi-user.target\n"
    once = f"[Service]\nType=oneshot\nExecStart=/bin/true\n{start}"
    host.write("/etc/systemd/system/tunnel@.service", once)
    host.exec("systemctl", "enable", "--now", "tunnel@home.service")
    units = facts_of_guest(host, of="services_of_the_host_are_approved").host_services.units.wanted
    assert {each for each in units if "tunnel" in each} == {"tunnel@home.service"}
    host.exec("systemctl", "disable", "tunnel@home.service")
    units = facts_of_guest(host, of="services_of_the_host_are_approved").host_services.units.wanted
    assert not [each for each in units if "tunnel" in each]


def test_what_starts_units(host: Host) -> None:
    """A timer and a path of the site's own are units that are enabled; those of the distribution are not named."""
    folder = "/etc/systemd/system"
    start = "[Install]\nWantedBy=multi-user.target\n"
    host.write(f"{folder}/own.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n")
    host.write(f"{folder}/own.timer", f"[Timer]\nOnCalendar=daily\n{start}")
    host.write(f"{folder}/own.path", f"[Path]\nPathExists=/srv/own\n{start}")
    known = {"own.service", "own.timer", "own.path", "fstrim.timer"}

    def units() -> set[str]:
        host.exec("systemctl", "daemon-reload")
        facts = facts_of_guest(host, of="services_of_the_host_are_approved")
        return known & set(facts.host_services.units.wanted)

    assert units() == set()
    host.exec("systemctl", "enable", "own.timer", "own.path", "fstrim.timer")
    assert units() == {"own.timer", "own.path"}
    host.exec("systemctl", "disable", "own.path")
    assert units() == {"own.timer"}


def test_server_in_a_container(host: Host) -> None:
    """A server that runs in a container is none of the host's, and published ports are the engine's."""
    command = "cp /bin/busybox /nginx; ln -s nginx /sleep; /sleep 600"
    host.run("web", "--publish", "8080:80", command=("sh", "-c", command))
    facts = facts_of_guest(host, of="host_serves_containers_alone")
    assert "docker-proxy (tcp 8080)" in map(str, facts.host_services.listeners)
    assert only(judged("host_serves_containers_alone", facts))[0] == "pass"


def test_kernels_of_a_host(host: Host) -> None:
    """Without an installed kernel nothing can be told; a newer one, and the demand for a restart, fail."""
    control, running = "newest_installed_kernel_runs", platform.release()
    if not os.path.exists(f"/lib/modules/{running}"):
        assert only(judge_guest(control, host))[0] == "not applicable"
    host.write(f"/boot/vmlinuz-{running}", "")
    assert only(judge_guest(control, host))[0] == "pass"
    host.write("/run/reboot-required", "")
    host.write("/run/reboot-required.pkgs", "libc6\nlinux-base\n")
    verdict, reason = only(judge_guest(control, host))
    assert (verdict, "/run/reboot-required demands it for libc6, linux-base" in reason) == ("fail", True)
    host.exec("rm", "/run/reboot-required")
    host.write("/boot/vmlinuz-99.1.2-amd64", "")
    verdict, reason = only(judge_guest(control, host))
    assert (verdict, "99.1.2-amd64 is installed" in reason) == ("fail", True)


def test_settings_in_files_of_a_host(host: Host) -> None:
    """The file that systemd-sysctl reads last is the one that counts."""
    control, name = "kernel_settings_survive_a_reboot", "fs.suid_dumpable"
    host.write("/etc/sysctl.d/50-x.conf", "fs.suid_dumpable = 2\n")
    host.write("/etc/sysctl.d/99-hardening.conf", "fs/suid_dumpable=0\nkernel.randomize_va_space = 2\n")
    found = judge_guest(control, host)
    assert {each: verdict for each, (verdict, _) in found.items()} == {
        "net.ipv4.ip_forward": "fail",
        "fs.suid_dumpable": "pass",
        "kernel.randomize_va_space": "pass",
    }
    merged = host.exec("/usr/lib/systemd/systemd-sysctl", "--cat-config")
    order = [line for line in merged.splitlines() if line.startswith(("fs.suid", "fs/suid"))]
    assert order[-1] == "fs/suid_dumpable=0"
    host.write("/etc/sysctl.d/zz.conf", "fs.suid_dumpable = 1\n")
    assert judge_guest(control, host)[name] == ("fail", "/etc/sysctl.d/zz.conf sets it to 1")


def test_forwarding_of_a_host(host: Host) -> None:
    """The engine switches it on; with a reason that passes."""
    control, why = "ipv4_forwarding_is_off_or_recorded", {"ip_forward_reason": "bridges, OPS-140"}
    facts = facts_of_guest(host, of=control)
    verdict, reason = only(judged(control, facts))
    assert (verdict, "the engine needs 1" in reason) == ("fail", True)
    assert only(judged(control, with_policy(facts, **why)))[0] == "pass"
    host.exec("sysctl", "-w", "net.ipv4.ip_forward=0")
    assert only(judge_guest(control, host))[0] == "pass"
