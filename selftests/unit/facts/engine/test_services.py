"""The services of a swarm."""

from __future__ import annotations

import pytest

from hullcheck.facts.engine.models import PublishedPort
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.facts.container_host import ContainerHost, service_document

MANAGER = {"LocalNodeState": "active", "ControlAvailable": True}


def test_services_of_a_node_without_a_swarm(world: ContainerHost) -> None:
    """A node in no swarm has no services, and is not asked for them."""
    world.services = [{"ID": "x"}]
    assert world.facts.services == {}


def test_services_of_a_manager(world: ContainerHost) -> None:
    """Each has its ports, and restarts for ever where nothing is said; other nodes do not know them."""
    world.info["Swarm"] = dict(MANAGER)
    world.services = [service_document()]
    (found,) = world.facts.services.values()
    assert (found.name, found.ports[0].number, found.ports[0].mode) == ("shop", 443, "ingress")
    assert (found.restart_condition, found.restart_attempts, found.restarts_without_end) == ("any", 0, True)
    world.services = [{"ID": "x"}]
    with pytest.raises(EvidenceError, match=r"^docker service inspect: Object missing required field"):
        _ = world.facts.services
    world.info["Swarm"]["ControlAvailable"] = False
    with pytest.raises(NotApplicable, match="a worker of the swarm"):
        _ = world.facts.services
    world.info["Swarm"]["LocalNodeState"] = "locked"
    with pytest.raises(EvidenceError, match="only a manager"):
        _ = world.facts.services


def test_port_that_each_node_chooses(world: ContainerHost) -> None:
    """The engine leaves the number out, which keeps nothing else of the service from being read."""
    world.info["Swarm"] = MANAGER
    ports = [{"Protocol": "tcp", "TargetPort": 80, "PublishMode": "host"}]
    world.services = [service_document() | {"Endpoint": {"Ports": ports}}]
    assert world.facts.services["s1"].ports == (PublishedPort(mode="host"),)


@pytest.mark.parametrize(("mode", "condition"), [("Replicated", "any"), ("GlobalJob", "on-failure")])
def test_job_is_done_once_it_has_completed(world: ContainerHost, mode: str, condition: str) -> None:
    """Whatever its condition says, only what failed is started again."""
    world.info["Swarm"] = MANAGER
    document = service_document(Condition="any")
    document["Spec"]["Mode"] = {mode: {"TotalCompletions": 1}}
    world.services = [document]
    assert world.facts.services["s1"].restart_condition == condition
