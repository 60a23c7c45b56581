"""The hardening guide, section 3, on facts made by hand: each control tells good from bad by one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.policy import Policy
from selftests.kit.facts.container_host import DESCRIPTION, HOST_CONFIG, IMAGE, ContainerHost
from selftests.kit.facts.containers import containers
from selftests.kit.facts.swarms import Node, service
from selftests.kit.judging import judged

Changes = Mapping[str, Any]
DIGEST = "sha256:" + "2" * 64
PINNED = "container_image_is_pinned"
DROPS = "container_drops_all_capabilities"
ADDS = "container_adds_approved_capabilities_alone"
WRITES = "container_writes_to_tmpfs_or_named_volumes"
CAPPED = "container_cpu_time_is_capped"
SENSITIVE = "sensitive_container_listens_on_chosen_addresses"
SECRETS = "container_environment_holds_no_secret"
READ_ONLY = {"ReadonlyRootfs": True, "mounts": ["31 1 0:50 / / ro - overlay overlay rw"]}
NAMED = {"Type": "volume", "Name": "data", "Source": "/v", "Destination": "/data", "RW": True}
BOUND = NAMED | {"Type": "bind", "Name": "", "Source": "/srv/data"}
NO_CAPABILITIES = {"CapEff": "0" * 16, "CapPrm": "0" * 16, "CapBnd": "0" * 16}


def volume(**options: str) -> Changes:
    """A read-only container with a volume that has these options."""
    known = {"Name": "data", "Driver": "local", "Options": options or None}
    return {**READ_ONLY, "Mounts": [NAMED], "volumes": [known]}


def mounted(*mounts: Changes) -> Changes:
    """A read-only container with these mounts."""
    return {**READ_ONLY, "Mounts": list(mounts)}


def dropped(*names: str, **more: Any) -> Changes:
    """A container that drops these capabilities, and whose process has none."""
    return {"CapDrop": list(names), **NO_CAPABILITIES, **more}


def published(address: str) -> Changes:
    """A port at this address."""
    return {"Ports": {"80/tcp": [{"HostIp": address, "HostPort": "8080"}]}}


CASES: list[tuple[str, Changes, Changes, str]] = [
    (PINNED, {"Reference": f"app:1@{DIGEST}"}, {}, "pass: pinned by"),
    (PINNED, {"Reference": f"app@{DIGEST}"}, {}, "pass: pinned by"),
    (PINNED, {"Reference": "app:1"}, {}, "fail: runs app:1, which names no digest"),
    (PINNED, {"Reference": IMAGE}, {}, f"fail: runs {IMAGE}, which names no digest"),
    (PINNED, {"Reference": f"app:latest@{DIGEST}"}, {}, "fail: runs app:latest, which names no version"),
    (DROPS, dropped("cap_all"), {}, "pass: CapDrop=ALL, CapAdd=none"),
    (DROPS, dropped("ALL", CapAdd=["CHOWN"]), {}, "pass: CapDrop=ALL, CapAdd=CHOWN"),
    (DROPS, dropped("NET_RAW"), {}, "fail: drops NET_RAW, not ALL"),
    (DROPS, dropped("ALL", CapBnd="0000000000000400"), {}, "fail: drops ALL, but has NET_BIND_SERVICE"),
    (DROPS, dropped("ALL", Privileged=True), {}, "fail: runs with --privileged, which drops nothing"),
    (DROPS, dropped("ALL", CapAdd=["cap_all"]), {}, "fail: drops ALL, and adds ALL again"),
    (ADDS, {"CapAdd": ["NET_BIND_SERVICE"]}, {}, "pass: CapAdd=NET_BIND_SERVICE"),
    (ADDS, {"CapAdd": ["CAP_CHOWN"]}, {}, "fail: adds CHOWN"),
    (ADDS, {"CapAdd": ["CHOWN"]}, {"allowed_capabilities": ["CHOWN"]}, "pass"),
    (ADDS, {"CapAdd": ["CHOWN", "KILL"]}, {"allowed_capabilities": ["CHOWN"]}, "fail: adds KILL"),
    (ADDS, {"CapBnd": "00000000a82425fb"}, {}, "fail: adds none that is not approved, but has SYS_ADMIN"),
    (ADDS, {"Privileged": True}, {}, "fail: runs with --privileged"),
    (WRITES, {"Mounts": [NAMED]}, {}, "not applicable: its root file system is not read-only"),
    (WRITES, READ_ONLY, {}, "pass: can write nowhere"),
    (WRITES, volume() | {"Tmpfs": {"/tmp": ""}}, {}, "pass: /data (volume), /tmp (tmpfs)"),
    (WRITES, mounted(NAMED), {}, "error: docker inspect does not report the volume data"),
    (WRITES, mounted(NAMED | {"Name": "3" * 64}), {}, "fail: can write to /data (anonymous volume)"),
    (WRITES, mounted(BOUND), {}, "fail: can write to /data (/srv/data of the host)"),
    (WRITES, mounted(BOUND | {"RW": False}), {}, "pass: can write nowhere"),
    (WRITES, mounted(BOUND), {"allowed_mounts": ["/srv"]}, "pass: /data (/srv/data of the host)"),
    (WRITES, volume(type="none", o="bind", device="/srv/data"), {}, "fail: can write to /data (/srv/data"),
    (WRITES, volume(type="nfs", o="addr=10.0.0.9", device=":/export"), {}, "pass: /data (volume)"),
    (WRITES, READ_ONLY | {"Tmpfs": {"/usr": ""}}, {}, "manual: can change its own programs at /usr (tmpfs)"),
    (WRITES, READ_ONLY | {"Tmpfs": {"/usr/data": ""}}, {}, "pass: /usr/data (tmpfs)"),
    (WRITES, READ_ONLY | {"IpcMode": "host"}, {}, "fail: can write to /dev/shm (/dev/shm of the host)"),
    (CAPPED, {"cpu.max": "390000 100000"}, {}, "pass: limited to 3.9 processors by its control groups"),
    (CAPPED, {"cpu.max": "400000 100000"}, {}, "fail: may use 4 processors, which is no cap: the host has 4"),
    (CAPPED, {"CpuShares": 512, "cpu.weight": "50"}, {}, "fail: no cap on processor time is in force, and"),
    (CAPPED, {"NanoCpus": 10**9}, {}, "fail: no cap on processor time is in force, though one is set"),
    (CAPPED, {"NanoCpus": 10**9, "stopped": True}, {}, "pass: limited to 1 processors"),
    (CAPPED, {"cpu.max": "200000 100000"}, {"resource_limits": {"cpus": 1.5}}, "fail"),
    (CAPPED, {"cpu.max": "150000 100000"}, {"resource_limits": {"cpus": 1.5}}, "pass"),
    (SENSITIVE, published("0.0.0.0"), {"sensitive_containers": ["w*"]}, "fail: is sensitive, and opens on"),
    (SENSITIVE, published("0.0.0.0"), {"sensitive_containers": ["db"]}, "not applicable"),
    (SENSITIVE, published("::ffff:0.0.0.0"), {}, "manual: opens on every address"),
    (SENSITIVE, published("10.0.0.1"), {"sensitive_containers": ["w*"]}, "pass: opens 10.0.0.1:8080/tcp"),
    (SENSITIVE, published("10.0.0.1"), {"sensitive_containers": ["db"]}, "pass: opens 10.0.0.1:8080/tcp"),
    (SECRETS, {"Env": ["DB_PASSWORD_FILE=/run/secrets/db", "MODE=x"]}, {}, "pass"),
    (SECRETS, {"Env": ["DB_PASSWORD=hunter2zz"]}, {}, "fail: variable DB_PASSWORD: a value given to"),
    (SECRETS, {"Path": "app", "Args": ["--password-file", "/run/secrets/db"]}, {}, "pass"),
    (SECRETS, {"Path": "app", "Args": ["--password", "hunter2zz"]}, {}, "fail: command: a value given to"),
    (SECRETS, {"Labels": {"com.docker.compose.config-hash": "0a" * 32}}, {}, "pass"),
    (SECRETS, {"Labels": {"db.password": "hunter2zz"}}, {}, "fail: label db.password: a value given to"),
    (SECRETS, {"Env": None}, {}, "pass"),
]


@pytest.mark.parametrize(("control", "changes", "policy", "expected"), CASES)
def test_container(
    world: ContainerHost, control: str, changes: Changes, policy: Changes, expected: str
) -> None:
    """By what it was created with, what it can do now, and what the policy allows."""
    assert world.after({**changes, "policy": Policy.from_mapping(policy)}, control).startswith(expected)


@pytest.mark.parametrize("field", ["Env", "Labels"])
def test_what_was_not_searched_for_secrets(world: ContainerHost, field: str) -> None:
    """It is no proof that there is none."""
    del world.description[field]
    assert world.judge(SECRETS)[0] == "error"


@pytest.mark.parametrize(
    ("image", "verdict"), [(f"app:1@{DIGEST}", "pass"), ("app:1", "fail"), ("", "error")]
)
def test_image_of_a_service(image: str, verdict: str) -> None:
    """A service is judged by the reference from which its tasks are created."""
    found = judged("service_image_is_pinned", Node(services=(service("web", Image=image),)).facts())
    assert found["web"][0] == verdict


def test_no_value_of_a_variable_is_kept(world: ContainerHost) -> None:
    """What is recorded of a container holds neither values of variables nor options of log drivers."""
    log = {"Type": "splunk", "Config": {"splunk-token": "tok-hunter2", "max-size": "1m"}}
    world.change({"Env": ["PASSWORD=hunter2", "OTHER=harmless-hunter2"], "LogConfig": log})
    text = world.facts.recording.text(CONTAINERS)
    assert "PASSWORD" in text
    assert '"max-size":"1m"' in text
    assert "hunter2" not in text
    assert "harmless" not in text
    for nonsense in ("hunter2", ["hunter2"]):
        config = HOST_CONFIG | {"LogConfig": {"Type": "x", "Config": nonsense}}
        assert "hunter2" not in containers(DESCRIPTION | {"HostConfig": config, "Env": nonsense})
