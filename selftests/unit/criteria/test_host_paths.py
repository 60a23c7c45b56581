"""Which folders of a host are sensitive."""

from __future__ import annotations

import pytest

from hullcheck.criteria.host_paths import is_sensitive


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/data/docker/volumes/v/_data", "volume", False),
        ("/data/docker/volumes/v/_data", "bind", True),
        ("/data/docker/volumes/v/_data", "image", False),
        ("/data/docker/overlay2/x", "image", False),
        ("/data/docker/overlay2/x", "volume", True),
        ("/data/docker", "image", True),
        ("/data", "bind", True),
        ("/data/other", "bind", False),
        ("/etc", "volume", True),
    ],
)
def test_own_folders_of_the_engine(path: str, kind: str, expected: bool) -> None:
    """A volume or an image may show its own folder of the engine's, and nothing else may."""
    assert is_sensitive(path, kind, "/data/docker") is expected
