"""A service by what is kept of its file: where it is written, and what the file does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.compose import COMPOSE_FILE, UnknownEngine
from hullcheck.facts.registry import NOT_TOLD
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable

SETTINGS = {"NetworkMode": "", "PortBindings": {}, "ReadonlyRootfs": False, "Tmpfs": {}}


def facts(
    places: Mapping[str, str] | None = None, unset: Mapping[str, list[str]] | None = None, **changes: Any
) -> Facts:
    """The facts of a file whose one service has these settings, and of others says nothing."""
    mounts = changes.pop("Mounts", [])
    described = {
        "Name": "web",
        "State": {"Running": False, "Status": "created", "Pid": 0},
        "HostConfig": SETTINGS | changes,
        "Mounts": mounts,
    }
    service = {
        "Inspect": described,
        "Place": "compose.yml:2",
        "Places": places or {},
        "Unset": unset or {},
        "Hooks": [],
    }
    file: dict[str, Any] = {
        "files": ["compose.yml"],
        "reader": "x",
        "services": {"web": service},
        "networks": {},
    }
    text = msgspec.json.encode(file | {"volumes": {"v": {"Name": "v"}}}).decode()
    return Facts(
        Recording("shop", "compose", {COMPOSE_FILE.name: Answer(COMPOSE_FILE.name, 0, text, "")}), Policy()
    )


def container(**changes: Any) -> Container:
    """The one service."""
    found: Container = dict(facts(**changes).container)["web"]
    return found


def test_each_control_reads_for_itself() -> None:
    """The keys that one control has read give the line, else the service; what another one read does not count."""
    places = {"deploy": "compose.yml:4", "privileged": "compose.yml:9", "read_only": "compose.yml:7"}
    shared = container(places=places, Privileged=False, Memory=0)
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
    asked = container(unset={"mem_limit": ["SIZE"]}, Memory=0).host_config
    with pytest.raises(EvidenceError, match="depends on SIZE"):
        _ = asked.memory
    with pytest.raises(NotApplicable, match=NOT_TOLD):
        _ = asked.privileged


@pytest.mark.parametrize(("name", "known"), [("v", True), ("external", False), ("", True)])
def test_mount_of_a_volume_that_the_file_does_not_place(name: str, *, known: bool) -> None:
    """Where it leads is unknown; what an option of the file places is known."""
    volume = {"Type": "volume", "Name": name, "Source": "", "Destination": "/d", "Propagation": ""}
    mounts = container(Mounts=[volume]).mounts
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
    ],
)
def test_sockets(source: str, found: set[str]) -> None:
    """One that is mounted is named as it is written, of a folder the usual ones in it."""
    mount = {"Type": "bind", "Source": source, "Destination": "/d", "Propagation": ""}
    engines = set(container(Mounts=[mount]).sockets.engines)
    assert found <= engines
    assert bool(found) == bool(engines)


def test_what_the_host_knows() -> None:
    """Whether a socket lies in a folder of the host, and all of the engine but where it keeps its data."""
    mount = {"Type": "bind", "Source": "/srv", "Destination": "/d", "Propagation": ""}
    sockets = container(Mounts=[mount]).sockets
    with pytest.raises(NotApplicable, match="its host shows"):
        _ = sockets.engines
    assert UnknownEngine().info.docker_root_dir == "/var/lib/docker"
    with pytest.raises(NotApplicable):
        _ = UnknownEngine().info.mem_total
