"""Values as the engine writes and reads them, and times as stat(1) does."""

from __future__ import annotations

import ast
from datetime import date
from typing import Any

import pytest

from hullcheck.parsing.times import day, engine_moment, moment
from hullcheck.parsing.values import Reference, canonical, go_boolean, go_size, is_loopback, is_unspecified
from hullcheck.verdicts import EvidenceError
from selftests import REPOSITORY

PROPERTIES = "global link_local loopback multicast private reserved unspecified"
JUDGES = {f"is_{each}" for each in PROPERTIES.split()}


@pytest.mark.parametrize(
    ("text", "size"), [("1k", 1000), ("1KiB", 1000), ("1.5 mb", 1_500_000), ("5b", 5), ("1kk", None)]
)
def test_sizes(text: str, size: int | None) -> None:
    """Powers of 1000 whatever the suffix is, as in Docker's own package."""
    assert go_size(text) == size


def test_booleans() -> None:
    """The spellings of Go's strconv.ParseBool; any other is an error that shows it."""
    assert all(map(go_boolean, ("1", "t", "T", "true", "True", "TRUE")))
    assert not any(map(go_boolean, ("0", "f", "F", "false", "False", "FALSE")))
    for text in ("", "yes", "tRUE", " true"):
        with pytest.raises(EvidenceError, match=f"^{text!r} is not a boolean$"):
            go_boolean(text)


@pytest.mark.parametrize(
    ("text", "written", "loopback", "every"),
    [
        ("127.0.0.1", "127.0.0.1", True, False),
        ("::ffff:7f00:1", "127.0.0.1", True, False),
        ("::ffff:10.0.0.5", "10.0.0.5", False, False),
        ("::ffff:0.0.0.0", "0.0.0.0", False, True),
        ("0::0", "::", False, True),
        ("fd00::05", "fd00::5", False, False),
    ],
)
def test_addresses(text: str, written: str, loopback: bool, every: bool) -> None:
    """Every Python says the same; in 3.13 mapped addresses became loopback and unspecified, here they always were."""
    assert (canonical(text), is_loopback(text), is_unspecified(text)) == (written, loopback, every)
    assert canonical("db.example") == "db.example"


def test_nobody_asks_python_itself() -> None:
    """Nothing of the library and no control judges an address by properties whose meaning differs."""
    for path in [*REPOSITORY.glob("hullcheck/**/*.py"), *REPOSITORY.glob("tests/*.py")]:
        if path != REPOSITORY / "hullcheck/parsing/values.py":
            nodes = ast.walk(ast.parse(path.read_text()))
            assert not [each for each in nodes if isinstance(each, ast.Attribute) and each.attr in JUDGES], path


ID = "0" * 64


@pytest.mark.parametrize(
    ("text", "expected", "familiar", "pinned"),
    [
        ("nginx", Reference("nginx:latest", "latest", ""), "nginx:latest", False),
        ("reg:5000/a/b", Reference("reg:5000/a/b:latest", "latest", ""), "reg:5000/a/b:latest", False),
        ("reg:5000/a/b:2", Reference("reg:5000/a/b:2", "2", ""), "reg:5000/a/b:2", True),
        ("nginx@sha256:ab", Reference("nginx", "", "sha256:ab"), "nginx", True),
        ("nginx:1@sha256:ab", Reference("nginx:1", "1", "sha256:ab"), "nginx:1", True),
        ("docker.io/library/nginx:1", Reference("docker.io/library/nginx:1", "1", ""), "nginx:1", True),
        (f"sha256:{ID}", Reference(f"sha256:{ID}", "", f"sha256:{ID}"), f"sha256:{ID}", True),
        ("0123456789ab", Reference("0123456789ab", "", "0123456789ab"), "0123456789ab", True),
        ("0123456789a", Reference("0123456789a:latest", "latest", ""), "0123456789a:latest", False),
    ],
)
def test_references(text: str, expected: Reference, familiar: str, pinned: bool) -> None:
    """A tag is told from a registry's port, and an id is a digest of its own."""
    found = Reference.parse(text)
    assert (found, found.familiar_name, found.is_pinned) == (expected, familiar, pinned)


def test_times_of_stat() -> None:
    """GNU and busybox print the same; a time without a fraction was cut off; days are those of Greenwich."""
    assert moment("1970-01-01 01:00:10.500000000 +0100") == (10.5, 10.5)
    for text in ("1970-01-01 00:00:10.000000000 +0000", "1970-01-01 00:00:10 +0000"):
        assert moment(text) == (10.0, 11.0)
    assert moment("-") is None
    assert (day(86399.9), day(86400.0)) == (date(1970, 1, 1), date(1970, 1, 2))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-06-30T14:00:00.123456789+02:00", 1782820800.123456),
        *((text, None) for text in ("2026-06-30T12:00:00", "0001-01-01T00:00:00Z", "soon", None)),
    ],
)
def test_times_of_the_engine(text: Any, found: float | None) -> None:
    """A time has a zone, and the year 1 is Go's "never"."""
    assert engine_moment(text) == found
