"""The swarm of a target: which node was asked, and what is kept of its answer."""

from __future__ import annotations

import pytest

from selftests.kit.facts.swarms import (
    Node,
    listener,
    verdict,
    verdicts,
)

CONTROLS = [f"7.{number}" for number in range(1, 10)]


MANAGER_ONLY = ["7.1", "7.3", "7.4", "7.5", "7.6", "7.7", "7.8"]


# ---- which node is asked


@pytest.mark.parametrize("state", ["inactive", ""])
def test_no_swarm(state: str) -> None:
    """Where swarm mode is off nothing applies, whatever else an old recording lacks."""
    facts = Node(state=state, manager=False).facts()
    del facts.recording.answers["swarm"]  # type: ignore[attr-defined]
    assert {verdicts(number, facts)["host"][0] for number in CONTROLS} == {"not applicable"}


@pytest.mark.parametrize("state", ["pending", "error", "locked"])
def test_node_that_takes_no_part(state: str) -> None:
    """A node that is not active is an error with its state; one that is locked has its keys encrypted."""
    node = Node(state=state, manager=False, error="it needs a person\nsecond line")
    expected = ("error", f"this node's state is {state}: it needs a person")
    for number in CONTROLS:
        if (number, state) == ("7.5", "locked"):
            assert verdict(number, node)[0] == "pass"
        else:
            assert verdict(number, node) == expected


def test_worker() -> None:
    """What only managers know is not applicable, and the reason names them; the rest is judged."""
    bridge = {"Name": "bridge", "Id": "b", "Driver": "bridge", "Scope": "local"}
    facts = Node(manager=False, tcp=(listener("10.0.0.1", 7946),), networks=(bridge,)).facts()
    for number in MANAGER_ONLY:
        found = verdicts(number, facts)["host"]
        assert found == (
            "not applicable",
            "a worker: audit a manager of its swarm, 10.0.0.8:2377 or 10.0.0.9:2377",
        )
    assert verdicts("7.2", facts)["host"][0] == "pass"
    assert verdicts("7.9", facts)["host"][0] == "pass"


def test_swarm_without_a_leader() -> None:
    """A manager that cannot ask its swarm shows empty settings, which are no evidence."""
    empty = {"ID": "", "CreatedAt": "0001-01-01T00:00:00Z", "TLSInfo": {}}
    node = Node(cluster=empty, error="rpc error: deadline", refusal="The swarm does not have a leader")
    for number in MANAGER_ONLY:
        expected = "a manager, but the swarm cannot be asked: rpc error: deadline"
        assert verdict(number, node) == ("error", expected)
    assert verdict("7.2", node)[0] == "pass"
    assert verdict("7.9", node)[0] == "pass"


def test_swarm_that_answers_in_part() -> None:
    """Where a list failed, that is an error, and the rest is judged."""
    node = Node(refusal="Error response from daemon: rpc error")
    assert verdict("7.1", node) == ("error", "docker node inspect: Error response from daemon: rpc error")
    assert verdict("7.5", node)[0] == verdict("7.9", node)[0] == "pass"
