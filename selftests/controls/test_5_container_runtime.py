"""Section 5 on facts made by hand: each control tells good from bad by one thing, and missing evidence is an
error."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from hullcheck.policy import Policy, ResourceLimits
from selftests.kit.facts.container_host import (
    BRIDGE,
    HOST,
    IMAGE,
    OWN,
    STATUS,
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
    "5.27": ({"Health": "healthy"}, {"Health": "unhealthy"}, "is unhealthy"),
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
    del world.info["Swarm"]
    assert judged("5.1", world.facts)["local"][0] == "error"


@pytest.mark.parametrize(
    ("label", "option", "privileged", "verdict"),
    [
        ("docker-default (enforce)", None, False, "pass"),
        ("docker-default (complain)", None, False, "fail"),
        ("unconfined", None, False, "fail"),
        ("docker-default (enforce)", "apparmor=unconfined", False, "fail"),
        ("own (enforce)", "apparmor=own", False, "pass"),
        ("docker-default (enforce)", None, True, "fail"),
    ],
)
def test_apparmor(
    world: ContainerHost, label: str, option: str | None, privileged: bool, verdict: str
) -> None:
    """5.2: what the kernel says of the main process decides."""
    world.info["SecurityOptions"].append("name=apparmor")
    world.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    world.label = label
    world.config["SecurityOpt"] = [option] if option else None
    world.config["Privileged"] = privileged
    assert world.judge("5.2")[0] == verdict
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
        ("1", LABEL, LABEL, "pass"),
        ("0", LABEL, LABEL, "fail"),
        ("1", "", "system_u:system_r:unconfined_t:s0", "fail"),
        ("1", LABEL, "system_u:system_r:unconfined_t:s0", "fail"),
        *(
            ("1", f"u:r:{kind}:s0", f"u:r:{kind}:s0", "pass")
            for kind in ("container_init_t", "svirt_lxc_net_t")
        ),
        *(
            ("1", f"u:r:{kind}:s0", f"u:r:{kind}:s0", "fail")
            for kind in ("spc_t", "unconfined_t", "unconfined_service_t", "container_runtime_t", "init_t")
        ),
        ("1", "u:r:shop.process:s0", "u:r:shop.process:s0", "manual"),
        ("1", "container_t", "container_t", "manual"),
        *(
            ("1", f"u:r:container_t:{level}", f"u:r:container_t:{level}", verdict)
            for level, verdict in {"s0": "pass", "s0:c0.c1023": "manual", "s0-s0:c1,c2,c3": "manual"}.items()
        ),
    ],
)
def test_selinux(world: ContainerHost, enforce: str, label: str, actual: str, verdict: str) -> None:
    """5.3: the container has labels, its main process runs under them, and the host enforces them."""
    world.kernel["/sys/fs/selinux/enforce"] = enforce
    world.description |= {"ProcessLabel": label, "MountLabel": label}
    world.label = actual
    assert world.judge("5.3")[0] == verdict


@pytest.mark.parametrize(("flags", "verdict"), [("0", "pass"), ("1", "fail"), ("3", "fail"), ("", "error")])
def test_permissive_domain(world: ContainerHost, flags: str, verdict: str) -> None:
    """5.3: the host enforces, but nothing on this type; without the kernel's word that is not known."""
    world.kernel["/sys/fs/selinux/enforce"] = "1"
    world.description |= {"ProcessLabel": LABEL, "MountLabel": LABEL}
    world.label, world.selinux_flags = LABEL, flags
    assert world.judge("5.3")[0] == verdict
    world.stop()
    assert world.judge("5.3")[0] == "pass"


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        (["program:7 2026-05-01 10:00:00.0 +0000", "denies:7", "loaded:2026-05-01 10:00:01.0 +0000"], "pass"),
        (
            ["program:7 2026-05-01 10:00:00.0 +0000", "denies:7", "loaded:2026-04-01 10:00:00.0 +0000"],
            "manual",
        ),
        (
            [
                "program:7 2026-05-01 10:00:00.0 +0000",
                *("denies:7", "reloads:7", "loaded:2026-04-01 10:00:00.0 +0000"),
            ],
            "pass",
        ),
        (["program:7 2026-05-01 10:00:00.0 +0000", "loaded:2026-04-01 10:00:00.0 +0000"], "pass"),
        (["program:7 2026-05-01 10:00:00.0 +0000", "denies:7"], "manual"),
        (
            ["program:8 2026-05-01 10:00:00.0 +0000", "denies:7", "loaded:2026-05-02 10:00:01.0 +0000"],
            "error",
        ),
    ],
)
def test_profile_of_an_older_engine(world: ContainerHost, lines: list[str], verdict: str) -> None:
    """5.2: the docker-default in the kernel may be older than the engine, and deny less; any other is the site's."""
    world.info["SecurityOptions"].append("name=apparmor")
    world.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    world.label, world.apparmor = "docker-default (enforce)", lines
    assert world.judge("5.2")[0] == verdict
    world.label, world.description["AppArmorProfile"] = "own (enforce)", "own"
    assert world.judge("5.2") == ("error", "what the profile own denies was not asked; are you root?")


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        (["own:own -", "rule:own file,", "rule:own deny /proc/sys/** w,"], "pass"),
        (["own:own -", "rule:own file,"], "manual"),
        (["own:own -", "rule:own allow all,"], "fail"),
        (["own:other -"], "manual"),
    ],
)
def test_apparmor_profile_of_the_site(world: ContainerHost, lines: list[str], verdict: str) -> None:
    """5.2: an enforced profile that lets everything in is none; of one in no file nobody knows what it denies."""
    world.info["SecurityOptions"].append("name=apparmor")
    world.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    world.apparmor = [*lines, "asked:"]
    world.label, world.description["AppArmorProfile"] = "own (enforce)", "own"
    assert world.judge("5.2")[0] == verdict


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
        ("5.18", DISK, {"allowed_devices": ["/dev/sda"]}, ("pass", "by what the engine gave it")),
        ("5.18", DISK, {"allowed_devices": ["/dev/sdb"]}, ("fail", "is given /dev/sda")),
        (
            "5.18",
            {"Privileged": True},
            {"allowed_devices": ["/dev/sda"]},
            ("fail", "runs with --privileged, and so"),
        ),
        ("5.19", FILES, {"allowed_ulimits": ["nofile"]}, ("pass", "")),
        ("5.19", FILES, {"allowed_ulimits": ["nproc"]}, ("fail", "overrides nofile=9:9")),
        ("5.20", {}, {}, ("not applicable", "it has no mounts")),
        ("5.28", {}, {}, ("manual", "runs app:1; compare with its registry")),
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
    assert bool(reason) == bool(expected[1])


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
    world.description |= {"Health": health, "Status": status, "Healthcheck": ["CMD-SHELL", check]}
    verdict, reason = world.judge("5.27")
    assert (verdict, reason[: len(expected[1])]) == expected


