"""What a criterion says that has words for both ends."""

from typing import NamedTuple


class Judgement(NamedTuple):
    """Whether something is as it should be, and what shows it."""

    good: bool
    words: str
