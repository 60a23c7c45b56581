"""The swarm of a target as far as its node knows it: a manager knows all, a worker its own addresses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from hullcheck.facts.engine import endpoints
from hullcheck.facts.engine import swarm_shapes as shapes
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.engine.swarm_answer import SWARM
from hullcheck.facts.engine.swarm_given import SwarmService, of_document
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import certificates
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.documents import require
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.times import DAY, Times
from hullcheck.recording import Recording, decode_json
from hullcheck.verdicts import EvidenceError, NotApplicable, unread

_LINE = re.compile(r"|[{].*|(?:node|services?|config) .*|\d+/state:.*")
_OF_ONE_NODE = ("bridge", "host", "null")
_CLOCKS = 1 / 24  # days by which the clocks of managers may differ
_MANAGEMENT_PORT, _GOSSIP_PORT = 2377, 7946


@dataclass(frozen=True)
class Swarm:
    """The swarm of a node; what one property needs and could not be read spoils no other.

    What only a manager knows raises NotApplicable on other nodes, and EvidenceError where the swarm cannot be asked.
    """

    recording: Recording
    engine: Engine
    daemon: Daemon = field(repr=False)

    # ---- this node

    @property
    def state(self) -> str:
        """`active`, `pending`, `locked` or `error`."""
        return str(self.engine.value("Swarm", "LocalNodeState"))

    @property
    def locked(self) -> bool:
        """Whether it is a manager that waits for the unlock key, its own keys being encrypted."""
        return self.state == "locked"

    @property
    def is_manager(self) -> bool:
        """Whether it is a manager that can be asked."""
        return bool(self.engine.value("Swarm", "ControlAvailable"))

    def require_active(self) -> None:
        """Return where this node takes part in its swarm.

        Raises:
            EvidenceError: it does not, for the moment.
        """
        if self.state != "active":
            said = str(self._info.get("Error") or "").partition("\n")[0]
            raise EvidenceError(f"this node's state is {self.state}{': ' if said else ''}{said}")

    def require_manager(self) -> None:
        """Return where this node is a manager of a swarm that can be asked.

        Raises:
            NotApplicable: it is a worker, which does not know; the message names managers.
            EvidenceError: it does not take part in its swarm, or the swarm has no leader.
        """
        self.require_active()
        if not self.is_manager:
            known = sorted(str(each.get("Addr")) for each in self._info.get("RemoteManagers") or ())
            where = " or ".join(known) or "wherever it is"
            raise NotApplicable(f"a worker: audit a manager of its swarm, {where}")
        if not self._cluster.get("ID"):
            said = str(self._info.get("Error") or "").partition("\n")[0] or "it does not describe the swarm"
            raise EvidenceError(f"a manager, but the swarm cannot be asked: {said}")

    # ---- what a manager knows

    @cached_property
    def managers(self) -> tuple[str, ...]:
        """Every manager, as `web1 (Leader)`; those count as well that cannot be reached, or are none yet."""
        lines = self._manager_lines("node ")
        nodes = [_document(line, shapes.NODE, "docker node inspect") for line in lines]
        parts = ((str(each["Hostname"]), _part(each)) for each in nodes)
        return tuple(sorted(f"{name} ({part})" for name, part in parts if part))

    @property
    def locks_managers(self) -> bool:
        """Whether managers encrypt their keys, and wait after a start for the key to these."""
        return bool(self._specified("EncryptionConfig", "AutoLockManagers"))

    @property
    def node_certificate_days(self) -> float:
        """For how long the certificates hold that nodes get from now on."""
        return float(self._specified("CAConfig", "NodeCertExpiry")) / 1e9 / DAY

    @property
    def asks_external_ca(self) -> bool:
        """Whether a program of the site makes the certificates of nodes, whatever the setting for that."""
        return bool(self._specified("CAConfig").get("ExternalCAs"))

    @property
    def age_days(self) -> float:
        """How long ago the swarm was made."""
        self.require_manager()
        try:
            created = datetime.fromisoformat(self._cluster["CreatedAt"])
        except (KeyError, TypeError, ValueError):
            raise EvidenceError("docker info does not say when the swarm was made") from None
        age = (self.recording.now - created.timestamp()) / DAY
        if age < -_CLOCKS:
            raise EvidenceError("by the clock of this node its swarm was not made yet: one clock was wrong")
        return age

    @cached_property
    def root_certificates(self) -> tuple[Certificate, ...]:
        """The certificates that all nodes trust."""
        self.require_manager()
        return certificates.read(str((self._cluster.get("TLSInfo") or {}).get("TrustRoot") or ""))

    @property
    def root_is_being_rotated(self) -> bool:
        """Whether nodes get certificates of a new root now; until all have one, the old root counts."""
        told = self._cluster.get("RootRotationInProgress")
        return bool(require(told, bool, "docker info", "Swarm", "Cluster", "RootRotationInProgress"))

    @cached_property
    def services(self) -> tuple[SwarmService, ...]:
        """The services of the swarm."""
        listed = self._manager_lines("config ")
        configs = [_document(line, shapes.CONFIG, "docker config inspect") for line in listed]
        found = {each["ID"]: each["Found"] for each in configs}
        lines = self._manager_lines("service ")
        shape, what = shapes.SERVICE, "docker service inspect"
        documents = [_document(line, shape, what) for line in lines]
        for count in self._manager_lines("services "):
            if count != str(len(documents)):
                raise EvidenceError(
                    f"docker service ls lists {count} services, and {what} describes {len(documents)}"
                )
        return tuple(of_document(each, found) for each in documents)

    # ---- what every node knows of itself

    @cached_property
    def control_listeners(self) -> tuple[Listener, ...]:
        """Where this node takes commands and gossip of the swarm, over TCP.

        Raises:
            EvidenceError: it takes no part, or its sockets could not be read.
        """
        self.require_active()
        wanted = {self._management_port, _GOSSIP_PORT} if self.is_manager else {_GOSSIP_PORT}
        own = endpoints.listening(self.daemon.process)
        found = tuple(each for each in own if each.protocol == "tcp" and each.number in wanted)
        for number in sorted(wanted - {each.number for each in found}):
            raise EvidenceError(f"a node of the swarm, but its listener on {number}/tcp was not found")
        return found

    @property
    def addresses(self) -> tuple[str, str]:
        """The addresses for management and for data.

        Raises:
            EvidenceError: this node takes no part, or its state could not be read.
        """
        self.require_active()
        management = str(self._info.get("NodeAddr") or "")
        if not management:
            raise EvidenceError("docker info does not report the address of this node")
        return management, str(self._node_state.get("DataPathAddr") or management)

    @property
    def times(self) -> Times:
        """When all this was true, by both clocks.

        Raises:
            EvidenceError: the recording does not tell it.
        """
        return self.recording.known_times

    # ---- reading

    @cached_property
    def _lines(self) -> tuple[str, ...]:
        """The probe's answer; of a manager that could not list everything, the part before."""
        answer = self.recording.answer(SWARM)
        text = answer.stdout if answer.stdout.startswith("{") else self.recording.text(SWARM)
        lines = tuple(text.split("\n"))
        if not all(map(_LINE.fullmatch, lines)):
            raise EvidenceError("swarm: the answer is damaged: it has a line of another kind")
        return lines

    @cached_property
    def _info(self) -> Mapping[str, Any]:
        info = _document(self._lines[0], shapes.INFO, "docker info")
        if info["LocalNodeState"] != self.state:
            raise EvidenceError("docker info: the state of the swarm was not told, or changed meanwhile")
        return info

    @property
    def _cluster(self) -> Mapping[str, Any]:
        return self._info.get("Cluster") or {}

    def _specified(self, *path: str) -> Any:
        """A setting of the swarm."""
        self.require_manager()
        value: Any = self._cluster.get("Spec")
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            raise EvidenceError(f"docker info does not report {'.'.join(path)} of the swarm")
        return value

    def _manager_lines(self, word: str) -> Iterator[str]:
        """The lines that begin with *word*, without it; the whole answer has to be there."""
        self.require_manager()
        self.recording.text(SWARM)
        return (line.removeprefix(word) for line in self._lines[1:] if line.startswith(word))

    def _own_lines(self, name: str) -> list[str]:
        """What the probe read of the daemon's own process."""
        prefix = f"{self.daemon.pid}/{name}:"
        return [line.removeprefix(prefix) for line in self._lines if line.startswith(prefix)]

    @cached_property
    def _node_state(self) -> Mapping[str, Any]:
        """What the daemon wrote down when it became a node, and starts with again.

        Raises:
            EvidenceError: it could not be read.
        """
        for line in self._own_lines("state"):
            if line:
                return _document(line, shapes.NODE_STATE, "swarm/docker-state.json")
        raise EvidenceError(unread("this node's swarm/docker-state.json"))

    @property
    def _management_port(self) -> int:
        """The port of `--listen-addr`; the default where the node's state may not be read."""
        try:
            port = str(self._node_state.get("ListenAddr") or "").rpartition(":")[2]
        except EvidenceError:
            return _MANAGEMENT_PORT
        return int(port) if port.isdecimal() else _MANAGEMENT_PORT


