"""The parts of a policy that have keys of their own, and ports."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from hullcheck.policy import values

PROTOCOLS = ("tcp", "udp", "sctp")
_PORTS = re.compile(rf"([0-9]{{1,5}})(?:-([0-9]{{1,5}}))?(?:/({'|'.join(PROTOCOLS)}))?")


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
        match = _PORTS.fullmatch(str(value)) if values.is_number(value) or isinstance(value, str) else None
        if match is None:
            raise ValueError(
                f"{values.shown(value)} is not a host port; write it as 443, '8000-8100' or '53/udp'"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= 65535:
            raise ValueError(
                f"{values.shown(value)} is not a range of ports; write two from 1 to 65535, the lower one first"
            )
        return cls(first, last, match[3] or "tcp")

    def contains(self, port: int, protocol: str = "tcp") -> bool:
        """Whether *port* of *protocol* is one of these."""
        return self.first <= port <= self.last and protocol == self.protocol

    def __str__(self) -> str:
        """The ports as a policy file writes them."""
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return ports if self.protocol == "tcp" else f"{ports}/{self.protocol}"


class _Part:
    """A part of a policy with keys of its own, which are its fields."""

    _PARSERS: ClassVar[Mapping[str, Callable[[Any], Any]]]

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """Read it as a policy file writes it.

        Raises:
            PolicyError: a key is unknown or missing, or a value is wrong; all faults at once.
        """
        needed = [each for each in cls._PARSERS if not hasattr(cls, each)]  # those without a default
        return cls(**values.required(values.parsed(mapping, cls._PARSERS), *needed))


@dataclass(frozen=True)
class ResourceLimits(_Part):
    """The most that one container may be given; ``None`` where the policy is silent."""

    memory: int | None = None
    """In bytes."""
    cpus: float | None = None
    pids: int | None = None

    _PARSERS: ClassVar = {"memory": values.to_memory, "cpus": values.to_cpus, "pids": values.to_pids}


@dataclass(frozen=True)
class Hardening(_Part):
    """An assessment of the host's operating system."""

    standard: str
    """The hardening standard that it was held against."""
    assessed: date
    valid_days: int = 365
    """How long it counts."""

    _PARSERS: ClassVar = {"standard": values.to_text, "assessed": values.to_day, "valid_days": values.to_days}


@dataclass(frozen=True)
class ScanReports(_Part):
    """Where the reports of image scanners lie, and what they may say."""

    folder: str
    """On the target."""
    max_age_days: int = 30
    """How old a report may be."""
    highest_severity: str = "medium"
    """The worst weakness that an image may have; see `SEVERITIES`."""

    _PARSERS: ClassVar = {
        "folder": values.to_path,
        "max_age_days": values.to_days,
        "highest_severity": values.to_severity,
    }


@dataclass(frozen=True)
class DockerBench(_Part):
    """Where the log of docker-bench-security lies, and how old it may be."""

    log: str
    """The JSON log on the target."""
    max_age_days: int = 30
    """How many days ago the last run may have been."""

    _PARSERS: ClassVar = {"log": values.to_path, "max_age_days": values.to_days}


@dataclass(frozen=True)
class LogLimits(_Part):
    """How much of a container's log may stay on the host."""

    max_size: int = 10_000_000
    """Of one file, in bytes."""
    max_file: int = 3
    """How many files."""

    _PARSERS: ClassVar = {"max_size": values.to_log_size, "max_file": values.to_files}


@dataclass(frozen=True)
class SprawlLimits(_Part):
    """How much may be unused."""

    unused_images: int = 10
    """Images that no container uses."""
    stopped_containers: int = 10
    """Containers that do not run."""
    max_age_days: int = 30
    """For how long either may stay."""

    _PARSERS: ClassVar = {
        "unused_images": values.to_count,
        "stopped_containers": values.to_count,
        "max_age_days": values.to_days,
    }


@dataclass(frozen=True)
class RotationPeriods(_Part):
    """For how many days a key or certificate of a swarm may be in use."""

    unlock_key: int = 365
    """The key that unlocks managers."""
    node_certificate: int = 30
    """The certificates of nodes: how long they may hold."""
    swarm_ca: int = 365
    """The root certificate of the swarm: how old it may be."""

    _PARSERS: ClassVar = dict.fromkeys(("unlock_key", "node_certificate", "swarm_ca"), values.to_days)
