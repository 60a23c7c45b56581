"""The ports that a container opens, however."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hullcheck.criteria.judgement import shown_port
from hullcheck.facts.containers.inspect import SERVICE
from selftests.kit.facts.container_host import (
    ContainerHost,
    service_document,
)
from selftests.kit.judging import judged

MODE = "com.docker.network.bridge.gateway_mode_ipv4"
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
    assert list(map(shown_port, world.container.ports.published)) == expected


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
        ("macvlan", "c" * 64, "0100007F", ("pass", "opens no port")),
        ("site/net:1", "c" * 64, "0100000A", ("fail", "opens 10.0.0.1:443/tcp (listens, network out)")),
        (
            "site/net:1",
            "c" * 64,
            "",
            ("error", "the listeners in the network of process 100 could not be read"),
        ),
        ("bridge", "c" * 64, "0100000A", ("pass", "opens no port")),
        ("overlay", "c" * 64, "0100000A", ("pass", "opens no port")),
        ("nat-unprotected", "c" * 64, "0100000A", ("fail", "opens 10.0.0.1:443/tcp (listens, network out)")),
        ("macvlan", "e" * 64, "0100000A", ("pass", "opens no port")),
        ("macvlan", "c" * 64, "", ("error", "the listeners in the network of process 100 could not be read")),
    ],
)
def test_network_with_an_address_of_its_own(
    world: ContainerHost, driver: str, network: str, listens: str, expected: tuple[str, str]
) -> None:
    """5.8: in a network outside the host every listener is open, but those on loopback."""
    options = {MODE: driver} if driver == "nat-unprotected" else {}
    driver = "bridge" if options else driver
    world.networks.append({"Name": "out", "Id": "c" * 64, "Driver": driver, "Options": options})
    world.description["Networks"] = {"out": {"NetworkID": network}}
    row = f"100/net/tcp:   0: {listens}:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0"
    world.extra = ["100/net/tcp:  sl  local_address rem_address", row] if listens else []
    assert world.judge("5.8") == expected


def test_listeners_whose_holders_may_not_be_seen(world: ContainerHost) -> None:
    """5.8: in the network of the host, listeners that may be the container's are an error until that is
    known."""
    world.config["NetworkMode"] = "host"
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


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"PublishedPort": 443}, ("fail", "opens *:443/tcp (published by service shop on every node)")),
        (
            {"PublishedPort": 53, "Protocol": "udp"},
            ("fail", "opens *:53/udp (published by service shop on every node)"),
        ),
        ({"PublishedPort": 443, "PublishMode": "host"}, ("pass", "opens no port")),
        ({"TargetPort": 443, "PublishMode": "host"}, ("pass", "opens no port")),
    ],
    ids=str,
)
def test_ports_of_a_service(world: ContainerHost, port: dict[str, Any], expected: tuple[str, str]) -> None:
    """5.8: a port in mode ingress, the default, is open on every node."""
    world.description |= {"Labels": {SERVICE: "s1"}, "Networks": {"ingress": {"NetworkID": "c" * 64}}}
    world.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True}
    other = service_document() | {"ID": "s0", "Endpoint": {"Ports": None}}
    world.services = [other, service_document() | {"Endpoint": {"Ports": [port]}}]
    assert world.judge("5.8") == expected


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
    ("joined", "expected"),
    [
        ("host", ("manual", "does not run: check on which ports it will listen in the network of the host")),
        ("out", ("manual", "does not run: check on which ports it will listen in network out")),
        ("open", ("manual", "does not run: check on which ports it will listen in network open")),
        ("bridge", ("pass", "opens no port")),
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
