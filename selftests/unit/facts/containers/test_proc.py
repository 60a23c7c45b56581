"""What /proc shows of containers."""

from __future__ import annotations

from hullcheck.facts.containers.proc import ProcFiles


def test_answers_are_told_apart() -> None:
    """Lines are told apart by their shape; what is in them forges no other."""
    proc = ProcFiles.parse(
        "7/mountinfo:a\n7/mountinfo:l b -> c\nlrwx 1 7/fd/3 -> socket:[1]\n"
        "lrwx 1 7/fd/4 -> /x/8/fd/1 -> socket:[2]x"
    )
    assert proc.lines["7/mountinfo"] == ("a", "l b -> c")
    assert proc.sockets == {7: frozenset({"1"})}
