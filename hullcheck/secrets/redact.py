"""What of an answer may be stored: an allow-list of fields or lines, so that new ones are dropped and not leaked."""

import re
from collections.abc import Callable, Mapping
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


def in_sections(**keeps: Callable[[str], str]) -> Callable[[str], str]:
    """A `keep` for an answer in sections: the function of its name keeps each, with `_` for `-`; others are dropped."""

    def keep(text: str) -> str:
        try:
            found = sections(text)
        except ValueError:
            return DROPPED
        known = {name: keeps.get(name.replace("-", "_")) for name in found}
        kept = (f"{SECTION}{name}\n{by(found[name])}" for name, by in known.items() if by)
        return "\n".join((*(each.rstrip("\n") for each in kept), f"{SECTION}end", ""))

    return keep


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
