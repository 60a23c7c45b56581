"""All containers of a target."""

from __future__ import annotations

import copy

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers import collection
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.container_host import ContainerHost
from selftests.kit.judging import judged


def test_container_that_was_removed_meanwhile(world: ContainerHost) -> None:
    """Between the list and the description a container may go; one that is missing without a word is an
    error."""
    gone = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/gone"}
    world.others = [gone]
    world.listed = 0
    with pytest.raises(EvidenceError, match="lists the container eeeeeeeeeeee but does not describe it"):
        judged("5.5", world.facts)
    world.stderr = f"Error: No such container: {'e' * 64}"
    assert judged("5.5", world.facts) == {"web": ("pass", "")}
    world.stderr = "Cannot connect to the Docker daemon"
    with pytest.raises(EvidenceError, match="Cannot connect"):
        judged("5.5", world.facts)


def test_no_container(world: ContainerHost) -> None:
    """An engine without containers has nothing to judge, and says so."""
    facts = world.facts
    answers = dict(facts.recording.answers)
    answers["docker_containers"] = Answer("docker_containers", 0, "", "")
    empty = Facts(Recording("local", "local", answers), Policy())
    found = collection.container(empty.recording, empty.presence, empty.surroundings)
    assert (list(found), found.nothing) == ([], "the engine has no container")
    for number in range(2, 33):
        assert judged(f"5.{number}", empty) == {"local": ("not applicable", "the engine has no container")}


def test_cut_off_description(world: ContainerHost) -> None:
    """A description that is cut off is an error, which says of what."""
    facts = world.facts
    answer = facts.recording.answers["docker_containers"]
    text = answer.stdout.replace("}\n--proc", "\n--proc")
    answers = {**facts.recording.answers, "docker_containers": Answer("docker_containers", 0, text, "")}
    broken = Facts(Recording("local", "local", answers), Policy())
    told = "docker inspect: the description of a container is not JSON, or is cut off"
    with pytest.raises(EvidenceError, match=f"^{told}$"):
        judged("5.5", broken)


def test_containers_are_in_order(world: ContainerHost) -> None:
    """They are judged by name, whatever the order of the engine; each is called a container."""
    world.others = [
        copy.deepcopy(world.description) | {"Id": letter * 64, "Name": name, "Pid": 0, "Running": False}
        for letter, name in (("e", "/zoo"), ("f", "/app"))
    ]
    found = world.facts.container
    assert [name for name, _ in found] == ["app", "web", "zoo"]
    assert found.kind == "container"
