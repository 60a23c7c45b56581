"""The text of daemon.json, as dockerd reads it."""

from typing import Any

import pytest

from hullcheck.facts.daemon import settings
from hullcheck.facts.daemon.config_text import SWITCHES, parse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("\ufeff \n", {}),
        ("null", {}),
        ('{"icc": false}', {"icc": False}),
        ('\ufeff{"debug": true, "debug": false}', {"debug": False}),
        ('{"log-opts": {"a": "1"}, "log-opts": {"b": "2"}}', {"log-opts": {"a": "1", "b": "2"}}),
        ('{"x": {"icc": false, "n": 1}}', {"x": {"icc": False, "n": 1}, "icc": False}),
        ('{"features": {"icc": false}}', {"features": {"icc": False}}),
        ('{"x": {"icc": false}, "icc": true}', {"x": {"icc": False}, "icc": "given twice, with two values"}),
        ('{"log-driver": "a", "log-driver": null}', {"log-driver": "a"}),
        ('{"icc": false, "icc": null}', {"icc": False}),
        ('{"mtu": 9, "mtu": null}', {"mtu": 9}),
        ('{"hosts": ["a"], "hosts": null}', {"hosts": None}),
        ('{"log-opts": {"a": "1"}, "log-opts": null, "log-opts": {"b": "2"}}', {"log-opts": {"b": "2"}}),
        (
            '{"x": {"icc": "f", "iptables": 0, "ipv6": "no"}}',
            {"x": {"icc": "f", "iptables": 0, "ipv6": "no"}, "icc": False, "iptables": False, "ipv6": False},
        ),
        (
            '{"features": {"icc": "false"}, "x": {"y": {"icc": false}}}',
            {"features": {"icc": "false"}, "x": {"y": {"icc": False}}},
        ),
        ('{"proxies": {"icc": false}}', {"proxies": {"icc": False}, "icc": False}),
        ('{"proxies": {"a": "1"}, "proxies": {"b": "2"}}', {"proxies": {"a": "1", "b": "2"}}),
        (
            '{"default-ulimits": {"x": {"hard": 1, "Hard": 2, "hard": 3}}}',
            {"default-ulimits": {"x": {"Hard": 2, "hard": 3}}},
        ),
        ("[]", None),
        ('{"icc": NaN}', None),
        ('{"icc": false', None),
    ],
)
def test_settings_of_a_text(text: str, found: dict[str, Any] | None) -> None:
    """The last of two keys counts, but no null after a plain value; mappings join, switches of groups count outside.

    What dockerd refuses is None.
    """
    read = parse(text)
    assert read == found
    assert str(read) == str(found)  # in the same order


def test_switches() -> None:
    """Every judged setting that is on or off is known as one."""
    known = {name for name, each in settings.KINDS.items() if isinstance(each.default, bool)}
    assert known - {"userns-remap"} <= SWITCHES


@pytest.mark.parametrize(
    ("value", "on"),
    [
        *((each, True) for each in ("true", '"true"', '"T"', '"1"', "1", "1.0")),
        *(
            (each, False)
            for each in ("false", '"false"', '"F"', '"0"', "0", "2", "null", '"yes"', "[]", "{}")
        ),
    ],
)
def test_switch_in_a_group(value: str, on: bool) -> None:
    """It is read as a text, and what is no boolean switches off."""
    found = parse(f'{{"x": {{"iptables": {value}}}}}')
    assert found is not None
    assert found["iptables"] is on


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"x": {"tls": true, "debug": true}}', {}),
        ('{"tls": true, "x": {"tls": false}}', {"tls": True}),
        ('{"x": {"tlsverify": false}}', {"tlsverify": True}),
        ('{"tlsverify": null}', {"tlsverify": True}),
        ('{"tlsverify": false, "x": {"tlsverify": true}}', {"tlsverify": False}),
    ],
)
def test_switch_that_does_nothing_in_a_group(text: str, found: dict[str, bool]) -> None:
    """The daemon has taken debug and tls from its options by then, and asks of tlsverify only whether it is there."""
    read = parse(text)
    assert read is not None
    assert {name: each for name, each in read.items() if name != "x"} == found
