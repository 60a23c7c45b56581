"""What the kernel shows of containers."""

from __future__ import annotations

from hullcheck.facts.containers.proc import ContainerFiles


def test_lines_are_sorted_by_their_shape() -> None:
    """What is in a line forges no other."""
    text = "7/mountinfo:a\n7/mountinfo:l b -> c\n7/fd/3 socket:[1]\n7/fd/4 socket:[2]x"
    found = ContainerFiles.parse({"proc": text})
    assert found.lines["7/mountinfo"] == ("a", "l b -> c")
    assert found.sockets == {7: frozenset({"1"})}
