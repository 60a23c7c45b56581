"""Whether certificates are valid."""

import pytest

from hullcheck.criteria.certificates import validity_flaw
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.times import DAY, Times

BEGINS = 1780272000.0
"""1 June 2026."""
MONTH = Certificate(BEGINS, BEGINS + 30 * DAY)
LONG = Certificate(0, BEGINS + 3650 * DAY)


@pytest.mark.parametrize(
    ("earlier", "later", "flaw"),
    [
        (0, 0, ""),
        (-1, 0, "does not hold before 2026-06-01"),
        (0, 30 * DAY, ""),
        (0, 30 * DAY + 1, "ran out on 2026-07-01"),
    ],
)
def test_valid_by_two_clocks(earlier: float, later: float, flaw: str) -> None:
    """It has to hold by the clock that is behind and by the other; one that is not valid is enough."""
    when = Times(BEGINS + earlier, BEGINS + later)
    assert validity_flaw((LONG, MONTH), when) == validity_flaw((MONTH, LONG), when) == flaw
    assert validity_flaw((LONG,), when) == ""
