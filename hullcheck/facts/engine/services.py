"""The swarm of a target and its services, as far as the node knows them."""

from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from hullcheck import secrets
from hullcheck.facts.engine import models
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.info import Engine, section
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.models import decode, kept_as
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.times import DAY
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.names import names_secret_file
from hullcheck.secrets.redact import InSections
from hullcheck.verdicts import EvidenceError, NotApplicable, unread

Nodes: TypeAlias = tuple[models.Node, ...]
Services: TypeAlias = tuple[models.ServiceDocument, ...]
Configs: TypeAlias = tuple[models.Config, ...]
_ACCOUNTS = "/etc/passwd"
_MOST_OF_CONFIG = 1 << 16  # bytes of a config that are searched
_OF_ONE_NODE = ("bridge", "host", "null")
_MANAGEMENT_PORT, _GOSSIP_PORT = 2377, 7946


def _searched(config: models.Config) -> models.Config:
    """Return a config with the kinds of secrets in place of its text."""
    data = config.spec.data
    if data is None:
        return config
    found = secrets.kinds_in_file(data) if len(data) <= _MOST_OF_CONFIG else None
    return replace(config, found=found, spec=replace(config.spec, data=None))


def _without_secrets(service: models.ServiceDocument) -> models.ServiceDocument:
    """Return a service with the kinds of secrets in place of settings that may hold one."""
    task = service.spec.task_template
    found = (*service.found, *_secrets(service.spec), *_mounted(task.container_spec))
    container = task.container_spec and replace(
        task.container_spec,
        env=tuple(each.partition("=")[0] for each in task.container_spec.env or ()),
        **dict.fromkeys(("labels", "command", "args", "healthcheck", "mounts")),
    )
    task = replace(task, container_spec=container, log_driver=None)
    return replace(service, found=found, spec=replace(service.spec, labels=None, task_template=task))


def _secrets(spec: models.ServiceSpec) -> Iterator[str]:
    """Yield the secrets in the environment, labels, commands and options of a service."""
    container = spec.task_template.container_spec or models.ContainerSpec()
    variables = (each.partition("=")[::2] for each in container.env or ())
    yield from secrets.in_settings("variable", variables)
    volumes = [each.volume_options for each in container.mounts or () if each.volume_options]
    for labels in (spec.labels, container.labels, *(each.labels for each in volumes)):
        yield from secrets.in_settings("label", (labels or {}).items())
    check = container.healthcheck.test if container.healthcheck else None
    command = [*(container.command or ()), *(container.args or ())]
    yield from secrets.in_commands({"command": command, "health check": check})
    drivers = [("log", spec.task_template.log_driver), *(("volume", each.driver_config) for each in volumes)]
    for what, driver in drivers:
        options = (driver and driver.options) or {}
        yield from secrets.in_settings(f"{what} option", options.items())


def _mounted(container: models.ContainerSpec | None) -> Iterator[str]:
    """Yield the mounted files of nodes that are named like a secret."""
    for each in (container and container.mounts) or ():
        is_secret = any(map(names_secret_file, (each.source, each.target)))
        if each.type == "bind" and each.source != _ACCOUNTS and is_secret:
            yield f"as a file of the node: {each.source}"


def _state_kept(text: str) -> str:
    lines = (line.partition(":") for line in text.split("\n"))
    return "\n".join(f"{pid}:{kept_as(models.NodeState)(state)}" for pid, _, state in lines if pid.isdecimal())


SWARM = Probe.from_file(
    "swarm",
    InSections(
        state=_state_kept,
        nodes=kept_as(Nodes),
        services=kept_as(Services, lambda found: tuple(map(_without_secrets, found))),
        configs=kept_as(Configs, lambda found: tuple(map(_searched, found))),
    ),
)


class Service(Struct, frozen=True):
    """A service of the swarm. *in_configs* are the secrets by config, None if not searched."""

    document: models.ServiceDocument
    in_configs: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.document.spec.name

    @property
    def ports(self) -> tuple[models.PublishedPort, ...]:
        """The published ports. In mode `ingress` they are open on every node."""
        endpoint = self.document.endpoint
        return (endpoint and endpoint.ports) or ()

    @property
    def container(self) -> models.ContainerSpec:
        """The container specification, empty for a plugin."""
        return self.document.spec.task_template.container_spec or models.ContainerSpec()

    @property
    def _policy(self) -> models.RestartPolicy:
        return self.document.spec.task_template.restart_policy or models.RestartPolicy()

    @property
    def restart_condition(self) -> str:
        """`any` by default, `on-failure` or `none`."""
        mode, condition = self.document.spec.mode, self._policy.condition or "any"
        if condition == "any" and mode and (mode.replicated_job or mode.global_job):
            return "on-failure"  # what a job has completed is done (swarmkit: restart.Supervisor)
        return condition

    @property
    def restart_attempts(self) -> int:
        """The number of restarts, or 0 without a limit."""
        return self._policy.max_attempts or 0

    @property
    def exposed_configs(self) -> tuple[str, ...]:
        """The configs named like a secret, and those with a secret in their text."""
        configs = self.container.configs or ()
        kinds = {each.config_name: self.in_configs.get(each.config_id) for each in configs}
        in_text = {name: f"{name} ({', '.join(found)})" for name, found in kinds.items() if found}
        files = ((each.config_name, each.file.name if each.file else "") for each in configs)
        named = (each[0] for each in files if any(map(names_secret_file, each)))
        return (*in_text.values(), *(name for name in named if name not in in_text))

    @property
    def unsearched_configs(self) -> tuple[str, ...]:
        configs = self.container.configs or ()
        return tuple(each.config_name for each in configs if self.in_configs.get(each.config_id) is None)


