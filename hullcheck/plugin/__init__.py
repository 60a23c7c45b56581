"""The pytest plugin: its options, and whether a run has to do with it; `waiting` loads the rest.

If it is installed, every run of pytest loads it, in projects of other people too. So it imports little itself.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.config.findpaths import determine_setup  # it has no public name

from hullcheck import unpacked
from hullcheck.plugin import options, waiting

pytest_addoption = options.add_options


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around pytest's own, so that nothing is captured yet
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None]:
    """Check that this is the user's project, before a conftest.py is imported."""
    _require_project(early_config)
    if options.is_of_shipped(early_config):
        options.require_known(parser, args)
        from hullcheck.plugin import words  # late: it is nothing to other projects

        known = early_config.known_args_namespace  # beside a Compose file there may be a conftest.py of others
        known.file_or_dir = [each for each in known.file_or_dir if not words.is_compose(each)]
    yield


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Print the script of each target for `--show-probes`, and end."""
    if not config.option.hullcheck_show_probes:
        return None
    from hullcheck.plugin import gathering

    return gathering.show_probes(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the rest, or wait for the first control."""
    _require_project(config)  # again: it was not there before, if a conftest.py names this plugin
    if options.is_of_shipped(config):
        from hullcheck.plugin import words

        words.take(config)
    if waiting.is_asked_for(config):
        waiting.load(config)
    else:
        config.pluginmanager.register(waiting.Waiting(config), "hullcheck-waiting")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Ignore unpacked bundles: their files may look like tests or a conftest.py."""
    return True if unpacked.is_bundle(collection_path) else None


def _require_project(config: pytest.Config) -> None:
    """Stop if pytest may have read the settings of another project than the user's.

    pytest looks for its settings before it knows the options of plugins: an inventory in a word of its own is a path
    of tests to it, so it reads the settings in that folder, and imports what they name.
    """
    here, known = config.invocation_params.dir, config.known_args_namespace
    named = getattr(config.option, "file_or_dir", None) or known.file_or_dir or []
    paths = [Path(os.path.abspath(here / each.partition("::")[0])) for each in named]
    bundle = next(filter(None, map(unpacked.bundle_around, (here, *paths))), None)
    if bundle is not None:
        raise pytest.UsageError(
            f"{bundle}: is an unpacked bundle, and nothing in it is run; change to the directory of the controls"
        )
    rootpath, inipath, *_ = determine_setup(
        inifile=known.inifilename,
        override_ini=known.override_ini,
        args=named,
        rootdir_cmd_arg=known.rootdir or None,
        invocation_dir=here,
    )
    if (rootpath, inipath) != (config.rootpath, config.inipath):
        read = f"; it has read {config.inipath}, and may have run code that this names" if config.inipath else ""
        raise pytest.UsageError(
            f"pytest took {config.rootpath} for the project, because of a path on the command line; write an option"
            f" and its path in one word, as --inventory=PATH{read}"
        )
