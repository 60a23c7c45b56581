"""Values as Go, and so the engine, reads them: booleans by strconv.ParseBool, and sizes."""

import re

from hullcheck.lazy import regex
from hullcheck.verdicts import EvidenceError

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def go_boolean(text: str) -> bool:
    """Return the boolean that *text* is; EvidenceError if it is none, as the engine refuses it."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise EvidenceError(f"{text!r} is not a boolean")


_SIZE = regex(r"([0-9]+(?:\.[0-9]*)?) ?(?:b|([kmgtp])(?:i?b)?)?", re.IGNORECASE)


def go_size(text: str) -> int | None:
    """Return the number of bytes that `10m`, `10MB` or `500` stands for, or None if it is no size."""
    match = _SIZE.fullmatch(text)
    return int(float(match[1]) * 1000 ** " kmgtp".index((match[2] or " ").lower())) if match else None
