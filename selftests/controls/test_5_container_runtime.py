"""Section 5 on facts made by hand: each control tells good from bad by one thing, and missing evidence is an
error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hullcheck.policy import Policy, ResourceLimits
from selftests.kit.facts.container_host import (
    BRIDGE,
    IMAGE,
    ContainerHost,
)
from selftests.kit.judging import judged

GOOD_AND_BAD: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], str]] = {
    "5.4": ({}, {"CapEff": "0000000000003000"}, "has or can get NET_ADMIN, NET_RAW"),
    "5.5": ({"Privileged": False}, {"Privileged": True}, "runs with --privileged"),
    "5.8": (
        {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "1024"}]}},
        {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "1023"}]}},
        "opens 10.0.0.1:1023/tcp (published for 80)",
    ),
    "5.9": ({}, {"PublishAllPorts": True}, "runs with --publish-all"),
    "5.10": ({"net": 12}, {"net": 1}, "shares the network namespace of the host"),
    "5.11": (
        {"memory.max": str(1 << 30)},
        {"memory.max": "max"},
        "no memory limit is in force, and none is set",
    ),
    "5.12": (
        {"cpu.max": "50000 100000"},
        {"cpu.max": "max 100000"},
        "no CPU share or limit is in force, and none is set",
    ),
    "5.14": (
        {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "80"}]}},
        {"Ports": {"80/tcp": [{"HostIp": "::", "HostPort": "80"}]}},
        "opens on every address: [::]:80/tcp (published for 80)",
    ),
    "5.15": (
        {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5}},
        {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 6}},
        "its restart policy is on-failure with 6 attempts",
    ),
    "5.16": ({"pid": 13}, {"pid": 1}, "shares the process namespace of the host"),
    "5.17": ({"ipc": 11}, {"ipc": 1}, "shares the IPC namespace of the host"),
    "5.18": (
        {"DeviceRequests": []},
        {"DeviceRequests": [{"Driver": "nvidia", "Capabilities": [["gpu"]]}]},
        "is given nvidia:gpu",
    ),
    "5.19": (
        {"Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}]},
        {"Ulimits": [{"Name": "nofile", "Soft": 1025, "Hard": 2048}]},
        "overrides nofile=1025:2048",
    ),
    "5.21": ({"uts": 15}, {"uts": 1}, "shares the UTS namespace of the host"),
    "5.22": ({"Seccomp": "2"}, {"Seccomp": "0"}, "no seccomp filter is in force for sleep (pid 100)"),
    "5.25": (
        {"CgroupParent": ""},
        {"CgroupParent": "/x"},
        "runs in /x, and not where the engine runs containers",
    ),
    "5.26": (
        {"NoNewPrivs": "1", "SecurityOpt": ["no-new-privileges"]},
        {"NoNewPrivs": "0", "SecurityOpt": ["no-new-privileges"]},
        "its processes can gain privileges (no-new-privileges is not set)",
    ),
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
    worlds = [ContainerHost(), ContainerHost()]
    for world, changes in zip(worlds, (good, bad), strict=True):
        world.policy = Policy(current_images=(IMAGE,))
        world.change(changes)
    assert worlds[0].judge(number)[0] == "pass"
    assert worlds[1].judge(number) == ("fail", why)


def test_swarm_mode(world: ContainerHost) -> None:
    """5.1: off passes, on fails unless the policy wants it."""
    for state in ("active", "pending", "locked", "error"):
        world.info["Swarm"]["LocalNodeState"] = state
        assert judged("5.1", world.facts)["local"] == ("fail", f"swarm mode is on (state {state})")
    world.policy = Policy(swarm=True)
    assert judged("5.1", world.facts)["local"][0] == "pass"


@pytest.mark.parametrize(
    ("label", "changes", "expected"),
    [
        ("docker-default (enforce)", {}, ("pass", "confined by docker-default (enforce)")),
        (
            "docker-default (complain)",
            {},
            ("fail", "its main process is confined by 'docker-default (complain)'"),
        ),
        ("unconfined", {}, ("fail", "its main process is confined by 'unconfined'")),
        (
            "docker-default (enforce)",
            {"SecurityOpt": ["apparmor=unconfined"]},
            ("fail", "runs with --security-opt apparmor=unconfined"),
        ),
        (
            "own (enforce)",
            {"SecurityOpt": ["apparmor=own"]},
            ("pass", "confined by own (enforce), a profile of its"),
        ),
        ("docker-default (enforce)", {"Privileged": True}, ("fail", "runs with --privileged")),
    ],
)
def test_apparmor(
    world: ContainerHost, label: str, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    """5.2: what the kernel says of the main process decides; a profile of the site's own is named."""
    world.info["SecurityOptions"].append("name=apparmor")
    world.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    world.label = label
    world.config.update(changes)
    verdict, reason = world.judge("5.2")
    assert (verdict, reason[: len(expected[1])]) == expected
    world.kernel["/sys/module/apparmor/parameters/mode"] = "complain"
    assert world.judge("5.2")[0] == "fail"


