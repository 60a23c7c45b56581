"""What a container may see of the host through another, whose processes it shares."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from selftests.kit.facts.container_host import OWN, STATUS, ContainerHost, bind_mount

OTHER = "e" * 64
SEEN = "shares the processes of other, and so may see by /proc/PID/root: /etc of the host at /x"
DOUBT = f"{SEEN}; does the kernel keep it from that?"
FEW = "0" * 16


def _other(world: ContainerHost, mode: str = "", **changes: Any) -> dict[str, Any]:
    """Another container, with /etc of the host; both were only created."""
    world.stop()
    other = copy.deepcopy(world.description) | {"Id": OTHER, "Name": "/other", "Mounts": [bind_mount("/etc")]}
    other["HostConfig"] |= {"PidMode": mode, **changes}
    world.others = [other]
    world.paths = ["real /etc\t/etc"]
    return other


@pytest.mark.parametrize(
    ("asked", "other", "told"),
    [
        ({}, {}, ("fail", SEEN)),
        ({}, {"CapDrop": ["ALL"]}, ("fail", SEEN)),
        ({"CapAdd": ["SYS_PTRACE"]}, {"CapAdd": ["SYS_ADMIN"]}, ("fail", SEEN)),
        ({}, {"CapAdd": ["SYS_ADMIN"]}, ("manual", DOUBT)),
        ({"CapDrop": ["ALL"]}, {}, ("manual", DOUBT)),
        ({"UsernsMode": "host"}, {}, ("manual", DOUBT)),
        ({"SecurityOpt": ["apparmor=own"]}, {}, ("manual", DOUBT)),
        ({"User": "1000"}, {}, ("manual", DOUBT)),
        ({"User": "0:0"}, {}, ("fail", SEEN)),
    ],
)
def test_container_that_joins_another(
    world: ContainerHost, asked: dict[str, Any], other: dict[str, Any], told: tuple[str, str]
) -> None:
    """5.6: root in it with the powers of the other sees the files of that; of any else a person has to say."""
    _other(world, **other)
    world.config["PidMode"] = f"container:{OTHER}"
    world.change(asked)
    assert world.judge("5.6") == told


def test_container_that_another_joins(world: ContainerHost) -> None:
    """5.6: it sees the processes of that one, too, and those of a third."""
    other = _other(world, f"container:{'a' * 64}")
    assert world.judge("5.6") == ("fail", SEEN)
    third = copy.deepcopy(other) | {"Id": "f" * 64, "Name": "/third", "Mounts": []}
    world.others, world.config["PidMode"] = [other, third], f"container:{'f' * 64}"
    other["HostConfig"]["PidMode"], third["HostConfig"]["PidMode"] = f"container:{'f' * 64}", ""
    assert world.judge("5.6") == ("fail", SEEN)
    third["HostConfig"]["PidMode"] = "host"
    assert world.judge("5.6") == ("pass", "")
    assert world.judge("5.16")[0] == "fail"


@pytest.mark.parametrize("mode", ["", "host", "container:gone"])
def test_container_that_stays_apart(world: ContainerHost, mode: str) -> None:
    """5.6: it sees nothing of another that does not share its processes, or that will not start."""
    _other(world, mode)
    assert world.judge("5.6") == ("pass", "")


def test_namespace_decides_where_both_run(world: ContainerHost) -> None:
    """5.6: what was asked for says nothing of a container that runs."""
    other = _other(world)
    for each in (world.description, other):
        each |= {"Running": True, "Status": "running"}
    world.description["Pid"], other["Pid"] = 100, 200
    world.status[200] = dict(STATUS)
    world.cgroups[200] = (f"0::/docker/{OTHER}",)
    world.extra = ["200/mountinfo:40 1 0:51 / / rw - overlay overlay rw", "200/uid_map: 0 0 4294967295"]
    world.extra += [f"l 1 200/ns/{name} -> {name}:[{number}]" for name, number in OWN.items()]
    assert world.judge("5.6") == ("fail", SEEN)
    world.own_namespaces = {200: 77}
    assert world.judge("5.6") == ("pass", "")


def test_memory_and_sockets(world: ContainerHost) -> None:
    """5.17, 5.32: so it is with memory of the host and sockets of engines."""
    other = _other(world)
    world.config["PidMode"] = f"container:{OTHER}"
    for number, path in {"5.17": "/dev/shm", "5.32": "/run/docker.sock"}.items():
        other["Mounts"], world.paths = [bind_mount(path)], [f"real {path}\t{path}", f"socket 8:77 1 {path}"]
        told = f"shares the processes of other, and so may see by /proc/PID/root: {path}"
        assert world.judge(number) == ("fail", told)
