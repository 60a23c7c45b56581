"""The services of a swarm."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.models import PublishedPort
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.facts import PRESENT
from selftests.kit.facts.engines import engine_text, swarm_text

OFF = {"LocalNodeState": "inactive"}
MANAGER = {"LocalNodeState": "active", "ControlAvailable": True}
SHOP: dict[str, Any] = {
    "ID": "s1",
    "Spec": {"Name": "shop", "TaskTemplate": {"RestartPolicy": {"Condition": "any"}}},
    "Endpoint": {"Ports": [{"PublishedPort": 443, "Protocol": "tcp", "PublishMode": "ingress"}]},
}


def services(node: dict[str, Any], *documents: dict[str, Any]) -> Any:
    """The services that such a node tells of."""
    texts = {"engine": engine_text({"Swarm": node}), "swarm": swarm_text(documents)}
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()} | {PRESENT.name: PRESENT}
    return Facts(Recording("local", "local", answers), Policy()).services


@pytest.mark.parametrize(
    ("node", "error", "words"),
    [
        (MANAGER, EvidenceError, r"^docker service inspect: Object missing required field"),
        (MANAGER | {"ControlAvailable": False}, NotApplicable, "a worker of the swarm"),
        ({"LocalNodeState": "locked", "ControlAvailable": False}, EvidenceError, "only a manager"),
    ],
)
def test_services_that_are_not_known(node: dict[str, Any], error: type[Exception], words: str) -> None:
    """Only a manager knows them, and a node in no swarm has none."""
    assert services(OFF, {"ID": "x"}) == {}
    with pytest.raises(error, match=words):
        services(node, {"ID": "x"})


def test_services_of_a_manager() -> None:
    """Each has its ports, also one that each node chooses, and restarts for ever by default."""
    ports = [{"Protocol": "tcp", "TargetPort": 80, "PublishMode": "host"}]
    spec = {"Name": "shop", "TaskTemplate": {"RestartPolicy": {}}}
    found, other = services(
        MANAGER, SHOP | {"Spec": spec}, SHOP | {"ID": "s2", "Endpoint": {"Ports": ports}}
    ).values()
    assert (found.name, found.ports[0].number, found.ports[0].mode) == ("shop", 443, "ingress")
    assert (found.restart_condition, found.restart_attempts, found.restarts_without_end) == ("any", 0, True)
    assert other.ports == (PublishedPort(mode="host"),)


@pytest.mark.parametrize(("mode", "condition"), [("Replicated", "any"), ("GlobalJob", "on-failure")])
def test_job_is_done_once_it_has_completed(mode: str, condition: str) -> None:
    """Whatever its condition says, only what failed is started again."""
    document = copy.deepcopy(SHOP)
    document["Spec"]["Mode"] = {mode: {"TotalCompletions": 1}}
    assert services(MANAGER, document)["s1"].restart_condition == condition
