"""All containers of a target."""

from __future__ import annotations

import copy

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers import collection
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from selftests.kit.facts.container_host import ContainerHost
from selftests.kit.facts.containers import answer
from selftests.kit.judging import judged


def test_container_that_was_removed_meanwhile(world: ContainerHost) -> None:
    """Between the list and the description a container may go; else it is an error."""
    gone = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/gone"}
    world.others = [gone]
    world.listed = 0
    silent = ("error", "the engine lists it but does not describe it")
    assert judged("5.5", world.facts) == {"web": ("pass", "Privileged=false"), "e" * 12: silent}
    for text in ('{"message":"No such container: %s"}', "Error: No such container: %s"):
        world.more = [text % ("e" * 64)]
        assert judged("5.5", world.facts) == {"web": ("pass", "Privileged=false")}


def test_no_container(world: ContainerHost) -> None:
    """An engine without containers has nothing to judge, and says so."""
    facts = world.facts
    answers = dict(facts.recording.answers)
    answers["containers"] = answer()
    empty = Facts(Recording("local", "local", answers), Policy())
    found = collection.container(empty.recording, empty.presence, empty.host_context)
    assert (list(found), found.nothing) == ([], "the engine has no container")
    for number in range(2, 33):
        assert judged(f"5.{number}", empty) == {"local": ("not applicable", "the engine has no container")}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Privileged", None),
        ("Privileged", "false"),
        ("Memory", -1),
        ("Memory", 10**30),
        ("IpcMode", "hots"),
        ("RestartPolicy", {"MaximumRetryCount": 5}),
        ("CapAdd", [["ALL"]]),
        ("PortBindings", {"80/tcp": [{"HostPort": "x"}]}),
    ],
)
def test_damaged_description(world: ContainerHost, field: str, value: object) -> None:
    """A container whose description is not what the engine writes is one error, which names the field."""
    other = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/odd"}
    other["HostConfig"][field] = value
    world.others = [other]
    for number in ("5.5", "5.11", "5.15", "5.17"):
        found = judged(number, world.facts)
        assert found["e" * 12][0] == "error"
        assert f"$.HostConfig.{field}" in found["e" * 12][1]
        assert found["web"][0] != "error"


def test_containers_are_in_order(world: ContainerHost) -> None:
    """They are judged by name, whatever the order of the engine; each is called a container."""
    world.others = [
        copy.deepcopy(world.description) | {"Id": letter * 64, "Name": name, "Pid": 0, "Running": False}
        for letter, name in (("e", "/zoo"), ("f", "/app"))
    ]
    found = world.facts.container
    assert [name for name, _ in found] == ["app", "web", "zoo"]
    assert found.kind == "container"
