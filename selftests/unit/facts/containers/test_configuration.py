"""All containers of a target, and what each was created with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers.inspect import SERVICE
from hullcheck.parsing.values import Reference
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.container_host import IMAGE, ContainerHost, bind_mount, service_document
from selftests.kit.facts.containers import answer
from selftests.kit.judging import judged

Changes = Mapping[str, Any]
ROOTLESS = ["name=rootless"]
POD = f"libpod_pod_{'c' * 64}.slice"
TASK = {
    "Labels": {SERVICE: "s1"},
    "Networks": {"ingress": {"NetworkID": "c" * 64}},
    "Swarm": {"LocalNodeState": "active", "ControlAvailable": True},
}


def systemd(parent: str, *options: str) -> Changes:
    """An engine with systemd's control groups, and a container below *parent*."""
    return {"CgroupDriver": "systemd", "SecurityOptions": [*options], "CgroupParent": parent}


def stopped(user: str, number: str = "", **mount: str) -> Changes:
    """A stopped container of this user, whose own /etc/passwd has this number."""
    mounts = [bind_mount("/srv/x", **mount)] if mount else []
    return {"stopped": True, "User": user, "user_number": number, "Mounts": mounts}


def restarts(**policy: Any) -> Changes:
    """A task whose service has this restart policy."""
    return {**TASK, "services": [service_document(**policy)]}


