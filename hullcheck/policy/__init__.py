"""The policy of a target, as the controls read it.

The schema of the inventory describes what a policy may hold. Here its values are parsed, and faults that a schema
cannot find are reported, such as a reversed range of ports.
"""

import re
from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Self

import msgspec

from hullcheck.policy import values
from hullcheck.policy.values import Fault, PortRange
from hullcheck.secrets.names import NOTHING_SAID, SiteNames


class ResourceLimits(msgspec.Struct, frozen=True):
    """The most that one container may have; None if the policy has no limit."""

    memory: int | None = None  # in bytes
    cpus: float | None = None
    pids: int | None = None


class Hardening(msgspec.Struct, frozen=True):
    """An assessment of the host's operating system."""

    standard: str  # the hardening standard
    assessed: date
    valid_days: int = 365  # how long it counts


class ScanReports(msgspec.Struct, frozen=True):
    """The folder of image scan reports, and the limits for them."""

    folder: str  # on the target
    max_age_days: int = 30  # how old a report may be
    highest_severity: str = "medium"  # the worst vulnerability of an image, as in `hullcheck.data.severities`


class DockerBench(msgspec.Struct, frozen=True):
    """The log of docker-bench-security, and how old it may be."""

    log: str  # the JSON log on the target
    max_age_days: int = 30  # of the last run


class LogLimits(msgspec.Struct, frozen=True):
    """How much of a container's log may stay on the host."""

    max_size: int = 10_000_000  # of one file, in bytes
    max_file: int = 3  # how many files


class SprawlLimits(msgspec.Struct, frozen=True):
    """How much may be unused."""

    unused_images: int = 10  # images that no container uses
    stopped_containers: int = 10  # containers that do not run
    max_age_days: int = 30  # the greatest age of either


class RotationPeriods(msgspec.Struct, frozen=True):
    """For how many days a key or certificate of a swarm may be in use."""

    unlock_key: int = 365  # the key that unlocks managers
    node_certificate: int = 30  # the lifetime of node certificates
    swarm_ca: int = 365  # the age of the root certificate


