"""The services of a swarm."""

from __future__ import annotations

from selftests.kit.facts.container_host import (
    ContainerHost,
)


def test_services_of_a_node_without_a_swarm(world: ContainerHost) -> None:
    """A node in no swarm has no services, and is not asked for them."""
    assert world.facts.services == {}
    world.services = [{"ID": "x"}]
    assert world.facts.services == {}
