"""The hardening guide, 3.4: which rules of the site filter the traffic of containers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.engine.firewall import FIREWALL
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.kit.facts import in_parts
from selftests.kit.facts.daemons import Host
from selftests.kit.judging import judged

DROP = '7/iptables:-A DOCKER-USER -i eth0 -m comment --comment "a -j b" -j DROP'
RETURN = "7/iptables:-N DOCKER-USER\n7/iptables:-A DOCKER-USER -j RETURN"
READ = "cni:absent\n7/iptables-status:0\n7/ip6tables-status:0"
NFTABLES = {"FirewallBackend": {"Driver": "nftables"}}


def judge(text: str, **info: Any) -> dict[str, tuple[str, str]]:
    """Verdict and reason for each option of a host whose probe answers this."""
    recording = Host(info=info).recording()
    answer = Answer(FIREWALL.name, 0, FIREWALL.keep(in_parts(rules=text)), "")
    facts = Facts(replace(recording, answers=recording.answers | {answer.name: answer}), Policy())
    return {str(key): value for key, value in judged("firewall_limits_container_traffic", facts).items()}


def nft(table: str, *, hook: str = "forward", policy: str = "accept", rules: int = 0, name: str = "f") -> str:
    """What nft lists of a table with one chain."""
    place = {"family": table.split()[0], "table": table.split()[1]}
    chain = {"chain": place | {"name": name, "type": "filter", "hook": hook, "policy": policy, "handle": 1}}
    found = [{"metainfo": {}}, chain, *([{"rule": place | {"chain": name, "expr": ["secret"]}}] * rules)]
    return f"\n7/nft:{json.dumps({'nftables': found})}"


@pytest.mark.parametrize(
    ("text", "info", "verdict", "words"),
    [
        (f"{READ}\n{RETURN}", {}, "fail", "DOCKER-USER has no rule beyond RETURN"),
        (f"{READ}\n{DROP}", {}, "manual", "iptables -A DOCKER-USER -i eth0 -m comment --comment - -j DROP"),
        (f"{READ}\n{DROP.replace('iptables', 'ip6tables')}", {}, "manual", "ip6tables -A DOCKER-USER"),
        (f"{READ}{nft('inet site', policy='drop')}", {}, "manual", "nft inet site f (0 rules, policy drop)"),
        (f"{READ}{nft('ip site', hook='prerouting', rules=2)}", {}, "manual", "(2 rules, policy accept)"),
        (f"{READ}{nft('inet filter')}", {}, "fail", "no other table"),
        (f"{READ}{nft('inet filter', hook='input', policy='drop')}", {}, "fail", ""),
        (f"{READ}{nft('ip filter', rules=4, name='FORWARD')}", {}, "fail", ""),
        (f"cni:absent{nft('ip docker-bridges', rules=3)}", NFTABLES, "fail", ""),
        ("cni:absent\n7/nft:", NFTABLES, "error", "the tables of nftables could not be read"),
        ("cni:absent\n7/iptables:absent", {}, "error", "could not be read (absent)"),
        ("cni:absent\n7/iptables:Permission denied (you must be root)", {}, "error", "you must be root"),
    ],
)
def test_rules(text: str, info: dict[str, Any], verdict: str, words: str) -> None:
    """Rules beyond RETURN need a manual check, and no rules fail."""
    found = judge(text, **info)
    found = found.get("iptables") or next(iter(found.values()))
    assert (found[0], words in found[1]) == (verdict, True), found


@pytest.mark.parametrize(
    ("cni", "verdict"),
    [
        ("cni:absent", "not applicable"),
        ("cni:read", "not applicable"),
        ("cni:read\ncni:file 10-x.conf", "manual"),
        ("", "error"),
    ],
)
def test_cni(cni: str, verdict: str) -> None:
    """A configuration of CNI needs a manual check."""
    assert judge(READ.replace("cni:absent", cni))["CNI plugins"][0] == verdict
