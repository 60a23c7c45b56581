"""Facts of a swarm, made by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from msgspec import Struct, field

from hullcheck.facts import Facts
from hullcheck.facts.engine.info import ENGINE
from hullcheck.facts.engine.services import SWARM
from hullcheck.parsing.proc.net import Listener
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.certificates import pem
from selftests.kit.facts import PRESENT
from selftests.kit.facts.daemons import process
from selftests.kit.facts.engines import BRIDGE, engine_text, swarm_text
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


class Node(Struct, frozen=True):
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
    external: list[dict[str, str]] | None = None
    services: tuple[dict[str, Any], ...] = ()
    configs: tuple[dict[str, Any], ...] = ()
    networks: tuple[dict[str, Any], ...] = ()
    refusal: str = ""

    def facts(self, policy: Policy | None = None) -> Facts:
        """What an audit finds there."""
        said = swarm_text(self.services, state=self._state, nodes=self._nodes(), configs=self.configs)
        texts = {
            ENGINE: engine_text({"Swarm": self._swarm()}, networks=(BRIDGE, *self.networks)),
            SWARM: said.replace("--nodes\n", f"--nodes\nfailed:{self.refusal}\n") if self.refusal else said,
        }
        answers = {probe.name: Answer(probe.name, 0, probe.keep(text), "") for probe, text in texts.items()}
        answers["host"] = PRESENT
        recording = Recording("host", "local", answers, gathered=NOW.timestamp())
        daemon = SimpleNamespace(
            pid=PID,
            process=process(pid=PID, held=self.held, tcp_table=self.tcp),
        )
        return Facts(recording, policy or Policy(), daemon=daemon)

    def _swarm(self) -> dict[str, Any]:
        return {
            "LocalNodeState": self.state,
            "ControlAvailable": self.manager,
            "NodeAddr": self.address,
            "Error": self.error,
            "RemoteManagers": [{"Addr": "10.0.0.9:2377"}, {"Addr": "10.0.0.8:2377"}],
            "JoinTokens": "SWMTKN-1-x",
            "Cluster": self._cluster() | self.cluster if self.manager else None,
        }

    @property
    def _state(self) -> str:
        return "" if self.node_state is None else f"{PID}:{json.dumps(self.node_state)}"

    def _cluster(self) -> dict[str, Any]:
        made = NOW - timedelta(days=self.made_days_ago)
        return {
            "ID": "abc",
            "CreatedAt": made.strftime("%Y-%m-%dT%H:%M:%S.%f123Z"),
            "RootRotationInProgress": self.rotating,
            "TLSInfo": {"TrustRoot": self.root or aged(10, 7300)},
            "Spec": {
                "CAConfig": {"NodeCertExpiry": int(self.expiry_days * 86400e9), "ExternalCAs": self.external},
                "EncryptionConfig": {"AutoLockManagers": self.locks},
            },
        }

    def _nodes(self) -> list[dict[str, Any]]:
        managers = [_node(f"m{number}", each) for number, each in enumerate(self.managers, 1)]
        return [*managers, _node("w1", "")]


def _node(hostname: str, role: str) -> dict[str, Any]:
    """What the engine says of a node; nothing of a manager that was only promoted yet."""
    made = {"Description": {"Hostname": hostname}, "Spec": {"Role": "manager" if role else "worker"}}
    if role in ("", "Promoted"):
        return made
    leads = role == "Leader"
    return made | {"ManagerStatus": {"Leader": leads, "Reachability": "reachable" if leads else role.lower()}}


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


def service(
    name: str, *variables: str, log: object = None, labels: object = None, **container: Any
) -> dict[str, Any]:
    """A service as the engine describes it."""
    task = {"ContainerSpec": {"Env": list(variables) or None, **container}, "LogDriver": log}
    return {"ID": name, "Spec": {"Name": name, "Labels": labels or {}, "TaskTemplate": task}}


def judge_service(*variables: str, **more: Any) -> tuple[str, str, str]:
    """The verdict and reason of 7.4 on one service, and what is stored of the swarm."""
    found = Node(services=(service("web", *variables, **more),)).facts()
    return (*verdicts("7.4", found)["web"], found.recording.answers["swarm"].stdout)
