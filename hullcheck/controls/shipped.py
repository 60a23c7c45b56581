"""Locate the controls and the demo of the package; in a checkout they are in `tests/` and `inventories/`."""

import os
from pathlib import Path

PACKAGE = "hullcheck.controls"
_INSTALLED = Path(os.path.abspath(__file__)).parent  # with no `..`, as pytest gives the path of its settings
_CHECKOUT = _INSTALLED.parents[1]
SETTINGS = _INSTALLED / "pytest.ini"
"""The settings of pytest for a run of them; with this file, no code of the current directory runs."""
_IS_INSTALLED = (_INSTALLED / "test_1_host.py").is_file()


def folder() -> Path:
    """Return where their files are."""
    return _INSTALLED if _IS_INSTALLED else _CHECKOUT / "tests"


def named() -> tuple[str, ...]:
    """Return the arguments with which pytest runs all of them."""
    return ("--pyargs", PACKAGE) if _IS_INSTALLED else (str(folder()),)


def command() -> tuple[str, ...]:
    """Return the arguments of pytest that run them from any directory."""
    return (f"--config-file={SETTINGS}", *named())


def is_named(argument: str) -> bool:
    """Return whether this argument of pytest stands for all of them."""
    return argument in (PACKAGE, str(folder()))


def demo() -> Path:
    """Return the inventory of the two recorded hosts."""
    return (_INSTALLED.parent if _IS_INSTALLED else _CHECKOUT) / "inventories" / "demo.yml"
