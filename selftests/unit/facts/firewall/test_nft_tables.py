"""The rules that the engine itself makes with nft, as Docker 29.7.2 made them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts.firewall.nft_tables import rules_of_the_engine
from hullcheck.verdicts import EvidenceError

OWN = {"family": "ip", "table": "docker-bridges"}
COUNTER = {"counter": {"packets": 0, "bytes": 0}}


def rule(chain: str, *expressions: dict[str, Any], **more: str) -> dict[str, Any]:
    """A rule, as nft 1.1.3 printed it."""
    return {"rule": OWN | more | {"chain": chain, "handle": 9, "expr": [*expressions]}}


def lead(end: str, chains: str) -> dict[str, Any]:
    """A rule that leads to the chain of each bridge."""
    return rule("filter-FORWARD", {"vmap": {"key": {"meta": {"key": end}}, "data": f"@{chains}"}})


MADE = [
    {"table": {"family": "ip", "name": "docker-bridges", "handle": 1}},
    {"chain": OWN | {"name": "filter-FORWARD", "type": "filter", "hook": "forward", "prio": 0}},
    {"chain": OWN | {"name": "filter-forward-in__docker0"}},
    lead("oifname", "filter-forward-in-jumps"),
    lead("iifname", "filter-forward-out-jumps"),
    rule("filter-forward-in__docker0", COUNTER, {"drop": None}),
    rule("filter-FORWARD", COUNTER, {"drop": None}, table="site"),
    rule("filter-FORWARD", COUNTER, {"drop": None}, family="ip6"),
]


def listed(*items: dict[str, Any]) -> list[str]:
    """What nft says of these."""
    return [json.dumps({"nftables": [{"metainfo": {"version": "1.1.3"}}, *items]}), ""]


def test_rules_of_each_chain() -> None:
    """Those of the engine's own table, for one kind of address; none where it is dormant or gone."""
    assert rules_of_the_engine(listed(*MADE), "ip") == {"filter-FORWARD": 2, "filter-forward-in__docker0": 1}
    assert rules_of_the_engine(listed(*MADE), "ip6") == {"filter-FORWARD": 1}
    dormant = {"table": {"family": "ip", "name": "docker-bridges", "handle": 1, "flags": ["dormant"]}}
    assert rules_of_the_engine(listed(dormant, *MADE[1:]), "ip") == {}
    assert rules_of_the_engine(listed(), "ip") == {}


@pytest.mark.parametrize("item", [{"rule": {}}, {"rule": None}])
def test_answer_of_another_shape(item: dict[str, Any]) -> None:
    """It is no list of rules."""
    with pytest.raises(EvidenceError, match="the answer of nft is not what it documents"):
        rules_of_the_engine(listed(item), "ip")
