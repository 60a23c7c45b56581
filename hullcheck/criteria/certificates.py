"""What is wrong with certificates: they are not valid now."""

from collections.abc import Iterable

from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.times import Times, day


def validity_flaw(certificates: Iterable[Certificate], when: Times) -> str:
    """Return why the first certificate that is not valid by both clocks is not, in words; empty if all are.

    A CA has set the days, and not the target.
    """
    for each in certificates:
        if when.later > each.not_after:
            return f"ran out on {day(each.not_after)}"
        if when.earlier < each.not_before:
            return f"does not hold before {day(each.not_before)}"
    return ""
