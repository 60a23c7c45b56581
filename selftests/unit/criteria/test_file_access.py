"""Who may change a file: every mode, every owner, and what an access control list adds."""

from __future__ import annotations

import stat
from contextlib import nullcontext

import pytest

from hullcheck.criteria.file_access import foreign_owners, permissions_beyond
from hullcheck.facts.host.file import FileFact, Grant, Node, State
from hullcheck.verdicts import NotApplicable


@pytest.mark.parametrize("allowed", [0o644, 0o444, 0o400, 0o660])
def test_every_mode(allowed: int) -> None:
    """Of all modes those pass that are a set of allowed bits."""
    for bits in range(0o10000):
        file = FileFact("/f", State.FOUND, Node("/f", stat.S_IFREG | bits, 0, 0), grants=())
        assert bool(permissions_beyond(file, allowed)) is bool(bits & ~allowed)


@pytest.mark.parametrize(
    ("mode", "given", "found"),
    [(0o620, 2, True), (0o640, 4, True), (0o600, 6, False), (0o660, 0, False)],
)
def test_what_a_list_adds(mode: int, given: int, found: bool) -> None:
    """All to whom it gives something are named, where the mask lets it."""
    listed = (Grant("uid 5", given), Grant("gid 6", given), Grant("uid 7", 0))
    file = FileFact("/s", State.FOUND, Node("/s", stat.S_IFSOCK | mode, 0, 0), grants=listed)
    words = "its access control list gives access to uid 5, its access control list gives access to gid 6"
    assert permissions_beyond(file, 0o660) == (words if found else "")


def test_strangers_are_all_named() -> None:
    """Owner, group and what is on the way."""
    way = (Node("/a", stat.S_IFDIR | 0o755, 9, 0),)
    file = FileFact("/a/f", State.FOUND, Node("/a/f", 0o100644, 5, 7, "staff"), way)
    reason = "belongs to uid 5, its group is staff (gid 7), the directory /a in its path belongs to uid 9"
    assert foreign_owners(file) == reason


@pytest.mark.parametrize(
    ("mode", "uid", "owners", "permissions"),
    [
        (0o755, 0, "", ""),
        (0o1777, 0, "", "does not exist, others can write to /a in its path (mode 777)"),
        (0o775, 0, "", "does not exist, others can write to /a in its path (mode 775)"),
        (0o755, 9, "does not exist, the directory /a in its path belongs to uid 9", ""),
    ],
)
def test_who_may_make_what_is_missing(mode: int, uid: int, owners: str, permissions: str) -> None:
    """The directory in which it would be decides; a sticky one keeps nobody from making a file."""
    way = (Node("/", stat.S_IFDIR | 0o755, 0, 0), Node("/a", stat.S_IFDIR | mode, uid, 0))
    file = FileFact("/a/f", State.ABSENT, parents=way)
    for found, judge in (
        (owners, foreign_owners),
        (permissions, lambda each: permissions_beyond(each, 0o644)),
    ):
        with nullcontext() if found else pytest.raises(NotApplicable):
            assert judge(file) == found


def test_sticky_directory_on_the_way_of_what_is_missing() -> None:
    """There others replace nothing; only where it is the last one they make something new."""
    way = (Node("/tmp", stat.S_IFDIR | 0o1777, 0, 0), Node("/tmp/a", stat.S_IFDIR | 0o755, 0, 0))
    with pytest.raises(NotApplicable):
        permissions_beyond(FileFact("/tmp/a/f", State.ABSENT, parents=way), 0o644)
