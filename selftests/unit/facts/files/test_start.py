"""The files that start the daemon, where less is told than they need."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.files.start import StartFiles
from hullcheck.verdicts import EvidenceError


def start_files(daemons: dict[int, Any], tells_of_systemd: bool) -> StartFiles:
    """Those of process 7, of a host whose systemd knows no unit."""
    told: Any = SimpleNamespace(
        daemons=daemons, units=(), managers={"0": None}, silent=(), tells_of_systemd=tells_of_systemd
    )
    processes = SimpleNamespace(get=lambda: SimpleNamespace(by_pid={}))
    process = SimpleNamespace(rootless=False, uids=(0, 0))
    daemon: Any = SimpleNamespace(pid=7, process=process, seen=processes)
    return StartFiles(told, daemon)


def test_daemon_that_went_meanwhile() -> None:
    """What it saw is not known."""
    with pytest.raises(EvidenceError, match="it started or ended meanwhile"):
        _ = start_files({}, tells_of_systemd=True).view


def test_answer_that_says_nothing_of_systemd() -> None:
    """There may be a unit."""
    view = SimpleNamespace(words={})
    with pytest.raises(EvidenceError, match="does not say whether the target runs systemd"):
        start_files({7: view}, tells_of_systemd=False).socket_units()
