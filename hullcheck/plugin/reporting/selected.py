"""The selection of a run, for its bundle: another run can select the same controls."""

import os
from pathlib import Path
from typing import Any

import pytest

from hullcheck.controls import shipped
from hullcheck.plugin import options

_ANEW = {"lf": "--lf", "stepwise": "--stepwise", "pyargs": "--pyargs"}
"""Options whose meaning depends on earlier runs, or on where things are installed."""


def selection(session: pytest.Session, *, interrupted: bool) -> dict[str, Any]:
    """What *session* selected; paths are those of the project, and `partial` says why it cannot be repeated."""
    config = session.config
    named, here = options.places(config), config.invocation_params.dir
    of_shipped = options.is_of_shipped(config)
    if of_shipped and named == [str(shipped.folder())]:
        named = []
    return {
        "markers": config.option.markexpr or "",
        "keywords": config.option.keyword or "",
        "paths": [_in_project(each, here, config.rootpath) for each in named],
        "deselected": list(config.getoption("deselect", None) or ()),
        "ignored": [
            _in_project(str(each), here, config.rootpath) for each in config.getoption("ignore", None) or ()
        ],
        "ignored_patterns": [str(each) for each in config.getoption("ignore_glob", None) or ()],
        "partial": _partial(session, interrupted=interrupted),
        "runxfail": bool(config.getoption("runxfail", False)),  # selects nothing, and waives nothing
        **({"shipped": True} if of_shipped else {}),
        **{kind: list(each) for kind, each in options.limits(config).items()},
        **({"max_age": age} if (age := options.option(config, "max_age")) else {}),
    }


def _in_project(argument: str, here: Path, project: Path) -> str:
    path, colons, rest = argument.partition("::")
    return os.path.relpath(here / path, project) + colons + rest


def _partial(session: pytest.Session, *, interrupted: bool) -> str:
    stopped = session.shouldfail or session.shouldstop
    if stopped:
        return str(stopped)
    if interrupted:
        return "the run was interrupted"
    anew = [flag for name, flag in _ANEW.items() if session.config.getoption(name, None)]
    if options.is_of_shipped(session.config):
        anew = [each for each in anew if each != "--pyargs"]
    return f"{anew[0]} was given" if anew else ""
