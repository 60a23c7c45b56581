"""Booleans as Go's strconv.ParseBool reads them, and so every option of the engine."""

import re

from hullcheck.verdicts import EvidenceError

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def go_boolean(text: str) -> bool:
    """Read *text*.

    Raises:
        EvidenceError: it is neither; the engine itself refuses it.
    """
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise EvidenceError(f"{text!r} is not a boolean")


_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?) ?(?:b|([kmgtp])(?:i?b)?)?", re.IGNORECASE)


def go_size(text: str) -> int | None:
    """The number of bytes that `10m`, `10MB` or `500` stands for; None where it stands for none."""
    match = _SIZE.fullmatch(text)
    return int(float(match[1]) * 1000 ** " kmgtp".index((match[2] or " ").lower())) if match else None


def unquoted(value: str) -> str:
    """dockerd takes quotes around these options for no part of the path."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
