"""A service by what is kept of its file: what the parts tell, where it is written, and what a damaged answer is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers.compose import FileContainer, FilePorts
from hullcheck.facts.containers.compose_configuration import _KEYS, FileConfiguration, Reading
from hullcheck.facts.containers.compose_document import COMPOSE_FILE, document
from hullcheck.facts.containers.compose_mounts import FileMounts
from hullcheck.facts.containers.compose_unknown import UnknownEngine, UnknownKernel
from hullcheck.facts.containers.probe import SHAPE
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable

EMPTY = {
    **{key: [] for key in ("CapAdd", "CapDrop", "SecurityOpt", "Devices", "DeviceRequests")},
    **{key: [] for key in ("DeviceCgroupRules", "Ulimits")},
    **dict.fromkeys(
        (
            "NetworkMode",
            "PidMode",
            "IpcMode",
            "UTSMode",
            "UsernsMode",
            "CgroupParent",
        ),
        "",
    ),
    **dict.fromkeys(("Memory", "NanoCpus", "CpuQuota", "CpuPeriod", "CpuShares", "PidsLimit"), 0),
    **dict.fromkeys(("Privileged", "PublishAllPorts", "ReadonlyRootfs"), False),
    "PortBindings": {},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "Tmpfs": {},
    "LogConfig": {"Type": "", "Config": {}},
}


def service(**changes: Any) -> dict[str, Any]:
    """What is kept of a service that asks for nothing but *changes*, of its settings or beside them."""
    settings = {**EMPTY, **{name: each for name, each in changes.items() if name in EMPTY}}
    return {
        **{key: [] for key in ("Arguments", "Secrets", "Strangers", "Mounts", "Hooks")},
        **{key: {} for key in ("Places", "Unset", "Labels")},
        "Name": "web",
        "Place": "compose.yml:2",
        "Reference": "web:1",
        "User": "",
        "Built": False,
        "Networks": {"default": {"NetworkID": ""}},
        **{name: each for name, each in changes.items() if name not in EMPTY},
        "HostConfig": settings,
    }


def container(**changes: Any) -> FileContainer:
    """The same as a fact."""
    return FileContainer({"web": service(**changes)}, {}, "web")


def mount(**changes: Any) -> dict[str, Any]:
    """A mount at /d, of a volume v unless changed."""
    fixed = {"Type": "volume", "Name": "v", "Source": "", "Destination": "/d", "RW": True, "Propagation": ""}
    return {**fixed, **changes}


def recording(document: object) -> Recording:
    """A recording whose answer is this."""
    answer = Answer(COMPOSE_FILE.name, 0, json.dumps(document), "")
    return Recording("shop", "compose", {answer.name: answer})


def whole(**changes: Any) -> dict[str, Any]:
    """What is kept of a file with that service."""
    return {"files": ["compose.yml"], "reader": "x", "services": {"web": service(**changes)}, "networks": {}}


def test_whole_answer() -> None:
    """An answer that is whole gives the services; the settings are all that controls ask for."""
    assert document(recording(whole()))["services"] == {"web": service()}
    assert set(EMPTY) == set(_KEYS)
    assert {f"{each}?" for each in _KEYS} <= set(SHAPE["HostConfig?"])
    facts = Facts(recording(whole()), Policy())
    assert [name for name, _ in facts.container] == ["web"]
    assert (facts.kind, facts.os_name, facts.engine_version) == ("compose", "read by x", "")


@pytest.mark.parametrize("part", sorted(set(service())))
def test_missing_part(part: str) -> None:
    """A part that is missing is an error, and no pass."""
    damaged = whole()
    del damaged["services"]["web"][part]
    with pytest.raises(EvidenceError, match=f"{part} is missing"):
        document(recording(damaged))


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_missing_setting(name: str) -> None:
    """A setting that is missing is an error of whoever asks for it."""
    damaged = service()
    del damaged["HostConfig"][name]
    with pytest.raises(EvidenceError, match=f"does not report HostConfig.{name}"):
        FileConfiguration(damaged, Reading(damaged)).setting(name)


@pytest.mark.parametrize(
    "change",
    [
        {"Privileged": "no"},
        {"PortBindings": {"80/tcp": [{"HostPort": "x"}]}},
        {"Mounts": [{"Type": "bind"}]},
        {"Places": {"privileged": 3}},
    ],
)
def test_damaged_part(change: dict[str, Any]) -> None:
    """A part of another form is an error."""
    with pytest.raises(EvidenceError):
        document(recording(whole(**change)))


def test_range_without_end() -> None:
    """A range of ports that no machine has is an error, and fills no memory."""
    ports: FilePorts = container(PortBindings={"80/tcp": [{"HostIp": "", "HostPort": "1-99999999999"}]}).ports
    with pytest.raises(EvidenceError, match="no range of ports"):
        _ = ports.published


def test_places() -> None:
    """The keys that were read give the line, else the service."""
    reading = Reading(service(Places={"deploy": "compose.yml:4", "privileged": "compose.yml:9"}))
    assert reading.place() == "compose.yml:2"
    reading.note("deploy.resources.limits.memory", "read_only")
    assert reading.place() == "compose.yml:4"
    reading.note("privileged")
    assert reading.place() == "compose.yml:4, compose.yml:9"


def test_each_control_reads_for_itself() -> None:
    """What one control has read is nothing that another one read."""
    shared = container(Places={"privileged": "compose.yml:9", "read_only": "compose.yml:7"})
    first, place_of_first = shared.watched()
    second, place_of_second = shared.watched()
    assert not first.privileged
    assert not second.mounts.root_is_read_only
    assert (place_of_first(), place_of_second()) == ("compose.yml:9", "compose.yml:7")


def test_value_that_is_open() -> None:
    """A setting that depends on a variable without a value is an error."""
    asked = container(Unset={"mem_limit": ["SIZE"]}).configuration
    assert not asked.privileged
    with pytest.raises(EvidenceError, match="depends on SIZE"):
        _ = asked.memory


def test_mounts() -> None:
    """A mount shows its paths, by the options of its volume too; where it leads that the file does not say is open."""

    mounts: FileMounts = container(Mounts=[mount(Paths=["/etc"])]).mounts
    assert [each.paths for each in mounts.visible] == [{"/etc"}]
    assert mounts.writable == {"/d": "/etc of the host"}
    for outside in ({"External": True}, {"Driver": "nfs"}, {"Type": "cluster"}):
        mounts = container(Mounts=[mount(**outside)]).mounts
        assert mounts.configured == ()
        with pytest.raises(NotApplicable, match="where the volume v leads"):
            _ = mounts.visible
    assert container(Mounts=[mount(Name="")]).mounts.writable == {"/d": "anonymous volume"}


def test_engine_and_kernel_tell_nothing() -> None:
    """What stands for them is asked in vain, but for where engines usually keep their data."""
    assert UnknownEngine().info.docker_root_dir == "/var/lib/docker"
    for asked in (lambda: UnknownEngine().info.mem_total, lambda: UnknownEngine().rootless):
        with pytest.raises(NotApplicable):
            asked()
    with pytest.raises(NotApplicable):
        _ = UnknownKernel().apparmor
