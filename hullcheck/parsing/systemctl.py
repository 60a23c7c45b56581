"""What `systemctl show` prints: blocks of properties, one block for each unit."""

import re
from collections.abc import Iterator

from hullcheck.verdicts import EvidenceError


def properties(text: str) -> Iterator[dict[str, str]]:
    """What `systemctl show` printed of each unit, by name; of a name that comes twice the last."""
    return map(dict, pairs(text))


def pairs(text: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """The same with every name and value, in order."""
    for block in re.split(r"\n{2,}", text):
        if block.strip():
            yield tuple(line.partition("=")[::2] for line in block.split("\n"))


def units(text: str, *wanted: str) -> dict[str, dict[str, str]]:
    """Return the properties of each unit by its Id; blocks without any of the *wanted* properties are left out.

    Raises:
        EvidenceError: a unit lacks its Id or one of the *wanted* properties.
    """
    found = {}
    for block in properties(text):
        names = {"Id", *wanted}
        if names.isdisjoint(block):
            continue
        if not names <= block.keys():
            raise EvidenceError(f"systemctl show: a unit has no {', '.join(sorted(names - block.keys()))}")
        found[block["Id"]] = block
    return found
