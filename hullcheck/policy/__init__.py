"""What a site allows on a target, as the controls read it; ``docs/policy.md`` explains every key.

The schema of the inventory says what a policy may hold. Here its values are read, and what a schema cannot find is
reported: a range of ports that runs backwards, or a day that is in no calendar.
"""

import re
from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Self

import msgspec

from hullcheck.policy import values
from hullcheck.policy.values import Fault, PolicyError, PortRange
from hullcheck.secrets.names import NOTHING_SAID, SiteNames

__all__ = [
    "DockerBench",
    "Hardening",
    "LogLimits",
    "Policy",
    "PolicyError",
    "PortRange",
    "ResourceLimits",
    "RotationPeriods",
    "ScanReports",
    "SprawlLimits",
    "merged",
    "value_faults",
]


class ResourceLimits(msgspec.Struct, frozen=True):
    """The most that one container may be given; None where the policy is silent."""

    memory: int | None = None
    """In bytes."""
    cpus: float | None = None
    pids: int | None = None


class Hardening(msgspec.Struct, frozen=True):
    """An assessment of the host's operating system."""

    standard: str
    """The hardening standard that it was held against."""
    assessed: date
    valid_days: int = 365
    """How long it counts."""


class ScanReports(msgspec.Struct, frozen=True):
    """Where the reports of image scanners lie, and what they may say."""

    folder: str
    """On the target."""
    max_age_days: int = 30
    """How old a report may be."""
    highest_severity: str = "medium"
    """The worst weakness that an image may have, one of `hullcheck.data.severities`."""


class DockerBench(msgspec.Struct, frozen=True):
    """Where the log of docker-bench-security lies, and how old it may be."""

    log: str
    """The JSON log on the target."""
    max_age_days: int = 30
    """How many days ago the last run may have been."""


class LogLimits(msgspec.Struct, frozen=True):
    """How much of a container's log may stay on the host."""

    max_size: int = 10_000_000
    """Of one file, in bytes."""
    max_file: int = 3
    """How many files."""


class SprawlLimits(msgspec.Struct, frozen=True):
    """How much may be unused."""

    unused_images: int = 10
    """Images that no container uses."""
    stopped_containers: int = 10
    """Containers that do not run."""
    max_age_days: int = 30
    """For how long either may stay."""


class RotationPeriods(msgspec.Struct, frozen=True):
    """For how many days a key or certificate of a swarm may be in use."""

    unlock_key: int = 365
    """The key that unlocks managers."""
    node_certificate: int = 30
    """The certificates of nodes: how long they may hold."""
    swarm_ca: int = 365
    """The root certificate of the swarm: how old it may be."""


_PARTS: Mapping[str, type] = {
    "os_hardening": Hardening,
    "scan_reports": ScanReports,
    "log_limits": LogLimits,
    "resource_limits": ResourceLimits,
    "sprawl": SprawlLimits,
    "rotation_days": RotationPeriods,
    "docker_bench": DockerBench,
    "secret_names": SiteNames,
}
"""The keys of a policy that have keys of their own."""


