"""The hardening guide, 3.4: which rules of a packet filter limit the traffic of containers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.firewall import FIREWALL
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.kit.facts.daemons import Host
from selftests.kit.facts.hosts import daemon_processes
from selftests.kit.judging import Verdicts, judged
from selftests.unit.criteria.test_firewall import IDLE, LIMITING

CONTROL = "firewall_limits_container_traffic"
CHAINS = ("-P FORWARD DROP", "-N DOCKER-USER", "-N SITE", "-A FORWARD -j DOCKER-USER")
ABSENT = ("cni:absent", "7/interface:lo", "7/interface:eth0", "7/interface:docker0")
NFTABLES = {"FirewallBackend": {"Driver": "nftables"}}


def judge(lines: tuple[str, ...], *, ipv6: bool = False, containers: str = "", **info: Any) -> Verdicts:
    """What the control says of a host whose probe answers this."""
    recording = Host(info=info, ipv6=ipv6, containers=containers).recording()
    answer = Answer(FIREWALL.name, 0, FIREWALL.keep("\n".join(lines)), "")
    return judged(
        CONTROL, Facts(replace(recording, answers=recording.answers | {answer.name: answer}), Policy())
    )


def iptables(*rules: str, chains: tuple[str, ...] = CHAINS) -> tuple[str, str]:
    """Verdict and reason where iptables lists these rules."""
    lines = (*ABSENT, *(f"7/iptables:{each}" for each in (*chains, *rules)), "7/iptables-status:0")
    return judge(lines)["iptables"]


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        (("-A DOCKER-USER -g SITE", '-A SITE -m comment --comment "a -j b" -j DROP'), "pass"),
        (
            ('-A DOCKER-USER -m comment --comment "all of it" -j ACCEPT', "-A DOCKER-USER -i eth0 -j DROP"),
            "fail",
        ),
        (('-A DOCKER-USER -i eth0 -j LOG --log-prefix "DROP -j DROP "',), "fail"),
    ],
)
def test_words_of_people(rules: tuple[str, ...], verdict: str) -> None:
    """What a comment or a prefix says is no part of a rule."""
    assert iptables(*rules)[0] == verdict


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ((), "pass"),
        (("friends 10.0.0.0/8", "others 0.0.0.0/1"), "pass"),
        (("friends 10.0.0.0/8", "friends 128.0.0.0/1"), "manual"),
    ],
)
def test_set_that_holds_most_of_the_world(entries: tuple[str, ...], verdict: str) -> None:
    """What drops all but a set drops nothing where strangers may be in the set."""
    rule = "-A DOCKER-USER -i eth0 -m set ! --match-set friends src -j DROP"
    told = (f"7/set:{each}" for each in entries)
    lines = (*ABSENT, *told, *(f"7/iptables:{each}" for each in (*CHAINS, rule)), "7/iptables-status:0")
    assert judge(lines)["iptables"][0] == verdict
    assert judge((*lines, "7/sets:unread"))["iptables"][0] == "manual"


def test_way_to_the_chain() -> None:
    """A chain to which nothing forwarded comes does nothing."""
    rule = "-A DOCKER-USER -i eth0 -j DROP"
    none = f"no rule drops new connections of strangers; DOCKER-USER has {rule}"
    assert iptables(rule, chains=()) == ("fail", none)
    assert iptables(rule, chains=("-P FORWARD ACCEPT",))[0] == "fail"
    assert iptables(rule, chains=("-A FORWARD -i docker9 -j DOCKER-USER",))[0] == "manual"
    assert iptables(rule, chains=("-A FORWARD -j ACCEPT", "-A FORWARD -j DOCKER-USER"))[0] == "fail"
    assert iptables(rule, chains=("-A FORWARD -i lo -j ACCEPT", "-A FORWARD -j DOCKER-USER"))[0] == "pass"
    assert iptables(chains=("-P FORWARD DROP",)) == ("fail", "there is no chain DOCKER-USER")


GOOD = (*ABSENT, *(f"7/iptables:{each}" for each in (*CHAINS, *LIMITING[0])), "7/iptables-status:0")
SIX = "for IPv6, which bridge has: "


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        ((*CHAINS, *LIMITING[0]), "pass", "; for IPv6: -A DOCKER-USER"),
        (
            (*CHAINS, *IDLE[1]),
            "fail",
            f"{SIX}no rule drops new connections of strangers; DOCKER-USER has -A DOCKER-USER -j RETURN",
        ),
        (("-P FORWARD ACCEPT",), "fail", f"{SIX}there is no chain DOCKER-USER"),
        ((*CHAINS[:-1], *LIMITING[0]), "fail", f"{SIX}no rule drops new connections of strangers"),
        ((), "fail", f"{SIX}there is no chain DOCKER-USER"),
        (None, "error", "the target has no ip6tables command"),
    ],
)
def test_bridge_with_ipv6(lines: tuple[str, ...] | None, verdict: str, words: str) -> None:
    """What ip6tables has decides as well where a bridge has IPv6, and only there."""
    six = () if lines is None else (*(f"7/ip6tables:{each}" for each in lines), "7/ip6tables-status:0")
    found = judge((*GOOD, *six), ipv6=True)["iptables"]
    assert (found[0], words in found[1]) == (verdict, True), found
    assert judge((*GOOD, *six))["iptables"] == ("pass", LIMITING[0][0])
    assert judge(six, ipv6=True)["iptables"][0] == "error"


@pytest.mark.parametrize(
    ("address", "running", "named"),
    [
        ("::", True, "web [::]:8080/tcp"),
        ("fd00::1", True, "web [fd00::1]:8080/tcp"),
        ("::1", True, ""),
        ("0.0.0.0", True, ""),
        ("::", False, ""),
    ],
)
def test_port_that_docker_proxy_passes_on(address: str, running: bool, named: str) -> None:
    """A port on an address of IPv6, without a bridge that has it, is no matter of these rules: the reason names it."""
    document = {
        "Id": "a" * 64,
        "Name": "/web",
        "Pid": 9 if running else 0,
        "Running": running,
        "Status": "running" if running else "exited",
        "Ports": {"80/tcp": [{"HostIp": address, "HostPort": "8080"}]},
        "HostConfig": {"NetworkMode": "bridge", "PortBindings": {}, "PublishAllPorts": False},
        "ExposedPorts": None,
        "Networks": {},
    }
    found = judge(GOOD, containers=f"container {json.dumps(document)}\n--proc\n--paths")["iptables"]
    note = f"; docker-proxy passes on, past these rules: {named} (published for 80)" if named else ""
    assert found == ("pass", LIMITING[0][0] + note)


@pytest.mark.parametrize(
    ("lines", "verdict"), [(("7/iptables-default:eth0",), "pass"), (("7/iptables-default:eth1",), "manual")]
)
def test_interface_with_the_default_route(lines: tuple[str, ...], verdict: str) -> None:
    """A rule has to be for the interface that leads outside by default, of IPv4 and of IPv6 each."""
    told = (*GOOD, "7/interface:eth1", *lines)
    assert judge(told)["iptables"][0] == verdict
    six = (each.replace("iptables", "ip6tables") for each in (*GOOD[len(ABSENT) :], *lines))
    assert judge((*GOOD, "7/interface:eth1", *six), ipv6=True)["iptables"][0] == verdict


@pytest.mark.parametrize(
    ("driver", "verdict"), [("bridge", "pass"), ("macvlan", "manual"), ("host", "manual")]
)
def test_container_past_the_bridges(driver: str, verdict: str) -> None:
    """No rule is for what reaches a container by an address of its own outside, or by that of the host."""
    name = "host" if driver == "host" else "lan"
    document = {
        "Id": "a" * 64,
        "Name": "/web",
        "Pid": 0,
        "Running": False,
        "Status": "exited",
        "HostConfig": {"NetworkMode": name, "PortBindings": {}, "PublishAllPorts": False},
        "ExposedPorts": None,
        "Networks": {name: {"NetworkID": "9"}},
    }
    recording = Host(containers=f"container {json.dumps(document)}\n--proc\n--paths").recording()
    networks = {"Name": name, "Id": "9", "Driver": driver, "EnableIPv6": False}
    texts = {
        "docker_networks": f"{recording.answers['docker_networks'].stdout}\n{json.dumps(networks)}",
        "firewall": FIREWALL.keep("\n".join(GOOD)),
    }
    answers = recording.answers | {name: Answer(name, 0, text, "") for name, text in texts.items()}
    found = judged(CONTROL, Facts(replace(recording, answers=answers), Policy()))["iptables"]
    assert found[0] == verdict, found
    assert ("; but web passes none of these rules" in found[1]) is (verdict == "manual")


def test_engine_that_does_not_tell_of_ipv6() -> None:
    """Nobody knows then whether a bridge has it."""
    found = judge(GOOD, ipv6=None)["iptables"]  # type: ignore[arg-type]
    assert found == ("error", "docker network inspect does not report EnableIPv6")


NO_ROOT = "the packet filter of the daemon's network could not be read; are you root?"
NO_COMMAND = "the packet filter could not be asked: the target has no iptables command"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), NO_COMMAND),
        (("7/iptables:absent",), NO_COMMAND),
        (("8/iptables:-A DOCKER-USER -j DROP", "8/iptables-status:0"), NO_COMMAND),
        (("7/namespace:unread",), NO_ROOT),
        (("7/iptables:unread",), NO_ROOT),
        (
            ("7/iptables:denied (you must be root)", "7/iptables-status:4"),
            "the packet filter could not be read: denied (you must be root)",
        ),
        (
            ('7/iptables:-A FORWARD --log-prefix "', "7/iptables-status:0"),
            "the answer of iptables is not what it documents",
        ),
    ],
)
def test_rules_that_could_not_be_read(lines: tuple[str, ...], reason: str) -> None:
    """Without the rules of this daemon's network there is neither a pass nor a fail."""
    assert judge((*ABSENT, *lines))["iptables"] == ("error", reason)


