"""The ports that a container opens, however."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hullcheck.policy import Policy
from hullcheck.policy.parts import PortRange
from selftests.kit.facts.container_host import (
    OWN,
    ContainerHost,
    service_document,
)
from selftests.kit.judging import judged

PUBLISHED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "one address": (
        {"PortBindings": {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "8080"}]}},
        ["10.0.0.1:8080/tcp (published for 80)"],
    ),
    "an address for all ports of the network": (
        {"PortBindings": {"53/udp": [{"HostIp": "", "HostPort": "53"}]}, "NetworkMode": "own"},
        ["10.9.9.9:53/udp (published for 53)"],
    ),
    "the network by its id": (
        {"PortBindings": {"53/udp": [{"HostPort": "53"}]}, "NetworkMode": "c" * 64},
        ["10.9.9.9:53/udp (published for 53)"],
    ),
    "the default network": (
        {"PortBindings": {"53": [{"HostPort": "53"}]}, "NetworkMode": "default"},
        ["10.8.8.8:53/tcp (published for 53)"],
    ),
    "a network without an address": (
        {"PortBindings": {"53": [{"HostPort": "53"}]}, "NetworkMode": "other"},
        ["*:53/tcp (published for 53)"],
    ),
    "a range": (
        {"PortBindings": {"80/tcp": [{"HostIp": "::1", "HostPort": "8000-8001"}]}},
        ["[::1]:8000/tcp (published for 80)", "[::1]:8001/tcp (published for 80)"],
    ),
    "a port that the engine chooses": (
        {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}], "81/tcp": None}},
        ["10.8.8.8:(any)/tcp (published for 80)"],
    ),
    "--publish-all": (
        {"PublishAllPorts": True, "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}},
        [
            "10.8.8.8:8080/tcp (published for 80)",
            "10.8.8.8:(any)/tcp (published for 443 by --publish-all)",
            "10.8.8.8:(any)/udp (published for 53 by --publish-all)",
        ],
    ),
    "--publish-all in a network": (
        {"PublishAllPorts": True, "PortBindings": None, "NetworkMode": "own"},
        [
            "10.9.9.9:(any)/tcp (published for 443 by --publish-all)",
            "10.9.9.9:(any)/udp (published for 53 by --publish-all)",
            "10.9.9.9:(any)/tcp (published for 80 by --publish-all)",
        ],
    ),
    "the network of the host": (
        {"PublishAllPorts": True, "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}, "NetworkMode": "host"},
        [],
    ),
    "a port with a protocol": (
        {"PortBindings": {"80/tcp": [{"HostPort": "83/udp"}, {"HostPort": "84-85/"}, {"HostPort": "/tcp"}]}},
        [f"10.8.8.8:{port}/tcp (published for 80)" for port in (83, 84, 85, "(any)")],
    ),
    "no address to the engine": (
        {"PortBindings": {"80/TCP": [{"HostIp": "127.1", "HostPort": "80"}]}, "NetworkMode": "other"},
        ["*:80/tcp (published for 80)"],
    ),
    "no network": ({"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}, "NetworkMode": "none"}, []),
    "the network of another": (
        {"PortBindings": {"80": [{"HostPort": "80"}]}, "NetworkMode": "container:x"},
        [],
    ),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_ports_of_a_stopped_container(world: ContainerHost, case: str) -> None:
    """What will be open once it runs: by its settings, and by the address that its network binds ports to."""
    config, expected = PUBLISHED[case]
    world.stop()
    world.config.update(config)
    mode = world.config["NetworkMode"]
    name = "bridge" if mode in ("", "default") else mode
    world.description["Networks"] = {name: {"NetworkID": ""}} if ":" not in name else {}
    world.description["ExposedPorts"] = {"80/tcp": {}, "443": {}, "53/udp": {}}
    world.networks[0]["Options"] = {"com.docker.network.bridge.host_binding_ipv4": "10.8.8.8"}
    world.networks += [
        {
            "Name": "own",
            "Id": "c" * 64,
            "Driver": "bridge",
            "Options": {"com.docker.network.host_ipv4": "10.9.9.9"},
        },
        {"Name": "other", "Id": "d" * 64, "Driver": "bridge", "Options": None},
    ]
    assert list(map(str, world.container.ports.published)) == expected


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (["local"], ["127.0.0.1"]),
        (["local", "open"], ["", "127.0.0.1"]),
        (["c" * 64, "inside"], ["127.0.0.1"]),
        (["inside"], []),
        (["inside", "gone"], [""]),
        (["local", "gone"], ["", "127.0.0.1"]),
        ([], [""]),
        (None, [""]),
    ],
)
def test_networks_that_publish_the_ports_of_a_stopped_container(
    world: ContainerHost, networks: list[str] | None, expected: list[str]
) -> None:
    """5.14: of several networks the engine chooses one; an internal one publishes nothing; one that is gone may."""
    world.stop()
    world.config["PortBindings"] = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
    world.config["NetworkMode"] = "local"
    world.description["Networks"] = (
        None if networks is None else {name: {"NetworkID": ""} for name in networks}
    )
    local = {"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}
    world.networks += [
        {"Name": "local", "Id": "c" * 64, "Driver": "bridge", "Options": local},
        {"Name": "open", "Id": "d" * 64, "Driver": "bridge", "Options": {}},
        {"Name": "inside", "Id": "e" * 64, "Driver": "bridge", "Options": {}, "Internal": True},
    ]
    assert [each.address for each in world.container.ports.published] == expected
    assert world.judge("5.14")[0] == ("fail" if "" in expected else "pass")


def test_ports_of_a_container_that_exposes_none(world: ContainerHost) -> None:
    """--publish-all opens what the image exposes, and nothing where that is nothing."""
    world.stop()
    world.config["PublishAllPorts"] = True
    assert world.container.ports.published == ()


def test_ports_of_a_running_container(world: ContainerHost) -> None:
    """The engine says where a port of one that runs is; where it names no address, that is every address."""
    world.networks[0]["Options"] = {"com.docker.network.bridge.host_binding_ipv4": "10.8.8.8"}
    world.description["Ports"] = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}], "81/tcp": None}
    assert world.judge("5.14") == ("fail", "opens on every address: *:8080/tcp (published for 80)")


def test_ports_that_the_engine_leaves_open(world: ContainerHost) -> None:
    """Null is said of a container in the network of another, and of one that runs elsewhere it says nothing."""
    world.description["Ports"] = None
    assert world.judge("5.8") == ("error", "docker inspect: it runs, and Ports is null")
    world.stop()
    assert world.judge("5.8")[0] == "pass"


@pytest.mark.parametrize(
    ("driver", "network", "listens", "expected"),
    [
        ("macvlan", "c" * 64, "0100000A", ("fail", "opens 10.0.0.1:443/tcp (listens, network out)")),
        ("ipvlan", "c" * 64, "0100000A", ("fail", "opens 10.0.0.1:443/tcp (listens, network out)")),
        ("macvlan", "c" * 64, "0100007F", ("pass", "")),
        ("site/net:1", "c" * 64, "0100000A", ("fail", "opens 10.0.0.1:443/tcp (listens, network out)")),
        (
            "site/net:1",
            "c" * 64,
            "",
            ("error", "the listeners in the network of process 100 could not be read"),
        ),
        ("bridge", "c" * 64, "0100000A", ("pass", "")),
        ("overlay", "c" * 64, "0100000A", ("pass", "")),
        ("macvlan", "e" * 64, "0100000A", ("pass", "")),
        ("macvlan", "c" * 64, "", ("error", "the listeners in the network of process 100 could not be read")),
    ],
)
def test_network_with_an_address_of_its_own(
    world: ContainerHost, driver: str, network: str, listens: str, expected: tuple[str, str]
) -> None:
    """5.8: in a network outside the host every listener is open, but those on loopback."""
    world.networks.append({"Name": "out", "Id": "c" * 64, "Driver": driver, "Options": {}})
    world.description["Networks"] = {"out": {"NetworkID": network}}
    row = f"100/net/tcp:   0: {listens}:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0"
    world.extra = ["100/net/tcp:  sl  local_address rem_address", row] if listens else []
    assert world.judge("5.8") == expected


@pytest.mark.parametrize(
    ("driver", "options", "outside"),
    [
        ("macvlan", {"parent": "eth1"}, True),
        ("ipvlan", {"parent": "eth1.7"}, True),
        ("macvlan", {}, False),
        ("weave", {}, True),
        ("bridge", {"parent": "eth1"}, False),
    ],
)
def test_internal_network_of_another_driver(
    world: ContainerHost, driver: str, options: dict[str, str], *, outside: bool
) -> None:
    """5.8: an internal macvlan has no default route, and neighbours on its parent; a plugin's may have any."""
    network = {"Name": "out", "Id": "c" * 64, "Driver": driver, "Options": options, "Internal": True}
    world.networks.append(network)
    world.description["Networks"] = {"out": {"NetworkID": "c" * 64}}
    row = "100/net/tcp:   0: 0100000A:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0"
    world.extra = ["100/net/tcp:  sl  local_address rem_address", row]
    assert world.judge("5.8")[0] == ("fail" if outside else "pass")
    world.stop()
    world.config["NetworkMode"] = world.description["NetworkMode"] = "out"
    assert world.judge("5.8")[0] == ("manual" if outside else "pass")


