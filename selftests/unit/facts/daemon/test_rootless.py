"""The parts of a rootless engine."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.daemon.rootless import ROOTLESS_PARTS, RootlessParts
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError

TEXT = """\
7:account carl
7:part /usr/bin/dockerd
7:part /usr/bin/odd: name
7:package docker-ce: /usr/bin/dockerd
7:range /etc/subuid 100000+65536
7:linger
70:account mallory
70:part /tmp/rootlesskit
70:secret x
"""


def parts(pid: int) -> RootlessParts:
    """Those of the daemon with this process."""
    answer = Answer(ROOTLESS_PARTS.name, 0, ROOTLESS_PARTS.keep(TEXT), "")
    daemon: Any = SimpleNamespace(pid=pid)
    return RootlessParts(Recording("host", "local", {answer.name: answer}), daemon)


def test_parts_are_those_of_one_daemon() -> None:
    """Another daemon's are not taken for it, though its number begins with the same digit."""
    found = parts(7)
    assert found.account == "carl"
    assert found.sources == {"/usr/bin/dockerd": "docker-ce", "/usr/bin/odd: name": ""}
    assert "rootlesskit" in found.missing
    assert "dockerd" not in found.missing
    assert found.ranges == ("/etc/subuid 100000+65536",)
    assert (found.lingers, parts(70).lingers) == (True, False)
    assert "secret" not in found.recording.text(ROOTLESS_PARTS)


def test_daemon_that_the_probe_did_not_see() -> None:
    """Nothing is known of its parts, not even that there are none."""
    with pytest.raises(EvidenceError, match="could not be found"):
        _ = parts(8).missing


@pytest.mark.parametrize(("said", "seen", "expected"), [(True, True, True), (False, False, False)])
def test_engine_that_is_rootless_or_not(said: bool, seen: bool, expected: bool) -> None:
    """The engine says so, and its process is root's or not."""
    daemon: Any = SimpleNamespace(
        engine=SimpleNamespace(rootless=said), process=SimpleNamespace(rootless=seen)
    )
    assert RootlessParts(Recording("host", "local"), daemon).in_use is expected


def test_engine_that_says_other_than_its_process() -> None:
    """The answer of the engine lost a part: that is no ground to leave it out."""
    daemon: Any = SimpleNamespace(
        engine=SimpleNamespace(rootless=False), process=SimpleNamespace(rootless=True)
    )
    with pytest.raises(EvidenceError, match="does not say rootless"):
        _ = RootlessParts(Recording("host", "local"), daemon).in_use
