"""Kernels of their own: what they have in force at the moment, and not what is configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hullcheck.facts import PROBES
from hullcheck.recording.script import render
from selftests.kit.judging import facts_of_answer, facts_of_guest
from selftests.lab.judgement import findings, verdicts, whole

if TYPE_CHECKING:
    from selftests.rig.hosts.machine import Machine

COMPLAINING = """
profile lab-complain flags=(attach_disconnected,mediate_deleted,complain) {
  file, network, capability, mount, umount, signal, ptrace,
}
"""
RULES = "-w /usr/bin/docker -p rwxa -k docker\n-w /usr/sbin/runc -p x -k docker\n"
AUDITD, COMMAND = "auditd_writes_down_what_docker_does", "docker_command_is_audited"


def test_apparmor_limits_and_auditd(machine: Callable[..., Machine]) -> None:
    """5.2, 5.11 and the guide: a profile that complains, a limit that was lifted, and rules that are gone, fail."""
    made = machine("security=apparmor")
    made.ssh("sh", "-c", f"printf '%s' '{COMPLAINING}' | apparmor_parser --replace --complain")
    made.run("plain", "--memory", "64m")
    made.run("complain", "--security-opt", "apparmor=lab-complain", "--memory", "64m")
    made.write("/etc/audit/rules.d/docker.rules", RULES)
    made.exec("augenrules", "--load")
    facts = facts_of_guest(made, of=f"5.2 5.11 {AUDITD} {COMMAND}", seconds=120)
    verdict, reason = findings("5.2", facts)["complain"]
    assert (verdict, "lab-complain (complain)" in reason) == ("fail", True)
    assert verdicts("5.2", facts)["plain"] == "pass"
    assert verdicts("5.11", facts) == {"plain": "pass", "complain": "pass"}
    assert whole(AUDITD, facts)[0] == "pass"
    assert whole(COMMAND, facts)[0] == "pass"

    (identifier,) = made.docker("inspect", "--format", "{{.Id}}", "plain").split()
    file = f"/sys/fs/cgroup/system.slice/docker-{identifier}.scope/memory.max"
    made.ssh("sh", "-c", f"echo max > {file}")
    made.exec("auditctl", "-D")
    made.exec("systemctl", "disable", "auditd.service")
    facts = facts_of_guest(made, of=f"5.11 {AUDITD} {COMMAND}", seconds=120)
    assert verdicts("5.11", facts) == {"plain": "fail", "complain": "pass"}
    assert whole(AUDITD, facts) == ("fail", "auditd.service is disabled")
    verdict, reason = whole(COMMAND, facts)
    assert (verdict, "restart pending" in reason) == ("fail", True)


def test_selinux(machine: Callable[..., Machine]) -> None:
    """5.3: a labelled container passes where SELinux enforces, and fails where it only logs.

    The disk has no labels, so everything else runs as the kernel does, which goes on as it was. No new login would get
    through: the script is brought by the one that switches.
    """
    made = machine("security=selinux", "selinux=1", "enforcing=0")
    made.run("plain")
    made.run("disabled", "--security-opt", "label=disable")
    permissive = facts_of_guest(made, of="5.2 5.3", seconds=120)
    made.ssh("sh", "-c", "echo '(typepermissive kernel_t)' >lab.cil && semodule --install lab.cil")
    script = render(PROBES, timeout=120)
    said = made.ssh("sh", "-c", "setenforce 1; sh; setenforce 0", stdin=script, timeout=300)
    assert verdicts("5.3", facts_of_answer(said, "machine")) == {"plain": "pass", "disabled": "fail"}
    assert verdicts("5.3", permissive) == {"plain": "fail", "disabled": "fail"}
    assert "permissive" in findings("5.3", permissive)["plain"][1]
    assert set(verdicts("5.2", permissive).values()) == {"not applicable"}
