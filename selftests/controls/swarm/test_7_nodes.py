"""Section 7, its nodes: who manages, which ports are open, and what the engine says of itself (7.1, 7.2, 7.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hullcheck.policy import Policy, RotationPeriods
from selftests.kit.facts.swarms import (
    Node,
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
        ({"held": frozenset()}, "error"),
    ],
)
def test_swarm_ports(change: dict[str, Any], expected: str) -> None:
    """Each of the two ports decides, of the daemon's own sockets, and one that is missing is not passed over."""
    assert verdict("7.2", replace(Node(), **change))[0] == expected


@pytest.mark.parametrize(("listens", "expected"), [("0.0.0.0", "fail"), ("10.0.0.1", "pass")])
def test_chosen_port(listens: str, expected: str) -> None:
    """The port of --listen-addr is found, not only the default one."""
    tcp = (listener(listens, 2400), listener("10.0.0.1", 7946))
    found, reason = verdict("7.2", Node(tcp=tcp, node_state={"ListenAddr": f"{listens}:2400"}))
    assert (found, ":2400/tcp" in reason) == (expected, True)
    assert verdict("7.2", Node(tcp=tcp, node_state=None))[0] == "error"  # then it cannot be told


# ---- 7.9


@pytest.mark.parametrize(
    ("management", "data", "expected", "reason"),
    [
        ("10.0.0.1", "10.0.1.1", "pass", "management on 10.0.0.1, data on 10.0.1.1"),
        ("10.0.0.1", "", "fail", "management and data on 10.0.0.1"),
        ("", "10.0.1.1", "error", "docker info does not report the address of this node"),
    ],
)
def test_addresses(management: str, data: str, expected: str, reason: str) -> None:
    """Two addresses pass."""
    node = Node(address=management, node_state={"DataPathAddr": data})
    assert verdict("7.9", node) == (expected, reason)


def test_state_of_the_node_is_needed() -> None:
    """The engine does not report the data address: without the node's own state it cannot be told."""
    assert verdict("7.9", Node(node_state=None))[0] == "error"


# ---- policy


def test_values_of_the_policy() -> None:
    """Periods and managers are read as a file writes them; nothing said is the default."""
    silent = Policy.from_mapping({})
    assert (silent.swarm_managers, silent.rotation_days) == (3, RotationPeriods(365, 30, 365))
    spoken = Policy.from_mapping({"swarm_managers": 5, "rotation_days": {"unlock_key": 90}})
    assert (spoken.swarm_managers, spoken.rotation_days) == (5, RotationPeriods(90, 30, 365))
