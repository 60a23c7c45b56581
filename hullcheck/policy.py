"""What a site allows on a target, as the controls read it; ``docs/policy.md`` explains every key."""

import ipaddress
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Self, TypeVar

from hullcheck.gosize import go_size
from hullcheck.secrets.names import NOTHING_SAID, SiteNames
from hullcheck.suggest import did_you_mean

_Value = TypeVar("_Value")
_Fault = tuple[tuple[str | int, ...], str]

PROTOCOLS = ("tcp", "udp", "sctp")
MONITORS = ("falco", "sysdig", "aqua")
"""Tools that watch what containers do, as `runtime_monitors` names them."""
_PORTS = re.compile(rf"([0-9]{{1,5}})(?:-([0-9]{{1,5}}))?(?:/({'|'.join(PROTOCOLS)}))?")
_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:b|([kmgt])(?:i?b)?)?", re.IGNORECASE)
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class PolicyError(ValueError):
    """A policy is wrong; the message has a line for each fault."""

    def __init__(self, faults: tuple[_Fault, ...]) -> None:
        """Keep *faults*: where each is, as keys and indices from the outside in, and what is wrong there."""
        super().__init__("\n".join(f"{'.'.join(map(str, way))}: {fault}" for way, fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class PortRange:
    """Host ports from *first* to *last*, both included, of one protocol."""

    first: int
    last: int
    protocol: str = "tcp"

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read ``443``, ``"8000-8100"`` or ``"53/udp"``; without a protocol it is tcp.

        Raises:
            ValueError: *value* is none of these, or a port is not from 1 to 65535.
        """
        match = _PORTS.fullmatch(str(value)) if _is_number(value) or isinstance(value, str) else None
        if match is None:
            raise ValueError(f"{_shown(value)} is not a host port; write it as 443, '8000-8100' or '53/udp'")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= 65535:
            raise ValueError(
                f"{_shown(value)} is not a range of ports; write two from 1 to 65535, the lower one first"
            )
        return cls(first, last, match[3] or "tcp")

    def contains(self, port: int, protocol: str = "tcp") -> bool:
        """Whether *port* of *protocol* is one of these."""
        return self.first <= port <= self.last and protocol == self.protocol

    def __str__(self) -> str:
        """The ports as a policy file writes them."""
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return ports if self.protocol == "tcp" else f"{ports}/{self.protocol}"


@dataclass(frozen=True)
class ResourceLimits:
    """The most that one container may be given; ``None`` where the policy is silent."""

    memory: int | None = None
    """In bytes."""
    cpus: float | None = None
    pids: int | None = None

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read the limits as a policy file writes them.

        Raises:
            PolicyError: a key is unknown or a value is wrong; all faults at once.
        """
        return cls(**_parsed(mapping, {"memory": _memory, "cpus": _cpus, "pids": _pids}))


@dataclass(frozen=True)
class Hardening:
    """An assessment of the host's operating system."""

    standard: str
    """The hardening standard that it was held against."""
    assessed: date
    valid_days: int = 365
    """How long it counts."""

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read the assessment as a policy file writes it.

        Raises:
            PolicyError: a key is unknown or missing, or a value is wrong; all faults at once.
        """
        parsers = {"standard": _text, "assessed": _day, "valid_days": _days}
        return cls(**_required(_parsed(mapping, parsers), "standard", "assessed"))


SEVERITIES = ("negligible", "low", "medium", "high", "critical")
"""How bad a scanner finds a weakness, the least first."""


@dataclass(frozen=True)
class ScanReports:
    """Where the reports of image scanners lie, and what they may say."""

    folder: str
    """On the target."""
    max_age_days: int = 30
    """How old a report may be."""
    highest_severity: str = "medium"
    """The worst weakness that an image may have; see `SEVERITIES`."""

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read them as a policy file writes them.

        Raises:
            PolicyError: a key is unknown or missing, or a value is wrong; all faults at once.
        """
        parsers = {"folder": _path, "max_age_days": _days, "highest_severity": _severity}
        return cls(**_required(_parsed(mapping, parsers), "folder"))


@dataclass(frozen=True)
class DockerBench:
    """Where the log of docker-bench-security lies, and how old it may be."""

    log: str
    """The JSON log on the target."""
    max_age_days: int = 30
    """How many days ago the last run may have been."""

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read it as a policy file writes it.

        Raises:
            PolicyError: a key is unknown or missing, or a value is wrong; all faults at once.
        """
        return cls(**_required(_parsed(mapping, {"log": _path, "max_age_days": _days}), "log"))


@dataclass(frozen=True)
class LogLimits:
    """How much of a container's log may stay on the host."""

    max_size: int = 10_000_000
    """Of one file, in bytes."""
    max_file: int = 3
    """How many files."""

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read the limits as a policy file writes them.

        Raises:
            PolicyError: a key is unknown or a value is wrong; all faults at once.
        """
        return cls(**_parsed(mapping, {"max_size": _log_size, "max_file": _files}))


@dataclass(frozen=True)
class SprawlLimits:
    """How much may lie about unused."""

    unused_images: int = 10
    """Images that no container uses."""
    stopped_containers: int = 10
    """Containers that do not run."""
    max_age_days: int = 30
    """For how long either may lie there."""

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read the limits as a policy file writes them.

        Raises:
            PolicyError: a key is unknown or a value is wrong; all faults at once.
        """
        counts = dict.fromkeys(("unused_images", "stopped_containers"), _count)
        return cls(**_parsed(mapping, counts | {"max_age_days": _days}))


@dataclass(frozen=True)
class RotationPeriods:
    """For how many days a key or certificate of a swarm may be in use."""

    unlock_key: int = 365
    """The key that unlocks managers."""
    node_certificate: int = 30
    """The certificates of nodes: how long they may hold."""
    swarm_ca: int = 365
    """The root certificate of the swarm: how old it may be."""

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read the periods as a policy file writes them.

        Raises:
            PolicyError: a key is unknown or a value is wrong; all faults at once.
        """
        return cls(**_parsed(mapping, dict.fromkeys(("unlock_key", "node_certificate", "swarm_ca"), _days)))


@dataclass(frozen=True)
class Policy:
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
    ip_forward_reason: str | None = None
    """Why the host forwards IPv4."""
    allowed_registries: tuple[str, ...] | None = None
    """Registries, or parts of them, that images may come from; see `allows_registry`."""
    allowed_packages: tuple[str, ...] | None = None
    """Names of packages and tools that images may hold."""
    image_max_age_days: int | None = None
    """How many days after its build an image has to be built anew."""
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
    """Authorization plugins of which one must be active; ``None`` means that any will do."""
    log_drivers: tuple[str, ...] | None = None
    """Log drivers that bring logs to the central service."""
    log_limits: LogLimits = field(default_factory=LogLimits)
    """How much of a container's log may stay on the host."""
    seccomp_profiles: tuple[str, ...] = ()
    """Paths of seccomp profiles of the daemon that are approved beside the built-in one."""
    swarm: bool = False
    """Whether swarm mode is wanted."""
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
    resource_limits: ResourceLimits = field(default_factory=ResourceLimits)
    """The most that one container may be given; silent means what the host has."""
    current_images: tuple[str, ...] | None = None
    """References or digests of images that are approved as current."""
    sprawl: SprawlLimits = field(default_factory=SprawlLimits)
    """How much may lie about unused."""
    swarm_managers: int = 3
    """How many managers a swarm may have."""
    rotation_days: RotationPeriods = field(default_factory=RotationPeriods)
    """How long keys and certificates of a swarm may be in use."""
    docker_bench: DockerBench | None = None
    """The log of docker-bench-security."""
    runtime_monitors: tuple[str, ...] | None = None
    """Tools that have to watch what containers do; ``None`` means that any one will do. See `MONITORS`."""
    secret_names: SiteNames = NOTHING_SAID
    """Names of variables, labels and options that are secrets, and that are none, whatever they sound like."""

    @property
    def paths(self) -> dict[str, str]:
        """What of the target the probes have to be told of, by their variables."""
        reports, bench = self.scan_reports, self.docker_bench
        return {
            **({"docker_bench_log": bench.log} if bench else {}),
            **({"scan_reports": reports.folder} if reports else {}),
        }

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read a policy as a policy file writes it: every key is optional.

        Raises:
            PolicyError: a key is unknown or a value is wrong; all faults at once.
        """
        return cls(**_parsed(mapping, _PARSERS))

    def allows_mount(self, path: str) -> bool:
        """Whether the host path *path* is on the list of allowed mounts, or lies below one that is."""
        parts = _parts(posixpath.normpath(path))
        return path.startswith("/") and any(
            parts[: len(each)] == each for each in map(_parts, self.allowed_mounts)
        )

    def allows_registry(self, repository: str) -> bool | None:
        """Whether *repository*, registry and all, is on the list or below a part that is; None without a list."""
        if self.allowed_registries is None:
            return None
        return any(f"{repository}/".startswith(f"{each}/") for each in self.allowed_registries)

    def allows_service(self, name: str) -> bool | None:
        """Whether the list of services holds a unit or a program; None without a list.

        `.service` may be left out, and `getty@.service` stands for all its instances.
        """
        if self.allowed_host_services is None:
            return None
        allowed = {each.removesuffix(".service") for each in self.allowed_host_services}
        plain = name.removesuffix(".service")
        return bool({plain, re.sub("@.*", "@", plain)} & allowed)

    def is_sensitive(self, container: str) -> bool | None:
        """Whether the list of sensitive containers has this name; ``None`` if there is no list."""
        if self.sensitive_containers is None:
            return None
        return any(fnmatchcase(container, each) for each in self.sensitive_containers)

    def allows_port(self, port: int, protocol: str = "tcp") -> bool | None:
        """Whether the list of ports holds *port*; ``None`` if there is no list."""
        if self.allowed_ports is None:
            return None
        return any(ports.contains(port, protocol) for ports in self.allowed_ports)


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Policies as files write them, laid over each other: a later value replaces an earlier one key by key.

    Lists are replaced as a whole. The limits inside ``resource_limits`` are keys of their own, so that one of
    them can be raised without losing the others.
    """
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            known = result.get(key)
            result[key] = known | value if isinstance(known, dict) and isinstance(value, dict) else value
    return result


# ---- reading values


def _parsed(mapping: object, parsers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    if not isinstance(mapping, Mapping):
        raise PolicyError((((), f"{_shown(mapping)} is not a mapping; write {{key: value}}"),))
    values: dict[str, Any] = {}
    faults: list[_Fault] = []
    for key, value in mapping.items():
        if key in parsers:
            _collect(values, faults, key, parsers[key], value)
        else:
            faults.append(((key,), f"unknown key; {did_you_mean(str(key), parsers)}"))
    if faults:
        raise PolicyError(tuple(faults))
    return values


def _required(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    """*values*, in which all of *keys* have to be."""
    missing = [key for key in keys if key not in values]
    if missing:
        raise PolicyError(tuple(((key,), "is missing") for key in missing))
    return values


def _collect(
    values: dict[Any, Any], faults: list[_Fault], key: str | int, parse: Callable[[Any], Any], value: object
) -> None:
    """Put what *parse* makes of *value* under *key*, or what it complains about into *faults*."""
    try:
        values[key] = parse(value)
    except PolicyError as error:
        faults += [((key, *way), fault) for way, fault in error.faults]
    except ValueError as error:
        faults.append(((key,), str(error)))


def _each(parse: Callable[[Any], _Value]) -> Callable[[Any], tuple[_Value, ...]]:
    """A parser for a list of what *parse* reads."""

    def parse_list(value: object) -> tuple[_Value, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{_shown(value)} is not a list; write [...]")
        values: dict[int, _Value] = {}
        faults: list[_Fault] = []
        for number, item in enumerate(value):
            _collect(values, faults, number, parse, item)
        if faults:
            raise PolicyError(tuple(faults))
        return tuple(values.values())

    return parse_list


def _some(parse: Callable[[Any], _Value]) -> Callable[[Any], tuple[_Value, ...]]:
    """A parser for a list of at least one of what *parse* reads."""

    def parse_list(value: object) -> tuple[_Value, ...]:
        values = _each(parse)(value)
        if not values:
            raise ValueError("is empty; name at least one, or take the key away")
        return values

    return parse_list


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{_shown(value)} is not a text; write one in quotes")
    return value.strip()


def _word(value: object) -> str:
    text = _text(value)
    if re.search(r"\s", text):
        raise ValueError(f"{text!r} holds a space; write one name for each item of the list")
    return text


def _account(value: object) -> str:
    if re.search("[:,]", name := _word(value)):
        raise ValueError(f"{name!r} is not a name of the host; write one name for each item of the list")
    return name


def _registry(value: object) -> str:
    if "://" in (name := _word(value)):
        raise ValueError(f"{name!r} is an address; write the registry alone, as 'registry.example.com:5000'")
    return name.rstrip("/")


def _capability(value: object) -> str:
    name = _word(value).upper().removeprefix("CAP_")
    if not re.fullmatch("[A-Z][A-Z_]*", name):
        raise ValueError(f"{value!r} is not a capability; write it as NET_BIND_SERVICE")
    return name


def _ulimit(value: object) -> str:
    if not re.fullmatch("[a-z]+", name := _word(value)):
        raise ValueError(f"{name!r} is not the name of a ulimit; write it as nofile")
    return name


def _path(value: object) -> str:
    path = _text(value)
    if not path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} is not an absolute path; write it from / on and without '..'")
    return "/" + "/".join(_parts(posixpath.normpath(path)))


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is not a truth value; write true or false")
    return value


def _memory(value: object) -> int:
    match = _MEMORY.fullmatch(str(value)) if _is_number(value) or isinstance(value, str) else None
    amount = int(float(match[1]) * 1024 ** " kmgt".index((match[2] or " ").lower())) if match else 0
    if amount < 1:
        raise ValueError(f"{_shown(value)} is not an amount of memory; write bytes or '8g', above 0")
    return amount


def _listener(value: object) -> tuple[str, int]:
    match = re.fullmatch(
        r"(\*|[0-9.]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", value if isinstance(value, str) else ""
    )
    try:
        port = int(match[2]) if match else 0
        if match is not None and 1 <= port <= 65535:
            address = ipaddress.ip_address("::" if match[1] == "*" else match[1].strip("[]"))
            return "*" if address.is_unspecified else str(address), port
    except ValueError:
        pass
    raise ValueError(
        f"{_shown(value)} is not an address with a port; write it as '10.0.0.5:2376' or '[fd00::5]:2376'"
    )


def _log_size(value: object) -> int:
    amount = go_size(str(value)) if _is_number(value) or isinstance(value, str) else None
    if not amount:
        raise ValueError(f"{_shown(value)} is not the size of a log; write it as '10m', above 0")
    return amount


def _files(value: object) -> int:
    if not isinstance(value, int) or not _is_number(value) or value < 1:
        raise ValueError(f"{_shown(value)} is not a number of files; write it as 3, above 0")
    return value


def _cpus(value: object) -> float:
    match = _DECIMAL.fullmatch(str(value)) if _is_number(value) or isinstance(value, str) else None
    if match is None or float(match[0]) <= 0:
        raise ValueError(f"{_shown(value)} is not a number of CPUs; write it as 2 or 2.5, above 0")
    return float(match[0])


def _pids(value: object) -> int:
    if not isinstance(value, int) or not _is_number(value) or value < 1:
        raise ValueError(f"{_shown(value)} is not a number of processes; write it as 500, above 0")
    return value


def _day(value: object) -> date:
    text = value if isinstance(value, str) else ""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{_shown(value)} is not a day; write it as 2026-03-31")


def _days(value: object) -> int:
    if not isinstance(value, int) or not _is_number(value) or value < 1:
        raise ValueError(f"{_shown(value)} is not a number of days; write it as 365, above 0")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or not _is_number(value) or value < 0:
        raise ValueError(f"{_shown(value)} is not a count; write it as 10, or 0 for none")
    return value


def _severity(value: object) -> str:
    if value not in SEVERITIES:
        raise ValueError(f"{_shown(value)} is not a severity; write one of {', '.join(SEVERITIES)}")
    return str(value)


def _monitor(value: object) -> str:
    if value not in MONITORS:
        raise ValueError(f"{_shown(value)} is no known monitor; write one of {', '.join(MONITORS)}")
    return str(value)


def _secret_names(mapping: object) -> SiteNames:
    return SiteNames(**_parsed(mapping, dict.fromkeys(("hide", "keep"), _each(_name_pattern))))


def _name_pattern(value: object) -> str:
    pattern = _word(value)
    if not pattern.strip("*?"):
        raise ValueError(f"{pattern!r} is every name; write a name, or a part of one with '*'")
    return pattern.lower()


def _managers(value: object) -> int:
    if not _is_number(value) or value not in (1, 3, 5, 7):
        raise ValueError(f"{_shown(value)} is not a number of managers; write 1, 3, 5 or 7")
    return int(str(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "trusted_users": _each(_account),
    "socket_groups": _each(_account),
    "os_hardening": Hardening.from_mapping,
    "minimal_distributions": _each(_word),
    "allowed_host_programs": _each(_word),
    "allowed_host_services": _each(_word),
    "patch_days": _days,
    "ip_forward_reason": _text,
    "allowed_registries": _each(_registry),
    "allowed_packages": _each(_word),
    "image_max_age_days": _days,
    "scan_reports": ScanReports.from_mapping,
    "image_verification": _text,
    "rootful_reason": _text,
    "api_listeners": _each(_listener),
    "cgroup_parents": _each(_word),
    "authorization_plugins": _some(_word),
    "log_drivers": _each(_word),
    "log_limits": LogLimits.from_mapping,
    "seccomp_profiles": _each(_path),
    "swarm": _truth,
    "allowed_setuid_files": _each(_path),
    "allowed_capabilities": _each(_capability),
    "allowed_mounts": _each(_path),
    "allowed_devices": _each(_text),
    "allowed_ulimits": _each(_ulimit),
    "allowed_ports": _each(PortRange.parse),
    "sensitive_containers": _each(_word),
    "resource_limits": ResourceLimits.from_mapping,
    "current_images": _each(_word),
    "sprawl": SprawlLimits.from_mapping,
    "swarm_managers": _managers,
    "rotation_days": RotationPeriods.from_mapping,
    "docker_bench": DockerBench.from_mapping,
    "runtime_monitors": _some(_monitor),
    "secret_names": _secret_names,
}
