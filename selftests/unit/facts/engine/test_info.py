"""What an engine says of itself."""

from __future__ import annotations

import json

import pytest

from hullcheck.facts.engine.info import DOCKER_INFO, DOCKER_VERSION, Engine, component_versions, engine
from hullcheck.facts.host.presence import Presence
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import PRESENT


@pytest.mark.parametrize(
    ("said", "stderr", "told"),
    [
        ("{}", "", "docker info: the engine did not describe itself"),
        ("5", " \n", "docker info: the engine did not describe itself"),
        ("5", "\nsome error\nmore", "the engine does not answer: some error"),
        ('{"ServerErrors": ["", "no route"]}', "other", "the engine does not answer: no route"),
        ('{"ServerErrors": null}', "other", "the engine does not answer: other"),
        ('{"ServerErrors": "x"}', "other", "the engine does not answer: other"),
    ],
)
def test_engine_without_words(said: str, stderr: str, told: str) -> None:
    """An error with the first thing that the engine or the command said."""
    answers = {
        "host": PRESENT,
        "docker_info": Answer("docker_info", 0, said, stderr),
    }
    with pytest.raises(EvidenceError, match=f"^{told}$"):
        engine(Recording("local", "local", answers), Presence((), (), ()))


def test_docker_command_of_podman() -> None:
    """What it says beside is no reason: the error names it, and what to do."""
    answers = {"docker_info": Answer("docker_info", 0, "{}", "Emulate Docker CLI using podman.")}
    with pytest.raises(EvidenceError, match="the docker command is Podman's own"):
        engine(Recording("local", "local", answers), Presence(("docker", "podman"), (), ()))


def test_what_is_judged_is_kept() -> None:
    """What the engine says of its firewall, and of each other thing that has a field of its own in the answer."""
    told = {
        "FirewallBackend": {"Driver": "nftables"},
        "Containerd": {"Address": "/run/containerd/containerd.sock"},
        "Runtimes": {"crun": {"path": "crun", "runtimeType": "x"}},
        "Plugins": {"Authorization": ["opa"]},
        "Swarm": {"LocalNodeState": "active", "ControlAvailable": True},
    }
    kept = json.loads(DOCKER_INFO.keep(json.dumps(told)))
    assert {name: kept[name] for name in told} == told


def test_component_versions() -> None:
    """Names and versions are kept of what the engine is made of."""
    kept = DOCKER_VERSION.keep('{"Components": [{"Name": "runc", "Version": "1.1.15", "Details": {}}]}')
    answers = {"docker_version": Answer("docker_version", 0, kept, "")}
    assert component_versions(Recording("host", "local", answers)) == {"runc": "1.1.15"}


def test_storage_driver_without_a_word() -> None:
    """But for two drivers that have nothing to say, images may lie in either store then."""
    assert not Engine({"Driver": "vfs", "DriverStatus": None}).keeps_images_in_containerd
    with pytest.raises(EvidenceError, match="DriverStatus says nothing of the storage driver"):
        _ = Engine({"Driver": "overlay2", "DriverStatus": None}).keeps_images_in_containerd
