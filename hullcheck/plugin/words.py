"""The words of `hullcheck audit` besides options: numbers of controls, Compose files and folders with one."""

import os
import re
from pathlib import Path

import pytest

from hullcheck.lazy import regex
from hullcheck.plugin import options

_CONTROL = regex(r"(?:cis-)?[0-9.]+|guide-[\w.]+|[A-Za-z]\w*", re.ASCII)
_OF_PYTEST = regex(r".*(?:\.py|::.*)", re.DOTALL)
_OVERRIDE = regex(r"((?:docker-)?compose)\.override\.ya?ml")


def take(config: pytest.Config) -> None:
    """Take the words that name controls or Compose files out of the paths of tests."""
    words = [each for each in config.args if each in options.words(config)]
    config.option.hullcheck_files = [_project(each) for each in words if is_compose(each)]
    controls = [each for each in words if not is_compose(each) and _CONTROL.fullmatch(each)]
    config.option.hullcheck_controls = controls
    config.args = [each for each in config.args if not (is_compose(each) or each in controls)]
    for each in words:
        is_known = is_compose(each) or (each in controls and not (each.isidentifier() and Path(each).is_dir()))
        if not (is_known or "://" in each or _OF_PYTEST.fullmatch(each)):
            raise pytest.UsageError(_what_was_meant(Path(each)))
    is_of_command = config.pluginmanager.hasplugin("hullcheck.plugin.screen")
    config.option.hullcheck_default = is_of_command and not (
        config.option.markexpr or config.getoption("hullcheck_profile", None)
    )
    if config.option.hullcheck_default:  # controls that are named may be of no benchmark
        config.option.markexpr = "cis or not cis" if controls else "cis"


def is_compose(word: str) -> bool:
    """Return whether this word is a Compose file, or a folder with one."""
    path = Path(word).expanduser()
    if not os.path.lexists(path) or _OF_PYTEST.fullmatch(word):
        return False
    return not path.is_dir() or bool(_files_in(path))


def _files_in(folder: Path) -> list[Path]:
    from hullcheck.compose import NAMES  # late: it imports the facts

    return [folder / each for each in NAMES if (folder / each).is_file()]


def _project(word: str) -> str:
    """Return the file that a word stands for: of a folder, or of an override, the Compose file that is there."""
    path = Path(word).expanduser()
    matched = _OVERRIDE.fullmatch(path.name)
    found = _files_in(path) if path.is_dir() else _files_in(path.parent) if matched else []
    found = [each for each in found if not matched or each.stem == matched[1]]
    return str(found[0]) if found else word


def _what_was_meant(path: Path) -> str:
    from hullcheck.compose import NAMES
    from hullcheck.messages import did_you_mean

    if path.is_dir():
        return f"{path}: no control, and no Compose file is in this folder ({', '.join(NAMES)})"
    near = [str(each) for each in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    hint = did_you_mean(str(path), near, "write a number such as 5.5, or the path of a Compose file")
    return f"{path}: neither a control nor a file; {hint}"
