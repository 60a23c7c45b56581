"""The policy in the variables of an Ansible inventory."""

from collections.abc import Mapping
from typing import Any

from hullcheck.inventory.ansible.connect import require_plain
from hullcheck.inventory.ansible.groups import AnsibleError, Hierarchy, Variable
from hullcheck.inventory.yamlfile import Document, Way
from hullcheck.policy import Policy, PolicyError, merged

VARIABLE = "hullcheck_policy"


def of(hierarchy: Hierarchy, names: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The policies as hullcheck's own inventory has them, and what is wrong with them.

    Each target, called as *names* says of its host, has all that counts for it: no order of groups could say what
    Ansible's precedence says.
    """
    found: dict[int, Variable] = {}

    def layers(host: str | None) -> list[dict[str, Any]]:
        variables = [layer[VARIABLE] for layer in hierarchy.layers(host) if VARIABLE in layer]
        found.update((id(each), each) for each in variables)
        return [each.value for each in variables if isinstance(each.value, dict)]

    written = {host: layers(host) for host in (None, *hierarchy.site.hosts)}
    faults = _faults(list(found.values()))
    if faults:
        return {}, faults
    policy: dict[str, Any] = {"all": merged(*written[None])}
    policy["targets"] = {names[host]: merged(*each) for host, each in written.items() if host and each}
    return policy, []


def _faults(variables: list[Variable]) -> list[str]:
    """What is wrong with each of *variables*, by the schema of an inventory and beyond it."""
    faults: list[str] = []
    readable: dict[str, Variable] = {}
    for each in variables:
        try:
            require_plain(each.value, each, VARIABLE)
        except AnsibleError as error:
            faults.append(str(error))
        else:
            readable[f"p{len(readable)}"] = each
    if not readable:
        return faults
    # a policy stands in an inventory, whose schema knows it
    policies = {name: each.value for name, each in readable.items()}
    document = Document(readable["p0"].path, {"targets": _ANY, "policy": {"groups": policies}}, {})
    wrong = document.faults("inventory.json")
    for name, policy in policies.items():
        for way, fault in _beyond_schema(policy):
            wrong.setdefault(("policy", "groups", name, *way), fault)
    for way, fault in wrong.items():
        variable = readable[str(way[2])]
        here = Document(variable.path, None, {(VARIABLE,): variable.line})
        faults += here.messages({(VARIABLE, *way[3:]): fault})
    return faults


_ANY = {"any": {"connect": "local://"}}


def _beyond_schema(policy: Any) -> list[tuple[Way, str]]:
    try:
        Policy.from_mapping(policy if isinstance(policy, dict) else {})
    except PolicyError as error:
        return list(error.faults)
    return []
