"""What of an answer may be stored: an allow-list of fields or lines, so that new ones are dropped and not leaked."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Allowed = Mapping[str, Any]
"""Field name to True (a value, or a list of them) or to the `Allowed` of what is below; `*` is any other name."""
HIDDEN = "***"
"""Stands for a secret."""
DROPPED = "(dropped)"
"""Stands for what may be none, and is not known to be harmless."""


class LinesLike:
    """A `keep` for a probe that answers in lines: of one that is like none of the *patterns* stays that it was there.

    What reads the answer may refuse it for that, as it would have refused the line.
    """

    def __init__(self, *patterns: str) -> None:
        self._known = re.compile("|".join(f"(?:{each})" for each in (*patterns, re.escape(DROPPED), "")))

    def __call__(self, text: str) -> str:
        return "\n".join(line if self._known.fullmatch(line) else DROPPED for line in text.split("\n"))

    def knows(self, text: str) -> bool:
        """Whether each line of *text* is one that it keeps, or stands for one that it did not."""
        return all(map(self._known.fullmatch, text.split("\n")))


def lines_like(*patterns: str) -> LinesLike:
    """A `keep` for a probe that answers in lines which are like one of *patterns*."""
    return LinesLike(*patterns)


SECTION = "--"
"""Begins the line with the name of a section; the last one of an answer is `end`."""


def sections(text: str) -> dict[str, str]:
    """The sections of an answer by name: a line `--NAME` begins each, and the line `--end` stands at its end.

    Raises:
        ValueError: it does not end so, or has a section twice.
    """
    head, *parts = f"\n{text.rstrip()}\n".split(f"\n{SECTION}")
    named = [part.partition("\n")[::2] for part in parts]
    if head.strip() or not named or named[-1] != ("end", ""):
        raise ValueError("the answer is cut off: its last line is missing")
    found = dict(named[:-1])
    if len(found) < len(named) - 1:
        raise ValueError("the answer is damaged: a part is there twice")
    return found


class InSections:
    """A `keep` for an answer in sections: the function of its name keeps each, with `_` for `-`; others are dropped."""

    def __init__(self, **keeps: Callable[[str], str]) -> None:
        self._keeps = {name.replace("_", "-"): keep for name, keep in keeps.items()}

    def __call__(self, text: str) -> str:
        try:
            found = sections(text)
        except ValueError:
            return DROPPED
        kept = (f"{SECTION}{name}\n{self._keeps[name](found[name])}" for name in found if name in self._keeps)
        return "\n".join((*(each.rstrip("\n") for each in kept), f"{SECTION}end", ""))

    @lru_cache(maxsize=32)  # noqa: B019 - there is one for each probe
    def read(self, text: str) -> dict[str, str]:
        """The sections of a kept answer.

        Raises:
            ValueError: it is not whole, or a section has a line of another kind than is kept.
        """
        found = sections(text)
        for name, each in found.items():
            keep = self._keeps.get(name)
            if isinstance(keep, LinesLike) and not keep.knows(each):
                raise ValueError("the answer is damaged: it has a line of another kind")
        return found


def in_sections(**keeps: Callable[[str], str]) -> InSections:
    """A `keep` for a probe that answers in sections; see `InSections`."""
    return InSections(**keeps)


def pick(value: Any, allowed: Any) -> Any:
    """The part of *value* that *allowed* names; lists are picked from element by element."""
    if isinstance(value, list):
        return [pick(each, allowed) for each in value]
    if allowed is True or not isinstance(value, dict):
        is_meant = (allowed is True) != isinstance(value, dict)
        return value if is_meant or value is None else DROPPED
    return {
        name: pick(each, allowed.get(name, allowed.get("*")))
        for name, each in value.items()
        if name in allowed or "*" in allowed
    }