def test_ssh_port_of_a_server_that_no_list_names() -> None:
    """5.7: what listens at port 22 in a network of its own may be an SSH server of any name."""
    host = ContainerHost()
    assert host.judge("5.7")[0] == "pass"
    host.extra = ["100/net/ssh:"]
    assert host.judge("5.7")[0] == "manual"
    host.config["NetworkMode"] = "container:other"  # judged there
    assert host.judge("5.7")[0] == "pass"
    host.config["NetworkMode"] = "host"
    assert host.judge("5.7")[0] == "error"  # who listens at port 22 of the host was not read
    head, row = "sl  local_address", "0: 00000000:0016 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0"
    host.extra = [f"100/net/tcp: {head}", f"100/net/tcp: {row}"]
    for pid, verdict in ((7, "pass"), (100, "manual")):
        link = f"lrwx------ 1 0 0 64 Nov 1 10:00 {pid}/fd/3 -> socket:[4711]"
        host.extra[2:] = [link]
        host.links = {**OWN, "net": HOST["net"]}
        assert host.judge("5.7")[0] == verdict
    host.others = [copy.deepcopy(host.description) | {"Id": "b" * 64, "Name": "/other", "Pid": 101}]
    host.status[101], host.cgroups[101] = {**STATUS, "PPid": "1"}, (f"0::/docker/{'b' * 64}",)
    host.extra += [f"101/net/tcp: {head}", f"101/net/tcp: {row}"]
    host.config["NetworkMode"] = "container:other"
    assert host.judge("5.7")[0] == "manual"  # it is at the port, though the other asked for that network