def test_listeners_whose_holders_may_not_be_seen(world: ContainerHost) -> None:
    """5.8: in the network of the host, listeners that may be the container's are an error until that is
    known."""
    world.config["NetworkMode"] = world.description["NetworkMode"] = "host"
    world.extra = ["100/net/tcp:  sl  local_address rem_address"]
    assert world.judge("5.8")[0] == "pass"
    world.extra.append("100/net/tcp:   0: 00000000:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0")
    assert world.judge("5.8")[0] == "error"
    other = "lrwx------ 1 0 0 64 Nov 1 10:00 101/fd/3 -> socket:[4711]"
    world.extra.append(other)
    assert world.judge("5.8")[0] == "pass"
    world.extra[-1] = other.replace("101/", "100/")
    assert world.judge("5.8") == ("fail", "opens 0.0.0.0:443/tcp (listens, network of the host)")
    world.links = {}
    assert world.judge("5.8")[0] == "error"
    world.extra = []
    assert world.judge("5.8")[0] == "error"


def test_why_listeners_of_the_host_are_an_error(world: ContainerHost) -> None:
    """5.8: the reason names what could not be read."""
    world.config["NetworkMode"] = world.description["NetworkMode"] = "host"
    row = "100/net/tcp:   0: 00000000:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0"
    world.extra = ["100/net/tcp:  sl  local_address rem_address", row]
    assert world.judge("5.8") == ("error", "which process holds a listening socket could not be read")
    world.links = {name: number for name, number in OWN.items() if name != "pid"}
    world.extra.append("lrwx------ 1 0 0 64 Nov 1 10:00 100/fd/3 -> socket:[4711]")
    assert world.judge("5.8") == ("error", "the sockets of process 100 could not be read; are you root?")


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"PublishedPort": 443}, ("fail", "opens *:443/tcp (published by service shop on every node)")),
        (
            {"PublishedPort": 53, "Protocol": "udp"},
            ("fail", "opens *:53/udp (published by service shop on every node)"),
        ),
        ({"PublishedPort": 443, "PublishMode": "host"}, ("pass", "")),
        (
            {"TargetPort": 443},
            ("error", "docker service inspect: a port in mode ingress: PublishedPort is missing"),
        ),
        ({"TargetPort": 443, "PublishMode": "host"}, ("pass", "")),
    ],
    ids=str,
)
def test_ports_of_a_service(world: ContainerHost, port: dict[str, Any], expected: tuple[str, str]) -> None:
    """5.8: a port in mode ingress, the default, is open on every node."""
    world.description |= {"Service": "s1", "Networks": {"ingress": {"NetworkID": "c" * 64}}}
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    other = service_document() | {"ID": "s0", "Endpoint": {"Ports": None}}
    world.services = [other, service_document() | {"Endpoint": {"Ports": [port]}}]
    assert world.judge("5.8") == expected