def nft(*items: dict[str, Any], ipv6: bool = False) -> tuple[str, str]:
    """Verdict and reason of an engine with that backend, where nft lists these items."""
    answer = json.dumps({"nftables": [{"metainfo": {"version": "1.1.3"}}, *items]})
    return judge((*ABSENT, f"7/nft:{answer}", "7/nft-status:0"), ipv6=ipv6, **NFTABLES)["iptables"]


def chain(table: str, name: str, **hook: str) -> dict[str, Any]:
    """A chain, as nft 1.1.3 printed it."""
    return {"chain": {"family": "inet", "table": table, "name": name, "handle": 1} | hook}


def rule(table: str, name: str, *expressions: dict[str, Any]) -> dict[str, Any]:
    """A rule, as nft 1.1.3 printed it."""
    return {
        "rule": {
            "family": "inet",
            "table": table,
            "chain": name,
            "handle": 2,
            "comment": "x",
            "expr": expressions,
        }
    }


HOOK = {"type": "filter", "hook": "forward", "policy": "accept"}
CARD = {"meta": {"key": "iifname"}}
MATCH = {"match": {"op": "==", "left": CARD, "right": "eth0"}}
COUNTER = {"counter": {"packets": 0, "bytes": 0}}
REJECT = {"reject": {"type": "icmpx", "expr": "port-unreachable"}}


