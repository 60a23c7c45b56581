"""What a container was created with."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.facts.containers.inspect import SERVICE
from hullcheck.parsing.image_reference import Reference
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.container_host import (
    IMAGE,
    ContainerHost,
    bind_mount,
    service_document,
)


@pytest.mark.parametrize(
    ("driver", "options", "parent", "expected"),
    [
        ("cgroupfs", (), "/docker", "pass"),
        ("cgroupfs", (), "//docker/", "pass"),
        ("cgroupfs", (), "docker", "fail"),
        ("cgroupfs", (), "/docker/x", "fail"),
        ("cgroupfs", (), "/x/../docker", "pass"),
        ("cgroupfs", (), "system.slice", "fail"),
        ("systemd", (), "system.slice", "pass"),
        ("systemd", (), "/docker", "fail"),
        ("systemd", (), "user.slice", "fail"),
        ("systemd", ("name=rootless",), "user.slice", "pass"),
        ("systemd", ("name=rootless",), "system.slice", "fail"),
    ],
)
def test_default_cgroup_by_its_name(
    world: ContainerHost, driver: str, options: tuple[str, ...], parent: str, expected: str
) -> None:
    """5.25: the cgroup that the engine takes unasked may be named; which one that is depends on its driver."""
    world.info |= {"CgroupDriver": driver, "SecurityOptions": list(options)}
    world.config["CgroupParent"] = parent
    assert world.judge("5.25")[0] == expected


def test_default_cgroup_where_the_daemon_has_another(world: ContainerHost) -> None:
    """5.25: whoever names the built-in cgroup leaves the one that the daemon gives to all; one has to know that."""
    world.config["CgroupParent"] = "/docker"
    world.daemon.cgroup_parent = "/site"
    assert world.judge("5.25") == ("fail", "runs in /docker, and not where the engine runs containers")
    world.daemon.cgroup_parent = "/docker"
    assert world.judge("5.25")[0] == "pass"
    world.daemon.readable = False
    assert world.judge("5.25")[0] == "error"
    world.config["CgroupParent"] = "/site"
    assert world.judge("5.25")[0] == "fail"


@pytest.mark.parametrize(
    ("user", "number", "verdict"),
    [
        ("", "", "fail"),
        ("0:0", "", "fail"),
        ("root", "", "fail"),
        ("+0", "", "fail"),
        ("-0", "", "fail"),
        ("00:1", "", "fail"),
        ("+1000", "", "pass"),
        ("1000", "", "pass"),
        ("\u0660", "", "error"),
        ("0x0", "", "error"),
        ("app", "1000", "pass"),
        ("app:app", "1000", "pass"),
        ("toor", "0", "fail"),
        ("app", "", "error"),
        ("4294967295", "", "pass"),
        ("4294967296", "", "fail"),
        ("app", "4294967296", "fail"),
    ],
)
def test_user_of_a_stopped_container(world: ContainerHost, user: str, number: str, verdict: str) -> None:
    """4.1: a name is that of the number in the container's own /etc/passwd."""
    world.description.update({"Running": False, "Pid": 0, "Status": "exited", "User": user})
    world.users = [f"{'a' * 64} {number}"]
    found, reason = world.judge("4.1")
    assert found == verdict
    assert (
        verdict != "fail"
        or reason
        == f"would start as root (its user is {world.description['User'].partition(':')[0] or 'not set'})"
    )


@pytest.mark.parametrize(
    ("mount", "user", "verdict"),
    [
        ({"Destination": "/etc/passwd"}, "app", "error"),
        ({"Destination": "/etc"}, "app", "error"),
        ({"Destination": "/etc"}, "1000", "pass"),
        ({"Destination": "/etc/app"}, "app", "pass"),
        ({"Destination": "/etc", "Type": "tmpfs"}, "app", "pass"),
    ],
)
def test_mount_over_the_list_of_users(
    world: ContainerHost, mount: dict[str, str], user: str, verdict: str
) -> None:
    """4.1: `docker cp` shows what is mounted, and the engine looks below it who a user is."""
    world.description.update({"Running": False, "Pid": 0, "Status": "created", "User": user})
    world.description["Mounts"] = [bind_mount("/srv/x", **mount)]
    world.users = [f"{'a' * 64} 1000"]
    assert world.judge("4.1")[0] == verdict


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (
            {"Driver": "cdi", "DeviceIDs": ["vendor.com/gpu=0", "vendor.com/gpu=1"]},
            "vendor.com/gpu=0, vendor.com/gpu=1",
        ),
        ({"Driver": "", "Capabilities": [["gpu", "compute"]]}, "gpu:compute"),
        ({"Driver": None, "Capabilities": [["gpu"]]}, "gpu"),
        ({"Driver": "nvidia", "Capabilities": None}, "nvidia"),
        ({"Driver": "", "Capabilities": []}, "any device"),
    ],
    ids=str,
)
def test_device_requests(world: ContainerHost, request_: dict[str, Any], name: str) -> None:
    """5.18: a request is named by its CDI devices, or by its driver and what the device has to be capable of."""
    world.config["DeviceRequests"] = [request_]
    assert world.judge("5.18") == ("fail", f"is given {name}")