def services_of(recording: Recording) -> dict[str, Service]:
    """Return the services by id, as a manager knows them."""
    read = partial(section, recording, SWARM)
    configs = {each.id: each.found for each in read("configs", Configs, "docker config inspect")}
    found = read("services", Services, "docker service inspect")
    return {each.id: Service(each, configs) for each in found}


@fact(SWARM)
def services(recording: Recording, engine: Engine) -> dict[str, Service]:
    """The services of the swarm by id; none if this node is in no swarm."""
    node = engine.info.swarm
    if node.local_node_state in ("", "inactive"):
        return {}
    if node.local_node_state == "active" and not node.control_available:
        raise NotApplicable("a worker of the swarm cannot list its services: audit a manager as well")
    if not node.control_available:
        raise EvidenceError("only a manager of the swarm can list its services; audit a manager as well")
    return services_of(recording)


class Swarm(Struct, frozen=True, dict=True):
    """The swarm of a node."""

    recording: Recording
    engine: Engine
    daemon: Daemon

    @property
    def node(self) -> models.SwarmNode:
        return self.engine.info.swarm

    def require_active(self) -> None:
        """Raise EvidenceError unless this node is active in its swarm."""
        if self.node.local_node_state != "active":
            said = (self.node.local_node_state, self.node.error.partition("\n")[0])
            raise EvidenceError(f"this node's state is {': '.join(filter(None, said))}")

    @property
    def cluster(self) -> models.Cluster:
        """The swarm, as a manager knows it."""
        self.require_active()
        if not self.node.control_available:
            known = sorted(each.addr for each in self.node.remote_managers or ())
            where = " or ".join(known) or "wherever it is"
            raise NotApplicable(f"a worker: audit a manager of its swarm, {where}")
        if not self.node.cluster or not self.node.cluster.id:
            said = self.node.error.partition("\n")[0] or "it does not describe the swarm"
            raise EvidenceError(f"a manager, but the swarm does not answer: {said}")
        return self.node.cluster

    @cached_property
    def managers(self) -> tuple[tuple[str, str], ...]:
        """The managers with their roles: Leader, Reachable, Unreachable, or Promoted while down."""
        _ = self.cluster
        nodes = section(self.recording, SWARM, "nodes", Nodes, "docker node inspect")
        roles = ((each.description.hostname, _role(each)) for each in nodes)
        return tuple(sorted((name, role) for name, role in roles if role))

    @property
    def node_certificate_days(self) -> float:
        """The validity of new node certificates, in days."""
        expiry = self.cluster.spec.ca.node_cert_expiry
        if expiry is None:
            raise EvidenceError("docker info does not report CAConfig.NodeCertExpiry of the swarm")
        return expiry / 1e9 / DAY

    @property
    def age_days(self) -> float:
        age = (self.recording.now - self.cluster.created_at.timestamp()) / DAY
        if age < -1 / 24:
            raise EvidenceError("by the clock of this node its swarm was not made yet: one clock was wrong")
        return age

    @cached_property
    def control_listeners(self) -> tuple[Listener, ...]:
        """The TCP listeners for management and gossip of the swarm, at the default ports."""
        self.require_active()
        wanted = {_MANAGEMENT_PORT, _GOSSIP_PORT} if self.node.control_available else {_GOSSIP_PORT}
        own = self.daemon.process.listeners
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
        what = "this node's swarm/docker-state.json"
        state = Words(self.recording.sections(SWARM).get("state", "")).first(str(self.daemon.pid))
        if not state:
            raise EvidenceError(unread(what))
        return management, decode(state, models.NodeState, what).data_path_addr or management


@fact()
def overlay_network(swarm: Swarm, networks: Later[tuple[models.Network, ...]]) -> Subjects[models.Network]:
    """Every network of the swarm that may connect several nodes."""
    _ = swarm.cluster
    of_swarm = (each for each in networks.get() if each.driver == "overlay" or each.scope == "swarm")
    overlay = [each for each in of_swarm if each.driver not in _OF_ONE_NODE]
    named = tuple((each.name, each) for each in sorted(overlay, key=lambda each: each.name))
    return Subjects("network", named, nothing="the swarm has no overlay network")


@fact()
def swarm_service(swarm: Swarm) -> Subjects[Service]:
    """Every service of the swarm."""
    _ = swarm.cluster
    services = services_of(swarm.recording).values()
    named = tuple((each.name, each) for each in sorted(services, key=lambda each: each.name))
    return Subjects("service", named, nothing="the swarm runs no service")


def _role(node: models.Node) -> str:
    """Return the role of a manager, or an empty string for a worker."""
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
