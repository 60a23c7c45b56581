"""Names of hosts as Ansible's inventories write them: with ranges and a port."""

import re
import string
from collections.abc import Iterator

MOST = 100_000
"""The most hosts of one pattern."""
_RANGE = re.compile(r"\[([0-9a-zA-Z]*):([0-9a-zA-Z]+)(?::([0-9]+))?\]")
_LABEL = rf"(?:\w|{_RANGE.pattern})(?:[\w-]|{_RANGE.pattern})*(?<![_-])"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_WITH_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)")
_BRACKETED = re.compile(r"\[(.+)\]:([0-9]+)")
_IPV6 = re.compile(r"[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*")


def expand(pattern: str) -> tuple[list[str], int | None]:
    """The names that *pattern* stands for, such as `web[01:20].example.com`, and the port behind it.

    Raises:
        ValueError: it is no such pattern; the message says what is wrong.
    """
    name, port = _split(pattern)
    if name.endswith(":") and not _IPV6.fullmatch(name):
        raise ValueError("a name of a host ends in ':'; write the port behind it")
    names = []
    for each in _names(name):
        names.append(each)
        if len(names) > MOST:
            raise ValueError(f"a range stands for more than {MOST:,} hosts")
    return names, port


def _split(pattern: str) -> tuple[str, int | None]:
    match = _BRACKETED.fullmatch(pattern) or _WITH_PORT.fullmatch(pattern)
    if not match or _IPV6.fullmatch(pattern):
        return pattern, None
    if not (_HOST.fullmatch(match[1]) or _IPV6.fullmatch(match[1])):
        raise ValueError(
            "a port stands behind what is no name of a host"
        )  # Ansible would take both for the name
    return match[1], int(match[2])


def _names(name: str) -> Iterator[str]:
    if "[" not in name:
        yield name
        return
    match = _RANGE.search(name)
    if not match or "[" in name[: match.start()]:
        raise ValueError("a range of hosts is not as [1:20], [01:20], [a:f] or [1:20:2]")
    head, tail = name[: match.start()], name[match.end() :]
    for value in _values(match[1] or "0", match[2], int(match[3] or 1)):
        for rest in _names(tail):
            yield head + value + rest


def _values(first: str, last: str, step: int) -> Iterator[str]:
    if step < 1:
        raise ValueError("the step of a range is 0")
    letters = string.ascii_letters
    if len(first) == len(last) == 1 and first in letters and last in letters:
        begin, end = letters.index(first), letters.index(last)
        if begin > end:
            raise ValueError("a range runs backwards")
        yield from letters[begin : end + 1 : step]
        return
    if not (first.isdecimal() and last.isdecimal()):
        raise ValueError("a range of hosts is not as [1:20], [01:20], [a:f] or [1:20:2]")
    width = len(first) if first.startswith("0") and len(first) > 1 else 0
    if width and width != len(last):
        raise ValueError("the ends of a range with leading zeros differ in length")
    yield from (str(number).zfill(width) for number in range(int(first), int(last) + 1, step))
