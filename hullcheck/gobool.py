"""Booleans as Go's strconv.ParseBool reads them, and so every option of the engine."""

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
