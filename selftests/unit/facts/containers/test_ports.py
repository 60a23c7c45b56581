"""The ports that a container opens, however."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hullcheck.facts.containers.inspect import SERVICE
from selftests.kit.facts.container_host import ContainerHost, service_document

Changes = Mapping[str, Any]
OWN, OTHER, OUTSIDE, OPEN = "c" * 64, "d" * 64, "e" * 64, "f" * 64
SWARM = {"Swarm": {"LocalNodeState": "active", "ControlAvailable": True}}
LISTENS = "100/net/tcp:   0: {}:01BB 00000000:0000 0A 0:0 00:0 0 0 0 4711 1 0 0"
HEAD = "100/net/tcp:  sl  local_address rem_address"
HELD = "{}/fd/3 socket:[4711]"


def network(name: str, identifier: str, option: str = "", driver: str = "bridge", **more: Any) -> Changes:
    """A network with an option, as `host_ipv4=10.9.9.9`."""
    key, _, value = f"com.docker.network.{option}".partition("=")
    return {
        "Name": name,
        "Id": identifier,
        "Driver": driver,
        "Options": {key: value} if option else None,
        **more,
    }


NETWORKS = [
    network("bridge", "b" * 64, "bridge.host_binding_ipv4=10.8.8.8"),
    network("own", OWN, "host_ipv4=10.9.9.9"),
    network("other", OTHER),
    network("inner", "0" * 64, Internal=True),
    network("out", OUTSIDE, driver="macvlan"),
    network("open", OPEN, "bridge.gateway_mode_ipv4=nat-unprotected"),
]


def stopped(mode: str, binding: Changes | None = None, **more: Any) -> Changes:
    """A stopped container in a network, which binds its port 53 so."""
    networks = {mode: {"NetworkID": ""}} if mode in ("bridge", "own", "other", "inner") else {}
    bindings = {"53/udp": [binding]} if binding else {}
    return {"stopped": True, "NetworkMode": mode, "Networks": networks, "PortBindings": bindings, **more}


def inside(network: str, *lines: str) -> Changes:
    """A container in a network by its id, and what listens there."""
    return {"Networks": {"out": {"NetworkID": network}}, "extra": [HEAD, *lines] if lines else []}


def in_host(*lines: str, **more: Any) -> Changes:
    """A container in the network of the host, and what is known of listeners."""
    return {"NetworkMode": "host", "extra": [HEAD, *lines], **more}


def task(port: Changes) -> Changes:
    """A task whose service publishes this port."""
    service = service_document() | {"Endpoint": {"Ports": [port]}}
    attached = {"ingress": {"NetworkID": "9" * 64}}
    return {**SWARM, "Labels": {SERVICE: "s1"}, "Networks": attached, "services": [service]}


ALL = {"PublishAllPorts": True, "ExposedPorts": {"53/udp": {}, "80": {}}}
ON_EVERY = "fail: opens on every address: "
LOW, ANY = {"HostPort": "53"}, {"HostIp": "", "HostPort": ""}
UNREAD = "error: the listeners in its network could not be read"

CASES: list[tuple[str, Changes, str]] = [
    ("5.8", stopped("own", {"HostIp": "10.0.0.1", "HostPort": "53"}), "fail: opens 10.0.0.1:53/udp"),
    ("5.8", stopped("own", LOW), "fail: opens 10.9.9.9:53/udp (published for 53)"),
    ("5.8", stopped("bridge", LOW), "fail: opens 10.8.8.8:53/udp (published for 53)"),
    ("5.8", stopped("other", LOW), "fail: opens *:53/udp (published for 53)"),
    ("5.8", stopped("inner", LOW), "pass: opens no port"),
    ("5.8", stopped("own", {"HostPort": "52-53"}), "fail: opens 10.9.9.9:52/udp (published for 53),"),
    ("5.8", stopped("own", {"HostPort": "1-99999999999"}), "error: 1-99999999999 is no range of ports"),
    ("5.14", stopped("other", ANY), ON_EVERY + "*:(any)/udp (published for 53)"),
    ("5.14", stopped("other", **ALL), ON_EVERY + "*:(any)/udp (published for 53 by --publish-all), *:"),
    ("5.14", stopped("other", ANY, **ALL), ON_EVERY + "*:(any)/udp (published for 53), *:(any)/tcp"),
    ("5.8", stopped("none", LOW), "pass: opens no port"),
    ("5.14", stopped("host", LOW), "manual: does not run: check on which ports it will listen in the"),
    ("5.14", {"Ports": {"80/tcp": [ANY | {"HostPort": "8080"}]}}, ON_EVERY + "*:8080/tcp"),
    ("5.8", {"Ports": None}, "error: docker inspect: it runs, and Ports is null"),
    ("5.8", {"Ports": None, "stopped": True}, "pass"),
    ("5.8", inside(OUTSIDE, LISTENS.format("0100000A")), "fail: opens 10.0.0.1:443/tcp (listens, network"),
    ("5.8", inside(OUTSIDE, LISTENS.format("0100007F")), "pass: opens no port"),
    ("5.8", inside(OUTSIDE), UNREAD),
    ("5.8", inside(OPEN, LISTENS.format("0100000A")), "fail: opens 10.0.0.1:443/tcp (listens, network open)"),
    ("5.8", inside(OTHER, LISTENS.format("0100000A")), "pass: opens no port"),
    ("5.8", in_host(), "pass: opens no port"),
    ("5.8", in_host(LISTENS.format("00000000")), "error: which process holds a listening socket could not"),
    ("5.8", in_host(LISTENS.format("00000000"), HELD.format(101)), "pass: opens no port"),
    ("5.8", in_host(LISTENS.format("00000000"), HELD.format(100)), "fail: opens 0.0.0.0:443/tcp (listens,"),
    ("5.8", in_host(LISTENS.format("00000000"), HELD.format(100), links={}), "error"),
    ("5.8", {"NetworkMode": "host"}, UNREAD),
    ("5.8", task({"PublishedPort": 443}), "fail: opens *:443/tcp (published by service shop on every node)"),
    ("5.8", task({"PublishedPort": 53, "Protocol": "udp"}), "fail: opens *:53/udp (published by service"),
    ("5.8", task({"PublishedPort": 443, "PublishMode": "host"}), "pass: opens no port"),
    ("5.8", task({}) | {"Labels": {}}, "error: it is in the ingress network, but the engine names no"),
]


@pytest.mark.parametrize(("number", "changes", "expected"), CASES)
def test_open_ports(world: ContainerHost, number: str, changes: Changes, expected: str) -> None:
    """Published now or at the next start, by its service, or by what listens in a network of the host or outside."""
    assert world.after({"networks": NETWORKS, **changes}, number).startswith(expected)


@pytest.mark.parametrize(
    ("joined", "identifier", "expected"),
    [
        ("host", "", "manual: does not run: check on which ports it will listen in the network of the host"),
        ("out", OUTSIDE, "manual: does not run: check on which ports it will listen in network out"),
        ("open", OPEN, "manual: does not run: check on which ports it will listen in network open"),
        ("bridge", "b" * 64, "pass: opens no port"),
    ],
)
def test_network_that_a_stopped_container_will_join(
    world: ContainerHost, joined: str, identifier: str, expected: str
) -> None:
    """5.14: it will listen where the other is, which may listen on nothing itself."""
    world.other("7" * 64, NetworkMode=joined, Networks={joined: {"NetworkID": identifier}})
    changes = {"networks": NETWORKS, "stopped": True, "NetworkMode": f"container:{'7' * 64}", "Networks": {}}
    assert world.after(changes, "5.14").startswith(expected)
