"""The pytest plugin of the run that judges the recordings of a bundle again.

`hullcheck verify` loads it into that run. It gives the targets, which may be too many for a command line, and sees
that only controls run: other tests of the project may ask hosts.
"""

import json
import os
from pathlib import Path

import pytest

from hullcheck.plugin import is_control

FOLDER = "HULLCHECK_REPLAY"
HOSTS, ONLY = "hosts", "only.json"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name the targets."""
    config.option.hosts = (Path(os.environ[FOLDER]) / HOSTS).read_text(encoding="utf-8")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is no control, and of a run that did not come to its end what it did not judge."""
    path = Path(os.environ[FOLDER]) / ONLY
    only = set(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        wanted = is_control(item) and (only is None or item.name.removeprefix("test_") in only)
        (kept if wanted else left).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)
