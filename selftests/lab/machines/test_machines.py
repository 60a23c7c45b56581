"""Kernels of their own: AppArmor, SELinux, auditd and the limits of control groups v2, in force and not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hullcheck import facts as fact_modules
from hullcheck.facts import Facts
from hullcheck.recording.script import render
from selftests.controls.test_guide_1_host import RULE, RUNC
from selftests.kit.facts.hosts import only
from selftests.kit.judging import facts_of_answer, facts_of_guest, judge_guest, judged

if TYPE_CHECKING:
    from selftests.rig.hosts.machine import Machine

pytestmark = pytest.mark.lab

SYS = "/sys/devices/system/cpu/vulnerabilities"
COMPLAINING = """
profile lab-complain flags=(attach_disconnected,mediate_deleted,complain) {
  file, network, capability, mount, umount, signal, ptrace,
}
"""


def facts_of(machine: Machine) -> Facts:
    """What an audit learns of the machine, which is slow."""
    return facts_of_guest(machine, of="5", seconds=120)


def verdicts(number: str, facts: Facts) -> dict[str, str]:
    """The verdict of a control by subject."""
    return {subject: verdict for subject, (verdict, _) in judged(number, facts).items()}


@pytest.fixture(scope="module")
def with_apparmor(machine: Callable[..., Machine]) -> Machine:
    """A machine whose kernel has AppArmor, with containers that differ in one option each."""
    made = machine("security=apparmor")
    made.ssh("sh", "-c", f"printf '%s' '{COMPLAINING}' | apparmor_parser --replace --complain")
    for name, options in {
        "plain": (),
        "unconfined": ("--security-opt", "apparmor=unconfined"),
        "privileged": ("--privileged",),
        "complain": ("--security-opt", "apparmor=lab-complain"),
        "memory": ("--memory", "64m"),
        "shares": ("--cpu-shares", "512"),
        "cpus": ("--cpus", "0.5"),
        "processes": ("--pids-limit", "50"),
    }.items():
        made.run(name, *options)
    return made


@pytest.fixture(scope="module")
def facts_apparmor(with_apparmor: Machine) -> Facts:
    """What is true of it."""
    return facts_of(with_apparmor)


def test_apparmor_profile_is_enforced(facts_apparmor: Facts) -> None:
    """5.2: the engine's profile passes; none, and one that only complains, fail."""
    found = verdicts("5.2", facts_apparmor)
    assert found.pop("plain") == "pass"
    failing = {"unconfined", "privileged", "complain"}
    assert {name for name, verdict in found.items() if verdict == "fail"} == failing
    assert "lab-complain (complain)" in judged("5.2", facts_apparmor)["complain"][1]


def test_no_selinux_beside_apparmor(facts_apparmor: Facts) -> None:
    """5.3 is not applicable on a kernel without SELinux, though the daemon was asked for it."""
    assert set(verdicts("5.3", facts_apparmor).values()) == {"not applicable"}


@pytest.mark.parametrize(
    ("number", "limited"),
    [("5.11", {"memory"}), ("5.12", {"shares", "cpus"}), ("5.29", {"processes"})],
)
def test_limits_of_control_groups_v2(facts_apparmor: Facts, number: str, limited: set[str]) -> None:
    """5.11, 5.12, 5.29: a limit that the kernel holds in the unified hierarchy passes; others fail."""
    found = verdicts(number, facts_apparmor)
    assert {name for name, verdict in found.items() if verdict == "pass"} == limited
    assert {verdict for name, verdict in found.items() if name not in limited} == {"fail"}


def test_limit_that_was_taken_away(with_apparmor: Machine, facts_apparmor: Facts) -> None:
    """5.11: where the kernel no longer holds what the engine describes, the kernel counts."""
    (identifier,) = with_apparmor.docker("inspect", "--format", "{{.Id}}", "memory").split()
    file = f"/sys/fs/cgroup/system.slice/docker-{identifier}.scope/memory.max"
    before = with_apparmor.ssh("cat", file).strip()
    with_apparmor.ssh("sh", "-c", f"echo max > {file}")
    try:
        assert judged("5.11", facts_of(with_apparmor))["memory"][0] == "fail"
    finally:
        with_apparmor.ssh("sh", "-c", f"echo {before} > {file}")
    assert judged("5.11", facts_apparmor)["memory"][0] == "pass"


# ---- auditd, and what else the guide asks of a host

OF_A_MACHINE = """
auditd_writes_down_what_docker_does starts_of_containers_are_recorded docker_command_is_audited
security_modules_confine_containers newest_installed_kernel_runs kernel_flaws_are_mitigated
"""


@pytest.fixture(scope="module")
def audited(with_apparmor: Machine) -> Machine:
    """The same machine with auditd, whose rules are on runc and the docker command."""
    made = with_apparmor
    made.write("/etc/audit/rules.d/docker.rules", f"{RULE}\n{RUNC}\n")
    made.exec("augenrules", "--load")
    made.run("one")
    return made


@pytest.fixture(scope="module")
def facts_audited(audited: Machine) -> Facts:
    """What is true of it."""
    return facts_of_guest(audited, of=OF_A_MACHINE, seconds=120)


