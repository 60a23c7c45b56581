"""Hosts and groups of an Ansible inventory, and which of their variables count.

Order and precedence are those of https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html, as
ansible-core 2.19 follows them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ALL, UNGROUPED = "all", "ungrouped"


class AnsibleError(Exception):
    """An Ansible inventory cannot be used; the message is one line, ``file:line: what is wrong``."""


@dataclass(frozen=True)
class Variable:
    """What a variable holds, and where that is written."""

    value: Any
    path: Path
    line: int = 0
    """Counted from 1; 0 where it is not known."""

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}:{self.line}" if self.line else str(self.path)


Variables = dict[str, Variable]


@dataclass
class Group:
    """One group as the sources declare it."""

    children: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)
    own: Variables = field(default_factory=dict)
    """The variables beside its hosts."""
    beside: Variables = field(default_factory=dict)
    """The variables of group_vars."""
    priority: int = 1


@dataclass
class Host:
    """One host as the sources declare it."""

    own: Variables = field(default_factory=dict)
    beside: Variables = field(default_factory=dict)
    """The variables of host_vars."""


@dataclass
class Site:
    """All that the sources declare. They are read into it one after the other."""

    groups: dict[str, Group] = field(default_factory=lambda: {ALL: Group(), UNGROUPED: Group()})
    hosts: dict[str, Host] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What was passed over, a line each."""

    def group(self, name: str) -> Group:
        """The group of this name, which is made where there is none."""
        return self.groups.setdefault(name, Group())

    def add_hosts(self, group: str, names: list[str], variables: Mapping[str, Variable]) -> None:
        """Put hosts into a group; a later variable replaces an earlier one."""
        for name in names:
            self.hosts.setdefault(name, Host()).own.update(variables)
            self.group(group).hosts[name] = None

    def set_variable(self, group: str, name: str, variable: Variable) -> None:
        """Set a variable of a group; the priority is one of them that no host gets.

        Raises:
            AnsibleError: the priority is no number.
        """
        if name != "ansible_group_priority":
            self.group(group).own[name] = variable
            return
        try:
            self.group(group).priority = int(variable.value)
        except (TypeError, ValueError):
            raise AnsibleError(f"{variable.place}: ansible_group_priority is not a number") from None


class Hierarchy:
    """The groups of each host, once all sources are read."""

    def __init__(self, site: Site, path: Path) -> None:
        """Check that no group is below itself.

        Raises:
            AnsibleError: one is.
        """
        self.site = site
        self._depths: dict[str, int] = {}
        for name in site.groups:
            self._depth(name, (), path)

    @cached_property
    def _parents(self) -> Mapping[str, list[str]]:
        parents: dict[str, list[str]] = {name: [] for name in self.site.groups}
        for name, group in self.site.groups.items():
            for child in group.children:
                parents[child].append(name)
        return parents

    @cached_property
    def _named_in(self) -> Mapping[str, list[str]]:
        """The groups that name a host themselves."""
        named: dict[str, list[str]] = {name: [] for name in self.site.hosts}
        for name, group in self.site.groups.items():
            for host in group.hosts:
                named[host].append(name)
        return named

    def _depth(self, name: str, below: tuple[str, ...], path: Path) -> int:
        """How far *name* is below `all`, by the longest way."""
        if name in below:
            raise AnsibleError(
                f"{path}: the group {name} is a child of its own children; take one of them out"
            )
        if name not in self._depths:
            parents = (*self._parents[name], ALL) if name != ALL else self._parents[name]
            self._depths[name] = max(
                (self._depth(each, (*below, name), path) + 1 for each in parents), default=0
            )
        return self._depths[name]

    def groups_of(self, host: str) -> tuple[str, ...]:
        """The groups of *host* without `all`, in the order in which their variables replace each other."""
        found = set(self._named_in[host]) - {ALL, UNGROUPED} or {UNGROUPED}
        new = found
        while new:
            new = {parent for each in new for parent in self._parents[each]} - found
            found = found | new
        return tuple(sorted(found - {ALL}, key=self._rank))

    def _rank(self, name: str) -> tuple[int, int, str]:
        return self._depths[name], self.site.groups[name].priority, name

    def layers(self, host: str | None) -> Iterator[Variables]:
        """The variables of *host*, or of one that is not known; a later layer replaces what an earlier one says."""
        names = (ALL, *(self.groups_of(host) if host is not None else ()))
        groups = [self.site.groups[name] for name in names]
        yield from (each.own for each in groups)
        yield from (each.beside for each in groups)
        if host is not None:
            yield self.site.hosts[host].own
            yield self.site.hosts[host].beside

    def variables_of(self, host: str) -> Variables:
        """What counts of each variable on *host*."""
        return {name: each for layer in self.layers(host) for name, each in layer.items()}
