"""Section 5 on facts made by hand: each control tells good from bad by one thing, and by what the policy allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hullcheck.policy import Policy
from selftests.kit.facts.container_host import BRIDGE, IMAGE, ContainerHost
from selftests.kit.judging import judged

Changes = Mapping[str, Any]


def published(address: str, port: int) -> Changes:
    """A port of the container at this address."""
    return {"Ports": {"80/tcp": [{"HostIp": address, "HostPort": str(port)}]}}


def restart(name: str, count: int = 0) -> Changes:
    """A restart policy."""
    return {"RestartPolicy": {"Name": name, "MaximumRetryCount": count}}


def limited(soft: int) -> Changes:
    """A limit of open files."""
    return {"Ulimits": [{"Name": "nofile", "Soft": soft, "Hard": 2048}]}


GPU = {"DeviceRequests": [{"Driver": "nvidia", "Capabilities": [["gpu"]]}]}
DISK = {"Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/x", "CgroupPermissions": "r"}]}
APPARMOR = {"kernel": {"/sys/module/apparmor/parameters/enabled": "Y"}}
USED = APPARMOR | {"SecurityOptions": ["name=apparmor"], "label": "docker-default (enforce)"}
RENAMED = {"images": [{"Id": f"sha256:{'7' * 64}", "RepoTags": ["app:1"], "Config": {}}]}
LABEL = "system_u:system_r:container_t:s0:c1,c2"
SELINUX = {
    "kernel": {"/sys/fs/selinux/enforce": "1"},
    "label": LABEL,
    "ProcessLabel": LABEL,
    "MountLabel": LABEL,
}

GOOD_AND_BAD: dict[str, tuple[Changes, Changes, str]] = {
    "5.4": ({}, {"CapEff": "0000000000003000"}, "has or can get NET_ADMIN, NET_RAW"),
    "5.5": ({"Privileged": False}, {"Privileged": True}, "runs with --privileged"),
    "5.9": ({}, {"PublishAllPorts": True}, "runs with --publish-all"),
    "5.15": (
        restart("on-failure", 5),
        restart("on-failure", 6),
        "its restart policy is on-failure with 6 attempts",
    ),
    "5.18": ({"DeviceRequests": []}, GPU, "is given nvidia:gpu"),
    "5.19": (limited(1024), limited(1025), "overrides nofile=1025:2048"),
    "5.27": ({"Health": {"Status": "healthy"}}, {"Health": {"Status": "unhealthy"}}, "is unhealthy"),
    "5.28": ({"Reference": "app:1"}, {"Reference": "app"}, "runs app:latest, which names no version"),
    "5.29": (
        {"pids.max": "100"},
        {"pids.max": "40000"},
        "its limit of 40000 processes is no limit: the host has at most 32768",
    ),
    "5.30": (
        {"Networks": {"own": {"NetworkID": "c" * 64}}},
        {"Networks": {"bridge": {"NetworkID": BRIDGE}}},
        "is attached to the default bridge",
    ),
    "5.31": ({"UsernsMode": ""}, {"UsernsMode": "host"}, "runs with --userns host"),
}


@pytest.mark.parametrize("number", GOOD_AND_BAD)
def test_one_thing_makes_the_difference(number: str) -> None:
    """The control passes the one and fails the other, and says why."""
    good, bad, why = GOOD_AND_BAD[number]
    approved = {"policy": Policy(current_images=(IMAGE,))}
    assert ContainerHost().after(approved | dict(good), number).startswith("pass: ")
    assert ContainerHost().after(approved | dict(bad), number) == f"fail: {why}"


CASES: list[tuple[str, Changes, str]] = [
    ("5.2", {}, "not applicable: AppArmor is not on"),
    ("5.2", APPARMOR, "fail: AppArmor is on in the kernel, but the engine does not use it"),
    ("5.2", USED, "pass: confined by docker-default (enforce)"),
    ("5.2", USED | {"label": "docker-default (complain)"}, "fail: its main process is confined by"),
    ("5.2", USED | {"SecurityOpt": ["apparmor=unconfined"]}, "fail: runs with --security-opt"),
    ("5.2", USED | {"SecurityOpt": ["apparmor=own"], "label": "own (enforce)"}, "pass: confined by own"),
    ("5.2", USED | {"Privileged": True}, "fail: runs with --privileged"),
    ("5.2", USED | {"stopped": True}, "pass: does not run; the engine will apply its default profile"),
    ("5.3", {}, "not applicable: SELinux is not on"),
    ("5.3", SELINUX | {"label": LABEL + "\0"}, "pass: labelled system_u"),
    ("5.3", SELINUX | {"kernel": {"/sys/fs/selinux/enforce": "0"}}, "fail: SELinux is permissive"),
    ("5.3", SELINUX | {"MountLabel": ""}, "fail: has no SELinux label"),
    ("5.3", SELINUX | {"label": "system_u:system_r:unconfined_t:s0"}, "fail: its type unconfined_t"),
    ("5.3", SELINUX | {"Privileged": True}, "fail: runs with --privileged"),
    ("5.11", {"memory.max": str(8 << 30)}, "fail: its limit of 8589934592 bytes is no limit"),
    ("5.12", {"cpu.max": "400000 100000"}, "fail: may use 4 processors, which is no limit"),
    ("5.12", {"CpuShares": 512, "cpu.weight": "20"}, "pass: it has a share of its own"),
    ("5.15", restart("on-failure"), "fail: its restart policy is on-failure with endless attempts"),
    ("5.20", {}, "not applicable: it has no mounts"),
    ("5.22", {"SecurityOpt": ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']}, "fail: its seccomp profile"),
    ("5.22", {"SecurityOpt": ["seccomp:unconfined"]}, "fail: runs with --security-opt seccomp=unconfined"),
    ("5.27", {"stopped": True}, "not applicable: does not run"),
    ("5.27", {"stopped": True, "Status": "restarting"}, "fail: reports no health"),
    ("5.27", {"Health": {"Status": "starting"}}, "manual: is starting: look again"),
    ("5.27", {"Health": {"Status": "unhealthy"}, "Status": "paused"}, "manual: is unhealthy and paused:"),
    (
        "5.27",
        {"Health": {"Status": "healthy"}, "Healthcheck": {"Test": ["CMD-SHELL", "curl x || :"]}},
        "fail: has a health check that cannot fail",
    ),
    ("5.29", {"pids.max": "32768"}, "fail: its limit of 32768 processes is no limit"),
    ("5.31", {"SecurityOptions": ["name=rootless"]}, "pass: the engine is rootless"),
    ("5.31", {"SecurityOptions": ["name=userns"], "user": 9}, "pass: does not share"),
    ("5.31", {"SecurityOptions": ["name=userns"], "user": 1}, "fail: runs in the user namespace of the host"),
    ("5.31", {"SecurityOptions": ["name=userns"], "stopped": True}, "pass: does not run"),
]


@pytest.mark.parametrize(("number", "changes", "expected"), CASES)
def test_what_the_host_shows(world: ContainerHost, number: str, changes: Changes, expected: str) -> None:
    """The running state decides; a limit as large as the host, and a filter that lets all through, are none."""
    assert world.after(changes, number).startswith(expected)


ALLOWED: list[tuple[str, Changes, Changes, str]] = [
    ("5.8", published("10.0.0.1", 80), {"allowed_ports": [80]}, "pass: opens 10.0.0.1:80/tcp"),
    ("5.8", published("10.0.0.1", 80), {"allowed_ports": ["80/udp"]}, "fail: opens 10.0.0.1:80/tcp"),
    ("5.9", published("10.0.0.1", 8080), {"allowed_ports": [8080]}, "pass: opens 10.0.0.1:8080/tcp"),
    ("5.9", published("10.0.0.1", 8080), {"allowed_ports": [80]}, "fail: opens 10.0.0.1:8080/tcp"),
    ("5.9", published("10.0.0.1", 8080), {}, "manual: check that the workload needs 10.0.0.1:8080/tcp"),
    ("5.11", {"memory.max": str(1 << 30)}, {"resource_limits": {"memory": "1g"}}, "pass"),
    ("5.11", {"memory.max": str(1 << 30)}, {"resource_limits": {"memory": "1000m"}}, "fail"),
    ("5.12", {"cpu.max": "50000 100000"}, {"resource_limits": {"cpus": 0.5}}, "pass"),
    ("5.12", {"cpu.max": "50000 100000"}, {"resource_limits": {"cpus": 0.4}}, "fail"),
    (
        "5.12",
        {"CpuShares": 512, "cpu.weight": "20"},
        {"resource_limits": {"cpus": 2}},
        "fail: may use all processors",
    ),
    ("5.18", DISK, {"allowed_devices": ["/dev/sda"]}, "pass: is given /dev/sda, as the policy allows"),
    ("5.18", DISK, {"allowed_devices": ["/dev/sdb"]}, "fail: is given /dev/sda"),
    ("5.18", {"Privileged": True}, {"allowed_devices": ["/dev/sda"]}, "fail: runs with --privileged, and so"),
    ("5.19", limited(9), {"allowed_ulimits": ["nofile"]}, "pass: overrides nofile=9:2048, as"),
    ("5.19", limited(9), {"allowed_ulimits": ["nproc"]}, "fail: overrides nofile=9:2048"),
    ("5.25", {"CgroupParent": "/x"}, {"cgroup_parents": ["/x"]}, "pass: runs in /x, as the policy allows"),
    ("5.28", {}, {}, "manual: runs app:1: compare it with its registry"),
    ("5.28", {}, {"current_images": ["app:2"]}, "fail: runs app:1, not approved as current"),
    ("5.28", {"images": []}, {"current_images": ["app:1"]}, "pass"),
    ("5.28", RENAMED, {"current_images": [IMAGE]}, "fail: app:1 is another image now; create the container"),
    ("5.29", {"pids.max": "100"}, {"resource_limits": {"pids": 100}}, "pass"),
    ("5.29", {"pids.max": "100"}, {"resource_limits": {"pids": 99}}, "fail"),
]


@pytest.mark.parametrize(("number", "changes", "policy", "expected"), ALLOWED)
def test_what_the_policy_allows(
    world: ContainerHost, number: str, changes: Changes, policy: Changes, expected: str
) -> None:
    """What it names passes, and nothing beside it; where it is silent the control has a default."""
    assert world.after(dict(changes) | {"policy": Policy.from_mapping(policy)}, number).startswith(expected)


def test_swarm_mode(world: ContainerHost) -> None:
    """5.1: off passes, on fails unless the policy wants it."""
    for state in ("active", "pending", "locked", "error"):
        world.info["Swarm"]["LocalNodeState"] = state
        assert judged("5.1", world.facts)["local"] == ("fail", f"swarm mode is on (state {state})")
    world.policy = Policy(swarm=True)
    assert judged("5.1", world.facts)["local"][0] == "pass"


@pytest.mark.parametrize("number", ["5.2", "5.3"])
def test_security_module_that_the_kernel_lacks(world: ContainerHost, number: str) -> None:
    """Nothing is to judge whatever the options say, if this is the kernel of the container; else it is an error."""
    options = {"SecurityOpt": ["label=disable", "apparmor=unconfined"]}
    assert world.after(options, number).startswith("not applicable")
    world.status = {}
    assert world.judge(number)[0] == "error"
