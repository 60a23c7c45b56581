"""Fixtures for section 5."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.rig import removal

if TYPE_CHECKING:
    from selftests.rig.laboratory import Laboratory


@pytest.fixture
def place(lab: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of the host that is no part of its system, with a path short enough for sockets."""
    folder = lab.root / f"place{time.monotonic_ns() % 10**6}"
    folder.mkdir()
    yield folder
    removal.unmount(folder)
