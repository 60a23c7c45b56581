"""The swarm of a target: which node was asked, and what is kept of its answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullcheck.facts.engine.swarm_answer import SWARM
from selftests.kit.facts.swarms import (
    Node,
    listener,
    service,
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
    empty = {
        "ID": "",
        "Spec": {"EncryptionConfig": {"AutoLockManagers": False}, "CAConfig": {}},
        "TLSInfo": {},
    }
    node = Node(
        cluster=empty, error="rpc error: deadline", status=1, stderr="The swarm does not have a leader"
    )
    for number in MANAGER_ONLY:
        expected = "a manager, but the swarm cannot be asked: rpc error: deadline"
        assert verdict(number, node) == ("error", expected)
    assert verdict("7.2", node)[0] == "pass"
    assert verdict("7.9", node)[0] == "pass"


def test_swarm_that_answers_in_part() -> None:
    """Where the list of nodes or services failed, what docker info says is judged, and the lists are errors."""
    node = Node(status=1, stderr="Error response from daemon: rpc error")
    assert verdict("7.1", node) == ("error", "swarm: Error response from daemon: rpc error")
    assert verdict("7.4", node)[0] == "error"
    assert verdict("7.5", node)[0] == "pass"


def test_state_that_changed_meanwhile() -> None:
    """Two answers that contradict each other are no evidence."""
    facts = Node().facts()
    answer = facts.recording.answers["swarm"]
    changed = replace(answer, stdout=answer.stdout.replace('"active"', '"pending"'))
    facts.recording.answers["swarm"] = changed  # type: ignore[index]
    assert verdicts("7.5", facts)["host"][0] == "error"


# ---- the probe: what is kept


def test_what_is_kept() -> None:
    """Fields and lines that no control judges are dropped, and so is what is not understood."""
    lines = [
        '{"LocalNodeState":"active","JoinTokens":{"Worker":"hunter2"},"Cluster":{"Spec":{"Labels":{"x":"hunter2"}}}}',
        service("a", "A=hunter2", Configs=[{"ConfigName": "c", "File": {"Name": "f", "Data": "hunter2"}}]),
        'service {"Name":"hunter2"}',
        'node {"Hostname":"a","Labels":"hunter2"}',
        '1/state:{"ListenAddr":"a","joinToken":"hunter2"}',
        "hunter2",
        "1/state:hunter2",
        "node hunter2",
        "services hunter2",
        "services 12",
    ]
    kept = SWARM.keep("\n".join(lines))
    assert "hunter" not in kept
    assert '"ListenAddr":"a"' in kept
    assert kept.splitlines()[-1] == "services 12"
    assert SWARM.keep("hunter2") == ""
