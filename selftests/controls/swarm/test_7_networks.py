"""Section 7, its networks: the encryption of overlay networks (7.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts.engine.networks import Network, networks
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.swarms import (
    PID,
    Node,
    verdict,
    verdicts,
)


def network(name: str, driver: str = "overlay", ingress: bool = False, **options: str) -> dict[str, Any]:
    """A network as the engine describes it."""
    return {"Name": name, "Id": name, "Driver": driver, "Ingress": ingress, "Options": options or None}


def test_encryption_of_overlay_networks() -> None:
    """The presence of the option decides, as it does for the engine; what another driver does a person has to say."""
    networks = (
        network("ingress", ingress=True, vxlanid_list="4096"),
        network("plain"),
        network("safe", encrypted=""),
        network("odd", encrypted="false"),
        network("weave", driver="site/weave:1") | {"Scope": "swarm"},
        network("cards", driver="macvlan") | {"Scope": "swarm"},
        network("bridge", driver="bridge") | {"Scope": "local"},
    )
    found = verdicts("7.3", Node(networks=networks).facts())
    assert found.pop("safe") == ("pass", "")
    given = {name: result[0] for name, result in found.items()}
    assert given == {"ingress": "fail", "plain": "fail", "odd": "pass", "weave": "manual", "cards": "manual"}
    assert found["odd"][1].startswith("encrypted=false counts as yes")
    assert "the swarm's own network" in found["ingress"][1]
    assert verdict("7.3", Node(networks=networks[-1:]))[1] == "the swarm has no overlay network"


VXLAN = "com.docker.network.driver.overlay.vxlanid_list"
BPF = "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 {},6 0 0 0,6 0 0 4294967295"
MARK = "-A OUTPUT -p udp -m udp --dport 4789 -m {} -j MARK --set-xmark 0xd0c4e3/0xffffffff"
DROP = "-A INPUT -p udp -m policy --dir in --pol none -m udp --dport 4789 -m {} -j DROP"


LISTED = ({"Daemon": PID, "Lists": "iptables-save"}, {"Daemon": PID, "Lists": "xfrm"})
SECURED = {"Daemon": PID, "Secures": "10.0.0.2/32"}


def safe(peers: int = 2, numbers: str = "4097") -> dict[str, Any]:
    """An encrypted network with tasks on so many nodes."""
    addresses = [{"IP": f"10.0.0.{number}"} for number in range(1, peers + 1)]
    return network("safe", encrypted="", **{VXLAN: numbers}) | {"Peers": addresses}


def verdict_on_safe(*seen: dict[str, Any], **given: Any) -> str:
    """That on such a network by what was seen in the networks of daemons."""
    return verdicts("7.3", Node(networks=(safe(**given), *seen)).facts())["safe"][0]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([MARK.format(BPF.format(4097)), DROP.format(BPF.format(4097))], "pass"),
        (
            [MARK.format("u32 --u32 0x0>>0x16&0x3c@0xc&0xffffff00=0x100100"), DROP.format(BPF.format(4097))],
            "pass",
        ),
        ([DROP.format(BPF.format(4097))], "fail"),
        ([MARK.format(BPF.format(4097))], "fail"),
        ([MARK.format(BPF.format(4098)), DROP.format(BPF.format(4098))], "fail"),
        ([MARK.format(BPF.format(40970)), DROP.format(BPF.format(40970))], "fail"),
    ],
)
def test_rules_that_encrypt_a_network(rules: list[str], expected: str) -> None:
    """Where they are gone from this node, what it sends to others goes in clear, whatever the option says."""
    seen = [{"Daemon": PID, "Encrypts": each} for each in rules]
    assert verdict_on_safe(*LISTED, SECURED, *seen) == expected
    elsewhere = [each | {"Daemon": PID + 1} for each in seen]
    assert verdict_on_safe(*LISTED, SECURED, *elsewhere) == "fail"
    for unlisted in ({"Lists": "nft"}, {"Lists": "ip6tables-save"}, {"Daemon": PID + 1}):
        assert verdict_on_safe(LISTED[0] | unlisted, LISTED[1], SECURED, *seen) == "error"
    assert verdict_on_safe(*LISTED, SECURED, *seen, numbers="") == "error"
    assert verdict_on_safe(*LISTED, peers=1) == "pass"
    known = (network("plain") | {"Peers": safe()["Peers"]}, safe(), *LISTED, SECURED, *seen)
    found = verdicts("7.3", Node(manager=False, networks=known).facts())
    assert {name: given for name, (given, _) in found.items()} == {"safe": expected}


def test_policies_that_encrypt_a_network() -> None:
    """The rules mark packets, and a policy of the kernel for each other node has what is marked encrypted."""
    rules = [{"Daemon": PID, "Encrypts": each.format(BPF.format(4097))} for each in (MARK, DROP)]
    assert verdict_on_safe(*LISTED, SECURED, *rules) == "pass"
    assert verdict_on_safe(*LISTED, *rules) == "fail"
    assert verdict_on_safe(*LISTED, SECURED, *rules, peers=3) == "fail"
    assert verdict_on_safe(*LISTED, SECURED | {"Daemon": PID + 1}, *rules) == "fail"
    assert verdict_on_safe(LISTED[0], SECURED, *rules) == "error"


def test_overlay_networks_are_judged_by_name() -> None:
    """Each is a network of its own to a reader of results."""
    facts = Node(networks=(network("b"), network("a"), network("c", driver="bridge"))).facts()
    found = facts.overlay_network
    assert (found.kind, [name for name, _ in found]) == ("network", ["a", "b"])


def test_network_that_went_between_two_questions() -> None:
    """A network that is gone since it was listed says nothing of the others; any other complaint is an error."""
    line = json.dumps({"Name": "a", "Id": "b", "Driver": "bridge"})
    gone = f"Error response from daemon: network {'0' * 64} not found"

    def recording(status: int, *complaints: str) -> Recording:
        answers = {
            "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
            "docker_networks": Answer("docker_networks", status, line, "\n".join(complaints)),
        }
        return Recording("host", "local", answers)

    for complaint in (gone, f"Error: No such network: {'0' * 64}"):
        assert [each.name for each in networks(recording(1, complaint))] == ["a"]
    for complaints in ([], [gone, "Cannot connect to the Docker daemon"], ["network x not found"]):
        with pytest.raises(EvidenceError):
            networks(recording(1, *complaints))
    with pytest.raises(EvidenceError):
        networks(recording(124, gone))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{}", "Name is missing"),
        ('{"Name": "a"}', "Id is missing"),
        ('{"Name": "a", "Id": "b"}', "Driver is missing"),
        ('{"Name": "a", "Id": "b", "Driver": "bridge", "Internal": null}', "Internal is null"),
        ("5", "the answer is 5"),
    ],
)
def test_network_that_is_not_understood(line: str, fault: str) -> None:
    """An answer without what the engine's API documents is an error, never a network less."""
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_networks": Answer("docker_networks", 0, line, ""),
    }
    told = f"^docker network inspect: {fault}$"
    with pytest.raises(EvidenceError, match=told):
        networks(Recording("host", "local", answers))
    answers["docker_networks"] = Answer("docker_networks", 0, "{", "")
    with pytest.raises(EvidenceError, match=r"^docker_networks: "):
        networks(Recording("host", "local", answers))


def test_networks_are_read() -> None:
    """All that is asked of a network is there."""
    line = {"Name": "a", "Id": "b", "Driver": "c", "Ingress": True, "Options": {"d": "e"}}
    other = {"Name": "f", "Id": "g", "Driver": "h", "Options": None, "Internal": True}
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_networks": Answer("docker_networks", 0, f"{json.dumps(line)}\n{json.dumps(other)}\n", ""),
    }
    assert networks(Recording("host", "local", answers)) == (
        Network("a", "b", "c", True, {"d": "e"}, internal=False),
        Network("f", "g", "h", False, {}, internal=True),
    )