def test_apparmor_that_the_engine_does_not_use(world: ContainerHost) -> None:
    """5.2: without AppArmor in the kernel there is nothing to judge; with it the engine has to use it."""
    assert world.judge("5.2")[0] == "not applicable"
    world.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    assert world.judge("5.2")[0] == "fail"
    del world.kernel["/sys/module/apparmor/parameters/enabled"]
    assert world.judge("5.2")[0] == "error"


LABEL = "system_u:system_r:container_t:s0:c1,c2"


@pytest.mark.parametrize(
    ("enforce", "label", "actual", "verdict"),
    [
        ("1", LABEL, LABEL + "\0", "pass"),
        ("0", LABEL, LABEL, "fail"),
        ("1", "", "system_u:system_r:unconfined_t:s0", "fail"),
        ("1", LABEL, "system_u:system_r:unconfined_t:s0", "fail"),
        ("1", "u:r:spc_t:s0", "u:r:spc_t:s0", "fail"),
        ("1", "u:r:shop.process:s0", "u:r:shop.process:s0", "pass"),
    ],
)
def test_selinux(world: ContainerHost, enforce: str, label: str, actual: str, verdict: str) -> None:
    """5.3: the container has labels, its main process runs under them, and the host enforces them."""
    world.kernel["/sys/fs/selinux/enforce"] = enforce
    world.description |= {"ProcessLabel": label, "MountLabel": label}
    world.label = actual
    assert world.judge("5.3")[0] == verdict


def test_selinux_that_the_kernel_lacks(world: ContainerHost) -> None:
    """5.2, 5.3: whatever the options say nothing is to judge, if this is the kernel of the container."""
    world.config["SecurityOpt"] = ["label=disable", "apparmor=unconfined"]
    assert [world.judge(number)[0] for number in ("5.2", "5.3")] == ["not applicable"] * 2
    world.status = {}
    assert [world.judge(number)[0] for number in ("5.2", "5.3")] == ["error"] * 2


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("5.8", {"Ports": {"80/tcp": [{"HostIp": "", "HostPort": "1"}]}}),
        ("5.11", {"memory.max": str(8 << 30)}),
        ("5.12", {"cpu.max": "400000 100000"}),
        ("5.15", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 0}}),
        ("5.15", {"RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}}),
        ("5.22", {"SecurityOpt": ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']}),
        ("5.22", {"SecurityOpt": ["seccomp:unconfined"]}),
        ("5.29", {"pids.max": "32768"}),
    ],
    ids=str,
)
def test_values_that_protect_nothing(world: ContainerHost, number: str, changes: dict[str, Any]) -> None:
    """A limit as large as the host, endless attempts and a filter that lets all through are none."""
    world.change(changes)
    assert world.judge(number)[0] == "fail"


def test_one_attempt_to_restart(world: ContainerHost) -> None:
    """5.15: it is as good as five."""
    world.change({"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 1}})
    assert world.judge("5.15")[0] == "pass"


@pytest.mark.parametrize(
    ("number", "policy", "verdict"),
    [
        ("5.11", {"memory": "1g"}, "pass"),
        ("5.11", {"memory": "1000m"}, "fail"),
        ("5.12", {"cpus": 0.5}, "pass"),
        ("5.12", {"cpus": 0.4}, "fail"),
        ("5.29", {"pids": 100}, "pass"),
        ("5.29", {"pids": 99}, "fail"),
    ],
)
def test_limits_of_the_policy(
    world: ContainerHost, number: str, policy: dict[str, Any], verdict: str
) -> None:
    """A limit above what the site allows is as good as none."""
    world.groups = {"memory.max": str(1 << 30), "pids.max": "100", "cpu.max": "50000 100000"}
    world.policy = Policy.from_mapping({"resource_limits": policy})
    assert world.judge(number)[0] == verdict


def test_share_alone_under_a_policy_of_processors(world: ContainerHost) -> None:
    """5.12: a share holds nobody to a number of processors."""
    world.config["CpuShares"] = 512
    world.groups["cpu.weight"] = "20"
    assert world.judge("5.12")[0] == "pass"
    world.policy = Policy.from_mapping({"resource_limits": {"cpus": 2}})
    assert world.judge("5.12") == ("fail", "may use all processors; the policy allows 2")


LOW = {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "80"}]}}


HIGH = {"Ports": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "8080"}]}}


