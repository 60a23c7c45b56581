"""What `systemctl show` prints: blocks of properties, one block for each unit."""

import re
from collections.abc import Iterator


def properties(text: str) -> Iterator[dict[str, str]]:
    """What `systemctl show` printed of each unit, by name; of a name that comes twice the last."""
    return map(dict, pairs(text))


def pairs(text: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """The same with every name and value, in order."""
    for block in re.split(r"\n{2,}", text):
        if block.strip():
            yield tuple(line.partition("=")[::2] for line in block.split("\n"))
