"""Makes targets and policies of an inventory of Ansible."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hullcheck.inventory import Inventory, InventoryError, Target
from hullcheck.inventory.ansible import connect, policies, sources
from hullcheck.inventory.ansible.groups import AnsibleError, Hierarchy, Variables
from hullcheck.inventory.specs import safe_name


def load(path: Path) -> Inventory:
    """Read the inventory of Ansible *path*: a file, or a directory.

    The policy of a host is in ``hullcheck_policy``, a variable of groups and hosts, whose keys are laid over each other
    in the order of Ansible's precedence.

    Raises:
        InventoryError: it cannot be used. A host that cannot be reached so is a target with a fault.
    """
    try:
        site = sources.read(path)
        hierarchy = Hierarchy(site, path)
        if not site.hosts:
            raise AnsibleError(f"{path}:1: holds no host")
    except AnsibleError as error:
        raise InventoryError((str(error),)) from None
    known = {name: hierarchy.variables_of(name) for name in site.hosts}
    names = _target_names(known)
    policy, faults = policies.of(hierarchy, names)
    if faults:
        raise InventoryError(tuple(faults))
    targets = tuple(_target(names[each], each, known[each], hierarchy) for each in known)
    both = sorted(site.hosts.keys() & site.groups.keys())
    twice = [f"{each} is a host and a group, which Ansible mixes up; rename one of them" for each in both]
    notes = (*site.notes, *twice, *_unused(known))
    return Inventory(path, targets, policy, notes=notes, is_of_ansible=True)


def _target_names(hosts: Iterable[str]) -> dict[str, str]:
    """What reports call each of *hosts*: its name, where that can be the name of a directory."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for host in hosts:
        shown = safe_name(host).lstrip("_-") or "target"
        numbered = (f"{shown}-{number}" for number in itertools.count(2))
        names[host] = next(each for each in itertools.chain([shown], numbered) if each not in taken)
        taken.add(names[host])
    return names


def _target(name: str, host: str, variables: Variables, hierarchy: Hierarchy) -> Target:
    groups = hierarchy.groups_of(host)
    try:
        way = connect.way_to(host, variables)
    except AnsibleError as error:
        return Target(name, "", groups, fault=str(error))
    return Target(name, way.connect, groups, way.docker_host, ssh_args=way.ssh_args)


def _unused(known: Mapping[str, Variables]) -> Iterator[str]:
    """A line for each variable that may matter to Ansible or looks like one of hullcheck, and does not here."""
    hosts: dict[str, list[str]] = {}
    for host, variables in known.items():
        for name in connect.unused(variables):
            hosts.setdefault(name, []).append(host)
    for name, those in sorted(hosts.items()):
        more = f" and {len(those) - 1} more" if len(those) > 1 else ""
        yield f"{name} of {those[0]}{more}: not known to hullcheck, and not used"


def as_written(inventory: Inventory) -> dict[str, Any]:
    """*inventory* as hullcheck's own format has it, with what counts for each target."""
    targets = {each.name: _target_as_written(each) for each in inventory.targets}
    return {"targets": targets, "policy": dict(inventory.policy)}


def _target_as_written(target: Target) -> dict[str, Any]:
    # the way to a host that cannot be reached is of no use to anybody, and may not be empty
    written = {"connect": target.connect or f"ssh://{target.name}", "groups": list(target.groups)}
    return written | ({"docker_host": target.docker_host} if target.docker_host else {})
