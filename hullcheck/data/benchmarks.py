"""The numbers of a recommendation in older versions of the CIS Docker Benchmark.

Controls carry the numbers of the current version. Version 1.8.0 (July 2025) put one recommendation, 2.7, into
section 2 and moved those behind it by one; 1.6.0 (June 2023) and 1.7.0 (2024) have the same numbers. Read from
public copies of the three lists; the texts of the benchmark are at https://www.cisecurity.org/benchmark/docker.
"""

CURRENT = "1.8.0"  # of the numbers in controls and in `-m 'cis(id=...)'`
_BEFORE_1_8 = {"2.7": None} | {f"2.{number}": f"2.{number - 1}" for number in range(8, 20)}
_CHANGED: dict[str, dict[str, str | None]] = {"1.6.0": _BEFORE_1_8, "1.7.0": _BEFORE_1_8, CURRENT: {}}
"""By version, the numbers that differ from today's; None if it lacks the recommendation."""

VERSIONS = tuple(_CHANGED)


def number_in(version: str, current: str) -> str | None:
    """Return the number in *version* of today's recommendation *current*, or None if it has none."""
    return _CHANGED[version].get(current, current)


def current_number(version: str, number: str) -> str | None:
    """Return today's number of *number* in *version*, or None if that version has no such number."""
    changed = _CHANGED[version]
    if number not in changed:
        return number
    return next((new for new, old in changed.items() if old == number), None)