def test_task_of_a_service(world: ContainerHost) -> None:
    """5.8, 5.15: the service decides; on a worker, which knows none, that is an error."""
    world.description |= {"Labels": {SERVICE: "s1"}, "Networks": {"ingress": {"NetworkID": "c" * 64}}}
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    for attempts in (1, 5):
        world.services = [service_document(Condition="on-failure", MaxAttempts=attempts)]
        assert world.judge("5.15")[0] == "pass"
    assert world.judge("5.8") == ("fail", "opens *:443/tcp (published by service shop on every node)")
    for policy in (
        {"Condition": "any"},
        {"Condition": "on-failure"},
        {"Condition": "on-failure", "MaxAttempts": 6},
        {"Condition": "on-failure", "MaxAttempts": (1 << 64) - 1},
        {},
        {"Condition": "on-failure", "MaxAttempts": 5, "Window": 20 * 10**9},  # each after five seconds
        {"Condition": "on-failure", "MaxAttempts": 5, "Window": 60 * 10**9, "Delay": 12 * 10**9},
    ):
        world.services = [service_document(**policy)]
        assert world.judge("5.15")[0] == "fail"
    world.services = [service_document(Condition="on-failure", MaxAttempts=5, Window=60 * 10**9)]
    assert world.judge("5.15")[1].endswith("condition on-failure, 5 attempts in 60 seconds")
    world.services = [service_document(Condition="none")]
    assert world.judge("5.15")[0] == "pass"
    world.services = []
    assert [world.judge(number)[0] for number in ("5.8", "5.15")] == ["error", "error"]
    world.info["Swarm"]["ControlAvailable"] = False
    assert [world.judge(number)[0] for number in ("5.8", "5.15")] == ["not applicable", "not applicable"]
    world.config["RestartPolicy"] = {"Name": "always"}
    assert world.judge("5.15")[0] == "fail"


def test_image_of_a_container(world: ContainerHost) -> None:
    """A beginning of the image's id names that, unless it is also the name of an image."""
    world.description["Reference"] = "1111"
    assert world.container.image == Reference("1111", "", IMAGE)
    names = ((IMAGE, None), ("sha256:" + "2" * 64, ["a:1", "1111:latest"]))
    world.images = [{"Id": identifier, "RepoTags": tags, "Config": {}} for identifier, tags in names]
    assert world.container.image == Reference("1111:latest", "latest", "")
    world.description["Reference"] = "2222"
    assert world.container.image == Reference("2222:latest", "latest", "")


def test_networks_that_are_not_told(world: ContainerHost) -> None:
    """Without them nothing is said of what reaches it; one that joined another container has none of its own."""
    world.description["Networks"] = None
    world.config["NetworkMode"] = "front"
    told = "docker inspect does not report NetworkSettings.Networks"
    assert world.judge("5.14") == ("error", told)


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (f"machine.slice/machine-libpod_pod_{'c' * 64}.slice", "pass"),
        (f"user.slice/user-libpod_pod_{'c' * 64}.slice", "pass"),
        (f"/libpod_parent/{'c' * 64}", "pass"),
        (f"site.slice/site-libpod_pod_{'c' * 64}.slice", "fail"),
        ("system.slice", "fail"),
        ("/docker", "fail"),
    ],
)
def test_control_group_of_a_pod(world: ContainerHost, parent: str, expected: str) -> None:
    """5.25: Podman runs what is in a pod below the group of the pod, which nobody asked for."""
    world.info["ServerVersion"] = "5.4.2"
    world.config["CgroupParent"] = parent
    assert world.judge("5.25")[0] == expected


@pytest.mark.parametrize(
    ("written", "place"), [("data", "/data"), ("../up", "/up"), ("d:/x", "/d:/x"), ("/a/../b", "/a/../b")]
)
def test_mount_without_a_slash(world: ContainerHost, written: str, place: str) -> None:
    """5.5, 5.6: the engine takes `VOLUME data` and `-v d:/x`, and mounts it below the root; nothing is damaged."""
    world.stop()
    world.description["Mounts"] = [bind_mount("/etc", Destination=written)]
    world.paths = ["real /etc\t/etc"]
    assert world.judge("5.5")[0] == "pass"
    assert world.judge("5.6") == ("fail", f"mounts /etc of the host at {place}")


@pytest.mark.parametrize(
    ("status", "pid", "runs"),
    [("running", 7, True), ("restarting", 7, True), ("restarting", 0, False), ("paused", 7, True)],
)
def test_container_that_waits_to_be_restarted(
    world: ContainerHost, status: str, pid: int, *, runs: bool
) -> None:
    """It has no process, though the engine calls it running."""
    world.description |= {"Status": status, "Pid": pid}
    assert world.container.running is runs
    world.description["Running"] = False
    assert not world.container.running


def test_setting_that_is_not_reported(world: ContainerHost) -> None:
    """It is an error, and not the default; a name that the engine does not have is an error of who wrote it."""
    del world.config["Privileged"]
    host_config: Any = world.container.host_config
    with pytest.raises(EvidenceError, match=r"does not report HostConfig\.Privileged"):
        _ = host_config.privileged
    with pytest.raises(AttributeError, match="privilegd"):
        _ = host_config.privilegd
