"""The profile docker-default in the kernel, and what the program of the engine would write today."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.containers.privileges.apparmor import APPARMOR, default_profile
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError

PROGRAM = "program:7 2026-05-01 10:00:00.0 +0000"
OLD, NEW = "loaded:2026-04-01 10:00:00.0 +0000", "loaded:2026-05-01 10:00:01.0 +0000"


def doubt(*lines: str) -> str:
    """What is doubted of the profile, where the probe says this and the daemon is process 7."""
    answer = Answer(APPARMOR.name, 0, APPARMOR.keep("\n".join(lines)), "")
    daemon: Any = SimpleNamespace(get=lambda: SimpleNamespace(pid=7))
    function: Any = default_profile
    found = function(Recording("host", "local", {answer.name: answer}), daemon)
    return str(found.doubt)


def test_profile_that_is_older_than_the_program() -> None:
    """It counts where the program would write one that denies more, and does not load its own at each start."""
    assert doubt(PROGRAM, OLD) == ""
    assert doubt(PROGRAM, "denies:7", NEW) == ""
    assert doubt(PROGRAM, "denies:7", "reloads:7", OLD) == ""
    assert "was loaded on 2026-04-01, before the engine's program of 2026-05-01" in doubt(
        PROGRAM, "denies:7", OLD
    )
    assert doubt(PROGRAM, "denies:7", NEW, OLD) != ""  # of two the older one may be that of the containers
    assert "could not be read" in doubt(PROGRAM, "denies:7")
    assert doubt(PROGRAM, "denies:8", OLD) == ""


def test_program_that_was_not_seen() -> None:
    """Nothing is known then."""
    with pytest.raises(EvidenceError):
        doubt("program:8 2026-05-01 10:00:00.0 +0000", NEW)