# ---- bridges that let more in than what is published

OWN_BRIDGE = "e" * 64
MODE = "com.docker.network.bridge.gateway_mode_ipv4"
ONE_ADDRESS = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}


def in_network(world: ContainerHost, version: str = "28.5.2", **options: str) -> None:
    """The container is in a bridge network of its own, of an engine that knows modes of them."""
    world.info["ServerVersion"] = version
    own = {"Name": "own", "Id": OWN_BRIDGE, "Driver": "bridge", "Options": options, "EnableIPv6": False}
    world.networks.append(own)
    world.description["Networks"] = {"own": {"NetworkID": OWN_BRIDGE}}
    world.extra = [
        "100/net/tcp:  sl  local_address rem_address st tx_queue:rx_queue",
        "100/net/tcp:   0: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 7 1 0",
        "100/net/tcp:   1: 0100007F:1539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 8 1 0",
    ]


NUMBERS = ("5.9", "5.14", "sensitive_container_listens_on_chosen_addresses")


def test_network_without_protection(world: ContainerHost) -> None:
    """5.9, 5.14, the guide: with nat-unprotected all that listens is open, but not on loopback; 5.8 is of the host."""
    world.policy = Policy(sensitive_containers=("web",), allowed_ports=())
    in_network(world)
    assert [world.judge(number) for number in NUMBERS] == [("pass", "")] * 3
    world.networks[-1]["Options"] = {MODE: "nat-unprotected"}
    assert [world.judge(number)[0] for number in NUMBERS] == ["fail"] * 3
    said = "opens on every address: *:5432/tcp (listens, network own is nat-unprotected)"
    assert world.judge("5.14") == ("fail", said)
    assert world.judge("5.8")[0] == "pass"
    listeners, world.extra = world.extra, []
    assert [world.judge(number)[0] for number in NUMBERS] == ["error"] * 3
    world.extra = listeners
    world.networks[-1]["Internal"] = True
    assert [world.judge(number)[0] for number in NUMBERS] == ["pass"] * 3
    world.networks[-1]["Internal"] = False
    world.stop()
    assert [world.judge(number)[0] for number in NUMBERS] == ["fail"] * 3
    world.info["ServerVersion"] = "26.1.5"  # takes the option, and does nothing with it
    assert [world.judge(number)[0] for number in NUMBERS] == ["pass"] * 3