SADDR = {
    family: {"match": {"op": "!=", "left": {"payload": {"protocol": family, "field": "saddr"}}, "right": "x"}}
    for family in ("ip", "ip6")
}
PORT = {"payload": {"protocol": "tcp", "field": "dport"}}
PAIR = {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, PORT]}
ORIGINAL = {"ct": {"key": "ip saddr", "dir": "original"}}


def family_is(name: object, op: str = "==") -> dict[str, Any]:
    """A condition on the family of a packet."""
    return {"match": {"op": op, "left": {"meta": {"key": "nfproto"}}, "right": name}}


@pytest.mark.parametrize(
    ("condition", "four", "six"),
    [
        (SADDR["ip"], "pass", "fail"),
        (SADDR["ip6"], "fail", "fail"),
        (family_is("ipv4"), "pass", "fail"),
        (family_is("ipv6"), "fail", "fail"),
        (family_is({"set": ["ipv4", "ipv6"]}), "pass", "pass"),
        (family_is("ipv6", "!="), "pass", "fail"),
        (family_is("ipv4", "!="), "fail", "fail"),
        ({"match": {"op": "==", "left": PAIR, "right": {"set": []}}}, "manual", "manual"),
        ({"match": {"op": "==", "left": ORIGINAL, "right": "x"}}, "manual", "manual"),
        (
            {"match": {"op": "==", "left": {"payload": {"protocol": "icmp"}}, "right": "x"}},
            "manual",
            "manual",
        ),
        ({"match": {"op": "==", "left": PORT, "right": 80}}, "manual", "manual"),
        ({"match": {"op": "==", "left": "x", "right": 80}}, "manual", "manual"),
    ],
)
def test_rule_for_one_family_in_a_table_of_both(condition: dict[str, Any], four: str, six: str) -> None:
    """A rule that looks at addresses of IPv4 limits nothing of IPv6, whatever table it is in."""
    site = chain("site", "forward", **HOOK)
    limits = rule("site", "forward", condition, {"drop": None})
    assert nft(site, limits)[0] == four
    assert nft(site, limits, ipv6=True)[0] == six