class Policy(msgspec.Struct, frozen=True):
    """What a site allows on one target.

    A list of powers is empty where the policy is silent, so that a power which is there fails its control.
    What tells of the workload is ``None`` then: its control is manual and shows what was found.
    """

    trusted_users: tuple[str, ...] = ()
    """Users who may control the engine."""
    socket_groups: tuple[str, ...] = ("docker",)
    """Names or numbers of groups that the engine's sockets may have, beside root's own."""
    os_hardening: Hardening | None = None
    """The last assessment of the operating system against a hardening standard."""
    minimal_distributions: tuple[str, ...] = ()
    """Distributions (ID of os-release) that count as minimal beside those that the guide names."""
    allowed_host_programs: tuple[str, ...] = ()
    """Names of compilers and browsers that the host itself may have."""
    allowed_host_services: tuple[str, ...] | None = None
    """Units that may be enabled or run on the host, and programs that may listen there; see `allows_service`."""
    patch_days: int = 30
    """How old the last successful run of what installs updates may be."""
    patched_by: str | None = None
    """What keeps the host up to date beside the tools that the guide names."""
    ip_forward_reason: str | None = None
    """Why the host forwards IPv4."""
    allowed_registries: tuple[str, ...] | None = None
    """Registries, or parts of them, that images may come from; see `allows_registry`."""
    allowed_packages: tuple[str, ...] | None = None
    """Names of packages and tools that images may hold."""
    image_max_age_days: int | None = None
    """How many days after its build an image has to be rebuilt."""
    scan_reports: ScanReports | None = None
    """The reports of image scanners."""
    image_verification: str | None = None
    """How signatures of images are checked, where that is not by content trust of the docker command."""
    rootful_reason: str | None = None
    """Why the daemon cannot run rootless."""
    api_listeners: tuple[tuple[str, int], ...] | None = None
    """Addresses and ports at which the daemon may take commands; `*` is every address."""
    cgroup_parents: tuple[str, ...] = ()
    """Parent cgroups that may replace the default one."""
    authorization_plugins: tuple[str, ...] | None = None
    """Authorization plugins with reviewed rules, of which one must be active."""
    log_drivers: tuple[str, ...] | None = None
    """Log drivers that bring logs to the central service."""
    log_shippers: tuple[str, ...] | None = None
    """Log shippers that bring the logs which stay on the host to the central service, by their programs."""
    log_limits: LogLimits = LogLimits()
    """How much of a container's log may stay on the host."""
    seccomp_profiles: tuple[str, ...] = ()
    """Paths of seccomp profiles of the daemon that are approved beside the built-in one."""
    swarm: bool = False
    """Return whether swarm mode is wanted."""
    allowed_setuid_files: tuple[str, ...] = ()
    """Paths of setuid and setgid files that images may hold."""
    allowed_capabilities: tuple[str, ...] = ()
    """Capabilities that containers may be given, in upper case and without ``CAP_``."""
    allowed_mounts: tuple[str, ...] = ()
    """Host paths that containers may mount, with all that lies below; see `allows_mount`."""
    allowed_devices: tuple[str, ...] = ()
    """Paths of host devices, and device requests, that containers may be given."""
    allowed_ulimits: tuple[str, ...] = ()
    """Names of ulimits that containers may override."""
    allowed_ports: tuple[PortRange, ...] | None = None
    """Host ports that containers may publish; see `allows_port`."""
    sensitive_containers: tuple[str, ...] | None = None
    """Names of containers, or patterns of them, whose ports must not be open on every address; see
    `is_sensitive`."""
    resource_limits: ResourceLimits = ResourceLimits()
    """The most that one container may be given; silent means what the host has."""
    current_images: tuple[str, ...] | None = None
    """References or digests of images that are approved as current."""
    sprawl: SprawlLimits = SprawlLimits()
    """How much may be unused."""
    swarm_managers: int = 3
    """How many managers a swarm may have."""
    rotation_days: RotationPeriods = RotationPeriods()
    """How long keys and certificates of a swarm may be in use."""
    docker_bench: DockerBench | None = None
    """The log of docker-bench-security."""
    runtime_security: tuple[str, ...] | None = None
    """Products that watch what containers do, as `hullcheck.data.runtime_security` names them."""
    secret_names: SiteNames = NOTHING_SAID
    """Names of variables, labels and options that are secrets, and that are none, whatever they sound like."""

    @property
    def paths(self) -> dict[str, str]:
        """Return the paths of the policy that probes read, by their variables."""
        reports, bench = self.scan_reports, self.docker_bench
        return {
            **({"docker_bench_log": bench.log} if bench else {}),
            **({"scan_reports": reports.folder} if reports else {}),
        }

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Return the policy that *mapping* writes as a policy file does; the schema has accepted it.

        Raises:
            PolicyError: values are wrong that the schema takes.
        """
        wrong: list[Fault] = []
        read = values.read(mapping, (), wrong)
        if wrong:
            raise PolicyError(tuple(wrong))
        return cls(**{key: _PARTS[key](**each) if key in _PARTS else each for key, each in read.items()})

    def allows_mount(self, path: str) -> bool:
        """Return whether the host path *path* is an allowed mount or lies below one."""
        below = values.to_path(path) if path.startswith("/") else ""
        return any(f"{below}/".startswith(f"{each.rstrip('/')}/") for each in self.allowed_mounts if below)

    def allows_registry(self, repository: str) -> bool | None:
        """Return whether *repository*, with its registry, is on the list or below it; None without a list."""
        if self.allowed_registries is None:
            return None
        return any(f"{repository}/".startswith(f"{each}/") for each in self.allowed_registries)

    def allows_registry_at_a_port(self, repository: str) -> bool:
        """Return whether *repository* would be on the list with some port, where its own is not known."""
        portless = (re.sub(r":\d+(?=/|$)", "", each) for each in self.allowed_registries or ())
        return any(f"{repository}/".startswith(f"{each}/") for each in portless)

    def allows_service(self, name: str) -> bool | None:
        """Return whether the list of services holds a unit or a program; None without a list.

        `.service` may be left out, and `getty@.service` stands for all its instances.
        """
        if self.allowed_host_services is None:
            return None
        allowed = {each.removesuffix(".service") for each in self.allowed_host_services}
        plain = name.removesuffix(".service")
        return bool({plain, re.sub("@.*", "@", plain)} & allowed)

    def is_sensitive(self, container: str) -> bool | None:
        """Return whether the list of sensitive containers has this name; ``None`` if there is no list."""
        if self.sensitive_containers is None:
            return None
        return any(fnmatchcase(container, each) for each in self.sensitive_containers)

    def allows_port(self, port: int, protocol: str = "tcp") -> bool | None:
        """Return whether the list of ports holds *port*; ``None`` if there is no list."""
        if self.allowed_ports is None:
            return None
        return any(ports.contains(port, protocol) for ports in self.allowed_ports)


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merge policies as files write them: a later value replaces an earlier one, key by key.

    Lists are replaced as a whole. The limits inside ``resource_limits`` are keys of their own, so that one of
    them can be raised without losing the others.
    """
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            known = result.get(key)
            result[key] = known | value if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def value_faults(mapping: object) -> list[Fault]:
    """Return what is wrong in *mapping*, a policy as a file writes it, beside that of which the schema knows."""
    wrong: list[Fault] = []
    values.read(mapping, (), wrong)
    return wrong
