"""The pytest plugin of the run that judges the recordings of a bundle again.

`hullcheck verify` loads it into that run. It sees that no host is asked: every target is a recording of the bundle,
and only controls run, because other tests of the project may ask hosts.
"""

import json
import os
from pathlib import Path

import pytest

from hullcheck.plugin.collecting import is_control
from hullcheck.plugin.session import session_of
from hullcheck.verify.replay import BEGAN, FOLDER, ONLY


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Stop where a target is anything else; settings of the project may have had their say.

    Evidence is as old as it was when it was first judged.
    """
    session_of(config).began = float(os.environ[BEGAN])
    wanted = f"recorded://{os.environ[FOLDER]}/"
    others = [each.name for each in session_of(config).targets if not each.connect.startswith(wanted)]
    if others:
        raise pytest.UsageError(f"{', '.join(others)}: not a recording of the bundle, and so not asked")


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
