"""The services of a swarm."""

from __future__ import annotations

import json

import pytest

from hullcheck.facts.engine import swarm_shapes as shapes
from hullcheck.facts.engine.services import DOCKER_SERVICES, PublishedPort, Service
from hullcheck.parsing.documents import require
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.facts.container_host import ContainerHost, service_document


def test_services_of_a_node_without_a_swarm(world: ContainerHost) -> None:
    """A node in no swarm has no services, and is not asked for them."""
    assert world.facts.services == {}
    world.services = [{"ID": "x"}]
    assert world.facts.services == {}


def test_services_of_a_manager(world: ContainerHost) -> None:
    """Each has its ports, and restarts for ever where nothing is said; other nodes do not know them."""
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    world.services = [service_document()]
    expected = Service("s1", "shop", "any", 0, (PublishedPort(443, "tcp", "ingress"),))
    assert world.facts.services == {"s1": expected}
    world.services = [{"ID": "x"}]
    with pytest.raises(EvidenceError, match=r"^docker service inspect: Spec is missing$"):
        _ = world.facts.services
    world.info["Swarm"]["ControlAvailable"] = False
    with pytest.raises(NotApplicable, match="a worker of the swarm"):
        _ = world.facts.services
    world.info["Swarm"]["LocalNodeState"] = "locked"
    with pytest.raises(EvidenceError, match="only a manager"):
        _ = world.facts.services


def test_port_that_each_node_chooses(world: ContainerHost) -> None:
    """The engine leaves the number out, which keeps nothing else of the service from being read."""
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    document = service_document()
    document["Endpoint"] = {"Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishMode": "host"}]}
    world.services = [document]
    assert world.facts.services["s1"].ports == (PublishedPort(0, "tcp", "host"),)


@pytest.mark.parametrize(("mode", "condition"), [("Replicated", "any"), ("GlobalJob", "on-failure")])
def test_job_is_done_once_it_has_completed(world: ContainerHost, mode: str, condition: str) -> None:
    """Whatever its condition says, only what failed is started again."""
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    document = service_document(Condition="any")
    document["Spec"]["Mode"] = {mode: {"TotalCompletions": 1}}
    world.services = [document]
    assert world.facts.services["s1"].restart_condition == condition


def test_environment_of_a_service_is_not_kept() -> None:
    """Variables may be secrets, and nothing here judges them."""
    kept = DOCKER_SERVICES.keep('{"ID": "x", "Spec": {"Name": "a", "Env": ["A=geheim"]}}')
    assert json.loads(kept) == {"ID": "x", "Spec": {"Name": "a"}}


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("LocalNodeState", "gone", 'LocalNodeState is "gone"'),
        ("ControlAvailable", 1, "ControlAvailable is 1"),
        ("Cluster", 7, "Cluster is 7"),
        (
            "Cluster",
            {"Spec": {"CAConfig": {"NodeCertExpiry": -5}}},
            "Cluster.Spec.CAConfig.NodeCertExpiry is -5",
        ),
    ],
)
def test_what_the_engine_says_of_a_swarm_by_type(field: str, value: object, fault: str) -> None:
    """A field of another type, or a word that is none of a few, is named."""
    sound = {"LocalNodeState": "active", "ControlAvailable": True, "Cluster": None}
    assert require(sound, shapes.INFO, "docker info") == sound
    with pytest.raises(EvidenceError) as raised:
        require(sound | {field: value}, shapes.INFO, "docker info")
    assert str(raised.value) == f"docker info: {fault}"
