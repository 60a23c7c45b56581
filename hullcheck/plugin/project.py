"""Which project a run is in: pytest looks for its settings before it knows the options of plugins.

Of `--inventory /srv/fleet.yml` it takes the second word for a place of tests, and its settings from around there.
"""

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

_WITH_A_PATH = (
    "--inventory",
    "--reports",
    "--ssh-config",
    "--ssh-identity-file",
    "--ansible-inventory",
    "--sign",
)


def find_again(config: pytest.Config) -> None:
    """Begin anew, in this process, where pytest has gone astray: it reads the command line but once."""
    command = command_again(config)
    if command is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(command[0], command)


def command_again(config: pytest.Config) -> list[str] | None:
    """The command that this process was started with, but for an equals sign before each path of an option.

    None where pytest cannot have gone astray, where the user says which project it is, and where pytest is not
    the program that runs, because that may have done something already.
    """
    words = [str(each) for each in config.invocation_params.args]
    end = words.index("--") if "--" in words else len(words)
    known = config.known_args_namespace
    if known.inifilename or known.rootdir or known.help or known.version or not _astray(config, words[:end]):
        return None
    started, arguments = sys.orig_argv[1 : -len(words)], sys.orig_argv[-len(words) :]
    if arguments != words or "pytest" not in Path(sys.argv[0]).parts[-2:]:
        return None
    return [sys.executable, *started, *_joined(words[:end]), *words[end:]]


def _astray(config: pytest.Config, words: Sequence[str]) -> bool:
    """Whether a path of an option may have led pytest to another project than the rest of the command line."""
    here = config.invocation_params.dir
    paths = [Path(os.path.abspath(here / path)) for option, path in pairwise(words) if option in _WITH_A_PATH]
    paths = [path for path in paths if os.path.exists(path)]  # pytest does not care for others
    elsewhere = config.rootpath not in (here, *here.parents)
    return any(elsewhere or here not in (path, *path.parents) for path in paths)


def _joined(words: Sequence[str]) -> list[str]:
    """The same arguments, each path in one word with its option."""
    rest, joined = iter(words), []
    for word in rest:
        joined.append(f"{word}={next(rest, '')}" if word in _WITH_A_PATH else word)
    return joined


def require(config: pytest.Config) -> None:
    """Stop where pytest has gone astray all the same; `hullcheck controls PATH` means another place.

    Raises:
        pytest.UsageError: the settings beside the user were not read.
    """
    if config.option.help or config.getoption("hullcheck_listing", None):
        return
    here = config.invocation_params.dir
    settings = [here / "pytest.ini", here / "pyproject.toml"]
    if config.inipath is None and any(each.is_file() and b"pytest" in each.read_bytes() for each in settings):
        raise pytest.UsageError(
            f"pytest took {config.rootpath} for the project and read no settings, because of a path on the"
            " command line; write an option that has a path with an equals sign, as in --inventory=PATH"
        )
