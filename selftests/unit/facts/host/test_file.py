"""A file of the engine: what getfacl prints of it, and who may put something into a directory."""

from __future__ import annotations

import stat

import pytest

from hullcheck.facts.host.file import FileFact, Grant, Node, State, grants


def test_grants() -> None:
    """What getfacl prints is read with its mask."""
    text = "# file: x\n# owner: 0\nuser::rw-\nuser:5:rwx\ngroup::r--\ngroup:6:r-x\nmask::rw-\nother::---\n"
    assert grants(text) == (Grant("uid 5", 6), Grant("gid 6", 4))
    assert grants("user::rw-\ngroup::r--\nother::r--") == ()
    assert grants("") is None


@pytest.mark.parametrize(
    ("mode", "uid", "awaits"), [(0o755, 0, False), (0o755, 5, True), (0o775, 0, True), (0o1777, 0, True)]
)
def test_directory_that_others_may_fill(mode: int, uid: int, awaits: bool) -> None:
    """By its mode or by its owner; being sticky keeps nobody from it."""
    there = Node("/x", stat.S_IFDIR | mode, uid, 0)
    assert FileFact("/x", State.FOUND, there).awaits_others is awaits
    way = (Node("/", stat.S_IFDIR | mode & 0o777, uid, 0),)
    assert FileFact("/x", State.ABSENT, parents=way).awaits_others is awaits