def test_port_22_of_the_host_that_leads_to_a_container() -> None:
    """5.7: whatever port it is inside, who publishes that means SSH."""
    host = ContainerHost()
    host.description["Ports"] = {"2222/tcp": [{"HostIp": "10.0.0.1", "HostPort": "22"}]}
    assert host.judge("5.7")[0] == "manual"
    host.description["Ports"] = {"2222/tcp": [{"HostIp": "10.0.0.1", "HostPort": "2222"}]}
    assert host.judge("5.7")[0] == "pass"


def test_image_whose_name_is_gone() -> None:
    """5.28: that the name is approved says nothing of what runs under it; its id does."""
    host = ContainerHost()
    host.policy = Policy(current_images=("app:1",))
    assert host.judge("5.28")[0] == "pass"
    host.images = []
    assert host.judge("5.28")[0] == "manual"
    host.policy = Policy(current_images=("app:1", IMAGE))
    assert host.judge("5.28")[0] == "pass"


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        ((), "pass"),
        (("own:docker-default -", "rule:docker-default deny mount,"), "pass"),
        (tuple(f"rule:docker-default {each}," for each in ("capability", "file", "mount")), "fail"),
    ],
)
def test_profile_of_the_site_that_is_called_like_the_engine_s(lines: tuple[str, ...], verdict: str) -> None:
    """5.2: an engine loads none over one of its name that is loaded already."""
    host = ContainerHost()
    host.kernel["/sys/module/apparmor/parameters/enabled"] = "Y"
    host.info["SecurityOptions"] = ["name=apparmor"]
    host.label = "docker-default (enforce)"
    own = ["own:docker-default -"] * (verdict == "fail")
    host.apparmor[1:1] = [*own, *lines]
    assert host.judge("5.2")[0] == verdict


# ---- control groups that a container can write to

OWN_GROUP = f"/docker/{'a' * 64}"
LIMITS = {
    "5.11": {"memory.max": str(1 << 30)},
    "5.12": {"cpu.max": "50000 100000"},
    "5.29": {"pids.max": "100"},
    "container_cpu_time_is_capped": {"cpu.max": "50000 100000"},
}


@pytest.mark.parametrize("control", LIMITS)
@pytest.mark.parametrize(
    ("mount", "verdict"),
    [
        (f"31 30 0:26 {OWN_GROUP} /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw", "pass"),
        (f"31 30 0:26 {OWN_GROUP} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate", "pass"),
        (
            f"31 30 0:26 {OWN_GROUP} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,memory_recursiveprot",
            "manual",
        ),
        ("31 30 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate", "manual"),
        (f"31 30 0:27 {OWN_GROUP} /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids", "manual"),
        (f"31 30 0:27 {OWN_GROUP} /late rw - cgroup cgroup rw,pids", "manual"),
    ],
)
def test_limit_that_the_container_may_lift(control: str, mount: str, verdict: str) -> None:
    """A limit in the hands of whom it limits is none, unless the kernel keeps it from him."""
    world = ContainerHost()
    world.groups |= LIMITS[control]
    world.mounts.append(mount)
    found, reason = world.judge(control)
    assert found == verdict, reason
    assert ("may it lift the limit?" in reason) == (verdict == "manual")
    world.config["Privileged"] = True  # which another control fails
    assert world.judge(control)[0] == "pass"


def test_limit_of_mapped_users() -> None:
    """To root of a user namespace the files of a control group belong to nobody."""
    world = ContainerHost()
    world.groups |= LIMITS["5.11"]
    world.mounts.append(f"31 30 0:26 {OWN_GROUP} /sys/fs/cgroup rw - cgroup2 cgroup rw")
    world.links = {**world.links, "user": 77}
    assert world.judge("5.11")[0] == "pass"


