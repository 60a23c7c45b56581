"""What controls share: lists that are cut, and certificates by two clocks."""

import pytest

from hullcheck.criteria.daemon import validity_flaw
from hullcheck.criteria.judgement import listed
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.times import DAY, Times

BEGINS = 1780272000.0
"""1 June 2026."""
MONTH, LONG = Certificate(BEGINS, BEGINS + 30 * DAY), Certificate(0, BEGINS + 3650 * DAY)


@pytest.mark.parametrize(("most", "words"), [(3, "a, b, c"), (2, "a, b and 1 more"), (1, "a and 2 more")])
def test_names_of_which_some_are_left_out(most: int, words: str) -> None:
    """How many they are is said."""
    assert listed(("a", "b", "c"), most) == words


@pytest.mark.parametrize(
    ("earlier", "later", "flaw"),
    [
        (0, 30 * DAY, ""),
        (-1, 0, "does not hold before 2026-06-01"),
        (0, 30 * DAY + 1, "ran out on 2026-07-01"),
    ],
)
def test_certificate_by_two_clocks(earlier: float, later: float, flaw: str) -> None:
    """It has to hold by the clock that is behind and by the other; one that is not valid is enough."""
    when = Times(BEGINS + earlier, BEGINS + later)
    assert validity_flaw((LONG, MONTH), when) == validity_flaw((MONTH, LONG), when) == flaw
