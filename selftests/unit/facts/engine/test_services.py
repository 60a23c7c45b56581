"""The services of a swarm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts.engine.models import PublishedPort, ServiceDocument
from hullcheck.facts.engine.services import Service, services
from hullcheck.parsing.models import decode
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.corpus.judged import recording_of
from selftests.kit.facts.engines import engine

MANAGER = {"LocalNodeState": "active", "ControlAvailable": True}


@pytest.mark.parametrize(
    ("node", "error", "words"),
    [
        (MANAGER | {"ControlAvailable": False}, NotApplicable, "a worker of the swarm"),
        ({"LocalNodeState": "locked", "ControlAvailable": False}, EvidenceError, "only a manager"),
    ],
)
def test_services_that_are_not_known(node: dict[str, Any], error: type[Exception], words: str) -> None:
    """Only a manager knows them, and a node in no swarm has none."""
    recording = recording_of("swarm-26.1")
    assert services(recording, engine()) == {}
    assert {each.name for each in services(recording, engine(Swarm=MANAGER)).values()} == {"open", "closed"}
    with pytest.raises(error, match=words):
        services(recording, engine(Swarm=node))


def service(mode: str = "Replicated", **policy: Any) -> Service:
    """A service of this kind, with this restart policy and a port that each node chooses."""
    spec = {"Name": "web", "Mode": {mode: {}}, "TaskTemplate": {"RestartPolicy": policy}}
    document = {"ID": "s", "Spec": spec, "Endpoint": {"Ports": [{"Protocol": "tcp", "PublishMode": "host"}]}}
    return Service(decode(json.dumps(document), ServiceDocument, "service"))


@pytest.mark.parametrize(
    ("found", "condition", "attempts"),
    [
        (service(), "any", 0),
        (service(Condition="none"), "none", 0),
        (service("GlobalJob"), "on-failure", 0),  # what a job has completed is done
        (service("ReplicatedJob", Condition="any"), "on-failure", 0),
        (service(MaxAttempts=3), "any", 3),
    ],
)
def test_restarts(found: Service, condition: str, attempts: int) -> None:
    """A service is started again whatever happens, unless it says otherwise or is a job."""
    assert (found.restart_condition, found.restart_attempts) == (condition, attempts)
    assert found.ports == (PublishedPort(mode="host"),)
