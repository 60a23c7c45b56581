"""Section 7, its nodes: who manages, which ports are open, and what the engine says of itself (7.1, 7.2, 7.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts.swarm.planes import cards_of
from hullcheck.policy import Policy, PolicyError, RotationPeriods
from selftests.kit.facts.swarms import (
    Node,
    datagrams,
    listener,
    verdict,
)

# ---- 7.1


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (1, 3, "pass"),
        (2, 3, "fail"),
        (3, 3, "pass"),
        (4, 7, "fail"),
        (5, 3, "fail"),
        (5, 5, "pass"),
        (7, 3, "fail"),
    ],
)
def test_number_of_managers(count: int, most: int, expected: str) -> None:
    """Odd and at most what the policy says, which is 3 where it is silent; workers do not count."""
    found, reason = verdict("7.1", Node(managers=("Reachable",) * count), Policy(swarm_managers=most))
    assert found == expected
    assert f"m{count} (Reachable)" in reason
    assert "w1" not in reason
    assert Policy().swarm_managers == 3


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, ("pass", "1 manager: m1 (Reachable)")),
        (
            2,
            (
                "fail",
                "2 managers: m1 (Reachable), m2 (Reachable); an even number bears the loss of no more than 1 would",
            ),
        ),
        (3, ("fail", "3 managers: m1 (Reachable), m2 (Reachable), m3 (Reachable); allowed are 1")),
    ],
)
def test_words_of_managers(count: int, expected: tuple[str, str]) -> None:
    """What is wrong with their number."""
    assert verdict("7.1", Node(managers=("Reachable",) * count), Policy(swarm_managers=1)) == expected


def test_node_that_was_promoted_while_it_is_down() -> None:
    """It is a manager as soon as it comes back, and counts."""
    assert verdict("7.1", Node(managers=("Leader", "Promoted")))[0] == "fail"
    found, reason = verdict("7.1", Node(managers=("Leader", "Unreachable", "Promoted")))
    assert (found, "m3 (Promoted)" in reason) == ("pass", True)


# ---- 7.2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "pass"),
        ({"tcp": (listener("::", 2377), listener("10.0.0.1", 7946))}, "fail"),
        ({"tcp": (listener("10.0.0.1", 2377), listener("::", 7946))}, "fail"),
        ({"udp": (datagrams("0.0.0.0", 7946),)}, "fail"),
        ({"tcp": (listener("fd00::1", 2377), listener("10.0.0.1", 7946))}, "pass"),
        ({"tcp": (listener("10.0.0.1", 2377), listener("10.0.0.1", 7946), listener("::", 8080))}, "pass"),
        (
            {
                "tcp": (
                    listener("10.0.0.1", 2377),
                    listener("10.0.0.1", 7946),
                    listener("::", 7946, inode="5"),
                )
            },
            "pass",
        ),
        ({"tcp": (listener("10.0.0.1", 2377),)}, "error"),
        ({"udp": ()}, "error"),
        ({"udp": (datagrams("10.0.0.1", 7946, 5),)}, "error"),
        ({"held": frozenset()}, "error"),
    ],
)
def test_swarm_ports(change: dict[str, Any], expected: str) -> None:
    """Each of the three ports decides, of the daemon's own sockets, and one that is missing is not passed over."""
    assert verdict("7.2", replace(Node(), **change))[0] == expected


@pytest.mark.parametrize(("listens", "expected"), [("0.0.0.0", "fail"), ("10.0.0.1", "pass")])
def test_chosen_port(listens: str, expected: str) -> None:
    """The port of --listen-addr is found, not only the default one."""
    tcp = (listener(listens, 2400), listener("10.0.0.1", 7946))
    found, reason = verdict("7.2", Node(tcp=tcp, node_state={"ListenAddr": f"{listens}:2400"}))
    assert (found, ":2400/tcp" in reason) == (expected, True)
    assert verdict("7.2", Node(tcp=tcp, node_state=None))[0] == "error"  # then it cannot be told


def test_port_of_the_kernel() -> None:
    """The socket for overlay networks is told and does not decide: nothing but a packet filter closes it."""
    assert verdict("7.2", Node())[1] == (
        "10.0.0.1:7946/udp, 10.0.0.1:2377/tcp, 10.0.0.1:7946/tcp"
        "; overlay networks: 0.0.0.0:4789/udp, on every address by the kernel: see to a packet filter"
    )
    assert "overlay" not in verdict("7.2", Node(udp=(datagrams("10.0.0.1", 7946),)))[1]
    of_the_daemon = Node(udp=(datagrams("10.0.0.1", 7946), datagrams("0.0.0.0", 4789, 1)))
    assert "overlay" not in verdict("7.2", of_the_daemon)[1]
    other = Node(
        udp=(datagrams("10.0.0.1", 7946), datagrams("0.0.0.0", 5000, 9)), cluster={"DataPathPort": 5000}
    )
    assert "0.0.0.0:5000/udp" in verdict("7.2", other)[1]


