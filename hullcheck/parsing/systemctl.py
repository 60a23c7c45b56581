"""What `systemctl show` prints: blocks of properties, one block for each unit."""

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from hullcheck.verdicts import EvidenceError


def pairs(text: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield the names and values of each unit that `systemctl show` printed, in order."""
    for block in filter(str.strip, re.split(r"\n{2,}", text)):
        yield tuple(line.partition("=")[::2] for line in block.split("\n"))


class Unit(Struct, frozen=True):
    """The states of a unit, of what it loads and of its file, and how and when it last ended."""

    load: str
    active: str
    file: str
    main_pid: int = 0
    result: str = ""
    ended: date | None = None


def shown(text: str) -> dict[str, Unit]:
    """Return the units that `systemctl show` printed, by their Id; each has the three states."""
    found = {}
    for block in map(dict, pairs(text)):
        try:
            day = re.search(r"\d{4}-\d\d-\d\d", block.get("ExecMainExitTimestamp", ""))
            found[block["Id"]] = Unit(
                block["LoadState"],
                block["ActiveState"],
                block["UnitFileState"],
                int(block.get("MainPID", 0)),
                block.get("Result", ""),
                date.fromisoformat(day[0]) if day else None,
            )
        except (KeyError, ValueError) as error:
            raise EvidenceError(f"systemctl show: a unit has no {error}") from None
    return found
