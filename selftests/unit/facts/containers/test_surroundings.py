"""What a container looks up beside itself."""

from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.registry import FACTS
from selftests.kit.facts.container_host import ContainerHost


def test_surroundings_are_made_later(world: ContainerHost) -> None:
    """Each is a fact of its own, made when a container first asks for it, so that none spoils another."""
    facts = world.facts
    found = facts.surroundings
    assert isinstance(found, Surroundings)
    assert FACTS["surroundings"].later == set(vars(found))
    assert "networks" not in facts._made
    assert found.networks.get() is facts.networks
