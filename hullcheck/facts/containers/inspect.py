"""The fields of `docker inspect` that are kept for containers and volumes, and their types.

A field is `UNSET` if the source does not report it, as for Compose services; `view` raises what its `Source` decides.
"""

import json
import posixpath
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar, cast

from msgspec import UNSET, Meta, Struct, field
from msgspec.structs import replace

from hullcheck.data.health_checks import kind_of_check
from hullcheck.data.labels import GROUPING
from hullcheck.facts.containers.composed import paths_kept
from hullcheck.facts.host.processes import servers_named
from hullcheck.parsing import confinement
from hullcheck.parsing.models import Model
from hullcheck.secrets import configuration, in_value, kinds, line_of
from hullcheck.verdicts import EvidenceError

T = TypeVar("T")

HOLE: Any = UNSET  # the default of a field that some source does not report
SERVICE = "com.docker.swarm.service.id"  # the label that names the swarm service of a task

Namespace = Annotated[str, Meta(pattern=r"^(|host|private|none|shareable|container:.+|keep-id.*|auto.*|nomap.*)$")]
Count = Annotated[int, Meta(ge=0)]
Names = list[str] | None
Status = Literal[  # the last line is Podman's
    "created", "running", "paused", "restarting", "removing", "exited", "dead",
    "configured", "initialized", "stopping", "stopped",
]  # fmt: skip
Propagation = Literal["", "private", "rprivate", "shared", "rshared", "slave", "rslave"]


class Binding(Model, frozen=True):
    """A port of the host, or a range. A port of a routed network has none; an address may be empty."""

    host_ip: str = ""
    host_port: Annotated[str, Meta(pattern=r"^([0-9]{1,5}(-[0-9]{1,5})?)?$")] = ""


Bindings = dict[str, list[Binding] | None] | None


class Health(Model, frozen=True):
    """The result of the health check."""

    status: Literal["", "none", "starting", "healthy", "unhealthy"]


class State(Model, frozen=True):
    """The state of a container."""

    status: Status = HOLE
    running: bool = HOLE
    pid: Annotated[int, Meta(ge=0, lt=1 << 31)] = HOLE
    started_at: str = HOLE
    finished_at: str = HOLE
    health: Health | None = None


class Healthcheck(Model, frozen=True):
    """The health check. Only the kind of its command is stored, as from `kind_of_check`."""

    test: Names = None


class Config(Model, frozen=True):
    """The configuration of the program, from the image and the command line."""

    user: str = HOLE
    image: str = HOLE
    env: Names = HOLE  # never stored, see `Inspected.secrets`
    labels: dict[str, str | None] | None = HOLE  # without values that may hold a secret
    exposed_ports: dict[str, object] | None = None
    healthcheck: Healthcheck | None = None


class Device(Model, frozen=True):
    """A device of --device."""

    path_on_host: str


class DeviceRequest(Model, frozen=True):
    """Devices by --gpus, or by --device with a CDI name."""

    driver: str | None = None
    device_ids: Names = field(name="DeviceIDs", default=None)
    capabilities: list[list[str]] | None = None


class LogConfig(Model, frozen=True):
    """The log driver and its options, those of the daemon included."""

    type: str
    config: dict[str, Any] | None = None


class RestartPolicy(Model, frozen=True):
    """When the engine starts the container again."""

    name: Literal["", "no", "always", "on-failure", "unless-stopped"]
    maximum_retry_count: Count = 0


class Ulimit(Model, frozen=True):
    """A limit by --ulimit or by default of the daemon."""

    name: str
    soft: int
    hard: int


class BindOptions(Model, frozen=True):
    """Options of --mount type=bind."""

    non_recursive: bool = False


class MountOption(Model, frozen=True):
    """A --mount option."""

    target: str
    bind_options: BindOptions | None = None


