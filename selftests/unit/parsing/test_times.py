"""Times as stat(1) and the engine write them."""

from datetime import date
from typing import Any

import pytest

from hullcheck.parsing.times import day, engine_moment, moment


def test_times_of_stat() -> None:
    """GNU and busybox print the same; a time without a fraction was cut off."""
    assert moment("1970-01-01 01:00:10.500000000 +0100") == (10.5, 10.5)
    assert (
        moment("1970-01-01 00:00:10.000000000 +0000") == moment("1970-01-01 00:00:10 +0000") == (10.0, 11.0)
    )
    assert moment("-") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-06-30T12:00:00.123456789Z", 1782820800.123456),
        ("2026-06-30T14:00:00+02:00", 1782820800.0),
        ("2026-06-30T12:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_times_of_the_engine(text: Any, found: float | None) -> None:
    """A time has a zone, and the year 1 is Go's "never"."""
    assert engine_moment(text) == found


def test_day_of_a_time() -> None:
    """Days are those of Greenwich."""
    assert (day(86399.9), day(86400.0)) == (date(1970, 1, 1), date(1970, 1, 2))
