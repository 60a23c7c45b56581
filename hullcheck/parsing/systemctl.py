"""What `systemctl show` prints: blocks of properties, one block for each unit."""

import re
from collections.abc import Iterator

STARTED_AT_BOOT = ("enabled", "static", "generated", "linked", "alias", "indirect")
"""The states of unit files (UnitFileState) of units that start with the host, or can."""


def properties(text: str) -> Iterator[dict[str, str]]:
    """What `systemctl show` printed of each unit, by name; of a name that comes twice the last."""
    return map(dict, map(_pairs, _blocks(text)))


def _blocks(text: str) -> Iterator[str]:
    return (block for block in re.split(r"\n{2,}", text) if block.strip())


def _pairs(block: str) -> tuple[tuple[str, str], ...]:
    return tuple(line.partition("=")[::2] for line in block.split("\n"))