class HostConfig(Model, frozen=True):
    """The configuration with which a container was created."""

    privileged: bool = HOLE
    cap_add: Names = HOLE
    cap_drop: Names = HOLE
    security_opt: Names = HOLE
    readonly_rootfs: bool = HOLE
    network_mode: str = HOLE
    pid_mode: Namespace = HOLE
    ipc_mode: Namespace = HOLE
    uts_mode: Namespace = field(name="UTSMode", default=HOLE)
    userns_mode: Namespace = HOLE
    memory: Count = HOLE
    nano_cpus: Count = HOLE
    cpu_shares: int = HOLE
    cpu_quota: int = HOLE
    cpu_period: Count = HOLE
    pids_limit: int | None = HOLE
    cgroup_parent: str = HOLE
    restart_policy: RestartPolicy = HOLE
    devices: list[Device] | None = HOLE
    device_requests: list[DeviceRequest] | None = HOLE
    device_cgroup_rules: Names = HOLE
    ulimits: list[Ulimit] | None = HOLE
    publish_all_ports: bool = HOLE
    port_bindings: Bindings = HOLE
    log_config: LogConfig = HOLE
    tmpfs: dict[str, str] | None = None
    mounts: list[MountOption] | None = None


class MountPoint(Model, frozen=True, kw_only=True):
    """A mount of the container."""

    type: Literal["bind", "volume", "tmpfs", "npipe", "cluster", "image"]
    name: str | None = HOLE
    source: str = HOLE
    destination: Annotated[str, Meta(min_length=1)]
    rw: bool = field(name="RW", default=True)
    propagation: Propagation = HOLE


class Endpoint(Model, frozen=True):
    """The container in one of its networks, whose id is empty if the container does not run."""

    network_id: str = field(name="NetworkID")
    ip_address: str = field(name="IPAddress", default="")
    global_ipv6_address: str = field(name="GlobalIPv6Address", default="")


class NetworkSettings(Model, frozen=True):
    """The networks of the container, and the ports that the engine publishes now."""

    networks: dict[str, Endpoint | None] | None = HOLE
    ports: Bindings = HOLE


class Secret(Model, frozen=True):
    """A likely secret, without its value: in the variable or label of this name, or in a command."""

    place: str
    kind: str
    name: str = ""


