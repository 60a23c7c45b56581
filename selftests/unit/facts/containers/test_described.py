"""What the engine says of a container's state."""

import pytest

from hullcheck.facts.containers.described import Described
from hullcheck.verdicts import EvidenceError


@pytest.mark.parametrize(
    ("status", "pid", "runs"),
    [("running", 7, True), ("restarting", 7, True), ("restarting", 0, False), ("paused", 7, True)],
)
def test_container_that_waits_to_be_restarted(status: str, pid: int, runs: bool) -> None:
    """It has no process, though the engine calls it running."""
    assert Described({"Running": True, "Status": status, "Pid": pid}).running is runs
    assert not Described({"Running": False, "Status": status, "Pid": pid}).running


def test_setting_that_is_not_reported() -> None:
    """It is an error, and not the default."""
    with pytest.raises(EvidenceError, match=r"does not report HostConfig\.Privileged"):
        Described({"HostConfig": {}}).setting("Privileged")
