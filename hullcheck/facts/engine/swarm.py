"""The swarm of a target as far as its node knows it: a manager knows all, a worker its own addresses.

What only a manager knows raises NotApplicable on other nodes, and EvidenceError if the swarm cannot be asked.
"""

from functools import cached_property

from msgspec import Struct

from hullcheck.facts.engine import endpoints
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.info import Engine, section
from hullcheck.facts.engine.models import Cluster, Network, Node, NodeState, SwarmNode
from hullcheck.facts.engine.services import SWARM, Nodes, Service, services_of
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import certificates
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.models import decode
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.times import DAY, Times
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable, unread

_OF_ONE_NODE = ("bridge", "host", "null")
_CLOCKS = 1 / 24  # days by which the clocks of managers may differ
_MANAGEMENT_PORT, _GOSSIP_PORT = 2377, 7946


class Swarm(Struct, frozen=True, dict=True):
    """The swarm of a node."""

    recording: Recording
    engine: Engine
    daemon: Daemon

    # ---- this node

    @property
    def node(self) -> SwarmNode:
        """What this node knows of itself."""
        return self.engine.info.swarm

    def require_active(self) -> None:
        """Raise EvidenceError unless this node takes part in its swarm."""
        if self.node.local_node_state != "active":
            said = (self.node.local_node_state, self.node.error.partition("\n")[0])
            raise EvidenceError(f"this node's state is {': '.join(filter(None, said))}")

    @property
    def cluster(self) -> Cluster:
        """The swarm, as a manager of it knows it."""
        self.require_active()
        if not self.node.control_available:
            known = sorted(each.addr for each in self.node.remote_managers or ())
            where = " or ".join(known) or "wherever it is"
            raise NotApplicable(f"a worker: audit a manager of its swarm, {where}")
        if not self.node.cluster or not self.node.cluster.id:
            said = self.node.error.partition("\n")[0] or "it does not describe the swarm"
            raise EvidenceError(f"a manager, but the swarm cannot be asked: {said}")
        return self.node.cluster

    # ---- what a manager knows

    @cached_property
    def managers(self) -> tuple[tuple[str, str], ...]:
        """Every manager and what it is: Leader, Reachable, Unreachable, or Promoted while it was down."""
        _ = self.cluster
        nodes = section(self.recording, SWARM, "nodes", Nodes, "docker node inspect")
        roles = ((each.description.hostname, _role(each)) for each in nodes)
        return tuple(sorted((name, role) for name, role in roles if role))

    @property
    def node_certificate_days(self) -> float:
        """For how long the certificates hold that nodes get from now on."""
        expiry = self.cluster.spec.ca.node_cert_expiry
        if expiry is None:
            raise EvidenceError("docker info does not report CAConfig.NodeCertExpiry of the swarm")
        return expiry / 1e9 / DAY

    @property
    def age_days(self) -> float:
        """How long ago the swarm was made."""
        age = (self.recording.now - self.cluster.created_at.timestamp()) / DAY
        if age < -_CLOCKS:
            raise EvidenceError("by the clock of this node its swarm was not made yet: one clock was wrong")
        return age

    @cached_property
    def root_certificates(self) -> tuple[Certificate, ...]:
        """The certificates that all nodes trust."""
        return certificates.read(self.cluster.tls.trust_root)

    # ---- what every node knows of itself

    @cached_property
    def control_listeners(self) -> tuple[Listener, ...]:
        """Where this node takes commands and gossip of the swarm, over TCP."""
        self.require_active()
        wanted = {self._management_port, _GOSSIP_PORT} if self.node.control_available else {_GOSSIP_PORT}
        own = endpoints.listening(self.daemon.process)
        found = tuple(each for each in own if each.protocol == "tcp" and each.number in wanted)
        for number in sorted(wanted - {each.number for each in found}):
            raise EvidenceError(f"a node of the swarm, but its listener on {number}/tcp was not found")
        return found

    @property
    def addresses(self) -> tuple[str, str]:
        """The addresses for management and for data."""
        self.require_active()
        if not (management := self.node.node_addr):
            raise EvidenceError("docker info does not report the address of this node")
        return management, self._node_state.data_path_addr or management

    @property
    def times(self) -> Times:
        """When all this was true, by both clocks."""
        return self.recording.known_times

    # ---- reading

    @cached_property
    def _node_state(self) -> NodeState:
        """What the daemon wrote down when it became a node, and starts with again."""
        what = "this node's swarm/docker-state.json"
        for line in self.recording.sections(SWARM).get("state", "").split("\n"):
            pid, _, state = line.partition(":")
            if pid == str(self.daemon.pid) and state:
                return decode(state, NodeState, what)
        raise EvidenceError(unread(what))

    @property
    def _management_port(self) -> int:
        """The port of `--listen-addr`; the default where the node's state may not be read."""
        try:
            port = self._node_state.listen_addr.rpartition(":")[2]
        except EvidenceError:
            return _MANAGEMENT_PORT
        return int(port) if port.isdecimal() else _MANAGEMENT_PORT


def _reaches_nodes(network: Network) -> bool:
    """Whether it may reach over several nodes; a bridge of the swarm stays on its node."""
    return network.driver == "overlay" or (network.scope == "swarm" and network.driver not in _OF_ONE_NODE)


@fact()
def overlay_network(swarm: Swarm, networks: Later[tuple[Network, ...]]) -> Subjects[Network]:
    """Every network of the swarm that reaches over several nodes."""
    _ = swarm.cluster
    overlay = [each for each in networks.get() if _reaches_nodes(each)]
    named = tuple((each.name, each) for each in sorted(overlay, key=lambda each: each.name))
    return Subjects("network", named, nothing="the swarm has no overlay network")


@fact()
def swarm_service(swarm: Swarm) -> Subjects[Service]:
    """Every service of the swarm."""
    _ = swarm.cluster
    services = services_of(swarm.recording).values()
    named = tuple((each.name, each) for each in sorted(services, key=lambda each: each.name))
    return Subjects("service", named, nothing="the swarm runs no service")


def _role(node: Node) -> str:
    """Return what a node is among the managers; empty for a worker."""
    status = node.manager_status
    if status is None:
        return "Promoted" if node.spec.role == "manager" else ""
    return "Leader" if status.leader else status.reachability.title()


@fact(SWARM)
def swarm(recording: Recording, engine: Engine, daemon: Daemon) -> Swarm:
    """The swarm of the target."""
    if engine.info.swarm.local_node_state in ("inactive", ""):
        raise NotApplicable("swarm mode is off (docker info)")
    return Swarm(recording, engine, daemon)
