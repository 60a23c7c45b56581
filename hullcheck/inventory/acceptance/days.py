"""Days, times and periods as people write them, all in UTC."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from hullcheck.lazy import regex

_DAY = regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PERIOD = regex(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)\s*(d|days?|w|weeks?|m|months?|y|years?)")
_NAMED = {
    "annually": (12, 0),
    "semiannually": (6, 0),
    "quarterly": (3, 0),
    "monthly": (1, 0),
    "every2weeks": (0, 14),
    "fortnightly": (0, 14),
    "weekly": (0, 7),
    "every3days": (0, 3),
    "daily": (0, 1),
}
"""By the names that MITRE SAF has for them: months and days."""
_UNITS = {"y": (12, 0), "m": (1, 0), "w": (0, 7), "d": (0, 1)}


def day(text: str) -> date:
    """Return the day that *text* names as 2027-01-31.

    Raises:
        ValueError: it does not.
    """
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text!r} is not a day, as 2027-01-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r}: there is no such day") from None


def start(when: date) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime.combine(when, time(), UTC)


def end(when: date) -> datetime:
    """Return the first moment after a day, in UTC.

    Raises:
        ValueError: there is no day after it.
    """
    try:
        return start(when + timedelta(days=1))
    except OverflowError:
        raise ValueError(f"{when} is too far away") from None


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

    A month later is the same day of it, or its last one; parts of a month or of a day are rounded.

    Raises:
        ValueError: *frequency* is no period, or ends beyond all calendars.
    """
    found = _PERIOD.fullmatch(frequency)
    months, days = _UNITS[found[2][0]] if found else _NAMED.get(frequency, (0, 0))
    number = Decimal(found[1]) if found else Decimal(1)
    months, days = (int((number * each).to_integral_value(ROUND_HALF_UP)) for each in (months, days))
    if not months and not days:
        raise ValueError(
            f"{frequency!r} is no period: write {', '.join(_NAMED)}, or a number with d, w, m or y"
        )
    try:
        year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
        last = monthrange(year, month + 1)[1]
        return when.replace(year=year, month=month + 1, day=min(when.day, last)) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise ValueError(f"{frequency!r} ends beyond the year 9999") from None