DISK = {"Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/x", "CgroupPermissions": "r"}]}


FILES = {"Ulimits": [{"Name": "nofile", "Soft": 9, "Hard": 9}]}


@pytest.mark.parametrize(
    ("number", "changes", "policy", "expected"),
    [
        ("5.8", LOW, {"allowed_ports": [80]}, ("pass", "opens 10.0.0.1:80/tcp")),
        ("5.8", LOW, {"allowed_ports": ["80/udp"]}, ("fail", "opens 10.0.0.1:80/tcp (published for 80)")),
        ("5.8", HIGH, {}, ("pass", "opens 10.0.0.1:8080/tcp")),
        ("5.9", HIGH, {"allowed_ports": [8080]}, ("pass", "opens 10.0.0.1:8080/tcp")),
        (
            "5.9",
            HIGH,
            {"allowed_ports": [80]},
            ("fail", "opens 10.0.0.1:8080/tcp (published for 80), not on the list"),
        ),
        (
            "5.9",
            HIGH,
            {},
            ("manual", "check that the workload needs 10.0.0.1:8080/tcp (published for 80); then"),
        ),
        ("5.9", {}, {}, ("pass", "opens no port")),
        ("5.18", DISK, {}, ("fail", "is given /dev/sda")),
        (
            "5.18",
            DISK,
            {"allowed_devices": ["/dev/sda"]},
            ("pass", "is given /dev/sda, as the policy allows"),
        ),
        ("5.18", DISK, {"allowed_devices": ["/dev/sdb"]}, ("fail", "is given /dev/sda")),
        (
            "5.18",
            {"Privileged": True},
            {"allowed_devices": ["/dev/sda"]},
            ("fail", "runs with --privileged, and so"),
        ),
        ("5.19", FILES, {"allowed_ulimits": ["nofile"]}, ("pass", "overrides nofile=9:9, as")),
        ("5.19", FILES, {"allowed_ulimits": ["nproc"]}, ("fail", "overrides nofile=9:9")),
        ("5.20", {}, {}, ("not applicable", "it has no mounts")),
        ("5.28", {}, {}, ("manual", "runs app:1: compare it with its registry")),
        ("5.28", {}, {"current_images": ["app:2"]}, ("fail", "runs app:1, not approved as current")),
    ],
)
def test_what_the_policy_allows(
    world: ContainerHost,
    number: str,
    changes: dict[str, Any],
    policy: dict[str, Any],
    expected: tuple[str, str],
) -> None:
    """What it names passes, and nothing beside it; where it is silent the control has a default."""
    world.change(changes)
    world.policy = Policy.from_mapping(policy)
    verdict, reason = world.judge(number)
    assert (verdict, reason[: len(expected[1])]) == expected


@pytest.mark.parametrize("number", ["5.23", "5.24", "5.27"])
def test_container_that_does_not_run(world: ContainerHost, number: str) -> None:
    """There is no process to judge; one that is about to be started again has a health."""
    world.stop()
    verdict, reason = world.judge(number)
    assert (verdict, reason.partition(":")[0]) == ("not applicable", "does not run")
    world.description["Status"] = "restarting"
    world.description["Restarting"] = True
    assert world.judge(number)[0] == ("fail" if number == "5.27" else "not applicable")


