"""The engine's networks."""

import json

import pytest

from hullcheck.facts.engine.networks import Network, networks
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import PRESENT

BRIDGE = {"Name": "bridge", "Id": "b", "Driver": "bridge", "Options": None}


def found(answer: Answer) -> tuple[Network, ...]:
    """The networks of a host with this answer."""
    return networks(Recording("host", "local", {each.name: each for each in (PRESENT, answer)}))


def test_network_that_went_meanwhile() -> None:
    """It says nothing of the others; any other complaint is an error."""
    text = json.dumps(BRIDGE)
    expected = (Network("bridge", "b", "bridge", False, {}),)
    assert found(Answer("docker_networks", 0, text, "")) == expected
    gone = f"Error response from daemon: network {'c' * 64} not found"
    assert found(Answer("docker_networks", 1, text, gone)) == expected
    with pytest.raises(EvidenceError):
        found(Answer("docker_networks", 1, text, f"{gone}\nCannot connect"))


@pytest.mark.parametrize("text", ["", "{", "{}", "[]"])
def test_answer_that_is_not_understood(text: str) -> None:
    """It is an error."""
    with pytest.raises(EvidenceError, match="docker"):
        found(Answer("docker_networks", 0, text, ""))
