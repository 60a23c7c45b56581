"""What is not in use on a target."""

from hullcheck.facts.images.unused import Idle, older_than


def test_older_than() -> None:
    """A day counts when it is over."""
    idle = (Idle("old", 31), Idle("at the limit", 30), Idle("new", 1))
    assert [each.name for each in older_than(idle, 30)] == ["old"]
