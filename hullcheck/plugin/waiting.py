"""Decides whether a run concerns hullcheck: the rest of the plugin is imported only then.

It has if an option or a setting asks for an audit, `-m` names one of the markers, or a conftest.py names hullcheck.
Otherwise a module of tests may still hold a control: one that names hullcheck or has one of the markers.
"""

import gc
import re
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from hullcheck.plugin import options

_MODULES = ("collecting", "judging", "gathering", "reporting")  # in the order in which they are configured
_NAMED = re.compile(rb"\bhullcheck\b")
_MARKER = re.compile(rb"\bmark\.(\w+)")
_OF_PYTEST = {b"parametrize", b"skip", b"skipif", b"xfail", b"usefixtures", b"filterwarnings"}
_EXPLAINING = ("markers", "showfixtures", "show_fixtures_per_test")
_SPREADING = ("numprocesses", "tx")  # of xdist: the main process sees no module
_BETWEEN_COLLECTIONS = 50_000  # objects made before Python looks for cycles; by default 700


def is_asked_for(config: pytest.Config) -> bool:
    """Return whether the options and settings have to do with hullcheck; a worker of xdist does as its main process."""
    return (
        hasattr(config, "workerinput")
        or config.getoption("hullcheck_listing") is not None
        or options.is_any_given(config)
        or bool(config.getoption("hosts", None))
        or any(config.getoption(each, None) for each in (*_EXPLAINING, *_SPREADING))
        or selects_by_marker(config)
    )


def selects_by_marker(config: pytest.Config) -> bool:
    """Return whether -m names a marker of ours."""
    named = re.findall(r"\w+", config.option.markexpr)
    return not set(_markers(config)).isdisjoint(named) if named else False


def _markers(config: pytest.Config) -> set[str]:
    """Return the names of the markers; those of -m if markers.ini cannot be read, which loading reports."""
    from hullcheck import frameworks  # late: few runs of other projects come here
    from hullcheck.messages import WrongUse

    try:
        return {"compose", "severity", frameworks.BASELINE, *frameworks.load(frameworks.find(config.rootpath)).names}
    except WrongUse:
        return {"severity", *re.findall(r"\w+", config.option.markexpr)}


def load(config: pytest.Config) -> None:
    """Import and register the rest of the plugin."""
    if config.getoption("maxfail", 0) and (options.asks_for_audit(config) or selects_by_marker(config)):
        config.option.dist, config.option.tx = "no", []  # each worker would count failures for itself
    has_workers = hasattr(config, "workerinput") or config.getoption("tx", None)
    for each in (*modules(), *([import_module("hullcheck.plugin.xdist")] if has_workers else ())):
        config.pluginmanager.register(each, each.__name__)


def modules() -> list[ModuleType]:
    """Import the modules of hooks that every audit needs."""
    import hullcheck.requirements  # noqa: F401 - before what needs them

    gc.set_threshold(_BETWEEN_COLLECTIONS)
    return [import_module(f"hullcheck.plugin.{each}") for each in _MODULES]


class Waiting:
    """Loads the rest of the plugin at the first file that has to do with it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.session: pytest.Session | None = None

    @cached_property
    def markers(self) -> set[bytes]:
        return {each.encode() for each in _markers(self.config)}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session for plugins that are loaded later."""
        self.session = session

    def pytest_plugin_registered(self, plugin: object) -> None:
        """Look into each conftest.py; pytest calls this for those that are there already, too."""
        path = Path(getattr(plugin, "__file__", None) or "")
        if path.name == "conftest.py" and _NAMED.search(path.read_bytes()):
            self._load()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path) -> None:
        """Look into a module before it is imported: its markers have to be declared by then."""
        try:
            text = module_path.read_bytes()
        except OSError:  # pytest reports it when it imports the module
            return
        marked = {*_MARKER.findall(text)} - _OF_PYTEST
        if _NAMED.search(text) or (marked and not self.markers.isdisjoint(marked)):
            self._load()

    def _load(self) -> None:
        manager = self.config.pluginmanager
        if not manager.is_registered(self):
            return
        manager.unregister(self)
        before = manager.get_plugins()
        load(self.config)
        if self.session is not None:
            missed = manager.subset_hook_caller("pytest_sessionstart", before)
            missed(session=self.session)
