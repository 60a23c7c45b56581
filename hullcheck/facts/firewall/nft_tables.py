"""The tables of nft to which packets come: those of the engine's nftables backend, and those of others."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from hullcheck.facts.firewall.rules import Chains, Rule, nft_rules
from hullcheck.verdicts import EvidenceError

_OF_THE_ENGINE = "docker-bridges"
_FAMILIES = frozenset({"inet", "ip", "ip6"})  # what is forwarded from outside never comes to those of bridges
# What nft calls what packets of one family alone have or are.
_OF_FAMILY = {"ip": {"ip", "icmp", "igmp", "ipv4"}, "ip6": {"ip6", "icmpv6", "ipv6"}}
Table = tuple[str, Chains, Mapping[str, tuple[str, str]]]
_FORWARDING_HOOKS = frozenset({"forward", "prerouting", "postrouting"})
_UNLIKE = "the answer of nft is not what it documents"
BEFORE_STATES = "before the kernel knows states"
"""Instead of `prerouting`, for chains that packets come to before they belong to a connection."""
_KNOWS_STATES = -200


def rules_of_the_engine(lines: Iterable[str], family: str) -> Mapping[str, int]:
    """How many rules there are in each chain of the engine's table; none where that is not there, or dormant.

    Raises:
        EvidenceError: the answer is not what nft documents.
    """
    own = f"{family} {_OF_THE_ENGINE}"
    try:
        items = _items(lines)
        rules = [each["rule"] for each in items if "rule" in each]
        found = Counter(each["chain"] for each in rules if f"{each['family']} {each['table']}" == own)
        return {} if own in _dormant(items) else found
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EvidenceError(_UNLIKE) from None


def of_others(lines: Iterable[str], left_out: str) -> Iterable[Table]:
    """What the traffic of containers comes to in each table but the engine's own, dormant ones and those of one family.

    That is its chains, and hook and policy of those to which forwarded packets come. A table of both families has rules
    that are for one alone: those for the family that is left out are left out too.
    """
    chains: dict[str, dict[str, list[Rule]]] = {}
    hooked: dict[str, dict[str, tuple[str, str]]] = {}
    try:
        items = _items(lines)
        off = _dormant(items)
        for chain in (item["chain"] for item in items if "chain" in item):
            table = f"{chain['family']} {chain['table']}"
            chains.setdefault(table, {})[chain["name"]] = []
            if chain.get("hook") in _FORWARDING_HOOKS and chain.get("type") == "filter":
                early = chain["hook"] == "prerouting" and chain.get("prio", 0) <= _KNOWS_STATES
                hook = BEFORE_STATES if early else chain["hook"]
                hooked.setdefault(table, {})[chain["name"]] = (hook, chain.get("policy", "accept"))
        for rule in (item["rule"] for item in items if "rule" in item):
            if not any(_is_of(left_out, each) for each in rule["expr"]):
                chains[f"{rule['family']} {rule['table']}"][rule["chain"]] += nft_rules(rule["expr"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EvidenceError(_UNLIKE) from None
    families = ((*name.split(), name) for name in hooked)
    wanted = [
        name
        for family, table, name in families
        if family in _FAMILIES - {left_out} and table != _OF_THE_ENGINE and name not in off
    ]
    return [(name, chains[name], hooked[name]) for name in wanted]


def _items(lines: Iterable[str]) -> list[dict[str, Any]]:
    return [item for line in lines if line for item in json.loads(line)["nftables"]]


def _dormant(items: Iterable[dict[str, Any]]) -> set[str]:
    """The tables that are switched off."""
    tables = (item["table"] for item in items if "table" in item)
    return {f"{each['family']} {each['name']}" for each in tables if "dormant" in each.get("flags", ())}


def _is_of(family: str, expression: dict[str, Any]) -> bool:
    """Whether a statement of nft is a condition that packets of this family alone meet."""
    match = expression.get("match")
    if not isinstance(match, dict) or not isinstance(match.get("left"), dict):
        return False
    names, left = _OF_FAMILY[family], match["left"]
    for part in left.get("concat") or [left]:
        (kind, field), *_ = (part or {"": {}}).items()
        if kind == "payload" and field.get("protocol") in names:
            return True
        if kind == "ct" and str(field.get("key")).partition(" ")[0] in names:
            return True
        if kind == "meta" and field.get("key") in ("nfproto", "protocol"):
            wanted = names if match.get("op") == "==" else _OF_FAMILY["ip" if family == "ip6" else "ip6"]
            return isinstance(match.get("right"), str) and match["right"] in wanted
    return False