CASES: list[tuple[str, Changes, str]] = [
    ("4.1", stopped(""), "fail: would start as root (its user is not set)"),
    *(
        ("4.1", stopped(user), "fail: would start as root")
        for user in ("0:0", "root", "+0", "00:1", "4294967296")
    ),
    *(("4.1", stopped(user), "pass") for user in ("1000", "+1000", "4294967295")),
    *(("4.1", stopped(user), "error") for user in ("\u0660", "0x0", "app")),
    ("4.1", stopped("app:app", "1000"), "pass"),
    ("4.1", stopped("toor", "0"), "fail"),
    ("4.1", stopped("app", "4294967296"), "fail"),
    ("4.1", stopped("app", "1000", Destination="/etc"), "error"),
    ("4.1", stopped("1000", "1000", Destination="/etc"), "pass"),
    ("4.1", stopped("app", "1000", Destination="/etc/app"), "pass"),
    ("4.1", stopped("app", "1000", Destination="/etc", Type="tmpfs"), "pass"),
    ("5.6", {"stopped": True, "Mounts": [bind_mount("/etc", Destination="data")]}, "fail: mounts /etc of"),
    ("5.8", {**TASK, "services": []}, "error: the engine does not know the service s1"),
    ("5.14", {"Networks": None, "NetworkMode": "front"}, "error: docker inspect does not report"),
    ("5.15", restarts(Condition="on-failure", MaxAttempts=5), "pass: by its service shop: condition"),
    ("5.15", restarts(Condition="none"), "pass"),
    ("5.15", restarts(Condition="any"), "fail: its service shop restarts it"),
    ("5.15", restarts(Condition="on-failure"), "fail"),
    ("5.15", restarts(Condition="on-failure", MaxAttempts=6), "fail"),
    (
        "5.15",
        restarts(Condition="on-failure", MaxAttempts=5, Window=20 * 10**9),
        "fail",
    ),  # each after five seconds
    ("5.15", restarts(Condition="on-failure", MaxAttempts=5, Window=60 * 10**9), "pass"),
    ("5.15", {"Labels": {SERVICE: "s1"}, "Swarm": {"LocalNodeState": "inactive"}}, "pass: its restart"),
    (
        "5.18",
        {"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["a/b=0", "a/b=1"]}]},
        "fail: is given a/b=0, a/b=1",
    ),
    (
        "5.18",
        {"DeviceRequests": [{"Driver": "", "Capabilities": [["gpu", "compute"]]}]},
        "fail: is given gpu:compute",
    ),
    ("5.18", {"DeviceRequests": [{"Driver": None, "Capabilities": []}]}, "fail: is given any device"),
    ("5.18", {"DeviceCgroupRules": ["c 1:3 rwm"]}, "fail: is given rule c 1:3 rwm"),
    *(("5.25", {"CgroupParent": parent}, "pass") for parent in ("/docker", "//docker/")),
    *(("5.25", {"CgroupParent": parent}, "fail") for parent in ("docker", "/docker/x", "system.slice")),
    ("5.25", systemd("system.slice"), "pass"),
    ("5.25", systemd("/docker"), "fail"),
    ("5.25", systemd("user.slice"), "fail"),
    ("5.25", systemd("user.slice", *ROOTLESS), "pass"),
    ("5.25", {"CgroupParent": "/docker", "cgroup_parent": "/site"}, "fail: runs in /docker, and not where"),
    ("5.25", {"CgroupParent": "/docker", "cgroup_parent": "/docker"}, "pass"),
    ("5.25", {"CgroupParent": "/docker", "readable": False}, "error"),
    ("5.25", {"CgroupParent": "/site", "readable": False}, "fail"),
    ("5.25", {"ServerVersion": "5.4.2", "CgroupParent": f"machine.slice/machine-{POD}"}, "pass"),
    ("5.25", {"ServerVersion": "5.4.2", "CgroupParent": f"site.slice/site-{POD}"}, "fail"),
]


@pytest.mark.parametrize(("number", "changes", "expected"), CASES)
def test_configuration(world: ContainerHost, number: str, changes: Changes, expected: str) -> None:
    """The user of a stopped one by its own passwd, its service, its devices, and the control group above it."""
    assert world.after(changes, number).startswith(expected)


def test_task_whose_label_is_lost(world: ContainerHost) -> None:
    """A container that is called as a task in a swarm has a service."""
    world.change(
        {"Name": f"/web.1.{'a1' * 12}b", "Swarm": {"LocalNodeState": "active", "ControlAvailable": True}}
    )
    (found,) = judged("5.15", world.facts).values()
    assert found == ("error", "it has the name of a service's task, and no label with that service")


def test_image_of_a_container(world: ContainerHost) -> None:
    """A beginning of the image's id names that, unless it is also the name of an image."""
    world.description["Reference"] = "1111"
    assert world.container.image == Reference("1111", "", IMAGE)
    world.images = [{"Id": "sha256:" + "2" * 64, "RepoTags": ["a:1", "1111:latest"], "Config": {}}]
    assert world.container.image == Reference("1111:latest", "latest", "")
    world.description["Reference"] = "2222"
    assert world.container.image == Reference("2222:latest", "latest", "")


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


# ---- all containers


def test_container_that_was_removed_meanwhile(world: ContainerHost) -> None:
    """Between the list and the description a container may go; else it is an error."""
    world.other()
    world.described = False
    silent = ("error", "the engine lists it but does not describe it")
    assert judged("5.5", world.facts) == {"web": ("pass", "Privileged=false"), "e" * 12: silent}
    for text in ('{"message":"No such container: %s"}', "Error: No such container: %s"):
        world.more = [text % ("e" * 64)]
        assert judged("5.5", world.facts) == {"web": ("pass", "Privileged=false")}


def test_no_container(world: ContainerHost) -> None:
    """An engine without containers has nothing to judge, and says so."""
    answers = {**world.facts.recording.answers, "containers": answer()}
    empty = Facts(Recording("local", "local", answers), Policy())
    for number in range(2, 33):
        assert judged(f"5.{number}", empty) == {"local": ("not applicable", "the engine has no container")}


def test_container_that_is_not_listed(world: ContainerHost) -> None:
    """The engine counts more containers than it lists, as where something between shows some of them alone."""
    world.counted = "3"
    assert judged("5.5", world.facts)["(not listed)"] == (
        "error",
        "docker info counts 3 containers, and the engine lists 1",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Privileged", None),
        ("Memory", -1),
        ("Memory", 10**30),
        ("IpcMode", "hots"),
        ("RestartPolicy", {"MaximumRetryCount": 5}),
        ("CapAdd", [["ALL"]]),
        ("PortBindings", {"80/tcp": [{"HostPort": "x"}]}),
    ],
)
def test_damaged_description(world: ContainerHost, field: str, value: object) -> None:
    """A container whose description is not what the engine writes is one error, which names the field."""
    world.other(**{field: value})
    found = judged("5.5", world.facts)
    assert found["e" * 12][0] == "error"
    assert f"$.HostConfig.{field}" in found["e" * 12][1]
    assert found["web"][0] == "pass"


def test_containers_are_in_order(world: ContainerHost) -> None:
    """They are judged by name, whatever the order of the engine; each is called a container."""
    for letter, name in (("e", "/zoo"), ("f", "/app")):
        world.other(letter * 64, Name=name, Pid=0, Running=False)
    found = world.facts.container
    assert [name for name, _ in found] == ["app", "web", "zoo"]
    assert found.kind == "container"
