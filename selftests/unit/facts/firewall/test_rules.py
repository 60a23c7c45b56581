"""Rules of iptables and nftables, read as one thing."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.facts.firewall.rules import (
    DESTINATION,
    IN,
    OTHER,
    OUT,
    PORT,
    PROTOCOL,
    SET,
    SOURCE,
    STATE,
    Match,
    iptables_rule,
    nft_rules,
)

IPTABLES: list[tuple[str, tuple[Match, ...]]] = [
    ("", ()),
    ("-m comment --comment -", ()),
    ("-i eth0 ! -o docker0", (Match(IN, ("eth0",)), Match(OUT, ("docker0",), negated=True))),
    ("! -s 10.0.0.0/8,192.168.0.0/16", (Match(SOURCE, ("10.0.0.0/8", "192.168.0.0/16"), negated=True),)),
    ("-d fd00::/8", (Match(DESTINATION, ("fd00::/8",)),)),
    (
        "-m conntrack ! --ctstate RELATED,ESTABLISHED",
        (Match(STATE, ("RELATED", "ESTABLISHED"), negated=True),),
    ),
    ("-p tcp -m multiport --dports 80,443", (Match(PROTOCOL, ("tcp",)), Match(PORT, ("80", "443")))),
    ("-m set --match-set f2b src", (Match(SET, ("f2b", "src")),)),
    ("-m limit --limit 5/sec", (Match(OTHER, ("limit",)), Match(OTHER, ("5/sec",)))),
    ("-m socket", (Match(OTHER, ("socket",)),)),
    ("-p tcp -m tcp --syn", (Match(PROTOCOL, ("tcp",)),)),
    ("-p tcp -m tcp ! --syn", (Match(PROTOCOL, ("tcp",)), Match(OTHER, (), negated=True))),
]


@pytest.mark.parametrize(("conditions", "matches"), IPTABLES)
def test_conditions_of_iptables(conditions: str, matches: tuple[Match, ...]) -> None:
    """Each is about one thing; what is not known is said to be something else."""
    rule = iptables_rule(f"-A DOCKER-USER {conditions} -j DROP")
    assert (rule.target, rule.matches, rule.comes_back) == ("DROP", matches, True)
    assert iptables_rule(f"-A DOCKER-USER {conditions} -g SITE").comes_back is False


def payload(protocol: str, name: str) -> dict[str, Any]:
    """A field of a packet."""
    return {"payload": {"protocol": protocol, "field": name}}


NETWORK = {"prefix": {"addr": "10.0.0.0", "len": 8}}
NFT: list[tuple[dict[str, Any], tuple[Match, ...]]] = [
    ({"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}, (Match(IN, ("eth0",)),)),
    ({"op": "!=", "left": {"meta": {"key": "oif"}}, "right": "lo"}, (Match(OUT, ("lo",), negated=True),)),
    (
        {"op": "!=", "left": payload("ip", "saddr"), "right": NETWORK},
        (Match(SOURCE, ("10.0.0.0/8",), negated=True),),
    ),
    (
        {"op": "==", "left": payload("ip6", "daddr"), "right": {"set": ["fd00::1", "fd00::2"]}},
        (Match(DESTINATION, ("fd00::1", "fd00::2")),),
    ),
    (
        {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new", "invalid"]},
        (Match(STATE, ("NEW", "INVALID")),),
    ),
    ({"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"}, (Match(STATE, ("DNAT",)),)),
    (
        {"op": "==", "left": payload("tcp", "dport"), "right": {"range": [8000, 8010]}},
        (Match(PROTOCOL, ("tcp",)), Match(PORT, ("8000-8010",))),
    ),
    ({"op": "==", "left": payload("th", "dport"), "right": 53}, (Match(PORT, ("53",)),)),
    ({"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv4"}, ()),
    ({"op": "<", "left": payload("tcp", "dport"), "right": 1024}, (Match(OTHER, ("match",)),)),
    ({"op": "==", "left": payload("ip", "saddr"), "right": "@trusted"}, (Match(OTHER, ("@trusted",)),)),
    ({"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "@lan"}, (Match(OTHER, ("@lan",)),)),
    (
        {"op": "==", "left": payload("ip", "saddr"), "right": {"set": [{"elem": {"val": "10.0.0.1"}}]}},
        (Match(SOURCE, ("10.0.0.1",)),),
    ),
    ({"op": "==", "left": {"fib": None}, "right": "local"}, (Match(OTHER, ("fib",)),)),
]


@pytest.mark.parametrize(("condition", "matches"), NFT)
def test_conditions_of_nft(condition: dict[str, Any], matches: tuple[Match, ...]) -> None:
    """The same of nft; one on a port is on the protocol too."""
    (rule,) = nft_rules([{"match": condition}, {"counter": None}, {"drop": None}])
    assert (rule.target, rule.matches) == ("DROP", matches)


def test_verdicts_of_nft() -> None:
    """A map is as many rules as it has entries, a named one may accept or drop; unknown statements are conditions."""
    card = {"meta": {"key": "iifname"}}
    entries = [["eth0", {"drop": None}], ["eth1", {"jump": {"target": "x"}}]]
    rules = nft_rules([{"vmap": {"key": card, "data": {"set": entries}}}])
    assert [(rule.target, rule.matches) for rule in rules] == [
        ("DROP", (Match(IN, ("eth0",)),)),
        ("x", (Match(IN, ("eth1",)),)),
    ]
    named = nft_rules([{"vmap": {"key": card, "data": "@m"}}])
    unknown = (Match(OTHER, ("map",)),)
    assert [(each.target, each.matches) for each in named] == [("ACCEPT", unknown), ("DROP", unknown)]
    (limited,) = nft_rules([{"limit": {"rate": 5}}, {"accept": None}])
    assert limited.matches == (Match(OTHER, ("limit",)),)
    (queued,) = nft_rules([{"queue": None}])
    assert queued.target == "QUEUE"
