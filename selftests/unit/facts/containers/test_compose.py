"""A service by what is kept of its file: where it is written, and what a damaged answer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.compose import COMPOSE_FILE, ComposeFile, Service, UnknownEngine
from hullcheck.facts.containers.inspect import Binding, HostConfig, Inspected, MountPoint, State, Volume
from hullcheck.facts.registry import NOT_TOLD
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable

NO_PLACES: Mapping[str, str] = {}


def facts(
    places: Mapping[str, str] = NO_PLACES,
    unset: Mapping[str, list[str]] | None = None,
    mounts: Sequence[MountPoint] = (),
    **settings: Any,
) -> Facts:
    """The facts of a file whose one service has these settings, and of others says nothing."""
    plain: dict[str, Any] = {"network_mode": "", "port_bindings": {}, "readonly_rootfs": False, "tmpfs": {}}
    described = Inspected(
        name="web",
        state=State(running=False, status="created", pid=0),
        host_config=HostConfig(**plain | settings),
        mounts=list(mounts),
    )
    service = Service(
        inspect=described, place="compose.yml:2", places=dict(places), unset=dict(unset or {}), hooks=[]
    )
    file = ComposeFile(
        files=["compose.yml"],
        reader="x",
        services={"web": service},
        networks={},
        volumes={"v": Volume(name="v")},
    )
    answer = Answer(COMPOSE_FILE.name, 0, msgspec.json.encode(file).decode(), "")
    return Facts(Recording("shop", "compose", {answer.name: answer}), Policy())


def container(**changes: Any) -> Container:
    """The one service."""
    found: Container = dict(facts(**changes).container)["web"]
    return found


def bind(source: str) -> MountPoint:
    """A mount at /d."""
    return MountPoint(type="bind", source=source, destination="/d", propagation="")


def test_whole_answer() -> None:
    """An answer that is whole gives the services; one that is damaged is an error."""
    made = facts()
    assert [name for name, _ in made.container] == ["web"]
    assert (made.kind, made.os_name, made.engine_version) == ("compose", "read by x", "")
    answer = Answer(COMPOSE_FILE.name, 0, '{"files":[],"reader":"x","services":{"web":{}},"networks":{}}', "")
    with pytest.raises(EvidenceError):
        _ = Facts(Recording("shop", "compose", {answer.name: answer}), Policy()).container


def test_range_without_end() -> None:
    """A range of ports that no machine has is an error, and fills no memory."""
    ports = container(port_bindings={"80/tcp": [Binding(host_port="1-99999999999")]}).ports
    with pytest.raises((EvidenceError, NotApplicable)):
        _ = ports.published


def test_each_control_reads_for_itself() -> None:
    """The keys that one control has read give the line, else the service; what another one read does not count."""
    places = {"deploy": "compose.yml:4", "privileged": "compose.yml:9", "read_only": "compose.yml:7"}
    shared = container(places=places, privileged=False, memory=0)
    assert shared.watched
    found = [shared.watched() for _ in range(4)]
    assert not found[0][0].host_config.privileged
    assert not found[1][0].mounts.root_is_read_only
    assert not found[2][0].host_config.memory
    assert not found[2][0].host_config.privileged
    assert [place() for _, place in found] == [
        "compose.yml:9",
        "compose.yml:7",
        "compose.yml:4, compose.yml:9",
        "compose.yml:2",
    ]


def test_value_that_is_unknown() -> None:
    """A setting that depends on a variable without a value is an error; one that is not kept is not applicable."""
    asked = container(unset={"mem_limit": ["SIZE"]}, memory=0).host_config
    with pytest.raises(EvidenceError, match="depends on SIZE"):
        _ = asked.memory
    with pytest.raises(NotApplicable, match=NOT_TOLD):
        _ = asked.privileged


def test_mount_of_a_volume_that_the_file_does_not_place() -> None:
    """Where it leads is unknown; what an option of the file places is known."""
    for name, known in (("v", True), ("external", False), ("", True)):
        volume = MountPoint(type="volume", name=name, source="", destination="/d", propagation="")
        mounts = container(mounts=[volume]).mounts
        if known:
            assert mounts.visible == ()
        else:
            with pytest.raises(NotApplicable):
                _ = mounts.visible


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("/var/run/docker.sock", {"/var/run/docker.sock"}),
        ("/srv/docker.sock", {"/srv/docker.sock"}),
        ("/run", {"/run/podman/podman.sock", "/run/docker.sock"}),
        ("./data", set()),
        ("/srv", None),
    ],
)
def test_sockets(source: str, found: set[str] | None) -> None:
    """One that is mounted is named as it is written, of a folder the usual ones in it; of others the host knows."""
    sockets = container(mounts=[bind(source)]).sockets
    if found is None:
        with pytest.raises(NotApplicable, match="its host shows"):
            _ = sockets.engines
    else:
        assert found <= set(sockets.engines)
        assert bool(found) == bool(sockets.engines)


def test_engine_tells_nothing() -> None:
    """What stands for it knows where engines usually keep their data, and nothing else."""
    assert UnknownEngine().info.docker_root_dir == "/var/lib/docker"
    for asked in (lambda: UnknownEngine().info.mem_total, lambda: UnknownEngine().rootless):
        with pytest.raises(NotApplicable):
            asked()
