"""Which project a run is in: pytest looks for its settings before it knows the options of plugins.

Of `--inventory /srv/fleet.yml` it takes the second word for a path of tests, reads the settings beside it, and imports
what those name. Nothing can be done about that afterwards, so nobody may get used to it: it is refused wherever it led
pytest away from the user's project.
"""

import os
import shlex
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from hullcheck import pytest_settings
from hullcheck.unpacked import bundle_around

WITH_A_PATH = (
    *("--baseline", "--inventory", "--releases", "--reports", "--sign"),
    *("--ansible-inventory", "--ssh-config", "--ssh-identity-file"),  # of testinfra
    *("--html", "--css", "--metadata-from-json-file"),  # of pytest-html
    "--rsyncdir",  # of pytest-xdist
)
"""The options of plugins that take a path. Those of pytest itself are known when it looks for its settings."""


def require(config: pytest.Config) -> None:
    """Stop where pytest may have read the settings of another project than the user's.

    Raises:
        pytest.UsageError: a path in a word of its own led pytest to another project, or what it would run lies in
            an unpacked bundle.
    """
    _require_one_word(config)
    _require_no_bundle(config)
    _require_this_project(config)


def _require_one_word(config: pytest.Config) -> None:
    led_away = not _is_told(config) and not _is_of_user(config)
    for option, path in pairwise(_words(config)):
        if option in WITH_A_PATH and led_away:
            raise pytest.UsageError(
                f"{option} {path}: write {option}={path}, in one word: pytest takes a word of its own for a path of"
                f" tests{_already_read(config)}"
            )


def _is_of_user(config: pytest.Config) -> bool:
    """Whether pytest has the settings, and unless it was told another the root, that it would have without any path."""
    project = _project_around(config.invocation_params.dir)
    here_is_root = config.known_args_namespace.rootdir or config.rootpath == project
    return bool(here_is_root) and (config.inipath.parent if config.inipath else None) == _with_settings(
        project
    )


def _with_settings(project: Path) -> Path | None:
    """The folder of the settings of *project*: this itself, or None where it has no file for them."""
    has_file = pytest_settings.find(project) or os.path.isfile(project / "pyproject.toml")
    return project if has_file else None


def _project_around(here: Path) -> Path:
    """The folder that pytest takes for the project where *here* is all that it knows."""
    around = (here, *here.parents)
    nearest = next(filter(pytest_settings.find, around), None)
    return nearest or next((each for each in around if os.path.isfile(each / "pyproject.toml")), here)


def _words(config: pytest.Config) -> list[str]:
    """The words that may be options, out of the environment and of files (`@options.txt`), too."""
    said = [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *map(str, config.invocation_params.args)]
    words = list(_without_files(said))
    return words[: words.index("--")] if "--" in words else words


def _without_files(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if word.startswith("@"):
            yield from _without_files(Path(word[1:]).read_text().splitlines())
        else:
            yield word


def _require_no_bundle(config: pytest.Config) -> None:
    """Nothing of a bundle is run: no test, and no conftest.py, which pytest also seeks in `test*` folders."""
    places = [config.invocation_params.dir, *_named(config)]
    places += [config.rootpath / each for each in config.getini("testpaths")]
    places += [each.parent for place in places for each in place.glob("test*/conftest.py")]
    bundle = next(filter(None, map(bundle_around, places)), None)
    if bundle is not None:
        raise pytest.UsageError(
            f"{bundle}: is an unpacked bundle, and nothing in it is run; change to the directory of the controls, or"
            f" move the bundle out of it{_already_read(config)}"
        )


def _require_this_project(config: pytest.Config) -> None:
    """For options that are not ours: what pytest took for the project is around the user, or around given tests."""
    here, named = config.invocation_params.dir, _named(config)
    around = [folder for place in (here, *named) for folder in (place, *place.parents)]
    beside = [here / "pytest.ini", here / "pyproject.toml"]
    passed_by = config.inipath is None and any(pytest_settings.holds(each, b"pytest") for each in beside)
    astray = config.rootpath not in around and not config.known_args_namespace.rootdir
    settings_astray = config.inipath is not None and config.inipath.parent not in around
    if not _is_told(config) and (astray or settings_astray or (passed_by and not named)):
        raise pytest.UsageError(
            f"pytest took {config.rootpath} for the project, because of a path on the command line; write an option"
            f" and its path in one word, as --inventory=PATH{_already_read(config)}"
        )


def _named(config: pytest.Config) -> list[Path]:
    """The paths of tests on the command line."""
    words: list[str] = config.known_args_namespace.file_or_dir
    return [Path(os.path.abspath(config.invocation_params.dir / each.partition("::")[0])) for each in words]


def _is_told(config: pytest.Config) -> bool:
    """Whether the user says which settings are read; `--rootdir` alone does not."""
    return bool(config.known_args_namespace.inifilename)


def _already_read(config: pytest.Config) -> str:
    """The message for settings that may not be those of the project."""
    path = config.inipath
    if path is None or path.parent == config.invocation_params.dir or _is_told(config):
        return ""
    return f"; it has read the settings in {path}, and may have run code that they name"
