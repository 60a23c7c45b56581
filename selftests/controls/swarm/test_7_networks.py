"""Section 7, its networks: the encryption of overlay networks (7.3)."""

from __future__ import annotations

from typing import Any

from selftests.kit.facts.swarms import (
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
    assert found.pop("safe") == ("pass", "made with the option encrypted")
    given = {name: result[0] for name, result in found.items()}
    assert given == {"ingress": "fail", "plain": "fail", "odd": "pass", "weave": "manual", "cards": "manual"}
    assert found["odd"][1] == "made with the option encrypted=false"
    assert "the swarm's own network" in found["ingress"][1]
    assert verdict("7.3", Node(networks=networks[-1:]))[1] == "the swarm has no overlay network"


def test_overlay_networks_are_judged_by_name() -> None:
    """Each is a network of its own to a reader of results."""
    facts = Node(networks=(network("b"), network("a"), network("c", driver="bridge"))).facts()
    found = facts.overlay_network
    assert (found.kind, [name for name, _ in found]) == ("network", ["a", "b"])
