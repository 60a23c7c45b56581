"""The logs of containers."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.containers.container_logs import Log
from hullcheck.facts.engine.daemon_options import Setting, Value


def log(options: dict[str, str], own: dict[str, str] | None) -> Log:
    """A log beside a daemon with these options."""
    daemon: Any = SimpleNamespace(setting=lambda name: Setting(name, Value(options, "daemon.json")))
    return Log("json-file", daemon, own)


@pytest.mark.parametrize(
    ("given", "own", "inherits"),
    [
        ({"max-size": "1m"}, {"max-size": "1m", "tag": "x"}, True),
        ({"max-size": "1m"}, {"tag": "x"}, False),
        ({"max-size": "1m"}, {}, False),
        ({}, {}, False),
        ({"max-size": "1m"}, None, True),
        ({}, None, False),
    ],
)
def test_options_from_the_daemon(given: dict[str, str], own: dict[str, str] | None, inherits: bool) -> None:
    """A container has the options that it got at its creation; None is the default itself."""
    found = log(given, own)
    assert found.inherits is inherits
    assert found.always(lambda options: "max-size" in options) is (
        "max-size" in (given if own is None else own)
    )
