"""The processes of a host."""

from __future__ import annotations

import pytest

from hullcheck.facts.host.processes import Process, Processes, processes
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.hosts import target


def found_in(text: str) -> Processes:
    """The processes that are shown so."""
    return processes(target(processes={"processes": text}).recording)


def test_groups_of_version_1() -> None:
    """Controllers with one path share a line of the answer, and not of what is read of it."""
    found = found_in("1/status:Name:\ta\n1/cgroup:cpu,cpuacct memory :/docker/x\n1/cgroup:pids:/")
    assert found.process(1).cgroups == (
        "0:cpu,cpuacct:/docker/x",
        "0:memory:/docker/x",
        "0::/docker/x",
        "0:pids:/",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1/status:PPid:\t2\n2/status:PPid:\t1", "process 1 is its own ancestor in /proc: audit again"),
        ("7/status:PPid:\t7", "process 7 is its own ancestor in /proc: audit again"),
        ("1/status:PPid:\t?", "/proc/1/status has '?' as PPid"),
    ],
)
def test_parents_that_are_none(text: str, why: str) -> None:
    """A process is below no process that it started, and its parent is one number."""
    with pytest.raises(EvidenceError) as raised:
        found_in(text)
    assert str(raised.value) == why


@pytest.mark.parametrize("name", ["CapEff", "CapBnd", "CapPrm", "Uid", "Seccomp"])
def test_garbled_field_of_a_process_is_an_error(name: str) -> None:
    """It is named; what is no number is not taken for one."""
    status = {"CapEff": "0", "CapBnd": "0", "CapPrm": "0", "Uid": "0", "Seccomp": "0", name: "????"}
    process = Process(100, status, (), None)
    with pytest.raises(EvidenceError, match=rf"^/proc/100/status has '\?\?\?\?' as {name}$"):
        _ = (process.capabilities, process.uids, process.seccomp_mode)


def test_programs_of_processes() -> None:
    """Where the link of a program may not be read, it has no path."""
    text = "1/status:Name:\ta\n1/status:PPid:\t0\n2/status:Name:\tb\n1/exe:/usr/bin/a b (deleted)"
    found = found_in(text)
    assert {pid: each.executable for pid, each in found.by_pid.items()} == {1: "/usr/bin/a b", 2: ""}


@pytest.mark.parametrize("runtime", ["runc:[2:INIT]", "crun"])
@pytest.mark.parametrize("link", ["", "7/exe:/bin/sh", "7/exe:/usr/sbin/runc"])
def test_runtime_on_its_way(link: str, runtime: str) -> None:
    """It is known by its name: a moment later it has ended, or runs the program of the container."""
    text = f"7/status:Name:\t{runtime}\n7/status:PPid:\t0\n{link}"
    assert found_in(text).process(7).is_runtime


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("/machine.slice/libpod-{id}.scope/container", True),
        ("/machine.slice/libpod-conmon-{id}.scope", False),
        ("/system.slice/{id}-6c1f2.service", False),
        ("/system.slice/container-{id}.service/libpod-payload-{id}", True),
        ("/system.slice/docker-{id}.scope/system.slice/web.service", True),
        ("/docker/{id}", True),
    ],
)
def test_monitor_and_health_check_beside_a_container(group: str, expected: bool) -> None:
    """What Podman and CRI-O run on the host for a container is no process of it, though its group names it."""
    identifier = "c" * 64
    process = Process(7, {}, (f"0::{group.format(id=identifier)}",), None)
    assert process.container_ids == ({identifier} if expected else set())