def test_mode_of_a_family_that_the_network_lacks(world: ContainerHost) -> None:
    """5.14: a mode for IPv6 counts where the network has IPv6, or may have it."""
    in_network(world, **{MODE.replace("ipv4", "ipv6"): "nat-unprotected"})
    assert world.judge("5.14")[0] == "pass"
    for value in (True, None):
        world.networks[-1]["EnableIPv6"] = value
        assert world.judge("5.14")[0] == "fail"


def test_routed_network(world: ContainerHost) -> None:
    """5.14: what is published there is open at the container's address, whatever address of the host was asked for."""
    in_network(world, **{MODE: "routed"})
    world.description["Ports"] = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": ""}]}
    said = "opens on every address: *:80/tcp (published by routed network own)"
    assert world.judge("5.14") == ("fail", said)
    world.stop()
    world.description["Ports"] = {}
    world.config["PortBindings"] = ONE_ADDRESS
    assert world.judge("5.14") == ("fail", said)


@pytest.mark.parametrize("way", ["trusted", "direct", "raw", ""])
@pytest.mark.parametrize("running", [True, False])
def test_ways_past_the_address(world: ContainerHost, way: str, *, running: bool) -> None:
    """5.14: a port of one address is open to neighbours too, where network or daemon let them send past it."""
    trusted = {"com.docker.network.bridge.trusted_host_interfaces": "eth0:eth1"} if way == "trusted" else {}
    in_network(world, **trusted)
    world.daemon.direct_routing = way == "direct"
    world.daemon.makes_raw_rules = way != "raw"
    world.policy = Policy(sensitive_containers=("web",), allowed_ports=(PortRange.parse(8080),))
    if running:
        world.description["Ports"] = ONE_ADDRESS
    else:
        world.stop()
        world.config["PortBindings"] = ONE_ADDRESS
    assert [world.judge(number)[0] for number in NUMBERS] == ["fail" if way else "pass"] * 3
    world.description["Ports"] = world.config["PortBindings"] = {}
    assert [world.judge(number)[0] for number in NUMBERS] == ["pass"] * 3


