"""Facts of a swarm, made by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hullcheck.facts import Facts
from hullcheck.facts.engine.swarm_answer import SWARM
from hullcheck.parsing.proc.net import Listener
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.certificates import pem
from selftests.kit.facts import PRESENT
from selftests.kit.facts.daemons import process
from selftests.kit.judging import judged

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


PID = 100


def aged(days: float, holds: float) -> str:
    """A certificate made so many days ago, to hold for so many days."""
    begins = NOW - timedelta(days=days)
    return pem(begins, begins + timedelta(days=holds))


def listener(address: str, number: int, protocol: str = "tcp", inode: str = "1") -> Listener:
    """A listener in the daemon's network; with the inode 1 it is the daemon's own."""
    return Listener(PID, address, number, protocol, inode)


@dataclass(frozen=True)
class Node:
    """A node of a swarm, by hand: a manager with everything in order unless told otherwise."""

    state: str = "active"
    manager: bool = True
    error: str = ""
    locks: bool = True
    expiry_days: float = 30
    made_days_ago: float = 10
    root: str = ""
    rotating: bool = False
    cluster: dict[str, Any] = field(default_factory=dict)
    managers: tuple[str, ...] = ("Leader", "Reachable", "Unreachable")
    tcp: tuple[Listener, ...] = (listener("10.0.0.1", 2377), listener("10.0.0.1", 7946))
    held: frozenset[str] = frozenset({"1"})
    address: str = "10.0.0.1"
    node_state: dict[str, Any] | None = field(
        default_factory=lambda: {"ListenAddr": "10.0.0.1:2377", "DataPathAddr": "10.0.1.1"}
    )
    objects: tuple[str, ...] = ()
    networks: tuple[dict[str, Any], ...] = ()
    status: int = 0
    stderr: str = ""

    def facts(self, policy: Policy | None = None) -> Facts:
        """What an audit finds there."""
        info = {"ServerVersion": "26.1.5", "SecurityOptions": []}
        swarm = {"LocalNodeState": self.state, "ControlAvailable": self.manager}
        answers = {
            "host": PRESENT,
            "docker_info": Answer("docker_info", 0, json.dumps(info | {"Swarm": swarm}), ""),
            "docker_networks": Answer("docker_networks", 0, "\n".join(map(json.dumps, self.networks)), ""),
            "swarm": Answer("swarm", self.status, SWARM.keep(self._answer(swarm)), self.stderr),
        }
        recording = Recording("host", "local", answers, gathered=NOW.timestamp())
        daemon = SimpleNamespace(
            pid=PID,
            process=process(
                pid=PID, held=self.held, tcp_table=self.tcp, tables_read=frozenset({"tcp", "tcp6"})
            ),
        )
        return Facts(recording, policy or Policy(), daemon=daemon)

    def _answer(self, swarm: dict[str, Any]) -> str:
        info = swarm | {"NodeAddr": self.address, "Error": self.error, "JoinTokens": "SWMTKN-1-x"}
        info["RemoteManagers"] = [
            {"NodeID": "x", "Addr": "10.0.0.9:2377"},
            {"NodeID": "y", "Addr": "10.0.0.8:2377"},
        ]
        if self.manager:
            info["Cluster"] = self._cluster() | self.cluster
        own = [] if self.node_state is None else [f"{PID}/state:{json.dumps(self.node_state)}"]
        return "\n".join([json.dumps(info), *own, *self._nodes(), *self.objects])

    def _cluster(self) -> dict[str, Any]:
        made = NOW - timedelta(days=self.made_days_ago)
        return {
            "ID": "abc",
            "CreatedAt": made.strftime("%Y-%m-%dT%H:%M:%S.%f123Z"),
            "RootRotationInProgress": self.rotating,
            "TLSInfo": {"TrustRoot": self.root or aged(10, 7300)},
            "Spec": {
                "CAConfig": {"NodeCertExpiry": int(self.expiry_days * 86400e9)},
                "EncryptionConfig": {"AutoLockManagers": self.locks},
            },
        }

    def _nodes(self) -> list[str]:
        names = [
            {"Hostname": f"m{number}", "Role": "manager", "ManagerStatus": _manager_status(each)}
            for number, each in enumerate(self.managers, 1)
        ]
        worker = {"Hostname": "w1", "Role": "worker", "ManagerStatus": None}
        return [f"node {json.dumps(each)}" for each in (*names, worker)] if self.manager else []


def _manager_status(word: str) -> dict[str, Any] | None:
    """What the engine says of a manager that is called so; nothing of one that was only promoted yet."""
    if word == "Promoted":
        return None
    is_leader = word == "Leader"
    return {"Leader": is_leader, "Reachability": "reachable" if is_leader else word.lower()}


def verdicts(number: str, facts: Facts) -> dict[str, tuple[str, str]]:
    """Verdict and reason by subject, also where the subjects could not be had."""
    try:
        return judged(number, facts)
    except NotApplicable as reason:
        return {"host": ("not applicable", str(reason))}
    except EvidenceError as reason:
        return {"host": ("error", str(reason))}


def verdict(number: str, node: Node, policy: Policy | None = None) -> tuple[str, str]:
    """Verdict and reason on the node as a whole."""
    return verdicts(number, node.facts(policy))["host"]


def settings(*variables: str, log: object = None, labels: object = None, **container: Any) -> dict[str, Any]:
    """What the probe asks of a service's settings."""
    return {"Labels": labels or {}, "Container": {"Env": list(variables) or None, **container}, "Log": log}


def service(name: str, *variables: str, **more: Any) -> str:
    """The line of the probe's answer for a service."""
    return f"service {json.dumps({'ID': name, 'Name': name, **settings(*variables, **more)})}"


def judge_service(*variables: str, **more: Any) -> tuple[str, str, str]:
    """The verdict and reason of 7.4 on one service, and what is stored of the swarm."""
    found = Node(objects=(service("web", *variables, **more),)).facts()
    return (*verdicts("7.4", found)["web"], found.recording.answers["swarm"].stdout)
