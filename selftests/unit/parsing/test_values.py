"""Values as the engine writes and reads them."""

from __future__ import annotations

import ast

import pytest

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
            assert not [each for each in nodes if isinstance(each, ast.Attribute) and each.attr in JUDGES], (
                path
            )


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
