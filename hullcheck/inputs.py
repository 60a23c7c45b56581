"""Read files and JSON from outside: only regular files, and both within a limit.

A pipe or a device may never end, and a file of a megabyte can unpack to lists of ten gigabytes.
"""

import errno
import json
import math
import os
import re
import stat
from itertools import accumulate
from pathlib import Path
from typing import Any, NoReturn

MIB = 1 << 20
VALUES = 5_000_000
"""The most values of one JSON document: 10,000 images have two million."""
DEPTH = 200
"""The most levels of one."""

_PIECE = MIB
_TEXTS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_NOT_STEPS = re.compile(r"[^\[\]{}]+")


class _Refused(ValueError):
    """JSON that is not valid, or is too large."""


def read(path: Path, most: int) -> bytes:
    """Return the content of the regular file *path*, of at most *most* bytes.

    Raises:
        OSError: it cannot be read, is not a regular file, or is larger; `strerror` names the cause.
    """
    _require_file(path, os.stat(path).st_mode)  # to open a device can do something by itself
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        found = os.fstat(descriptor)
        _require_file(path, found.st_mode)
        pieces, room = [], most - found.st_size
        if room >= 0:  # a file of /proc has no size, and one that grows had another
            room = most
            while room >= 0 and (piece := os.read(descriptor, _PIECE)):
                pieces.append(piece)
                room -= len(piece)
    finally:
        os.close(descriptor)
    if room < 0:
        raise OSError(errno.EFBIG, f"larger than {most // MIB} MiB, which no such file is", str(path))
    return b"".join(pieces)


def _require_file(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        what = "not a regular file; save what it holds to a file, and name that"
        raise OSError(errno.EINVAL, what, str(path))


def decode(text: str | bytes, values: int = VALUES, *, strict: bool = True) -> Any:
    """Parse *text* as JSON of at most *values* values, without duplicate keys and without NaN.

    Args:
        strict: whether control characters in texts are refused.

    Raises:
        json.JSONDecodeError: it is no JSON.
        ValueError: it is none of this kind; the message says why.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    plain = _TEXTS.sub("", text)
    if plain.count(",") + plain.count("[") + plain.count("{") > values:
        raise _Refused(f"has more than {values:,} values")
    steps = map(_STEPS.__getitem__, _NOT_STEPS.sub("", plain))
    if max(accumulate(steps), default=0) > DEPTH:
        raise _Refused(f"is nested deeper than {DEPTH} levels")
    hooks: dict[str, Any] = {"object_pairs_hook": _once, "parse_constant": _no_number, "parse_float": _finite}
    try:
        return json.loads(text, strict=strict, **hooks)
    except (json.JSONDecodeError, _Refused):
        raise
    except ValueError:  # what Python says of a number of 5,000 digits
        raise _Refused("has a number that is too long") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("has a key twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise _Refused("has a number that is none, or is endless")