# ---- 7.9


@pytest.mark.parametrize(
    ("management", "data", "expected", "reason"),
    [
        ("10.0.0.1", "10.0.1.1", "pass", "management on 10.0.0.1 (eth0), data on 10.0.1.1 (eth1)"),
        ("10.0.0.1", "", "fail", "management on 10.0.0.1 (eth0), data on 10.0.0.1 (eth0)"),
        ("10.0.0.1", "10.0.0.2", "fail", "management on 10.0.0.1 (eth0), data on 10.0.0.2 (eth0)"),
        ("10.9.9.9", "", "fail", "management on 10.9.9.9, data on 10.9.9.9"),
        (
            "10.0.0.1",
            "10.9.9.9",
            "error",
            "no interface was found with the address 10.9.9.9, or in its network",
        ),
        ("10.0.2.1", "10.0.2.2", "error", "10.0.2.1 and 10.0.2.2 may be addresses of the same interface"),
        ("10.0.0.1", "10.0.2.2", "pass", "management on 10.0.0.1 (eth0), data on 10.0.2.2 (eth2, eth3)"),
        ("fd00::1", "fd00:1::1", "pass", "management on fd00::1 (eth0), data on fd00:1::1 (eth1)"),
        ("", "10.0.1.1", "error", "docker info does not report the address of this node"),
    ],
)
def test_interfaces(management: str, data: str, expected: str, reason: str) -> None:
    """Two addresses of two interfaces pass; the network around an address tells its interface."""
    node = Node(address=management, node_state={"DataPathAddr": data})
    assert verdict("7.9", node) == (expected, reason)


def test_state_of_the_node_is_needed() -> None:
    """The engine does not report the data address: without the node's own state it cannot be told."""
    assert verdict("7.9", Node(node_state=None))[0] == "error"


def test_tables_of_routes_that_make_no_sense() -> None:
    """A line that is short, or of no network, counts for nothing; one of eight fields is whole."""
    routes = [
        "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF",
        "eth1 0000000A 00000000 0001 0 0 0",
        "",
        "eth2",
    ]
    assert cards_of("10.0.0.1", (), (), (), routes) == {"eth0"}
    odd = ["eth3\t0000000G\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0"]
    assert cards_of("10.0.0.1", (), (), (), odd) == frozenset()


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (None, "docker info does not report EncryptionConfig.AutoLockManagers of the swarm"),
        ({}, "docker info does not report EncryptionConfig.AutoLockManagers of the swarm"),
        (
            {"EncryptionConfig": None},
            "docker info does not report EncryptionConfig.AutoLockManagers of the swarm",
        ),
        ({"EncryptionConfig": "x"}, 'docker info: Cluster.Spec.EncryptionConfig is "(dropped)"'),
        (
            {"EncryptionConfig": {"AutoLockManagers": 7}},
            "docker info: Cluster.Spec.EncryptionConfig.AutoLockManagers is 7",
        ),
    ],
)
def test_settings_that_the_engine_does_not_report(spec: object, told: str) -> None:
    """7.5: a setting that is not told is an error that names it."""
    assert verdict("7.5", Node(cluster={"Spec": spec})) == ("error", told)


# ---- policy


def test_values_of_the_policy() -> None:
    """Periods and managers are read as a file writes them; nothing said is the default."""
    silent = Policy.from_mapping({})
    assert (silent.swarm_managers, silent.rotation_days) == (3, RotationPeriods(365, 30, 365))
    spoken = Policy.from_mapping({"swarm_managers": 5, "rotation_days": {"unlock_key": 90}})
    assert (spoken.swarm_managers, spoken.rotation_days) == (5, RotationPeriods(90, 30, 365))


@pytest.mark.parametrize(
    "wrong",
    [
        {"swarm_managers": 2},
        {"swarm_managers": 9},
        {"swarm_managers": "3"},
        {"swarm_managers": True},
        {"rotation_days": 30},
        {"rotation_days": {"swarm_ca": 0}},
        {"rotation_days": {"ca": 1}},
    ],
    ids=str,
)
def test_wrong_values_are_refused(wrong: object) -> None:
    """An even number of managers, or a period that is none, is refused."""
    with pytest.raises(PolicyError):
        Policy.from_mapping(wrong)
