"""Swarm services, as a manager describes them."""

from dataclasses import dataclass
from typing import Any

from hullcheck.facts.engine import swarm_shapes as shapes
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.registry import fact
from hullcheck.parsing.documents import require
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import json_lines
from hullcheck.verdicts import EvidenceError, NotApplicable

_JOBS = ("ReplicatedJob", "GlobalJob")
_POLICY = ("Condition", "MaxAttempts", "Delay", "Window")
_SECOND, _USUAL_DELAY = 1e9, 5e9  # the engine counts in nanoseconds

DOCKER_SERVICES = Probe.from_file(
    "docker_services",
    json_lines(
        {
            "ID": True,
            "Spec": {
                "Name": True,
                "Mode": {each: {} for each in _JOBS},
                "TaskTemplate": {"RestartPolicy": dict.fromkeys(_POLICY, True)},
            },
            "Endpoint": {"Ports": {"PublishedPort": True, "Protocol": True, "PublishMode": True}},
        }
    ),
)


@dataclass(frozen=True)
class PublishedPort:
    """A port of a service; in mode `ingress` it is open on every address of every node.

    The number is 0 where each node chooses one by itself, as in mode `host`.
    """

    number: int
    protocol: str
    mode: str


@dataclass(frozen=True)
class Service:
    """One service of the swarm.

    Attributes:
        restart_condition: `any` where nothing is said, `on-failure` or `none`.
        restart_attempts: 0 means without end.
        restart_delay: the seconds before each.
        restart_window: the seconds in which attempts are counted; 0 means all of them are.
    """

    id: str
    name: str
    restart_condition: str
    restart_attempts: int
    ports: tuple[PublishedPort, ...]
    restart_delay: float = 5
    restart_window: float = 0

    @property
    def restarts_without_end(self) -> bool:
        """Whether its attempts never run out: they count within a window, and each waits for the delay before."""
        return (
            not self.restart_attempts or 0 < self.restart_window <= self.restart_attempts * self.restart_delay
        )


@fact(DOCKER_SERVICES)
def services(recording: Recording, engine: Engine) -> dict[str, Service]:
    """The services of the swarm by id; none where this node is in no swarm.

    Raises:
        NotApplicable: the node is a worker.
        EvidenceError: the node is neither worker nor manager of its swarm, or did not answer.
    """
    state = engine.value("Swarm", "LocalNodeState")
    if state == "inactive":
        return {}
    if state == "active" and not engine.value("Swarm", "ControlAvailable"):
        raise NotApplicable("a worker of the swarm does not know its services: audit a manager as well")
    if not engine.value("Swarm", "ControlAvailable"):
        raise EvidenceError("only a manager of the swarm knows its services; audit a manager as well")
    documents = (
        decode_json(line, DOCKER_SERVICES.name)
        for line in recording.text(DOCKER_SERVICES).split("\n")
        if line
    )
    return {service.id: service for service in map(_service, documents)}


def _service(document: dict[str, Any]) -> Service:
    require(document, shapes.PUBLISHED_SERVICE, "docker service inspect")
    policy = document["Spec"]["TaskTemplate"].get("RestartPolicy") or {}
    condition = policy.get("Condition") or "any"
    if condition == "any" and any(each in _JOBS for each in document["Spec"].get("Mode") or ()):
        condition = "on-failure"  # what a job has completed is done (swarmkit: restart.Supervisor)
    return Service(
        document["ID"],
        document["Spec"]["Name"],
        condition,
        policy.get("MaxAttempts") or 0,
        tuple(map(_port, (document.get("Endpoint") or {}).get("Ports") or ())),
        (_USUAL_DELAY if (delay := policy.get("Delay")) is None else delay) / _SECOND,
        (policy.get("Window") or 0) / _SECOND,
    )


def _port(document: dict[str, Any]) -> PublishedPort:
    mode = document.get("PublishMode") or "ingress"
    if mode == "ingress":
        require(document, {"PublishedPort": range(1 << 16)}, "docker service inspect: a port in mode ingress")
    return PublishedPort(document.get("PublishedPort", 0), document.get("Protocol", "tcp"), mode)
