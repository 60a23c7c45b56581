"""Days and periods as people write them, all in UTC."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from hullcheck.lazy import regex

_DAY = regex(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?")  # other tools write the time, too
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
"""The periods of MITRE SAF."""
_UNITS = {"y": (12, 0), "m": (1, 0), "w": (0, 7), "d": (0, 1)}
"""The months and days of a unit."""


def start(text: str) -> datetime:
    """Return the first moment of the day that *text* names as 2027-01-31, or raise ValueError."""
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a day, as 2027-01-31")
    try:
        return datetime.combine(date.fromisoformat(found[1]), time(), UTC)
    except ValueError:
        raise ValueError(f"{text!r}: there is no such day") from None


def end(text: str) -> datetime:
    """Return the first moment after the day that *text* names, or raise ValueError."""
    try:
        return start(text) + timedelta(days=1)
    except OverflowError:
        raise ValueError(f"{text} is too far away") from None


def after(when: datetime, frequency: str) -> datetime:
    """Return the moment that is a period after *when*: `annually` and the like, or a number and a unit, as `6w`.

    A month later is the same day of it, or its last one. ValueError if it is no period, or ends beyond all calendars.
    """
    found = _PERIOD.fullmatch(_NAMED.get(frequency, frequency))
    number = int(found[1]) if found else 0
    if found is None or not number:
        raise ValueError(
            f"{frequency!r} is not a period: write {', '.join(_NAMED)}, or a whole number with d, w, m or y"
        )
    months, days = (number * each for each in _UNITS[found[2][0]])
    try:
        year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
        last = monthrange(year, month + 1)[1]
        return when.replace(year=year, month=month + 1, day=min(when.day, last)) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise ValueError(f"{frequency!r} ends beyond the year 9999") from None
