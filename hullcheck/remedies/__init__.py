"""What mends a failure, as data: a remedy in `table.py` was applied to a real host, where its control passed after."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """What mends one control.

    Attributes:
        risk: what it may break, as sentences; empty where nothing is known.
        asks: whether it is written only if somebody names the control, as it takes something away.
    """

    risk: str = ""
    asks: bool = False


@dataclass(frozen=True, kw_only=True)
class Settings(Remedy):
    """Settings of daemon.json.

    Attributes:
        put: those that are set; an object is joined with the one that is there.
        without: those that are taken out.
        only: the values that another setting may have, or `None` where it may be missing; others are the site's choice.
        no_swarm: whether a node of a swarm cannot have them.
    """

    put: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    only: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    no_swarm: bool = False


@dataclass(frozen=True, kw_only=True)
class AuditRule(Remedy):
    """A rule for each file of the fact *files*, or for all in a directory if *tree*."""

    files: str
    tree: bool = False


@dataclass(frozen=True, kw_only=True)
class KernelSettings(Remedy):
    """Settings of the kernel by name, now and at the next start."""

    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Mode(Remedy):
    """The bits that each file of the fact *files* may have: *most*, a *directory* or program, or a private *key*."""

    files: str
    most: int
    directory: int = 0o755
    key: int = 0o400


@dataclass(frozen=True, kw_only=True)
class Owner(Remedy):
    """Root as the owner of each file of the fact *files*, and its group."""

    files: str
    group: str = "root"


@dataclass(frozen=True, kw_only=True)
class ContainerLimit(Remedy):
    """A limit that `docker update` changes while a container runs.

    Attributes:
        shown: the Go template by which `docker inspect` prints the value.
        finding: a regular expression for the reasons that it mends.
        more: further words of the command, without which the engine refuses it.
    """

    option: str
    value: str
    shown: str
    finding: str = ".* is in force, and none is set"
    more: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContainerOptions(Remedy):
    """Options of `docker run` to add and to drop when a container with such a *finding* is created again."""

    finding: str
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
