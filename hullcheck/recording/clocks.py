"""Compares the clock of a target with the auditor's: nothing may last longer because one of them is wrong."""

from hullcheck.parsing.times import Times

LATEST = 32_503_680_000
"""The year 3000, in seconds since the epoch: a clock that says more says nothing."""
SKEW = 300
"""Seconds by which two clocks may differ without a word."""
DAY = 86400.0
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def times(target: float, auditor: float) -> Times:
    """What the clocks of *target* and *auditor* say, each 0 where it is not known."""
    known = [each for each in (target, auditor) if each] or [0.0]
    return Times(min(known), max(known))


def note(target: float, auditor: float) -> str:
    """A note on clocks that differ, each 0 where it is unknown; empty where they agree."""
    if not target and not auditor:
        return "it gave no time: whatever depends on a date is an error"
    if not target:
        return "it gave no time, and is judged by the auditor's clock"
    if not auditor or abs(target - auditor) <= SKEW:
        return ""
    way = "behind" if target < auditor else "ahead of"
    skew = f"{span(abs(target - auditor))} {way} the auditor's"
    return f"its clock is {skew}; expiry dates are checked against the later clock"


def span(seconds: float) -> str:
    """*seconds* in the two largest units that they fill."""
    parts = []
    for unit, name in _UNITS:
        number, seconds = divmod(seconds, unit)
        parts += [f"{number:.0f} {name}"] * bool(number)
    return " ".join(parts[:2])
