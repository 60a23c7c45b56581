"""The pytest plugin: its options, and whether a run has to do with it; `audit` and what that names do the rest.

Where it is installed, every run of pytest loads it, in projects of other people too. So it imports little itself.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from hullcheck import unpacked
from hullcheck.plugin import options, project, waiting


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around pytest's own, so that nothing is captured yet
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Check that this is the user's project, before a conftest.py is imported."""
    project.require(early_config)
    yield


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """`--show-probes` prints the script of each target and ends."""
    if not config.option.hullcheck_show_probes:
        return None
    from hullcheck.plugin import showing

    return showing.probes(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the rest, or wait for what has to do with it."""
    project.require(config)  # again: it was not there before, where a conftest.py names this plugin
    if waiting.is_asked_for(config):
        waiting.load(config)
    else:
        config.pluginmanager.register(waiting.Waiting(config), "hullcheck-waiting")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Ignore unpacked bundles: their files may look like tests or a conftest.py."""
    return True if unpacked.is_bundle(collection_path) else None