def test_tables_of_nftables() -> None:
    """With that backend every table but the engine's counts whose chain forwarded packets come to."""
    site = chain("site", "forward", **HOOK)
    drops = rule("site", "forward", {"drop": None})
    assert nft(site, rule("site", "forward", MATCH, COUNTER, {"drop": None}))[0] == "pass"
    jump = rule("site", "forward", MATCH, {"jump": {"target": "limits"}})
    assert nft(site, chain("site", "limits"), jump, rule("site", "limits", REJECT))[0] == "pass"
    assert nft(chain("site", "forward", **HOOK | {"policy": "drop"}))[0] == "pass"
    closed = HOOK | {"policy": "drop"}
    for family, expected in (("ip", "pass"), ("ip6", "fail")):
        assert nft({"chain": chain("site", "forward", **closed)["chain"] | {"family": family}})[0] == expected
    for family, expected in (("inet", "pass"), ("bridge", "fail")):
        found = {"chain": chain("site", "forward", **closed)["chain"] | {"family": family}}
        assert nft(found)[0] == expected
    for flags, expected in (({}, "pass"), ({"flags": "dormant"}, "fail"), ({"flags": ["dormant"]}, "fail")):
        table = {"table": {"family": "inet", "name": "site"} | flags}
        assert nft(table, chain("site", "forward", **closed))[0] == expected
    four, six = (
        {"chain": chain("site", "f", **closed)["chain"] | {"family": each}} for each in ("ip", "ip6")
    )
    none = "for IPv6, which bridge has: no table but the engine's own drops or rejects new connections of strangers"
    assert nft(four, ipv6=True) == ("fail", none)
    assert nft(four, six, ipv6=True)[0] == "pass"
    assert nft(chain("site", "forward", **closed), ipv6=True)[0] == "pass"
    by_port = {"set": [[22, {"accept": None}], [80, {"drop": None}]]}
    assert nft(site, rule("site", "forward", {"vmap": {"key": PORT, "data": by_port}}))[0] == "manual"
    by_card = {"set": [["eth1", {"accept": None}], ["eth0", {"drop": None}]]}
    assert nft(site, rule("site", "forward", {"vmap": {"key": CARD, "data": by_card}}))[0] == "pass"
    assert nft(site, rule("site", "forward", {"vmap": {"key": CARD, "data": "@cards"}}), drops)[0] == "manual"
    by_port = {"set": [[22, {"accept": None}]]}
    assert nft(site, rule("site", "forward", {"vmap": {"key": PORT, "data": by_port}}))[0] == "fail"
    accepts = rule("site", "forward", COUNTER, {"accept": None})
    assert nft(site, accepts, drops)[0] == "fail"
    assert nft(site, rule("site", "forward", MATCH, {"accept": None}))[0] == "fail"
    assert (
        nft(chain("site", "input", **HOOK | {"hook": "input"}), rule("site", "input", {"drop": None}))[0]
        == "fail"
    )
    own = chain("docker-bridges", "filter-FORWARD", **HOOK)
    assert nft(own, rule("docker-bridges", "filter-FORWARD", {"drop": None}))[0] == "fail"
    for idle in ({"return": None}, {"accept": None}):
        assert nft(site, rule("site", "forward", {"log": None}, idle), drops)[0] == "fail"
    goto = rule("site", "forward", MATCH, MATCH, {"goto": {"target": "limits"}})
    found = nft(site, chain("site", "limits"), goto, rule("site", "limits", {"drop": None}))
    assert found == ("pass", 'table inet site: [{"drop": null}]')
    assert nft({"chain": {}}) == ("error", "the answer of nft is not what it documents")
    assert judge(ABSENT, **NFTABLES)["iptables"][0] == "error"
    denied = judge((*ABSENT, "7/nft:Error: denied", "7/nft-status:1"), **NFTABLES)["iptables"]
    assert denied == ("error", "the packet filter could not be read: Error: denied")


