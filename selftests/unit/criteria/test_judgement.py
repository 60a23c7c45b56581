"""How a criterion says what it found."""

import pytest

from hullcheck.criteria.judgement import listed


@pytest.mark.parametrize(("most", "words"), [(3, "a, b, c"), (2, "a, b and 1 more"), (1, "a and 2 more")])
def test_names_of_which_some_are_left_out(most: int, words: str) -> None:
    """How many they are is said."""
    assert listed(("a", "b", "c"), most) == words
