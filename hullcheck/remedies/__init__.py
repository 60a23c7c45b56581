"""What mends a failure, as data: one remedy for each control that has one which was proven.

A remedy stands in `table.py` if a self-test in the laboratory has applied it, as it is written for a user, to a host on
which the control failed before and passed after. A control without one is left to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """What mends one control.

    Attributes:
        risk: what it may break, as sentences; empty where nothing is known.
        asks: whether it is written only if somebody names the control, as it takes something away that may be needed.
    """

    risk: str = ""
    asks: bool = False


@dataclass(frozen=True, kw_only=True)
class Settings(Remedy):
    """Settings of daemon.json.

    Attributes:
        put: those that are set; an object is joined with the one that is there.
        without: those that are taken out.
        only: by name, the values that another setting may have for this one to be made, and `None` where it may be
            missing: what is taken out, or what this one depends on. Any other value is the site's choice.
        no_swarm: whether a node of a swarm cannot have them.
    """

    put: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    only: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    no_swarm: bool = False


@dataclass(frozen=True, kw_only=True)
class AuditRule(Remedy):
    """A rule that records each change of a file, or of all in a directory.

    Attributes:
        files: the fact with the files that the control judges.
        tree: whether these are directories.
    """

    files: str
    tree: bool = False


@dataclass(frozen=True, kw_only=True)
class KernelSettings(Remedy):
    """Settings of the kernel, now and at the next start, by their names."""

    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Mode(Remedy):
    """Permission bits that are taken away from a file.

    Attributes:
        files: the fact with the files that the control judges.
        most: the bits that may stay; *directory* those of a directory or a program, *key* those of a private key.
    """

    files: str
    most: int
    directory: int = 0o755
    key: int = 0o400


@dataclass(frozen=True, kw_only=True)
class Owner(Remedy):
    """Root as the owner of a file.

    Attributes:
        files: the fact with the files that the control judges.
        group: that of the file afterwards.
    """

    files: str
    group: str = "root"


@dataclass(frozen=True, kw_only=True)
class ContainerLimit(Remedy):
    """A limit of a container that `docker update` changes while it runs.

    Attributes:
        value: as *shown*, the Go template for `docker inspect`, gives it afterwards.
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
    """Options of `docker run` with which, or without which, a container is created again.

    Attributes:
        finding: a regular expression for the reasons that they mend.
    """

    finding: str
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
