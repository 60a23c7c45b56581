"""Allow-lists of sections and lines of answers: anything else is dropped."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from hullcheck.lazy import regex

HIDDEN = "***"  # stands for a secret
DROPPED = "(dropped)"  # stands for text that may be a secret


class LinesLike:
    """The `keep` for an answer in lines: a line like none of the *patterns* is replaced by a mark."""

    def __init__(self, *patterns: str) -> None:
        self._known = regex("|".join(f"(?:{each})" for each in (*patterns, re.escape(DROPPED), "")))

    def __call__(self, text: str) -> str:
        return "\n".join(line if self._known.fullmatch(line) else DROPPED for line in text.split("\n"))

    def knows(self, text: str) -> bool:
        """Return whether each line of *text* is kept, or a mark of a dropped one."""
        return all(map(self._known.fullmatch, text.split("\n")))


SECTION = "--"  # begins the line with the name of a section; the last one of an answer is `end`


def sections(text: str, *, whole: bool = True) -> dict[str, str]:
    """Return the sections of an answer by name: a line `--NAME` begins each, and `--end` is the last line.

    ValueError if a section is there twice or, of a *whole* answer, the end is missing; else the last one is left out.
    """
    head, *parts = f"\n{text.rstrip()}\n".split(f"\n{SECTION}")
    named = [part.partition("\n")[::2] for part in parts]
    if head.strip() or not named or (whole and named[-1] != ("end", "")):
        raise ValueError("the answer is cut off: its last line is missing")
    found = dict(named[:-1])
    if len(found) < len(named) - 1:
        raise ValueError("the answer is damaged: a part is there twice")
    return found


class InSections:
    """The `keep` for an answer in sections: a function for each name, with `_` for `-`."""

    def __init__(self, **keeps: Callable[[str], str]) -> None:
        self._keeps = {name.replace("_", "-"): keep for name, keep in keeps.items()}

    def __call__(self, text: str) -> str:
        try:
            found = sections(text, whole=False)
        except ValueError:
            return DROPPED
        kept = (f"{SECTION}{name}\n{self._keeps[name](found[name])}" for name in found if name in self._keeps)
        last = f"{SECTION}end" if f"\n{text.rstrip()}".endswith(f"\n{SECTION}end") else f"{SECTION}cut"
        return "\n".join((*(each.rstrip("\n") for each in kept), last, ""))

    @lru_cache(maxsize=32)  # noqa: B019 - there is one for each probe
    def read(self, text: str) -> dict[str, str]:
        """Return the sections of a kept answer, or raise ValueError if that is damaged."""
        found = sections(text)
        for name, each in found.items():
            keep = self._keeps.get(name)
            if isinstance(keep, LinesLike) and not keep.knows(each):
                raise ValueError("the answer is damaged: it has a line of another kind")
        return found


def pick(value: Any) -> Any:
    """Return a value with a mark for each mapping in it."""
    if isinstance(value, list):
        return [pick(each) for each in value]
    return DROPPED if isinstance(value, dict) else value