def state(*names: str) -> dict[str, Any]:
    """A condition on the state of a connection."""
    return {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": list(names)}}


DNAT = {"match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"}}
LO = {"match": {"op": "==", "left": CARD, "right": "lo"}}


def firewalld(*zone: dict[str, Any], dnat: bool = True) -> tuple[dict[str, Any], ...]:
    """The chain of firewalld for what is forwarded (2.3), with the rules of a zone."""
    name = "filter_FORWARD"
    rules = [
        (state("established", "related"), {"accept": None}),
        *([(DNAT, {"accept": None})] if dnat else ()),
        (LO, {"accept": None}),
        (state("invalid"), {"drop": None}),
        ({"jump": {"target": "zone"}},),
        ({"reject": {"type": "icmpx", "expr": "admin-prohibited"}},),
    ]
    return (
        chain("firewalld", name, **HOOK),
        chain("firewalld", "zone"),
        *(rule("firewalld", name, *each) for each in rules),
        *(rule("firewalld", "zone", each, {"accept": None}) for each in zone),
    )


BRIDGE = {"match": {"op": "==", "left": CARD, "right": "docker0"}}


@pytest.mark.parametrize("backend", ["iptables", "nftables"])
def test_tables_of_the_site(backend: str) -> None:
    """With both backends a table that closes forwarding counts; firewalld's lets in what is published."""
    info = NFTABLES if backend == "nftables" else {}
    rules = ("7/iptables:-N DOCKER-USER", "7/iptables-status:0")

    def verdict(*items: dict[str, Any]) -> str:
        answer = json.dumps({"nftables": list(items)})
        return judge((*ABSENT, *rules, f"7/nft:{answer}", "7/nft-status:0"), **info)["iptables"][0]

    assert verdict(chain("site", "forward", **HOOK | {"policy": "drop"})) == "pass"
    assert verdict(*firewalld(BRIDGE)) == "manual"
    assert verdict(*firewalld(BRIDGE, dnat=False)) == "pass"
    assert verdict(*firewalld()) == "pass"  # what containers begin ends there
    assert (
        verdict(chain("site", "forward", **HOOK), rule("site", "forward", state("invalid"), {"drop": None}))
        == "fail"
    )
    shown = chain("filter", "FORWARD", **HOOK | {"policy": "drop"})
    assert verdict(shown) == "pass"
    shown["chain"]["family"] = "ip"
    assert verdict(shown) == ("pass" if backend == "nftables" else "fail")  # iptables shows that one itself


