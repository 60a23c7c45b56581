"""References to images."""

from __future__ import annotations

import pytest

from hullcheck.parsing.image_reference import Reference

ID = "0" * 64


@pytest.mark.parametrize(
    ("text", "expected", "familiar", "pinned"),
    [
        ("nginx", Reference("nginx:latest", "latest", ""), "nginx:latest", False),
        ("nginx:1.27", Reference("nginx:1.27", "1.27", ""), "nginx:1.27", True),
        ("reg:5000/a/b", Reference("reg:5000/a/b:latest", "latest", ""), "reg:5000/a/b:latest", False),
        ("reg:5000/a/b:2", Reference("reg:5000/a/b:2", "2", ""), "reg:5000/a/b:2", True),
        ("nginx@sha256:ab", Reference("nginx", "", "sha256:ab"), "nginx", True),
        ("nginx:1@sha256:ab", Reference("nginx:1", "1", "sha256:ab"), "nginx:1", True),
        ("docker.io/library/nginx:1", Reference("docker.io/library/nginx:1", "1", ""), "nginx:1", True),
        (f"sha256:{ID}", Reference(f"sha256:{ID}", "", f"sha256:{ID}"), f"sha256:{ID}", True),
        ("0123456789ab", Reference("0123456789ab", "", "0123456789ab"), "0123456789ab", True),
        ("0123456789a", Reference("0123456789a:latest", "latest", ""), "0123456789a:latest", False),
        ("0123456789AB", Reference("0123456789AB:latest", "latest", ""), "0123456789AB:latest", False),
    ],
)
def test_references(text: str, expected: Reference, familiar: str, pinned: bool) -> None:
    """Name, tag and digest; a tag is told from a registry's port, and an id is a digest of its own."""
    found = Reference.parse(text)
    assert (found, found.familiar_name, found.is_pinned) == (expected, familiar, pinned)
