"""The fields that are kept of `docker info` and of a swarm. Periods are in nanoseconds."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from hullcheck.parsing.models import Model

Count = Annotated[int, Meta(ge=0)]
Texts = tuple[str, ...] | None


class _Present(Model, frozen=True):
    """A document that only has to exist."""


class _Named(Model, frozen=True):
    name: str = ""


class _Component(Model, frozen=True):
    name: str
    version: str


class Version(Model, frozen=True):
    """The server in `docker version`. Builds of distributions have no platform name."""

    components: tuple[_Component, ...]
    platform: _Named | None = None


class _RegistryIndex(Model, frozen=True):
    secure: bool = False


class RegistryConfig(Model, frozen=True):
    """How the daemon reaches registries."""

    insecure_ranges: Texts = field(name="InsecureRegistryCIDRs")
    index_configs: dict[str, _RegistryIndex] | None
    mirrors: Texts


class _Runtime(Model, frozen=True, rename="lower"):
    path: str = ""  # that of a runtime by its type is not reported


class _Plugins(Model, frozen=True):
    authorization: Texts = None


class _FirewallBackend(Model, frozen=True):
    driver: str


class _Containerd(Model, frozen=True):
    address: Annotated[str, Meta(pattern="^(unix://)?[/@]")]


class _Peer(Model, frozen=True):
    addr: str = ""


class _CAConfig(Model, frozen=True):
    node_cert_expiry: Count | None = None
    external_cas: tuple[_Present, ...] | None = field(name="ExternalCAs", default=None)


class _EncryptionConfig(Model, frozen=True):
    auto_lock_managers: bool


class _ClusterSpec(Model, frozen=True):
    ca: _CAConfig = field(name="CAConfig")
    encryption: _EncryptionConfig = field(name="EncryptionConfig")


class _TLSInfo(Model, frozen=True):
    trust_root: str = ""


class Cluster(Model, frozen=True):
    """A swarm, whose id is empty without a leader."""

    id: str = field(name="ID")
    created_at: datetime
    spec: _ClusterSpec
    tls: _TLSInfo = field(name="TLSInfo")
    root_rotation_in_progress: bool


class SwarmNode(Model, frozen=True):
    """The state of a node in its swarm."""

    local_node_state: Literal["", "inactive", "pending", "active", "error", "locked"]
    control_available: bool
    node_addr: str = ""
    error: str = ""
    remote_managers: tuple[_Peer, ...] | None = None
    cluster: Cluster | None = None


class Info(Model, frozen=True):
    """The content of `docker info`. Older engines report no firewall_backend and no containerd."""

    id: str = field(name="ID")
    server_version: Annotated[str, Meta(min_length=1)]
    ncpu: Count = field(name="NCPU")
    mem_total: Count
    docker_root_dir: Annotated[str, Meta(pattern="^/")]
    driver: str
    driver_status: tuple[tuple[str, str], ...] | None
    logging_driver: str
    cgroup_driver: Literal["cgroupfs", "systemd", "none"]
    memory_limit: bool
    cpu_cfs_quota: bool
    cpu_shares: bool = field(name="CPUShares")
    pids_limit: bool
    default_runtime: str
    runtimes: dict[str, _Runtime] | None
    security_options: tuple[Annotated[str, Meta(pattern=r"^name=[\w-]+(,[\w-]+=.*)?$")], ...] | None
    debug: bool
    experimental_build: bool
    live_restore_enabled: bool
    containers: Count
    images: Count
    registry_config: RegistryConfig | None
    plugins: _Plugins
    swarm: SwarmNode
    firewall_backend: _FirewallBackend | None = None
    containerd: _Containerd | None = None


class Plugin(Model, frozen=True):
    """A plugin that the engine runs as a container of its own."""

    name: str
    enabled: bool


GATEWAY_MODES = tuple(f"com.docker.network.bridge.gateway_mode_{each}" for each in ("ipv4", "ipv6"))
_INSIDE = frozenset(("bridge", "host", "null", "overlay"))  # of networks inside the host or the swarm
_ON_PARENTS = ("macvlan", "ipvlan")


class Network(Model, frozen=True):
    """A network. An internal one has no route outside by the engine, see `is_outside`."""

    name: str
    id: str
    driver: str
    scope: str = ""
    ingress: bool = False
    internal: bool = False
    driver_options: dict[str, str] | None = field(name="Options", default=None)

    @property
    def options(self) -> dict[str, str]:
        return self.driver_options or {}

    @property
    def bridge(self) -> str:
        """The host's interface for a bridge, or the parent of macvlan and ipvlan."""
        if self.driver in _ON_PARENTS:
            return self.options.get("parent", "")
        named = self.options.get("com.docker.network.bridge.name", "")
        return named or ("docker0" if self.name == "bridge" else "")

    @property
    def is_outside(self) -> bool:
        """Whether containers have addresses that are reachable from outside the host."""
        # an internal one on a parent interface reaches the neighbours of that
        if self.internal and self.driver in _ON_PARENTS:
            return bool(self.bridge)
        unprotected = "nat-unprotected" in (self.options.get(each) for each in GATEWAY_MODES)
        return self.driver not in _INSIDE or unprotected


