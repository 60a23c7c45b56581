"""Section 7, its keys and certificates (7.5 to 7.8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullcheck.facts import Facts
from hullcheck.parsing.times import DAY
from hullcheck.policy import Policy, RotationPeriods
from selftests.kit.facts.swarms import (
    Node,
    aged,
    verdict,
    verdicts,
)

# ---- 7.5 and 7.6


def test_autolock() -> None:
    """The setting decides."""
    assert verdict("7.5", Node(locks=True)) == ("pass", "autolock is on (docker info)")
    assert verdict("7.5", Node(locks=False)) == ("fail", "autolock is off (docker info)")
    assert verdict("7.5", Node(cluster={"Spec": {}}))[0] == "error"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(made_days_ago=364), "pass"),
        (Node(made_days_ago=366), "manual"),
        (Node(made_days_ago=366, locks=False), "not applicable"),
        (Node(cluster={"CreatedAt": ""}), "error"),
        (Node(made_days_ago=-0.01), "pass"),
        (Node(made_days_ago=-1), "error"),
    ],
)
def test_age_of_the_unlock_key(node: Node, expected: str) -> None:
    """The key is no older than its swarm; beyond that the swarm keeps no date, and a person has to say."""
    assert verdict("7.6", node)[0] == expected


# ---- 7.7 and 7.8


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(), "pass"),
        (Node(expiry_days=29), "pass"),
        (Node(expiry_days=30.1), "fail"),
        (Node(expiry_days=90), "fail"),
        (Node(cluster={"Spec": {"CAConfig": {}}}), "error"),
    ],
)
def test_certificates_of_nodes(node: Node, expected: str) -> None:
    """How long new ones hold decides."""
    assert verdict("7.7", node)[0] == expected


def test_certificates_of_an_external_ca() -> None:
    """It decides for how long they hold, whatever the swarm's setting says; what fails without it fails with it."""
    authorities = [{"Protocol": "cfssl", "URL": "https://ca.example/hunter2"}]

    node = Node(external=authorities)
    found, reason = verdict("7.7", node)
    assert (found, "an external CA makes the certificates" in reason) == ("manual", True)
    assert verdict("7.7", replace(node, expiry_days=90))[0] == "fail"
    assert verdict("7.7", Node(external=[]))[0] == "pass"
    assert "hunter2" not in node.facts().recording.answers["engine"].stdout


def test_longer_period() -> None:
    """The policy may allow more days."""
    longer = Policy(rotation_days=RotationPeriods(node_certificate=90))
    assert verdict("7.7", Node(expiry_days=90), longer) == ("pass", "certificates hold for 90 days")


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(root=aged(364, 7300)), "pass"),
        (Node(root=aged(366, 7300)), "fail"),
        (Node(root=aged(100, 99)), "fail"),
        (Node(root=aged(1, 7300) + aged(366, 7300)), "fail"),
        (Node(root=aged(366, 7300), rotating=True), "fail"),
        (Node(cluster={"TLSInfo": {}}), "error"),
        (Node(root="nonsense"), "error"),
    ],
)
def test_age_of_the_root(node: Node, expected: str) -> None:
    """The oldest root that is trusted decides; while a rotation is under way that is the old one."""
    found, reason = verdict("7.8", node)
    assert found == expected
    assert ("under way" in reason) == node.rotating


@pytest.mark.parametrize(
    ("number", "node", "asked_days_later", "expected"),
    [
        ("7.8", Node(root=aged(1, 30)), 28, "pass"),
        ("7.8", Node(root=aged(1, 30)), 30, "a root certificate ran out on 2026-07-29"),
        ("7.8", Node(root=aged(1, 7300)), -2, "a root certificate does not hold before 2026-06-29"),
        ("7.8", Node(root=aged(364, 7300)), 2, "made on 2025-07-01, 366 days ago; allowed are 365"),
    ],
)
def test_certificates_by_both_clocks(number: str, node: Node, asked_days_later: int, expected: str) -> None:
    """A node whose clock is wrong has no more days than its certificates have by the auditor's clock."""
    facts = node.facts()
    asked = facts.recording.gathered + asked_days_later * DAY
    asked_then = Facts(replace(facts.recording, asked=asked), facts.policy, daemon=facts.daemon)
    found, reason = verdicts(number, asked_then)["host"]
    assert expected in (found, reason)
