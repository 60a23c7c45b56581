"""Values as Go reads them, and so the engine: booleans by strconv.ParseBool, documents by encoding/json."""

import json
import re
from collections.abc import Iterable
from typing import Any

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


def go_json(text: str, fields: Iterable[str]) -> Any:
    """Read *text* as Go does for a structure of these *fields*.

    A key is that of a field in whatever case it is written, and of several for one field the last counts; what two of
    them say of an object is put together.

    Raises:
        ValueError: it is no JSON, or gives a list of objects twice, of which Go mixes those in the same place.
    """
    known = {each.casefold(): each for each in fields}

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict[str, Any]()
        for key, value in pairs:
            name = known.get(key.casefold(), key)
            before = found.get(name)
            if _has_objects(value) and _has_objects(before):
                raise ValueError(f"{name} is given twice")
            is_merged = isinstance(value, dict) and isinstance(before, dict)
            found[name] = {**(before or {}), **value} if is_merged else value
        return found

    try:
        return json.loads(text, object_pairs_hook=read)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)
