"""The pytest plugin of `hullcheck.controls.catalog`: lists the collected controls and runs none."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from hullcheck.facts import registry
from hullcheck.plugin.items import CONTROL, is_control


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where to write."""
    parser.addoption("--hullcheck-listing", type=Path, metavar="FILE", help="write the controls to FILE")


def pytest_configure(config: pytest.Config) -> None:
    """Begin."""
    config.pluginmanager.register(Listing(config.getoption("hullcheck_listing")), "hullcheck-listing")


class Listing:
    """The controls that pytest collects, and the modules that it could not read."""

    def __init__(self, path: Path) -> None:
        """Begin with none; they are written to *path*."""
        self.path = path
        self.faults: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            lines = report.longreprtext.strip().splitlines() or ["cannot be collected"]
            self.faults.append(f"{report.nodeid}: {lines[-1].removeprefix('E').strip()}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Write, before -m or -k of the settings leave anything out."""
        found = {(str(item.path), each["id"]): each for item in items if (each := _described(item))}
        document = {"controls": list(found.values()), "faults": self.faults}
        self.path.write_text(json.dumps(document), encoding="utf-8")


def _described(item: pytest.Item) -> dict[str, Any] | None:
    """A control with its place, as it is written; None for another test."""
    if not (is_control(item) and isinstance(item, pytest.Function)):
        return None
    control = item.stash[CONTROL]
    line = (item.location[1] or 0) + 1
    names = inspect.signature(item.obj).parameters
    facts = {name: registry.FACTS[name].description for name in names if name in registry.FACTS}
    if "policy" in names:
        facts["policy"] = "What the site allows on the target."
    probes = registry.evidence_of(item.fixturenames, "host")
    return {
        **to_builtins(control),
        "file": str(item.path),
        "line": line,
        "facts": facts,
        "probes": list(probes),
    }
