"""Section 7, its networks: the encryption of overlay networks (7.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts.engine.networks import Network, networks
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import PRESENT
from selftests.kit.facts.swarms import (
    Node,
    verdict,
    verdicts,
)


def network(name: str, driver: str = "overlay", ingress: bool = False, **options: str) -> dict[str, Any]:
    """A network as the engine describes it."""
    return {"Name": name, "Id": name, "Driver": driver, "Ingress": ingress, "Options": options or None}


def test_encryption_of_overlay_networks() -> None:
    """The presence of the option decides, as it does for the engine; what another driver does a person has to say."""
    networks = (
        network("ingress", ingress=True, vxlanid_list="4096"),
        network("plain"),
        network("safe", encrypted=""),
        network("odd", encrypted="false"),
        network("weave", driver="site/weave:1") | {"Scope": "swarm"},
        network("cards", driver="macvlan") | {"Scope": "swarm"},
        network("bridge", driver="bridge") | {"Scope": "local"},
    )
    found = verdicts("7.3", Node(networks=networks).facts())
    assert found.pop("safe") == ("pass", "made with the option encrypted")
    given = {name: result[0] for name, result in found.items()}
    assert given == {"ingress": "fail", "plain": "fail", "odd": "pass", "weave": "manual", "cards": "manual"}
    assert found["odd"][1] == "made with the option encrypted=false"
    assert "the swarm's own network" in found["ingress"][1]
    assert verdict("7.3", Node(networks=networks[-1:]))[1] == "the swarm has no overlay network"


def test_overlay_networks_are_judged_by_name() -> None:
    """Each is a network of its own to a reader of results."""
    facts = Node(networks=(network("b"), network("a"), network("c", driver="bridge"))).facts()
    found = facts.overlay_network
    assert (found.kind, [name for name, _ in found]) == ("network", ["a", "b"])


def test_network_that_went_between_two_questions() -> None:
    """A network that is gone since it was listed says nothing of the others; any other complaint is an error."""
    line = json.dumps({"Name": "a", "Id": "b", "Driver": "bridge"})
    gone = f"Error response from daemon: network {'0' * 64} not found"

    def recording(status: int, *complaints: str) -> Recording:
        answers = {
            "host": PRESENT,
            "docker_networks": Answer("docker_networks", status, line, "\n".join(complaints)),
        }
        return Recording("host", "local", answers)

    for complaint in (gone, f"Error: No such network: {'0' * 64}"):
        assert [each.name for each in networks(recording(1, complaint))] == ["a"]
    for complaints in ([], [gone, "Cannot connect to the Docker daemon"], ["network x not found"]):
        with pytest.raises(EvidenceError):
            networks(recording(1, *complaints))
    with pytest.raises(EvidenceError):
        networks(recording(124, gone))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{}", "Name is missing"),
        ('{"Name": "a"}', "Id is missing"),
        ('{"Name": "a", "Id": "b"}', "Driver is missing"),
        ('{"Name": "a", "Id": "b", "Driver": "bridge", "Internal": null}', "Internal is null"),
        ("5", "the answer is 5"),
    ],
)
def test_network_that_is_not_understood(line: str, fault: str) -> None:
    """An answer without what the engine's API documents is an error, never a network less."""
    answers = {
        "host": PRESENT,
        "docker_networks": Answer("docker_networks", 0, line, ""),
    }
    told = f"^docker network inspect: {fault}$"
    with pytest.raises(EvidenceError, match=told):
        networks(Recording("host", "local", answers))
    answers["docker_networks"] = Answer("docker_networks", 0, "{", "")
    with pytest.raises(EvidenceError, match=r"^docker_networks: "):
        networks(Recording("host", "local", answers))


def test_networks_are_read() -> None:
    """All that is asked of a network is there."""
    line = {"Name": "a", "Id": "b", "Driver": "c", "Ingress": True, "Options": {"d": "e"}}
    other = {"Name": "f", "Id": "g", "Driver": "h", "Options": None, "Internal": True}
    answers = {
        "host": PRESENT,
        "docker_networks": Answer("docker_networks", 0, f"{json.dumps(line)}\n{json.dumps(other)}\n", ""),
    }
    assert networks(Recording("host", "local", answers)) == (
        Network("a", "b", "c", True, {"d": "e"}, internal=False),
        Network("f", "g", "h", False, {}, internal=True),
    )