@pytest.mark.parametrize("version", ["20.10.24", "28.5.2"])
def test_card_of_the_host_in_the_bridge(world: ContainerHost, version: str) -> None:
    """5.9, 5.14: who is in the network of the card needs no published port."""
    in_network(world, version)
    world.policy = Policy(sensitive_containers=("web",), allowed_ports=(PortRange.parse(8080),))
    world.networks.append({"Daemon": 7, "Bridge": "docker0", "Port": "eth1"})
    world.networks.append(
        {"Daemon": 8, "Bridge": f"br-{OWN_BRIDGE[:12]}", "Port": "eth1"}
    )  # of another engine
    assert [world.judge(number)[0] for number in NUMBERS] == ["pass"] * 3
    world.networks.append({"Daemon": 7, "Bridge": f"br-{OWN_BRIDGE[:12]}", "Port": "eth2"})
    assert [world.judge(number)[0] for number in NUMBERS] == ["manual"] * 3
    assert world.judge("5.14")[1].startswith(f"eth2 is a port of its bridge br-{OWN_BRIDGE[:12]}")
    own = next(each for each in world.networks if each.get("Name") == "own")
    own["Internal"] = True  # its neighbours on the bridge are inside
    assert [world.judge(number)[0] for number in NUMBERS] == ["manual"] * 3
    world.networks.append({"Bridge": "docker0"})
    assert world.judge("5.14")[0] == "error"


SENT_ON = {
    "to another": ("PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.21:80", "pass"),
    "to it": ("PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80", "manual"),
    "to all of it": ("PREROUTING -d 10.9.9.9/32 -j DNAT --to-destination 172.17.0.2", "manual"),
    "from it": ("POSTROUTING -s 172.17.0.2/32 -j DNAT --to-destination 10.0.0.1", "pass"),
    "by IPv6": ("PREROUTING -p tcp --dport 80 -j DNAT --to-destination [fd00::2]:80", "manual"),
    "to another by IPv6": ("PREROUTING -p tcp --dport 80 -j DNAT --to-destination [fd00::2:1]:80", "pass"),
    "by the engine": (
        "DOCKER -d 10.0.0.1/32 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
        "pass",
    ),
    "among those of the engine": (
        "DOCKER -p tcp --dport 443 -j DNAT --to-destination 172.17.0.2:80",
        "manual",
    ),
    "to what is published": (
        "PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
        "manual",
    ),
    "by nft": ("tcp dport 80 dnat to 172.17.0.2:80", "manual"),
    "by a map of nft": ("dnat ip to tcp dport map { 80 : 172.17.0.2, 81 : 172.17.0.3 }", "manual"),
    "by a map of nft with a name": ("dnat ip to tcp dport map @ports", "manual"),
    "of those in a set": ("ip saddr @some dnat to 10.0.0.1", "pass"),
    "to a range": ("PREROUTING -p tcp -j DNAT --to-destination 172.17.0.1-172.17.0.9:80", "manual"),
    "to another range": ("PREROUTING -p tcp -j DNAT --to-destination 172.17.0.3-172.17.0.9:80", "pass"),
    "to a range by IPv6": ("PREROUTING -p tcp -j DNAT --to-destination [fd00::1-fd00::9]:80", "manual"),
    "to another range by IPv6": ("PREROUTING -p tcp -j DNAT --to-destination [fd00::3-fd00::9]:80", "pass"),
    "to what is no range": ("PREROUTING -p tcp -j DNAT --to-destination 999.0.0.1-999.0.0.9", "manual"),
    "to a network": ("PREROUTING -d 10.9.9.0/24 -j NETMAP --to 172.17.0.0/24", "manual"),
    "to another network": ("PREROUTING -d 172.17.0.0/24 -j NETMAP --to 10.9.9.0/24", "pass"),
    "to a network by nft": ("dnat ip prefix to ip daddr map { 10.9.9.0/24 : 172.17.0.0/24 }", "manual"),
    "to what was sent on, says nft": ("ct status dnat ip daddr 172.17.0.2 ip saddr @known accept", "pass"),
    "by nft, of what was sent on": ("ct status dnat dnat ip to 172.17.0.2", "manual"),
    "from it by nft": ("ip saddr 172.17.0.2 dnat to 10.0.0.1", "pass"),
    "by the engine, says nft": ("ip daddr 10.0.0.1 tcp dport 8080 counter dnat to 172.17.0.2:80", "pass"),
}