def _reaches_nodes(network: Network) -> bool:
    """Whether it may reach over several nodes; the swarm may have bridges, of which each stays on its own node."""
    return network.driver == "overlay" or (network.scope == "swarm" and network.driver not in _OF_ONE_NODE)


@fact()
def overlay_network(swarm: Swarm, networks: Later[tuple[Network, ...]]) -> Subjects[Network]:
    """Every network of the swarm that reaches over several nodes.

    Raises:
        NotApplicable: this is a worker: only a manager knows them all.
        EvidenceError: this node takes no part in its swarm.
    """
    swarm.require_manager()
    overlay = [each for each in networks.get() if _reaches_nodes(each)]
    named = tuple((each.name, each) for each in sorted(overlay, key=lambda each: each.name))
    return Subjects("network", named, nothing="the swarm has no overlay network")


@fact()
def swarm_service(swarm: Swarm) -> Subjects[SwarmService]:
    """Every service of the swarm.

    Raises:
        NotApplicable: only a manager knows them, and this is none.
        EvidenceError: the swarm cannot be asked.
    """
    named = tuple((each.name, each) for each in sorted(swarm.services, key=lambda each: each.name))
    return Subjects("service", named, nothing="the swarm runs no service")


def _part(node: Mapping[str, Any]) -> str:
    """What a node is among the managers, of which one that is down becomes one later; empty for a worker."""
    status = node["ManagerStatus"]
    if status is None:
        return "Promoted" if node["Role"] == "manager" else ""
    return "Leader" if status.get("Leader") else str(status["Reachability"]).title()


def _document(text: str, shape: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    return require(decode_json(text, what), shape, what)  # type: ignore[no-any-return]


@fact(SWARM)
def swarm(recording: Recording, engine: Engine, daemon: Daemon) -> Swarm:
    """The swarm of the target.

    Raises:
        NotApplicable: swarm mode is off there.
        EvidenceError: the engine did not say.
    """
    if engine.value("Swarm", "LocalNodeState") in ("inactive", ""):
        raise NotApplicable("swarm mode is off (docker info)")
    return Swarm(recording, engine, daemon)