@pytest.mark.parametrize(("priority", "verdict"), [(-300, "fail"), (-200, "fail"), (-150, "pass")])
def test_state_of_a_packet_before_it_has_one(priority: int, verdict: str) -> None:
    """What drops new connections drops nothing where the kernel does not know yet what belongs to one."""
    early = chain("site", "early", **HOOK | {"hook": "prerouting", "prio": priority})
    drops = (state("new"), {"drop": None})
    dropped = rule("site", "early", MATCH, *drops)
    found = nft(early, dropped)[0]
    assert (found == "pass") is (verdict == "pass")
    assert nft(early, rule("site", "early", MATCH, {"drop": None}))[0] == "pass"
    unknown = {"match": {"op": "!=", "left": {"ct": {"key": "state"}}, "right": "established"}}
    assert nft(early, rule("site", "early", MATCH, unknown, {"drop": None}))[0] == "pass"
    status = {"match": {"op": "!=", "left": {"ct": {"key": "status"}}, "right": "dnat"}}
    assert nft(early, rule("site", "early", MATCH, status, {"drop": None}))[0] != "pass"


def test_rules_behind_those_of_the_engine() -> None:
    """What ufw drops behind them the engine has accepted before, where its port is published."""
    engine, ufw = "-A FORWARD -o docker0 -j DOCKER", "-A FORWARD -j SITE"
    drop = "-A SITE -i eth0 -o docker0 -p tcp -j DROP"
    assert iptables(engine, ufw, drop)[0] == "fail"
    assert iptables(ufw, engine, drop)[0] == "manual"


def test_nft_that_does_not_answer() -> None:
    """With iptables its rules decide then."""
    for said in (("7/nft:absent",), ("7/nft:Error: x", "7/nft-status:1")):
        assert judge((*GOOD, *said))["iptables"][0] == "pass"
        idle = ("7/iptables:-N DOCKER-USER", "7/iptables-status:0")
        assert judge((*ABSENT, *idle, *said))["iptables"][0] == "fail"


def test_host_without_a_way_outside() -> None:
    """There is nobody to keep out, and nothing that does."""
    lines = [each for each in GOOD if "eth0" not in each or "iptables" in each]
    assert judge(tuple(lines))["iptables"] == ("fail", "the host has no interface that leads outside")


def test_configuration_of_cni() -> None:
    """Docker does not use it: nothing there is nothing to judge, and what is there a person has to look at."""
    rules = ("7/iptables-status:0",)
    assert judge((*ABSENT, *rules))["CNI plugins"][0] == "not applicable"
    assert judge(("cni:file ", *rules))["CNI plugins"][0] == "not applicable"
    assert judge(("cni:unread", *rules))["CNI plugins"][0] == "error"
    found = judge(("cni:file 10-calico.conflist", 'cni:type "type": "calico"', *rules))["CNI plugins"]
    assert (found[0], "plugins calico are" in found[1]) == ("manual", True)


def test_comments_are_not_kept() -> None:
    """What people wrote beside their rules is nobody's business."""
    kept = FIREWALL.keep('7/iptables:-A X -m comment --comment "to \\"hunter2\\" -j" -j DROP')
    assert kept == "7/iptables:-A X -m comment --comment - -j DROP"
    assert "hunter2" not in FIREWALL.keep('x\n7/nft:{"nftables":[{"rule":{"comment":"hunter2","expr":[]}}]}')
    for nonsense in (
        "{hunter2",
        '{"x":"hunter2"}',
        '{"nftables":"hunter2"}',
        '{"nftables":[{"rule":"hunter2"}]}',
    ):
        assert FIREWALL.keep(f"7/nft:{nonsense}") == "7/nft:"


def forwarding(*said: str, chain: str = "", **info: Any) -> tuple[str, str]:
    """What the control of forwarding says where the policy chose it, by what iptables says and nft."""
    settings = "running:/proc/sys/net/ipv4/ip_forward:1\nsystemd:\n" + (f"chain:{chain}" if chain else "")
    recording = Host(info=info).recording()
    texts = {FIREWALL.name: FIREWALL.keep("\n".join((*ABSENT, *said))), "sysctl": settings}
    texts |= {"engine_presence": "command docker /usr/bin/docker\nprocess 7"}
    texts |= {"daemon_processes": daemon_processes()}
    answers = recording.answers | {name: Answer(name, 0, text, "") for name, text in texts.items()}
    policy = Policy.from_mapping({"ip_forward_reason": "bridges"})
    (found,) = judged(
        "ipv4_forwarding_is_off_or_recorded", Facts(replace(recording, answers=answers), policy)
    ).values()
    return found