class _ManagerStatus(Model, frozen=True):
    reachability: Literal["reachable", "unreachable", "unknown"]
    leader: bool = False


class _NodeDescription(Model, frozen=True):
    hostname: str = ""


class _NodeSpec(Model, frozen=True):
    role: Literal["manager", "worker"]


class Node(Model, frozen=True):
    """A node. One that was promoted while down has no manager status yet."""

    description: _NodeDescription
    spec: _NodeSpec
    manager_status: _ManagerStatus | None = None


class NodeState(Model, frozen=True):
    """The state that a daemon stores when it joins a swarm."""

    data_path_addr: str = ""


class _ConfigSpec(Model, frozen=True):
    data: bytes | None = None


class Config(Model, frozen=True):
    """A config of the swarm. *found* are the kinds of secrets in its text, or null if not searched."""

    id: str = field(name="ID")
    spec: _ConfigSpec
    found: Texts = None


class _SecretReference(Model, frozen=True):
    secret_name: str


class _ConfigReference(Model, frozen=True):
    config_id: str = field(name="ConfigID")
    config_name: str
    file: _Named | None = None


class _DriverConfig(Model, frozen=True):
    options: dict[str, str] | None = None


class _VolumeOptions(Model, frozen=True):
    labels: dict[str, str] | None = None
    driver_config: _DriverConfig | None = None


class _Mount(Model, frozen=True):
    type: str = ""
    source: str = ""
    target: str = ""
    volume_options: _VolumeOptions | None = None


class _Healthcheck(Model, frozen=True):
    test: Texts = None


class ContainerSpec(Model, frozen=True):
    """The container of a service. Kept are the first four fields, and names only of `env`."""

    image: str = ""
    env: Texts = None
    secrets: tuple[_SecretReference, ...] | None = None
    configs: tuple[_ConfigReference, ...] | None = None
    labels: dict[str, str] | None = None
    command: Texts = None
    args: Texts = None
    healthcheck: _Healthcheck | None = None
    mounts: tuple[_Mount, ...] | None = None


class RestartPolicy(Model, frozen=True):
    """The restart policy of a task."""

    condition: Literal["", "none", "on-failure", "any"] = ""
    max_attempts: Count | None = None


class _TaskTemplate(Model, frozen=True):
    container_spec: ContainerSpec | None = None  # that of a plugin has none
    log_driver: _DriverConfig | None = None
    restart_policy: RestartPolicy | None = None


class _Mode(Model, frozen=True):
    replicated_job: _Present | None = None
    global_job: _Present | None = None


class ServiceSpec(Model, frozen=True):
    """The settings of a service."""

    name: str
    task_template: _TaskTemplate
    labels: dict[str, str] | None = None
    mode: _Mode | None = None


class PublishedPort(Model, frozen=True):
    """A port of a service. Without a number in mode `host`, each node chooses one."""

    number: Annotated[int, Meta(ge=0, lt=1 << 16)] = field(name="PublishedPort", default=0)
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    mode: Literal["", "ingress", "host"] = field(name="PublishMode", default="")


class _Endpoint(Model, frozen=True):
    ports: tuple[PublishedPort, ...] | None = None


class ServiceDocument(Model, frozen=True):
    """A service of the swarm. *found* are the places and kinds of secrets in its settings."""

    id: str = field(name="ID")
    spec: ServiceSpec
    endpoint: _Endpoint | None = None
    found: tuple[str, ...] = ()
