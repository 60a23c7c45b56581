"""Look for the packages that hullcheck needs before it is imported, and name the missing ones in one line."""

from importlib.util import find_spec

import pytest

PYTEST = (9, 0)
# By the name under which Python imports it, a dependency of pyproject.toml.
PACKAGES = {
    "testinfra": "pytest-testinfra",
    "xdist": "pytest-xdist",
    "pytest_html": "pytest-html",
    "yaml": "PyYAML",
    "jsonschema_rs": "jsonschema-rs",
    "paramiko": "paramiko",
    "jinja2": "Jinja2",
    "cryptography": "cryptography",
    "msgspec": "msgspec",
}


def require() -> None:
    """Check that all packages are installed.

    Raises:
        UsageError: one is missing, or pytest is too old.
    """
    missing = [package for module, package in PACKAGES.items() if find_spec(module) is None]
    if pytest.version_tuple[:2] < PYTEST:
        missing.insert(0, f"pytest {'.'.join(map(str, PYTEST))} (this is {pytest.__version__})")
    if missing:
        names = ", ".join(missing)
        raise pytest.UsageError(f"hullcheck needs {names}: install that, in a checkout by `pip install -e .`")


require()
