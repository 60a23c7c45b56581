"""The program of a running daemon, and the one that lies in its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import facts_of_engine
from selftests.rig.shell import SYSTEM_PATH

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]


def test_program_that_was_replaced(
    engine: EngineFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update puts a new file in the place of the daemon's program, and the older one runs until it is restarted."""
    one = engine(fresh=True)
    one.stop()
    program = Path(shutil.copy(str(shutil.which("dockerd", path=SYSTEM_PATH)), tmp_path))
    known = one._environment()
    monkeypatch.setattr(one, "_environment", lambda: {**known, "PATH": f"{tmp_path}:{known['PATH']}"})
    one.start()
    assert facts_of_engine(one.socket, of="1.2.2").get("replaced_programs") == ()
    newer = shutil.copy(program, tmp_path / "newer")
    Path(newer).rename(program)
    assert facts_of_engine(one.socket, of="1.2.2").get("replaced_programs") == (str(program),)
    one.restart()
    assert facts_of_engine(one.socket, of="1.2.2").get("replaced_programs") == ()
