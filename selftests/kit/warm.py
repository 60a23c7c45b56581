"""Imports what a run of pytest with hullcheck needs, for the processes of `forked`.

A small run imports it, as pytest does it in any other; nothing of hullcheck may be imported before.
"""

import contextlib
import importlib
import io
import sys
from pathlib import Path

import pytest

from selftests import REPOSITORY
from selftests.rig import removal

CONTROL = """
def test_host(policy):
    assert policy
"""


def _warm_up() -> None:
    modules, path = set(sys.modules), list(sys.path)
    with removal.temporary() as folder, contextlib.chdir(folder):
        Path("pytest.ini").touch()
        Path("conftest.py").write_bytes((REPOSITORY / "conftest.py").read_bytes())
        Path("test_it.py").write_text(CONTROL)
        with contextlib.redirect_stdout(io.StringIO()):
            pytest.main(["--bundle", "--hosts", f"recorded://{REPOSITORY}/inventories/demo/hardened"])
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]
    for name in ("cli", "verify.check"):  # no plugin, whose assertions pytest rewrites
        importlib.import_module(f"hullcheck.{name}")
    sys.path[:] = path
    sys.path_importer_cache.clear()


_warm_up()
