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
    """Between the list and the description a container may go; else it is an error."""
    gone = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/gone"}
    world.others = [gone]
    world.listed = 0
    silent = ("error", "the engine lists it but does not describe it")
    assert judged("5.5", world.facts) == {"web": ("pass", "Privileged=false"), "e" * 12: silent}
    world.stderr = f"Error: No such container: {'e' * 64}"
    assert judged("5.5", world.facts) == {"web": ("pass", "Privileged=false")}
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
    """A description that is cut off is an error of that container alone."""
    world.others = [copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/cut"}]
    facts = world.facts
    answer = facts.recording.answers["docker_containers"]
    text = answer.stdout.replace("}\n--proc", "\n--proc")
    answers = {**facts.recording.answers, "docker_containers": Answer("docker_containers", 0, text, "")}
    broken = Facts(Recording("local", "local", answers), Policy())
    silent = ("error", "the engine lists it but does not describe it")
    assert judged("5.5", broken) == {"web": ("pass", "Privileged=false"), "e" * 12: silent}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("Privileged", None, "HostConfig.Privileged is null"),
        ("Privileged", "false", 'HostConfig.Privileged is "false"'),
        ("Memory", -1, "HostConfig.Memory is -1"),
        ("Memory", 10**30, "HostConfig.Memory is 1000000000000000000000000000000"),
        ("IpcMode", "hots", 'HostConfig.IpcMode is "hots"'),
        ("RestartPolicy", {"MaximumRetryCount": 5}, "HostConfig.RestartPolicy.Name is missing"),
        ("CapAdd", [["ALL"]], "HostConfig.CapAdd.0 is a list"),
        ("PortBindings", {"80/tcp": [{"HostPort": "x"}]}, 'HostConfig.PortBindings.80/tcp.0.HostPort is "x"'),
    ],
)
def test_damaged_description(world: ContainerHost, field: str, value: object, told: str) -> None:
    """A container whose description is not what the engine writes is one error, which names the field."""
    other = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/odd"}
    other["HostConfig"][field] = value
    world.others = [other]
    for number in ("5.5", "5.11", "5.15", "5.17"):
        assert judged(number, world.facts)["odd"] == ("error", f"docker inspect: {told}")
        assert judged(number, world.facts)["web"][0] != "error"


def test_containers_are_in_order(world: ContainerHost) -> None:
    """They are judged by name, whatever the order of the engine; each is called a container."""
    world.others = [
        copy.deepcopy(world.description) | {"Id": letter * 64, "Name": name, "Pid": 0, "Running": False}
        for letter, name in (("e", "/zoo"), ("f", "/app"))
    ]
    found = world.facts.container
    assert [name for name, _ in found] == ["app", "web", "zoo"]
    assert found.kind == "container"
