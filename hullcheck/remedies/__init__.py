"""Remedies as data: each one in `table.py` was applied to a real host, where its control passed afterwards."""

import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from hullcheck.lazy import regex

PATH = regex(r"/[\w./@+:-]+", re.ASCII)
"""A path that an audit rule can hold: a rule is split at blanks."""


def audit_rule(path: str, *, tree: bool) -> str:
    """Return an audit rule for a file, or for all in a directory."""
    return f"-a always,exit -F {'dir' if tree else 'path'}={path} -F perm=wa -k docker"


class Remedy(Struct, frozen=True, kw_only=True):
    """A change that fixes one control."""

    risk: str = ""  # what it may break, as sentences, or an empty string
    asks: bool = False  # whether it is written only with `--also CONTROL`, because it takes something away

    @property
    def effect(self) -> str:
        """The effect of `hullcheck remedy`, as the rest of a sentence."""
        raise NotImplementedError


class Settings(Remedy, frozen=True, kw_only=True):
    """Settings of daemon.json."""

    put: Mapping[str, Any] = field(default_factory=dict)  # settings to set; objects are merged
    without: tuple[str, ...] = ()  # settings to remove
    # the values that other settings may have, or None if they may be missing; others are the organization's choice
    only: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    no_swarm: bool = False  # whether swarm nodes do not support them

    @property
    def effect(self) -> str:
        put = f"sets {json.dumps(self.put)[1:-1]} in it"
        taken = f"removes {', '.join(self.without)} from it"
        return f"merges the daemon.json of the host: it {put if self.put else taken}"


class AuditRule(Remedy, frozen=True, kw_only=True):
    """A rule for each file of the fact *files*, or for all in a directory if *tree*."""

    files: str
    tree: bool = False

    @property
    def effect(self) -> str:
        return f"writes a rule for each path that has none: `{audit_rule('PATH', tree=self.tree)}`"


class KernelSettings(Remedy, frozen=True, kw_only=True):
    """Kernel settings by name, now and at the next start."""

    values: Mapping[str, str]

    @property
    def effect(self) -> str:
        values = ", ".join(f"{name} = {value}" for name, value in self.values.items())
        return f"writes a file for /etc/sysctl.d with {values}, and sets it at once"


class Mode(Remedy, frozen=True, kw_only=True):
    """The most permission bits of each file of the fact *files*, if it is no directory, program or private key."""

    files: str
    most: int

    @property
    def effect(self) -> str:
        return f"removes permissions beyond {self.most:o}"


class Owner(Remedy, frozen=True, kw_only=True):
    """Root as owner, and the group, of each file of the fact *files*."""

    files: str
    group: str = "root"

    @property
    def effect(self) -> str:
        return f"makes root:{self.group} the owner"


class ContainerLimit(Remedy, frozen=True, kw_only=True):
    """Options of `docker update` for a running container with such a *finding*."""

    options: str
    finding: str = ".* is in force, and none is set"

    @property
    def effect(self) -> str:
        return f"changes it at once: `docker update {self.options} CONTAINER`"


class ContainerOptions(Remedy, frozen=True, kw_only=True):
    """Options of `docker run` to add and to drop when a container with such a *finding* is created again."""

    finding: str
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    @property
    def effect(self) -> str:
        options = f"with `{' '.join(self.add)}`" if self.add else f"without `{' '.join(self.drop)}`"
        return f"lists the containers to create again, {options}"