def test_chain_of_nft_that_drops_what_is_forwarded() -> None:
    """Without iptables nft decides; beside it, a table of the site's own closes forwarding too."""

    def nft(policy: str, hook: str = "forward", *rules: dict[str, Any]) -> tuple[str, str]:
        item = chain("site", "way", **HOOK | {"policy": policy, "hook": hook})
        return f"7/nft:{json.dumps({'nftables': [item, *rules]})}", "7/nft-status:0"

    assert forwarding(*nft("drop"), **NFTABLES)[0] == "pass"
    assert "the chain way of the table inet site drops the rest" in forwarding(*nft("drop"), **NFTABLES)[1]
    all_of_it = rule("site", "way", COUNTER, {"accept": None})
    assert forwarding(*nft("drop", "forward", all_of_it), **NFTABLES)[0] == "fail"
    assert (
        forwarding(*nft("drop", "forward", rule("site", "way", MATCH, {"accept": None})), **NFTABLES)[0]
        == "pass"
    )
    assert forwarding(*nft("accept"), **NFTABLES)[0] == "fail"
    below = (
        chain("site", "below"),
        rule("site", "way", {"jump": {"target": "below"}}),
        rule("site", "below", state("established", "new"), {"accept": None}),
    )
    assert forwarding(*nft("drop", "forward", *below), **NFTABLES)[0] == "fail"
    rejects = rule("site", "way", {"reject": None})
    assert forwarding(*nft("accept", "forward", rejects), **NFTABLES)[0] == "pass"
    assert forwarding(*nft("drop", "prerouting"), **NFTABLES)[0] == "fail"
    assert forwarding("7/nft:absent", **NFTABLES)[0] == "error"
    assert forwarding(*nft("drop"), chain="-P FORWARD ACCEPT")[0] == "pass"
    assert forwarding(*nft("accept"), chain="-P FORWARD ACCEPT")[0] == "fail"
    assert forwarding("7/nft:absent", chain="-P FORWARD ACCEPT")[0] == "fail"
    # the rules that may leave it open all the same are not known
    assert forwarding(*nft("accept"), chain="-P FORWARD DROP")[0] == "error"


@pytest.mark.parametrize("line", ["-P", "-P OUTPUT", "-A", "-N"])
def test_rule_that_ends_early(line: str) -> None:
    """It says where the answer is damaged."""
    assert iptables(line) == ("error", f"the answer of iptables has a line that ends early: {line}")


def test_line_of_another_kind() -> None:
    """What was dropped may have been a rule, or a file of CNI: neither is judged without it."""
    lines = (
        "cni:file a.conflist",
        "cni:what",
        *(f"7/iptables:{each}" for each in CHAINS),
        "7/iptables-status:0",
    )
    assert {each[0] for each in judge(lines).values()} == {"error"}


@pytest.mark.parametrize(
    ("field", "name"), [({"payload": {"protocol": "ip", "field": "saddr"}}, "@friends"), (CARD, "@cards")]
)
def test_set_of_a_name(field: dict[str, Any], name: str) -> None:
    """What is in it is not known: a stranger may be accepted by it, before the rule that drops all others."""
    site = chain("site", "forward", **HOOK)
    accepts = rule("site", "forward", {"match": {"op": "==", "left": field, "right": name}}, {"accept": None})
    drops = rule("site", "forward", MATCH, {"drop": None})
    assert nft(site, drops)[0] == "pass"
    assert nft(site, accepts, drops)[0] == "manual"
    assert (
        nft(
            site,
            rule("site", "forward", {"match": {"op": "==", "left": field, "right": name}}, {"drop": None}),
        )[0]
        != "pass"
    )