def test_image_that_got_its_name_meanwhile(world: ContainerHost) -> None:
    """5.28: a tag that was given to another image later fails, and a digest names the same for ever."""
    world.policy = Policy(current_images=(IMAGE,))
    world.images.append({"Id": f"sha256:{'7' * 64}", "RepoTags": ["app:2"], "Config": {}})
    assert world.judge("5.28")[0] == "pass"
    world.description["Reference"] = "app:2"
    assert world.judge("5.28") == ("fail", "app:2 is another image now; create the container again")


def test_selinux_and_what_goes_without_it(world: ContainerHost) -> None:
    """5.3: one label is not enough, and a privileged container has none of its own."""
    world.kernel["/sys/fs/selinux/enforce"] = "1"
    world.label = LABEL
    world.description |= {"ProcessLabel": LABEL, "MountLabel": ""}
    assert world.judge("5.3") == ("fail", "has no SELinux label")
    world.description["MountLabel"] = LABEL
    world.config["Privileged"] = True
    assert world.judge("5.3")[1].startswith("runs with --privileged")


@pytest.mark.parametrize(
    ("health", "status", "check", "expected"),
    [
        (None, "running", "", ("fail", "reports no health")),
        ("none", "running", "", ("fail", "reports no health")),
        ("healthy", "running", "CMD", ("pass", "is healthy")),
        ("healthy", "running", "curl x || :", ("fail", "has a health check that cannot fail")),
        ("unhealthy", "running", "curl x", ("fail", "is unhealthy")),
        ("starting", "running", "curl x", ("manual", "is starting: look again")),
        ("starting", "running", "true", ("fail", "has a health check that cannot fail")),
        ("healthy", "paused", "curl x", ("manual", "is healthy and paused: look again")),
        ("unhealthy", "paused", "curl x", ("manual", "is unhealthy and paused: look again")),
        (None, "paused", "", ("fail", "reports no health")),
    ],
)
def test_health(
    world: ContainerHost, health: str | None, status: str, check: str, expected: tuple[str, str]
) -> None:
    """5.27: what its health check says now, unless that cannot fail."""
    world.description |= {"Health": health and {"Status": health}, "Status": status}
    world.description["Healthcheck"] = {"Test": ["CMD-SHELL", check]}
    verdict, reason = world.judge("5.27")
    assert (verdict, reason[: len(expected[1])]) == expected


def test_image_whose_name_is_gone() -> None:
    """5.28: a container goes by the name with which it was created, or by the id of its image."""
    host = ContainerHost()
    host.images = []
    for approved, verdict in (("app:1", "pass"), (IMAGE, "pass"), ("app:2", "fail")):
        host.policy = Policy(current_images=(approved,))
        assert host.judge("5.28")[0] == verdict


LIMITS = {
    "5.11": {"memory.max": str(1 << 30)},
    "5.12": {"cpu.max": "50000 100000"},
    "5.29": {"pids.max": "100"},
    "container_cpu_time_is_capped": {"cpu.max": "50000 100000"},
}


@pytest.mark.parametrize(
    ("control", "group", "verdict"),
    [
        ("5.11", {"memory.max": str(16 << 30)}, "fail"),
        ("5.11", {"memory.max": str(8 << 30)}, "fail"),
        ("5.12", {"cpu.max": "500000 100000"}, "fail"),
        ("5.12", {"cpu.max": "400000 100000"}, "fail"),
        ("container_cpu_time_is_capped", {"cpu.max": "900000 100000"}, "fail"),
        ("5.29", {"pids.max": "32768"}, "fail"),
        ("5.29", {"pids.max": "99999"}, "fail"),
        *((control, group, "pass") for control, group in LIMITS.items()),
    ],
)
def test_limit_above_what_the_host_has(control: str, group: dict[str, str], verdict: str) -> None:
    """A limit is one below what there is; the policy may ask for less, and what is below that is well too."""
    world = ContainerHost()
    world.groups |= group
    assert world.judge(control)[0] == verdict
    world.policy = Policy(resource_limits=ResourceLimits(memory=2 << 30, cpus=0.75, pids=150))
    assert world.judge(control)[0] == verdict
    world.policy = Policy(resource_limits=ResourceLimits(memory=1 << 29, cpus=0.25, pids=50))
    assert world.judge(control)[0] == "fail"
