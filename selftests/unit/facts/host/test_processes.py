"""The processes of a host."""

from __future__ import annotations

import pytest

from hullcheck.facts.host.processes import PROCESSES, Process, processes
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.container_host import ContainerHost


def test_why_a_process_is_an_error(world: ContainerHost) -> None:
    """The reason names the process and what it does not show."""
    del world.status[100]["Seccomp"]
    assert world.judge("5.22") == ("error", "/proc/100/status does not show Seccomp")
    del world.status[100]
    told = "process 100 is not in /proc here: it ended, runs on another machine, or is hidden"
    assert world.judge("5.22") == ("error", told)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1/status:PPid:\t2\n2/status:PPid:\t1", "process 1 is its own ancestor in /proc: audit again"),
        ("7/status:PPid:\t7", "process 7 is its own ancestor in /proc: audit again"),
        ("1/status:PPid:\t?", "/proc/1/status has '?' as PPid"),
        ("1/status:PPid:\t0 0", "/proc/1/status has '0 0' as PPid"),
    ],
)
def test_parents_that_are_none(text: str, why: str) -> None:
    """A process is below no process that it started, and its parent is one number."""
    recording = Recording("local", "local", {"processes": Answer("processes", 0, text, "")})
    with pytest.raises(EvidenceError) as raised:
        processes(recording)
    assert str(raised.value) == why


@pytest.mark.parametrize("name", ["CapEff", "CapBnd", "CapPrm", "Uid", "Seccomp"])
def test_garbled_field_of_a_process_is_an_error(world: ContainerHost, name: str) -> None:
    """It is named; what is no number is not taken for one."""
    world.status[100][name] = "????"
    process = world.facts.processes.process(100)
    with pytest.raises(EvidenceError, match=rf"^/proc/100/status has '\?\?\?\?' as {name}$"):
        _ = (process.capabilities, process.uids, process.seccomp_mode)


def test_programs_of_processes() -> None:
    """Where the link of a program may not be read, it has no path."""
    text = (
        "1/status:Name:\ta\n1/status:PPid:\t0\n2/status:Name:\tb\n"
        "lrwxrwxrwx 1 0 0 0 Nov 1 10:00 1/exe -> /usr/bin/a b (deleted)"
    )
    found = processes(Recording("local", "local", {"processes": Answer("processes", 0, text, "")}))
    assert {pid: each.executable for pid, each in found.by_pid.items()} == {1: "/usr/bin/a b", 2: ""}


@pytest.mark.parametrize("link", ["2/exe", "2/exe -> /sbin/init", "2/ns/pid", "2/ns/pid -> pid:[4026531836]"])
def test_links_of_processes_are_stored(link: str) -> None:
    """Those of the kernel's own processes, and of those that have ended, lead nowhere and are no surprise."""
    line = f"lrwxrwxrwx 1 0 0 0 Nov  1 10:00 {link}"
    assert PROCESSES.keep(line) == line


@pytest.mark.parametrize("runtime", ["runc:[2:INIT]", "crun"])
@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("", True),
        ("lrwx 1 7/exe", False),
        ("lrwx 1 7/exe -> /bin/sh", False),
        ("lrwx 1 7/exe -> /usr/sbin/runc", True),
        ("lrwx 1 7/exe -> /usr/bin/crun", True),
    ],
)
def test_runtime_on_its_way(link: str, expected: bool, runtime: str) -> None:
    """One that was gone a moment later is known by its name; one whose program is hidden is not."""
    text = f"7/status:Name:\t{runtime}\n7/status:PPid:\t0\n{link}"
    found = processes(Recording("local", "local", {"processes": Answer("processes", 0, text, "")}))
    assert found.process(7).is_runtime is expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("/machine.slice/libpod-{id}.scope/container", True),
        ("/machine.slice/libpod-conmon-{id}.scope", False),
        ("/kubepods.slice/crio-conmon-{id}.scope", False),
        ("/system.slice/{id}.service", False),
        ("/system.slice/{id}-6c1f2.service", False),
        ("/system.slice/container-{id}.service", False),
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
