"""Documents of JSON by type: what is null, of another type, out of range or an unknown word is named by its field.

A shape is written as what it describes: `str`, `bool`, a `range` of numbers, a set of words or a pattern for a text,
`None`, `object` for anything, a list with the shape of its elements, or with those of each where it has so many, a
mapping with those of its fields, and a tuple of shapes of which one has to fit. A field has to be there unless its
name ends with `?`; `*` is any other.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from hullcheck.verdicts import EvidenceError

Shape = Any
INTEGER = range(-(1 << 63), 1 << 63)
COUNT = range(1 << 63)
NAMES = (None, [str])

_LONGEST = 40


def require(value: object, shape: Shape, what: str, *path: str) -> Any:
    """Return *value*, which has to be of this *shape*.

    Raises:
        EvidenceError: it is not; the message says of *what*, and which field below *path*.
    """
    if fault := _fault(value, shape, path):
        raise EvidenceError(f"{what}: {fault}")
    return value


def fits(value: object, shape: Shape) -> bool:
    """Whether *value* is of this *shape*."""
    return not _fault(value, shape, ())


def _fault(value: Any, shape: Shape, path: tuple[str, ...]) -> str:
    if isinstance(shape, tuple):
        return _fault_of_all(value, shape, path)
    if isinstance(shape, dict) and isinstance(value, dict):
        return _fault_of_fields(value, shape, path)
    if isinstance(shape, list) and isinstance(value, list) and len(shape) in (1, len(value)):
        shapes = shape * len(value) if len(shape) == 1 else shape
        return _first(_fault(each, shapes[at], (*path, str(at))) for at, each in enumerate(value))
    if _fits(value, shape):
        return ""
    return f"{'.'.join(path) or 'the answer'} is {_shown(value)}"


def _fault_of_all(value: Any, shapes: tuple[Shape, ...], path: tuple[str, ...]) -> str:
    faults = [_fault(value, each, path) for each in shapes]
    return max(faults, key=_how_near) if all(faults) else ""


def _fault_of_fields(value: dict[str, Any], shape: dict[str, Shape], path: tuple[str, ...]) -> str:
    missing = (name for name in shape if name not in value and name != "*" and not name.endswith("?"))
    known = ((name, next((each for each in (name, f"{name}?", "*") if each in shape), "")) for name in value)
    return _first(f"{'.'.join((*path, each))} is missing" for each in missing) or _first(
        _fault(value[name], shape[of], (*path, name)) for name, of in known if of
    )


def _how_near(fault: str) -> tuple[int, bool]:
    """How much of a shape fits but for this *fault*: one that lies deep, or a field that is missing alone."""
    path, _, what = fault.partition(" is ")
    return path.count("."), what == "missing"


def _first(faults: Iterable[str]) -> str:
    return next((each for each in faults if each), "")


def _fits(value: Any, shape: Shape) -> bool:
    if shape is None:
        return value is None
    if isinstance(shape, range):
        return type(value) is int and value in shape
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if isinstance(shape, frozenset):
        return isinstance(value, str) and value in shape
    return shape is object or (isinstance(shape, type) and type(value) is shape)


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