@pytest.mark.parametrize("case", SENT_ON)
def test_rule_that_leads_to_a_container(world: ContainerHost, case: str) -> None:
    """5.8, 5.9, 5.14: a rule (DNAT) that is not the engine's may let anybody in, at any port."""
    words, verdict = SENT_ON[case]
    in_network(world, "28.5.2")
    world.policy = Policy(sensitive_containers=("web",), allowed_ports=(PortRange.parse(8080),))
    world.description["Ports"] = {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "8080"}]}
    for network in world.description["Networks"].values():
        network |= {"IPAddress": "172.17.0.2", "GlobalIPv6Address": "fd00::2"}
    world.networks.append({"Daemon": 8, "Sends": words})  # of another engine
    assert [world.judge(number)[0] for number in ("5.8", *NUMBERS)] == ["pass"] * 4
    world.networks[-1] = {"Daemon": 7, "Sends": words}
    assert [world.judge(number)[0] for number in ("5.8", *NUMBERS)] == [verdict] * 4
    world.networks[-1] = {"Daemon": 7, "Sends": 1}
    assert [world.judge(number)[0] for number in ("5.8", *NUMBERS)] == ["error"] * 4


@pytest.mark.parametrize("what", ["rules", "cards"])
def test_network_of_the_daemon_that_was_not_listed(world: ContainerHost, what: str) -> None:
    """5.9, 5.14: what leads to a container, or is in its bridge, is unknown where nothing listed it."""
    in_network(world, "28.5.2")
    world.policy = Policy(sensitive_containers=("web",), allowed_ports=(PortRange.parse(8080),))
    for network in world.description["Networks"].values():
        network["IPAddress"] = "172.17.0.2"
    world.networks.append({"Daemon": 8, "Unlisted": what, "By": "nft"})  # of another engine
    assert [world.judge(number)[0] for number in NUMBERS] == ["pass"] * 3
    world.networks[-1]["Daemon"] = 7
    assert [world.judge(number)[0] for number in NUMBERS] == ["error"] * 3
    assert world.judge("5.14")[1].endswith("beside the daemon could not be read by nft; are you root?")


def test_mark_that_lets_in(world: ContainerHost) -> None:
    """5.14: from 29 on what has a chosen mark reaches every port; who sets it, no rule of the engine tells."""
    in_network(world)
    world.policy = Policy(sensitive_containers=("web",), allowed_ports=(PortRange.parse(8080),))
    for version, verdict in (("28.5.2", "pass"), ("29.10.0", "manual"), ("dev", "manual")):
        world.info["ServerVersion"] = version
        world.daemon.accepted_mark = "0x1/0xff"
        assert [world.judge(number)[0] for number in NUMBERS] == [verdict] * 3
        world.daemon.accepted_mark = None
        assert [world.judge(number)[0] for number in NUMBERS] == ["pass"] * 3
    world.daemon.readable = False
    assert world.judge("5.14")[0] == "error"
    world.daemon.readable = True
    world.daemon.accepted_mark = "0x1"
    world.networks[-1]["Internal"] = True
    assert world.judge("5.14")[0] == "pass"


