"""Kernels of their own: AppArmor, SELinux and the limits of control groups v2, in force and not."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hullcheck import facts as fact_modules
from hullcheck.facts import Facts
from hullcheck.recording.script import render
from selftests.kit.judging import facts_of_answer, facts_of_guest, judged

if TYPE_CHECKING:
    from selftests.rig.hosts.machine import Machine

pytestmark = pytest.mark.lab

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
    assert facts_apparmor.engine.value("CgroupVersion") == "2"
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
    script = shlex.quote(render(fact_modules.PROBES, timeout=120))
    said = machine.ssh("sh", "-c", f"setenforce 1; sh -c {script}; setenforce 0", timeout=300)
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
