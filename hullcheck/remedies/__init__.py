"""What mends a failure, as data: a remedy in `table.py` was applied to a real host, where its control passed after."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Remedy(Struct, frozen=True, kw_only=True):
    """What mends one control.

    Attributes:
        risk: what it may break, as sentences; empty where nothing is known.
        asks: whether it is written only if somebody names the control, as it takes something away.
    """

    risk: str = ""
    asks: bool = False


class Settings(Remedy, frozen=True, kw_only=True):
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


class AuditRule(Remedy, frozen=True, kw_only=True):
    """A rule for each file of the fact *files*, or for all in a directory if *tree*."""

    files: str
    tree: bool = False


class KernelSettings(Remedy, frozen=True, kw_only=True):
    """Settings of the kernel by name, now and at the next start."""

    values: Mapping[str, str]


class Mode(Remedy, frozen=True, kw_only=True):
    """The bits that each file of the fact *files* may have: *most*, a *directory* or program, or a private *key*."""

    files: str
    most: int
    directory: int = 0o755
    key: int = 0o400


class Owner(Remedy, frozen=True, kw_only=True):
    """Root as the owner of each file of the fact *files*, and its group."""

    files: str
    group: str = "root"


class ContainerLimit(Remedy, frozen=True, kw_only=True):
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


class ContainerOptions(Remedy, frozen=True, kw_only=True):
    """Options of `docker run` to add and to drop when a container with such a *finding* is created again."""

    finding: str
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
