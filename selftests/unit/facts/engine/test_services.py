"""The services of a swarm."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.facts.engine.models import PublishedPort
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.facts.container_host import ContainerHost, service_document

MANAGER = {"LocalNodeState": "active", "ControlAvailable": True}


@pytest.mark.parametrize(
    ("node", "error", "words"),
    [
        (MANAGER, EvidenceError, r"^docker service inspect: Object missing required field"),
        (MANAGER | {"ControlAvailable": False}, NotApplicable, "a worker of the swarm"),
        ({"LocalNodeState": "locked", "ControlAvailable": False}, EvidenceError, "only a manager"),
    ],
)
def test_services_that_are_not_known(
    world: ContainerHost, node: dict[str, Any], error: type[Exception], words: str
) -> None:
    """Only a manager knows them, and a node in no swarm has none."""
    world.services = [{"ID": "x"}]
    assert world.facts.services == {}
    world.info["Swarm"] = node
    with pytest.raises(error, match=words):
        _ = world.facts.services


def test_services_of_a_manager(world: ContainerHost) -> None:
    """Each has its ports, also one that each node chooses, and restarts for ever by default."""
    world.info["Swarm"] = MANAGER
    ports = [{"Protocol": "tcp", "TargetPort": 80, "PublishMode": "host"}]
    world.services = [service_document(), service_document() | {"ID": "s2", "Endpoint": {"Ports": ports}}]
    found, other = world.facts.services.values()
    assert (found.name, found.ports[0].number, found.ports[0].mode) == ("shop", 443, "ingress")
    assert (found.restart_condition, found.restart_attempts, found.restarts_without_end) == ("any", 0, True)
    assert other.ports == (PublishedPort(mode="host"),)


@pytest.mark.parametrize(("mode", "condition"), [("Replicated", "any"), ("GlobalJob", "on-failure")])
def test_job_is_done_once_it_has_completed(world: ContainerHost, mode: str, condition: str) -> None:
    """Whatever its condition says, only what failed is started again."""
    world.info["Swarm"] = MANAGER
    document = service_document(Condition="any")
    document["Spec"]["Mode"] = {mode: {"TotalCompletions": 1}}
    world.services = [document]
    assert world.facts.services["s1"].restart_condition == condition