class Policy(msgspec.Struct, frozen=True):
    """The policy of one target; ``docs/inventory.md`` explains every key.

    The default of a list of permissions is empty, so that each use fails its control. The default of what depends on
    the workload is None, so that its control is manual and shows what was found.
    """

    trusted_users: tuple[str, ...] = ()  # users who may control the engine
    socket_groups: tuple[str, ...] = ("docker",)  # names or numbers of groups of the engine's sockets
    os_hardening: Hardening | None = None  # the last assessment of the operating system
    minimal_distributions: tuple[str, ...] = ()  # IDs of os-release that count as minimal, too
    allowed_host_programs: tuple[str, ...] = ()  # compilers and browsers that the host itself may have
    allowed_host_services: tuple[str, ...] | None = None  # units, and programs that may listen
    patch_days: int = 30  # the greatest age of the last successful update
    patched_by: str | None = None  # the tool that installs updates
    ip_forward_reason: str | None = None  # why the host forwards IPv4
    allowed_registries: tuple[str, ...] | None = None  # registries of images, or parts of them
    allowed_packages: tuple[str, ...] | None = None  # names of packages and tools that images may hold
    image_max_age_days: int | None = None  # the greatest age of an image
    scan_reports: ScanReports | None = None  # the reports of image scanners
    image_verification: str | None = None  # how signatures of images are checked, if not by content trust
    rootful_reason: str | None = None  # why the daemon cannot run rootless
    api_listeners: tuple[tuple[str, int], ...] | None = None  # addresses of the remote API; `*` is every address
    cgroup_parents: tuple[str, ...] = ()  # parent cgroups that may replace the default one
    authorization_plugins: tuple[str, ...] | None = None  # with reviewed rules; one must be active
    log_drivers: tuple[str, ...] | None = None  # log drivers that send logs to another machine
    log_shippers: tuple[str, ...] | None = None  # programs that send local logs to another machine
    log_limits: LogLimits = LogLimits()  # how much of a container's log may stay on the host
    seccomp_profiles: tuple[str, ...] = ()  # paths of approved profiles of the daemon
    swarm: bool = False  # whether swarm mode is wanted
    allowed_setuid_files: tuple[str, ...] = ()  # paths of setuid and setgid files that images may hold
    allowed_capabilities: tuple[str, ...] = ()  # of containers, in upper case and without CAP_
    allowed_mounts: tuple[str, ...] = ()  # host paths that containers may mount, with all that lies below
    allowed_devices: tuple[str, ...] = ()  # host devices and device requests of containers
    allowed_ulimits: tuple[str, ...] = ()  # names of ulimits that containers may override
    allowed_ports: tuple[PortRange, ...] | None = None  # host ports that containers may publish
    sensitive_containers: tuple[str, ...] | None = None  # patterns of names: no port open on every address
    resource_limits: ResourceLimits = ResourceLimits()  # of one container; the default is what the host has
    current_images: tuple[str, ...] | None = None  # references or digests that are approved as current
    sprawl: SprawlLimits = SprawlLimits()  # how much may be unused
    swarm_managers: int = 3  # how many managers a swarm may have
    rotation_days: RotationPeriods = RotationPeriods()  # of keys and certificates of a swarm
    docker_bench: DockerBench | None = None  # the log of docker-bench-security
    runtime_security: tuple[str, ...] | None = None  # products, as `hullcheck.data.runtime_security` names them
    secret_names: SiteNames = NOTHING_SAID  # of variables, labels and options that are secrets, or are none

    @property
    def paths(self) -> dict[str, str]:
        """The paths of the policy that probes read, by their variables."""
        bench = {"docker_bench_log": self.docker_bench.log} if self.docker_bench else {}
        reports = {"scan_reports": self.scan_reports.folder} if self.scan_reports else {}
        return bench | reports

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Return the policy of a *mapping* from a file that schema and `value_faults` accept."""
        return msgspec.convert(values.read(mapping, (), []), cls)

    def allows_mount(self, path: str) -> bool:
        """Return whether the host path *path* is, or is below, an allowed mount."""
        below = values.to_path(path) if path.startswith("/") else ""
        return any(f"{below}/".startswith(f"{each.rstrip('/')}/") for each in self.allowed_mounts if below)

    def allows_registry(self, repository: str) -> bool:
        """Return whether *repository*, with its registry, is, or is below, an allowed one."""
        return any(f"{repository}/".startswith(f"{each}/") for each in self.allowed_registries or ())

    def allows_registry_at_a_port(self, repository: str) -> bool:
        """Return whether *repository*, whose port is unknown, would be allowed with some port."""
        portless = (re.sub(r":\d+(?=/|$)", "", each) for each in self.allowed_registries or ())
        return any(f"{repository}/".startswith(f"{each}/") for each in portless)

    def allows_service(self, name: str) -> bool:
        """Return whether a unit or program is allowed; `getty@.service` stands for all its instances."""
        allowed = {each.removesuffix(".service") for each in self.allowed_host_services or ()}
        plain = name.removesuffix(".service")
        return bool({plain, re.sub("@.*", "@", plain)} & allowed)

    def is_sensitive(self, container: str) -> bool | None:
        """Return whether a container is in the list of sensitive ones, or None if there is no list."""
        if self.sensitive_containers is None:
            return None
        return any(fnmatchcase(container, each) for each in self.sensitive_containers)

    def allows_port(self, port: int, protocol: str = "tcp") -> bool | None:
        """Return whether *port* is in the list of allowed ports, or None if there is no list."""
        if self.allowed_ports is None:
            return None
        return any(each.first <= port <= each.last and each.protocol == protocol for each in self.allowed_ports)


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merge policies key by key, also inside a mapping; a later list replaces an earlier one."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            known = result.get(key)
            result[key] = known | value if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def value_faults(mapping: object) -> list[Fault]:
    """Return the faults of *mapping*, a policy in a file, that the schema does not find."""
    wrong: list[Fault] = []
    values.read(mapping, (), wrong)
    return wrong