@pytest.mark.parametrize(
    ("option", "verdict"),
    [("writable-cgroups", "manual"), ("writable-cgroups=T", "manual"), ("writable-cgroups=false", "pass")],
)
def test_limit_of_a_container_that_does_not_run(option: str, verdict: str) -> None:
    """What its options say is what it starts with."""
    world = ContainerHost()
    world.config.update({"Memory": 1 << 30, "SecurityOpt": [option]})
    world.stop()
    assert world.judge("5.11")[0] == verdict


@pytest.mark.parametrize(
    ("root", "options", "verdict"),
    [("/", "rw", "fail"), ("/", "ro", "pass"), (OWN_GROUP, "rw", "pass"), ("/docker", "rw", "fail")],
)
def test_control_groups_of_others(root: str, options: str, verdict: str) -> None:
    """5.6: in the namespace of the host the groups of all its services are to be written to."""
    world = ContainerHost()
    world.mounts.append(f"31 30 0:26 {root} /sys/fs/cgroup {options} - cgroup2 cgroup rw")
    found, reason = world.judge("5.6")
    assert found == verdict, reason
    assert ("can write to control groups of the host at /sys/fs/cgroup" in reason) == (verdict == "fail")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "fail"),
        ({"CgroupnsMode": "private"}, "pass"),
        ({"CgroupnsMode": ""}, "pass"),
        ({"SecurityOpt": ["writable-cgroups=false"]}, "pass"),
        ({"SecurityOpt": None}, "pass"),
        ({"Privileged": True}, "pass"),
    ],
)
def test_control_groups_of_others_once_it_runs(changes: dict[str, object], verdict: str) -> None:
    """5.6: with cgroup v2 a container without a namespace for control groups is shown all of the host's."""
    world = ContainerHost()
    world.info["CgroupVersion"] = "2"
    world.config.update({"SecurityOpt": ["writable-cgroups=true"], "CgroupnsMode": "host"} | changes)
    world.stop()
    found, reason = world.judge("5.6")
    assert found == verdict, reason
    assert ("can write to control groups of the host at /sys/fs/cgroup" in reason) == (verdict == "fail")
    world.info["CgroupVersion"] = "1"  # it is shown its own alone
    assert world.judge("5.6")[0] == "pass"
    world.info["CgroupVersion"] = "2"
    for option in ("name=userns", "name=rootless"):
        world.info["SecurityOptions"] = [option]
        assert world.judge("5.6")[0] == "pass"


# ---- what is beyond a limit, and what is well within


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


@pytest.mark.parametrize(
    "top", ["/opt", "/run", "/var/cache", "/var/lib", "/var/mail", "/var/opt", "/var/spool"]
)
def test_folder_of_some_service(top: str) -> None:
    """5.6: nobody knows whose it is but people; the policy says that it is well."""
    world = ContainerHost()
    world.description["Mounts"] = [
        {"Type": "bind", "Source": f"{top}/some", "Destination": "/x", "RW": True, "Propagation": "rprivate"}
    ]
    world.paths.append(f"real {top}/some\t{top}/some")
    world.stop()
    found = world.judge("5.6")
    assert found == ("manual", f"mounts what services of the host own: {top}/some at /x")
    world.policy = Policy(allowed_mounts=(f"{top}/some",))
    assert world.judge("5.6")[0] == "pass"


@pytest.mark.parametrize("state", ["active", "pending", "locked", "error", "inactive"])
def test_every_state_of_a_node(state: str) -> None:
    """5.1: whatever state a node is in, it is one."""
    world = ContainerHost()
    world.info["Swarm"] = {"LocalNodeState": state}
    (found,) = judged("5.1", world.facts).values()
    assert found[0] == ("pass" if state == "inactive" else "fail")
    world.policy = Policy(swarm=True)
    (found,) = judged("5.1", world.facts).values()
    assert found[0] == "pass"