def test_daemon_of_which_the_ways_are_not_known(world: ContainerHost) -> None:
    """5.14: a port of one address needs the daemon's settings; before 28 neighbours get in, and the reason says so."""
    in_network(world)
    world.description["Ports"] = ONE_ADDRESS
    world.daemon.readable = False
    assert world.judge("5.14")[0] == "error"
    world.daemon.readable = True
    world.info["ServerVersion"] = "27.5.1"
    assert world.judge("5.14")[0] == "pass"
    assert world.judge("5.14")[1].startswith("Docker before 28 lets neighbours of the host reach")
    world.info["ServerVersion"] = "5.4.2"  # podman's
    assert world.judge("5.14") == ("pass", "")


def test_task_whose_label_is_lost(world: ContainerHost) -> None:
    """A container that is called as a task in a swarm has a service, whose ports and restarts count."""
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    world.description["Name"] = f"/web.1.{'a1' * 12}b"
    (found,) = judged("5.15", world.facts).values()
    assert found == ("error", "it has the name of a service's task, and no label with that service")
    world.info["Swarm"] = {"LocalNodeState": "inactive"}
    (found,) = judged("5.15", world.facts).values()
    assert found[0] == "pass"


@pytest.mark.parametrize(
    ("filters", "ipv6", "verdict"),
    [
        ((True, None), False, "pass"),
        ((True, None), True, "manual"),
        ((True, True), True, "pass"),
        ((False, True), False, "manual"),
    ],
)
def test_networks_for_which_the_daemon_makes_no_rules(
    world: ContainerHost, filters: tuple[bool, bool | None], verdict: str, *, ipv6: bool
) -> None:
    """5.9, 5.14: a container is reached at its own address, at every port; before 27 so it is with IPv6."""
    world.daemon.iptables, world.daemon.ip6tables = filters
    world.networks[0]["EnableIPv6"] = ipv6
    assert [world.judge(number)[0] for number in ("5.9", "5.14")] == [verdict] * 2
    world.networks[0]["Internal"] = True
    assert world.judge("5.9")[0] == "pass"


@pytest.mark.parametrize(
    ("joined", "expected"),
    [
        ("host", ("manual", "does not run; which ports will it listen on, in the network of the host?")),
        ("out", ("manual", "does not run; which ports will it listen on, in network out?")),
        (
            "open",
            (
                "fail",
                "opens on every address: *:(any)/tcp (whatever will listen, network open is nat-unprotected)",
            ),
        ),
        ("bridge", ("pass", "")),
        ("", ("error", f"the container {'e' * 64}, whose namespace it joined, is not there")),
    ],
)
def test_network_that_a_stopped_container_will_join(
    world: ContainerHost, joined: str, expected: tuple[str, str]
) -> None:
    """5.14: it will listen where the other is, which may listen on nothing itself."""
    world.stop()
    world.info["ServerVersion"] = "28.5.2"
    world.networks += [
        {"Name": "out", "Id": "c" * 64, "Driver": "macvlan", "Options": {"parent": "eth1"}},
        {"Name": "open", "Id": "d" * 64, "Driver": "bridge", "Options": {MODE: "nat-unprotected"}},
    ]
    other = copy.deepcopy(world.description) | {"Id": "e" * 64, "Name": "/other"}
    identifier = next((each["Id"] for each in world.networks if each["Name"] == joined), "f" * 64)
    other |= {
        "Running": True,
        "Pid": 100,
        "Status": "running",
        "Networks": {joined: {"NetworkID": identifier}},
    }
    other["HostConfig"]["NetworkMode"] = joined
    world.others = [other] if joined else []
    world.config["NetworkMode"] = f"container:{'e' * 64}"
    world.description["Networks"] = {}
    assert world.judge("5.14") == expected
