"""Remedies as data: each one in `table.py` was applied to a real host, where its control passed afterwards."""

import json
import re
from collections.abc import Callable, Mapping
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
        """The effect of `hullcheck remedy`, as the rest of a sentence; an empty string if a person has to fix it."""
        raise NotImplementedError

    @property
    def asks_for_some(self) -> bool:
        """Whether it takes something away, for some causes at least."""
        return self.asks


class Settings(Remedy, frozen=True, kw_only=True):
    """Settings of daemon.json."""

    put: Mapping[str, Any] = field(default_factory=dict)  # settings to set; objects are merged
    without: tuple[str, ...] = ()  # settings to remove
    # beginnings of items to take out of a list, by setting; it is removed if none is left
    less: Mapping[str, str] = field(default_factory=dict)
    # the values that other settings may have, or None if they may be missing; others are the organization's choice
    only: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    no_swarm: bool = False  # whether swarm nodes do not support them

    @property
    def effect(self) -> str:
        put = f"sets {json.dumps(self.put)[1:-1]} in it"
        taken = f"removes {', '.join((*self.without, *(' '.join(each).strip() for each in self.less.items())))} from it"
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


class Setting(Struct, frozen=True, kw_only=True):
    """What to change in how a container is started, if its reason is *finding*, a regular expression.

    `{memory}`, `{cpus}` and `{pids}` stand for numbers.
    """

    finding: str
    put: str = ""  # lines for its service in a Compose file; those of a list are added to what is there
    away: str = ""  # the key of a Compose file that goes, or whose items go that the reason names
    keep: str = ""  # a key whose items were added on purpose: where the reason names one, this is not for it
    unless: tuple[str, ...] = ()  # keys whose values would have to fit
    run: str = ""  # options of `docker run` to add
    drop: str = ""  # and to leave out
    update: str = ""  # options of `docker update`, which take effect at once
    service: str = ""  # options of `docker service update`
    asks: bool = False

    @property
    def words(self) -> str:
        """What changes in a Compose file."""
        away = "ports on 127.0.0.1" if self.away == "ports" else f"without {self.away}"
        return "; ".join(filled(self.put).splitlines()) or away


class Start(Remedy, frozen=True, kw_only=True):
    """The first of *settings* that is for the reason, in how a container is started; without any, it is for a person.

    Attributes:
        write: what to write for a service in a Compose file: `{item}` is what the file has now, `{name}` that without a
            tag or an address, `{last}` its last part.
    """

    settings: tuple[Setting, ...] = ()
    write: str = ""

    @property
    def hint(self) -> str:
        """What to write, or else what the first of *settings* writes."""
        return self.write or filled(self.settings[0].put) or "# without {item}"

    @property
    def asks_for_some(self) -> bool:
        return self.asks or any(each.asks for each in self.settings)

    @property
    def effect(self) -> str:
        if not self.settings:
            return ""
        first = self.settings[0]
        now = f"changes it at once: `docker update {first.update} CONTAINER`; it also " if first.update else ""
        options = f"with `{first.run}`" if first.run else f"without `{first.drop}`"
        where = "a Compose file, an override for what docker compose started, or the options to start it again"
        return f"{now}writes {where} {options}"


NUMBERS = {"memory": "512m", "cpus": "1.0", "pids": "1000"}
"""Where nothing is known of what a container needs."""


def filled(text: str, numbers: Mapping[str, str] = NUMBERS) -> str:
    """Return lines or options of a Setting with numbers in them."""
    return (
        text.replace("{memory}", numbers["memory"])
        .replace("{cpus}", numbers["cpus"])
        .replace("{pids}", numbers["pids"])
    )


def pairs(put: str, numbers: Mapping[str, str] = NUMBERS) -> dict[str, str | tuple[str, ...]]:
    """Return lines of a Setting as keys with their values, or their items."""
    lines = (line.partition(": ") for line in filled(put, numbers).splitlines())
    return {key: tuple(value[1:-1].split(", ")) if value[0] == "[" else value for key, _, value in lines}


def setting_for(remedy: Remedy | None, reason: str, names: Callable[[str], bool]) -> Setting | None:
    """Return what to change for a reason, or None; *names* tells whether the reason names an item of a key."""
    for each in remedy.settings if isinstance(remedy, Start) else ():
        if re.fullmatch(each.finding, reason) and not (each.keep and names(each.keep)):
            return each
    return None