class Inspected(Model, frozen=True, kw_only=True):
    """A container, as the engine describes it."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] = HOLE
    name: str
    created: str = HOLE
    path: str = HOLE  # the program; never stored
    args: list[str] = HOLE  # stored are the SSH servers that the program and its arguments name
    image: str = HOLE
    process_label: str = HOLE
    mount_label: str = HOLE
    state: State = HOLE
    config: Config = HOLE
    host_config: HostConfig = HOLE
    mounts: list[MountPoint] = HOLE
    network_settings: NetworkSettings = HOLE
    secrets: list[Secret] = HOLE  # in variables, labels and the command; the engine has no such field


class VolumeOptions(Model, frozen=True, rename="lower"):
    """The options of a volume that decide where its data lies."""

    device: str = ""
    o: str = ""


class Volume(Model, frozen=True):
    """A volume, as `docker volume inspect` describes it."""

    name: str
    options: VolumeOptions | None = None


class Volumes(Model, frozen=True):
    """The answer of the API to the question for all volumes."""

    volumes: list[Volume] | None = None


# ---- what is stored


def reduced(found: Inspected) -> Inspected:
    """Return *found* without what may be a secret."""
    config, settings = found.config, found.host_config
    changes: dict[str, Any] = {"path": HOLE}
    command = [*filter(None, [found.path]), *(found.args or ())]
    if config is not HOLE:
        test = config.healthcheck.test if config.healthcheck else None
        if HOLE not in (config.env, config.labels):
            words = {"command": [*command, *(test or ())]}
            changes["secrets"] = secrets_in(config.env or (), config.labels or {}, words)
        changes["config"] = replace(
            config,
            env=HOLE,
            labels=labels_kept(config.labels) if config.labels else config.labels,
            healthcheck=Healthcheck(test=[kind_of_check(test)]) if config.healthcheck else None,
            exposed_ports=config.exposed_ports and {each: {} for each in config.exposed_ports},
        )
    if found.args is not HOLE:
        changes["args"] = sorted(servers_named(command))
    if settings is not HOLE:
        log, options = settings.log_config, settings.security_opt
        changes["host_config"] = replace(
            settings,
            log_config=replace(log, config=configuration.log_options(log.config or {})) if log else log,
            security_opt=[*map(_short_profile, options)] if options else options,
        )
    if found.mounts is not HOLE:
        changes["mounts"] = [  # `VOLUME data` begins at the root
            replace(each, destination=posixpath.normpath(f"/{each.destination.lstrip('/')}")) for each in found.mounts
        ]
    return replace(found, **changes)


def secrets_in(
    env: Iterable[str], labels: Mapping[str, str | None], commands: Mapping[str, Iterable[str]]
) -> list[Secret]:
    """Return the likely secrets in variables, labels and commands."""
    settings = [("variable", *each.partition("=")[::2]) for each in env]
    settings += [("label", name, value or "") for name, value in labels.items()]
    found = [Secret(place, kind, name) for place, name, value in settings for kind in in_value(name, value)]
    return found + [Secret(place, kind) for place, words in commands.items() for kind in kinds(line_of(words))]


def labels_kept(labels: dict[str, str | None]) -> dict[str, str | None]:
    """Return the labels, with values only for those that group containers, and for paths of Compose."""
    known = {each: labels[each] for each in (*sorted(GROUPING), SERVICE) if each in labels}
    return dict.fromkeys(labels) | known | paths_kept(labels)


def _short_profile(option: str) -> str:
    """Return the decisive part of a seccomp profile, which the engine stores in full."""
    name, separator, text = option.partition("=")
    if name != "seccomp" or not text.lstrip().startswith("{"):
        return option
    return name + separator + json.dumps(confinement.read_seccomp(text), separators=(",", ":"))


def volumes_kept(found: Volumes | list[Volume]) -> list[Volume]:
    """Return volumes without passwords in their mount options."""
    listed = (found.volumes or []) if isinstance(found, Volumes) else found
    return [replace(each, options=each.options and _without_values(each.options)) for each in listed]


def _without_values(options: VolumeOptions) -> VolumeOptions:
    named = (each.partition("=") for each in options.o.split(","))
    words = ",".join(f"{name}=***" if equals else name for name, equals, _ in named)
    return replace(options, o=words, device=configuration.without_user(options.device))


# ---- what is read


class Source:
    """The source of a description, which decides what a missing field means."""

    planned = False  # whether nobody has created the container yet
    inside = False  # whether the container is seen from inside: nothing but its processes and mounts is known

    def read(self, name: str) -> None:
        """Note that a field is read: `host_config.memory`."""

    def missing(self, name: str) -> Exception:
        """Return the exception for a field, or another thing, that is not reported."""
        return EvidenceError(f"docker inspect does not report {name}")


class _View:
    """A struct whose `UNSET` fields cannot be read."""

    def __init__(self, struct: Struct, source: Source, path: str) -> None:
        self._struct, self._source, self._path = struct, source, path

    def __getattr__(self, name: str) -> Any:
        value, path = getattr(self._struct, name), self._path + name
        self._source.read(path)
        if value is HOLE:
            fields = type(self._struct)
            written = dict(zip(fields.__struct_fields__, fields.__struct_encode_fields__, strict=True))[name]
            raise self._source.missing(self._path.title().replace("_", "") + written)
        found = view(value, self._source, f"{path}.")
        if not self._source.planned:  # of a file it is noted what each control reads
            setattr(self, name, found)  # the next time it is there
        return found


def view(value: T, source: Source, path: str = "") -> T:
    """Return *value* so that reading an `UNSET` field raises what *source* decides."""
    if isinstance(value, Struct):
        return cast(T, _View(value, source, path))
    if isinstance(value, dict):
        return cast(T, {name: view(each, source, path) for name, each in value.items()})
    if isinstance(value, list):
        return cast(T, [view(each, source, path) for each in value])
    return value
