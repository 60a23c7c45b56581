"""How a criterion says what it found."""

from collections.abc import Sequence
from typing import NamedTuple


class Judgement(NamedTuple):
    """Whether something is as it should be, and what shows it."""

    good: bool
    words: str


def listed(names: Sequence[str], most: int = 10) -> str:
    """The first of *names*, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
