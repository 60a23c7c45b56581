"""A file of the engine: what getfacl prints of it, and who may put something into a directory."""

from __future__ import annotations

from hullcheck.facts.host.file import Grant, grants


def test_grants() -> None:
    """What getfacl prints is read with its mask."""
    text = "# file: x\n# owner: 0\nuser::rw-\nuser:5:rwx\ngroup::r--\ngroup:6:r-x\nmask::rw-\nother::---\n"
    assert grants(text) == (Grant("uid 5", 6), Grant("gid 6", 4))
    assert grants("user::rw-\ngroup::r--\nother::r--") == ()
    assert grants("") is None
