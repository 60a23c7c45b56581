"""The files that start the daemon, where less is told than they need."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.files.start import StartFiles
from hullcheck.verdicts import EvidenceError


def start_files(daemons: dict[int, Any]) -> StartFiles:
    """Those of process 7, of a host whose systemd knows no unit."""
    told: Any = SimpleNamespace(daemons=daemons, units=(), managers={"0": None}, silent=())
    processes = SimpleNamespace(get=lambda: SimpleNamespace(by_pid={}))
    process = SimpleNamespace(rootless=False, uids=(0, 0))
    daemon: Any = SimpleNamespace(pid=7, process=process, seen=processes)
    return StartFiles(told, daemon)


def test_daemon_that_went_meanwhile() -> None:
    """What it saw is not known."""
    with pytest.raises(EvidenceError, match="it started or ended meanwhile"):
        _ = start_files({}).view
