"""Records of the engine's files that are lost, moved or of another form."""

from contextlib import nullcontext

import pytest

from hullcheck.facts.files.grammar import Record, require_order
from hullcheck.verdicts import EvidenceError

DAEMON: tuple[Record, ...] = (
    ("dockerd", "7"),
    ("root", "/proc/7/root"),
    ("group", "0"),
    ("groups", "         0          0 4294967295"),
    ("parents", "1 0"),
    ("directory", "/"),
)
WAY: tuple[Record, ...] = (("asked", "/run/x"), ("link", "/run/x"), ("found", "/run/y"), ("acl", "none"))
MANAGER: tuple[Record, ...] = (
    ("manager", "0"),
    ("property", "Id=docker.service"),
    ("property", "MainPID=7"),
    ("property", "FragmentPath=/u"),
    ("asked", "/u"),
    ("found", "/u"),
    ("property", "DropInPaths="),
    ("property", ""),
    ("property", "Id=docker.socket"),
    ("property", "FragmentPath="),
    ("property", "DropInPaths="),
)
STAT: tuple[Record, ...] = (("stat", "41ed:0:0:root:/"),)
WHOLE = (*DAEMON, *WAY, ("host", ""), *MANAGER, *STAT)


def test_whole_answer() -> None:
    """It is taken, also where systemd does not answer or is not there."""
    require_order(WHOLE)
    require_order((*DAEMON, ("host", ""), ("manager", "0"), ("silent", ""), *STAT))
    require_order((*DAEMON, ("host", ""), ("unmanaged", ""), *WAY, *STAT))


@pytest.mark.parametrize("number", [*range(1, 7), 8, *range(11, 17), 18])
def test_record_that_is_lost(number: int) -> None:
    """It is missed, but for what an answer may do without."""
    left = [each for each in WHOLE if each is not WHOLE[number]]
    with pytest.raises(EvidenceError, match="the answer is damaged: it has a"):
        require_order(left)


@pytest.mark.parametrize("number", range(1, len(WHOLE) - 2))
def test_records_that_are_swapped(number: int) -> None:
    """A path, a daemon and a unit are not what they were; within a unit properties may come in any order."""
    first, second = WHOLE[number : number + 2]
    moved = [*WHOLE[:number], second, first, *WHOLE[number + 2 :]]
    harmless = first[0] == second[0] == "property" and first[1] and second[1]
    with nullcontext() if harmless else pytest.raises(EvidenceError, match="the answer is damaged"):
        require_order(moved)


@pytest.mark.parametrize(
    "record",
    [("groups", "0 1"), ("parents", "x"), ("stat", "41ed:0:0:root:"), ("found", ""), ("root", "/tmp")],
)
def test_record_of_another_form(record: Record) -> None:
    """It is named by its word."""
    with pytest.raises(EvidenceError, match=f"it has a record {record[0]} of another form$"):
        require_order([*WHOLE, record])