def test_auditd_that_works(facts_audited: Facts) -> None:
    """Every step passes: unit, kernel, rules, no losses, records, and the start of a container among these."""
    assert set(verdicts("auditd_writes_down_what_docker_does", facts_audited).values()) == {"pass"}
    found = judged("starts_of_containers_are_recorded", facts_audited)
    assert {step: verdict for step, (verdict, _) in found.items()} == {
        "daemon": "pass", "rule": "pass", "record": "manual",
    }  # fmt: skip
    assert only(judged("docker_command_is_audited", facts_audited))[0] == "pass"


def test_security_modules_of_a_machine(facts_audited: Facts) -> None:
    """AppArmor is in force there, and the engine uses it."""
    found = verdicts("security_modules_confine_containers", facts_audited)
    assert found == {"SELinux": "not applicable", "AppArmor": "pass", "Seccomp": "pass"}


def test_kernel_of_a_machine(audited: Machine, facts_audited: Facts) -> None:
    """Its kernel is the only one that is installed; of flaws of processors it tells nothing, if it has no files."""
    assert only(judged("newest_installed_kernel_runs", facts_audited))[0] == "pass"
    if not audited.exec("sh", "-c", f"ls {SYS} 2>/dev/null || true"):
        assert verdicts("kernel_flaws_are_mitigated", facts_audited)["Meltdown (CVE-2017-5754)"] == "error"


def test_auditd_that_does_not(audited: Machine) -> None:
    """Rules that are gone from the kernel, and a unit that the next start leaves out, fail their steps alone."""
    audited.exec("auditctl", "-D")
    audited.exec("systemctl", "disable", "auditd.service")
    facts = facts_of_guest(audited, of=OF_A_MACHINE, seconds=120)
    found = judged("auditd_writes_down_what_docker_does", facts)
    assert {step for step, (verdict, _) in found.items() if verdict == "fail"} == {"unit", "rules"}
    verdict, reason = only(judged("docker_command_is_audited", facts))
    assert (verdict, "restart pending" in reason) == ("fail", True)
    audited.exec("systemctl", "enable", "auditd.service")
    audited.exec("augenrules", "--load")


def test_encryption_of_a_volume(audited: Machine) -> None:
    """A volume on dm-crypt is told from a data root that is on a plain disk."""
    key, mapper = "0" * 64, "/dev/mapper/health"
    volume = audited.docker("volume", "create", "health").strip()
    folder = f"/var/lib/docker/volumes/{volume}/_data"
    audited.exec(
        "sh",
        "-ec",
        f"""
        modprobe -a loop dm-crypt xts aes_ti 2>/dev/null || true
        dd if=/dev/zero of=/var/disk bs=1M count=16 status=none
        losetup /dev/loop0 /var/disk
        dmsetup create --noudevsync --uuid CRYPT-PLAIN-health health \\
          --table "0 32768 crypt aes-xts-plain64 {key} 0 /dev/loop0 0"
        [ -e {mapper} ] || dmsetup mknodes
        mkfs.ext4 -q {mapper}
        mount {mapper} {folder}
    """,
    )
    verdict, reason = only(judge_guest("data_at_rest_is_encrypted", audited, seconds=120))
    assert verdict == "manual"
    assert "/var/lib/docker lies on ext4 on ubda (disk)" in reason
    assert f"{folder} lies on ext4 on dm-0 (crypt), loop0 (loop)" in reason


# ---- SELinux


@pytest.fixture(scope="module")
def with_selinux(machine: Callable[..., Machine]) -> Machine:
    """A machine whose kernel has SELinux, with containers that differ in one option each."""
    made = machine("security=selinux", "selinux=1", "enforcing=0")
    made.run("plain")
    made.run("disabled", "--security-opt", "label=disable")
    made.run("privileged", "--privileged")
    return made


def facts_where_enforced(machine: Machine) -> Facts:
    """What the probe script learns while SELinux forbids to containers what it otherwise only logs.

    The disk has no labels, so everything else runs as the kernel does, which goes on as it was. No new login
    would get through: the script is brought by the one that switches.
    """
    machine.ssh("sh", "-c", "echo '(typepermissive kernel_t)' >lab.cil && semodule --install lab.cil")
    script = render(fact_modules.PROBES, timeout=120)
    said = machine.ssh("sh", "-c", "setenforce 1; sh; setenforce 0", stdin=script, timeout=300)
    return facts_of_answer(said, "machine")


def test_selinux_labels_are_enforced(with_selinux: Machine) -> None:
    """5.3: a labelled container passes where SELinux enforces; one without a label fails."""
    facts = facts_where_enforced(with_selinux)
    assert verdicts("5.3", facts) == {"plain": "pass", "disabled": "fail", "privileged": "fail"}


def test_permissive_selinux_protects_nothing(with_selinux: Machine) -> None:
    """5.3: the same labels fail where SELinux only logs, and the reason says so."""
    found = judged("5.3", facts_of(with_selinux))
    assert {verdict for verdict, _ in found.values()} == {"fail"}
    assert "permissive" in found["plain"][1]


def test_no_apparmor_beside_selinux(with_selinux: Machine) -> None:
    """5.2 is not applicable on a kernel without AppArmor."""
    assert set(verdicts("5.2", facts_of(with_selinux)).values()) == {"not applicable"}
