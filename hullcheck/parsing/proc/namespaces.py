"""Namespace links as `ls -l /proc/PID/ns` prints them."""

from collections.abc import Iterable

from hullcheck.lazy import regex

_LINK = regex(r".* (?:\S*/)?(\w+) -> (\w+:\[\d+\])$")


def links(lines: Iterable[str]) -> dict[str, str]:
    """The namespaces by name: {"net": "net:[4026531840]", ...}; other lines are passed over."""
    return {match[1]: match[2] for line in lines if (match := _LINK.match(line))}
