"""Days, times and periods as people write them, all in UTC."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from hullcheck.lazy import regex

_DAY = regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PERIOD = regex(r"([0-9]{1,4})\s*(d|days?|w|weeks?|m|months?|y|years?)")
_NAMED = {
    "annually": "1y",
    "semiannually": "6m",
    "quarterly": "3m",
    "monthly": "1m",
    "every2weeks": "2w",
    "fortnightly": "2w",
    "weekly": "1w",
    "every3days": "3d",
    "daily": "1d",
}
"""The names that MITRE SAF has for periods."""
_UNITS = {"y": (12, 0), "m": (1, 0), "w": (0, 7), "d": (0, 1)}
"""Months and days."""


def start(text: str) -> datetime:
    """Return the first moment of the day that *text* names as 2027-01-31, or raise ValueError."""
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text!r} is not a day, as 2027-01-31")
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise ValueError(f"{text!r}: there is no such day") from None


def end(text: str) -> datetime:
    """Return the first moment after the day that *text* names, or raise ValueError."""
    try:
        return start(text) + timedelta(days=1)
    except OverflowError:
        raise ValueError(f"{text} is too far away") from None


def moment(text: str) -> datetime:
    """Return the moment that *text* names: a day (where it starts), or a day and a time, in UTC if it names no zone.

    Raises:
        ValueError: it names none.
    """
    if not _DAY.match(text) or text.endswith("\n"):
        raise ValueError(f"{text!r} is not a day, as 2027-01-31, nor a time, as 2027-01-31T12:00:00Z")
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r}: there is no such day or time") from None


def after(when: datetime, frequency: str) -> datetime:
    """Return the moment that is a period after *when*: `annually` and the like, or a number and a unit, as `6w`.

    A month later is the same day of it, or its last one.

    Raises:
        ValueError: *frequency* is no period, or ends beyond all calendars.
    """
    found = _PERIOD.fullmatch(_NAMED.get(frequency, frequency))
    number = int(found[1]) if found else 0
    if found is None or not number:
        raise ValueError(f"{frequency!r} is no period: write {', '.join(_NAMED)}, or a whole number with d, w, m or y")
    months, days = (number * each for each in _UNITS[found[2][0]])
    try:
        year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
        last = monthrange(year, month + 1)[1]
        return when.replace(year=year, month=month + 1, day=min(when.day, last)) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise ValueError(f"{frequency!r} ends beyond the year 9999") from None
