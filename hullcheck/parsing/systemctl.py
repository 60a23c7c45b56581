"""What `systemctl show` prints: blocks of properties, one block for each unit."""

import re
from collections.abc import Iterator, Mapping

STARTED_AT_BOOT = ("enabled", "static", "generated", "linked", "alias", "indirect")
"""The states of unit files (UnitFileState) of units that start with the host, or can."""
_NAMED_BY = ("RequiredBy", "TriggeredBy", "WantedBy")


def at_boot(unit: Mapping[str, str]) -> str:
    """The state of the file of a unit; where no other unit starts one that cannot be enabled, that too."""
    state = unit.get("UnitFileState", "")
    named = any(unit.get(each) for each in _NAMED_BY)
    alone = state in STARTED_AT_BOOT and state != "enabled" and not named
    return f"{state}, and no unit starts it" if alone else state


def properties(text: str) -> Iterator[dict[str, str]]:
    """What `systemctl show` printed of each unit, by name; of a name that comes twice the last."""
    return map(dict, pairs(text))


def pairs(text: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """The same with every name and value, in order."""
    for block in re.split(r"\n{2,}", text):
        if block.strip():
            yield tuple(line.partition("=")[::2] for line in block.split("\n"))
