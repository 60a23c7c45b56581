"""Times as stat(1) prints them with %y and %z, of GNU and of busybox, and as the engine does; and days of times."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from hullcheck.lazy import regex

DAY = 86400  # seconds
CLOCK_SLACK = 300  # seconds by which two clocks that are right may differ

Span = tuple[float, float]  # not before, and not after, in seconds since the epoch

_TIME = regex(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d+))? ([+-]\d{4})")


class Times(NamedTuple):
    """When evidence was gathered, by both clocks, in seconds since the epoch; the same if one is known, 0 if none."""

    earlier: float
    later: float


def moment(text: str) -> Span | None:
    """Parse a time, or return None if it is none. Without a fraction (old busybox) it was cut off to a second."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    seconds = datetime.strptime(f"{match[1]} {match[3]}", "%Y-%m-%d %H:%M:%S %z").timestamp()
    fraction = float(f"0.{match[2] or 0}")
    return (seconds + fraction,) * 2 if fraction else (seconds, seconds + 1)


def day(seconds: float) -> date:
    """Return the day of a time in seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).date()


def engine_moment(text: Any) -> float | None:
    """Parse a time of the engine's API, or return None if it is none, or Go's "never"."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.timestamp() if time.year > 1 and time.tzinfo else None
