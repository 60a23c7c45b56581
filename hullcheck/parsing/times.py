"""Times of stat(1), of GNU and busybox, and of the engine."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from hullcheck.lazy import regex

DAY = 86400  # seconds
CLOCK_SLACK = 300  # seconds by which two clocks that are right may differ

Span = tuple[float, float]  # not before, and not after, in seconds since the epoch

_TIME = regex(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d+))? ([+-]\d{4})")


class Times(NamedTuple):
    """The time of the evidence by both clocks, in seconds since the epoch; 0 if unknown."""

    earlier: float
    later: float


def moment(text: str) -> Span | None:
    """Parse a time of stat(1), or return None. Old busybox prints no fraction."""
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
    """Parse a time of the engine's API, or return None for no time or Go's zero time."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.timestamp() if time.year > 1 and time.tzinfo else None
