"""References to images."""

from __future__ import annotations

import pytest

from hullcheck.parsing.image_reference import Reference


@pytest.mark.parametrize(
    ("text", "name", "pinned"),
    [
        ("nginx", "nginx:latest", False),
        ("nginx:latest", "nginx:latest", False),
        ("nginx:1.27", "nginx:1.27", True),
        ("reg:5000/a/b", "reg:5000/a/b:latest", False),
        ("reg:5000/a/b:2", "reg:5000/a/b:2", True),
        ("nginx@sha256:" + "0" * 64, "nginx", True),
        ("0" * 64, "0" * 64, True),
        ("docker.io/library/nginx:1.27", "nginx:1.27", True),
    ],
)
def test_references(text: str, name: str, pinned: bool) -> None:
    """A tag is told from a registry's port, and silence from a version."""
    reference = Reference.parse(text)
    assert (reference.familiar_name, reference.is_pinned) == (name, pinned)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", Reference("nginx:latest", "latest", "")),
        ("nginx@sha256:ab", Reference("nginx", "", "sha256:ab")),
        ("nginx:1@sha256:ab", Reference("nginx:1", "1", "sha256:ab")),
        ("reg:5000/nginx", Reference("reg:5000/nginx:latest", "latest", "")),
        ("0123456789ab", Reference("0123456789ab", "", "0123456789ab")),
        ("sha256:" + "0" * 64, Reference("sha256:" + "0" * 64, "", "sha256:" + "0" * 64)),
        ("0123456789a", Reference("0123456789a:latest", "latest", "")),
        ("0123456789AB", Reference("0123456789AB:latest", "latest", "")),
    ],
)
def test_parts_of_references(text: str, expected: Reference) -> None:
    """Name, tag and digest; an id is a digest of its own, and has no tag."""
    assert Reference.parse(text) == expected
