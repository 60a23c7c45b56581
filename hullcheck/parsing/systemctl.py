"""What `systemctl show` prints: blocks of properties, one block for each unit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hullcheck.verdicts import EvidenceError


def properties(text: str) -> Iterator[dict[str, str]]:
    """What `systemctl show` printed of each unit, by name; of a name that comes twice the last."""
    return map(dict, pairs(text))


def pairs(text: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """The same with every name and value, in order."""
    for block in re.split(r"\n{2,}", text):
        if block.strip():
            yield tuple(line.partition("=")[::2] for line in block.split("\n"))


@dataclass(frozen=True)
class Unit:
    """What systemd shows of a unit; what was not asked for is empty.

    Attributes:
        load: `loaded`, `not-found`, `masked`, ...
        active: `active`, `inactive`, `failed`, ...
        file: whether its file is `enabled`, `disabled`, `static`, ...; empty where there is none.
        main_pid: 0 where it does not run.
        result: how it last ended.
        ended: the day on which its program last ended.
    """

    load: str
    active: str
    file: str
    main_pid: int = 0
    result: str = ""
    ended: date | None = None


def shown(text: str) -> dict[str, Unit]:
    """Return the units that `systemctl show` printed, by their Id.

    Raises:
        EvidenceError: one of them lacks a property that each has.
    """
    found = {}
    for block in properties(text):
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
