"""Lines of answers as `WORD:TEXT`, and the blocks of `systemctl show`."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeVar

from msgspec import Struct

from hullcheck.verdicts import EvidenceError

Key = TypeVar("Key")
Each = TypeVar("Each")


def grouped(pairs: Iterable[tuple[Key, Each]]) -> dict[Key, list[Each]]:
    """Return the second items of pairs by the first, in order."""
    found = dict[Key, list[Each]]()
    for key, each in pairs:
        found.setdefault(key, []).append(each)
    return found


class Words(dict[str, list[str]]):
    """The texts of an answer by word, in order of lines."""

    def __init__(self, answer: str) -> None:
        parts = (line.partition(":") for line in answer.split("\n"))
        super().__init__(grouped((word, text) for word, _, text in parts))

    def all(self, word: str) -> tuple[str, ...]:
        """Return the texts of all lines with *word*."""
        return tuple(self.get(word, ()))

    def first(self, word: str) -> str:
        """Return the text of the first line with *word*, or an empty string."""
        return next(iter(self.all(word)), "")

    def pairs(self, word: str, separator: str) -> dict[str, str]:
        """Return the texts of all lines with *word* as names and values."""
        return dict(text.partition(separator)[::2] for text in self.all(word))


class Unit(Struct, frozen=True):
    """The states of a unit and of its file, and its last result."""

    load: str
    active: str
    file: str
    main_pid: int = 0
    result: str = ""
    ended: date | None = None


def blocks(text: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield the names and values of each unit in the output of `systemctl show`."""
    for block in filter(str.strip, re.split(r"\n{2,}", text)):
        yield tuple(line.partition("=")[::2] for line in block.split("\n"))


def units(text: str) -> dict[str, Unit]:
    """Return the units in the output of `systemctl show`, by Id."""
    found = {}
    for block in map(dict, blocks(text)):
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
