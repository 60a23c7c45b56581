"""Section 7, its keys and certificates (7.5 to 7.8)."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from hullcheck.facts import Facts
from hullcheck.parsing.times import DAY
from hullcheck.policy import Policy, RotationPeriods
from selftests.kit.facts.swarms import (
    PID,
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
        (Node(certificate=aged(31, 30)), "fail"),
        (Node(certificate=aged(-1, 30)), "fail"),
        (Node(certificate=aged(80, 90)), "fail"),
        (Node(certificate=""), "error"),
        (Node(certificate="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), "error"),
        (Node(cluster={"Spec": {"CAConfig": {}}}), "error"),
    ],
)
def test_certificates_of_nodes(node: Node, expected: str) -> None:
    """How long new ones hold decides, how old this node's is, and whether it holds now."""
    assert verdict("7.7", node)[0] == expected


def test_certificates_of_an_external_ca() -> None:
    """It decides for how long they hold, whatever the swarm's setting says; what fails without it fails with it."""
    authorities = [{"Protocol": "cfssl", "URL": "https://ca.example/hunter2"}]

    def node(external: object, days: float = 30) -> Node:
        spec = {"CAConfig": {"NodeCertExpiry": int(days * 86400e9), "ExternalCAs": external}}
        return Node(cluster={"Spec": spec})

    found, reason = verdict("7.7", node(authorities))
    assert (found, "an external CA makes them" in reason) == ("manual", True)
    assert verdict("7.7", node(authorities, 90))[0] == "fail"
    assert verdict("7.7", node(None))[0] == verdict("7.7", node([]))[0] == "pass"
    assert "hunter2" not in node(authorities).facts().recording.answers["swarm"].stdout


def test_certificate_from_before() -> None:
    """A certificate that was made before the setting changed may be as old as the site allows."""
    found, reason = verdict("7.7", Node(certificate=aged(29, 90 + 1 / 24)))
    assert (found, "made to hold for 90 days: renew it before" in reason) == ("pass", True)
    old = Node(certificate=aged(31 + 1 / 24, 90 + 1 / 24))
    assert verdict("7.7", old) == ("fail", "this node's certificate is 31 days old; allowed are 30")
    assert verdict("7.7", Node(certificate=aged(1, 30 + 1 / 24)))[0] == "pass"
    longer = Policy(rotation_days=RotationPeriods(node_certificate=90))
    assert verdict("7.7", Node(expiry_days=90), longer)[0] == "pass"


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
        ("7.7", Node(certificate=aged(1, 30)), 28, "pass"),
        ("7.7", Node(certificate=aged(1, 30)), 30, "this node's certificate ran out on 2026-07-29"),
        ("7.7", Node(certificate=aged(1, 30)), -2, "this node's certificate does not hold before 2026-06-29"),
        ("7.7", Node(certificate=aged(-1, 30)), 2, "this node's certificate does not hold before 2026-07-01"),
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


def test_certificate_of_another_engine() -> None:
    """What was read of another daemon on this machine says nothing of this one."""
    daemon = SimpleNamespace(pid=PID + 1, process=Node()._process())
    facts = Facts(Node().facts().recording, Policy(), daemon=daemon)
    assert verdicts("7.7", facts)["host"][0] == "error"
    assert verdicts("7.9", facts)["host"][0] == "error"
