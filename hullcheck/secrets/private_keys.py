"""Private keys, in PEM and base64, in single values and in answers of many."""

import re

from hullcheck.lazy import regex
from hullcheck.secrets.redact import HIDDEN

CUT = "(dropped: lines of a private key)"
"""Stands for lines that may hold a key, or more than a key: an answer with this line is no evidence."""

_PEM = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----"
# The same in base64: RSA, EC, DSA, OPENSSH, ENCRYPTED, PGP, and without a word before `PRIVATE`.
_IN_BASE64 = (
    r"LS0tLS1CRUdJTi(?:BSU0EgUFJJVk|BFQyBQUkl|BEU0EgUFJJVk|BPUEVOU1NIIFBSSVZB|BFTkNSWVBURUQgUFJJ"
    r"|BQR1AgUFJJVk|BQUklWQV)"
)
_BREAK = r"(?:\\+[nrt/]|\x20)"  # between the lines of a key that are one in JSON, in a variable or in a command
_HEADER = rf"{_BREAK}*[A-Z][\w-]{{1,40}}:[^\"\\\n]{{0,200}}\\+[nr]"
_CONTENT = rf"(?:(?:{_HEADER})*{_BREAK}*[A-Za-z0-9+/=]{{16,}})+(?:{_BREAK}*[A-Za-z0-9+/=]+)*"

IN_ONE_VALUE = rf"{_PEM}[\s\S]*?(?:-----END[^-]*-----|$(?![\s\S]))|{_IN_BASE64}[\w+/=\s-]*"
"""A key in a value that holds nothing else of interest."""
_ON_ONE_LINE = (
    regex(rf"(?P<head>{_PEM}){_CONTENT}"),
    regex(rf"(?P<head>{_IN_BASE64})(?:[\w+/=-]|{_BREAK}+(?=[A-Za-z0-9+/=]{{16}})){{40,}}"),
)
_HEADS = (
    regex(rf"{_PEM}[^\S\n]*$", re.MULTILINE),
    regex(rf"(?<![A-Za-z0-9+/]){_IN_BASE64}[A-Za-z0-9+/]*$", re.MULTILINE),
)
_FURTHER_HEADER = regex(r"[A-Z][\w-]*: .*|")
_LINE = regex(r"[A-Za-z0-9+/=]{40,}")
_LAST_LINE = regex(r"[A-Za-z0-9+/=]+")


def without_keys(text: str) -> str:
    """Return *text* without the content of keys, on one line or several."""
    if "-----BEGIN " not in text and "LS0tLS1CRUdJTi" not in text:
        return text
    text = _without_lines(text)
    for pattern in _ON_ONE_LINE:
        text = pattern.sub(rf"\g<head>{HIDDEN}", text)
    return text


def _without_lines(text: str) -> str:
    """Return *text* with `CUT` for the lines of a key after its head."""
    kept, lines, place = list[str](), text.split("\n"), 0
    while place < len(lines):
        line = lines[place]
        kept.append(line)
        place += 1
        head = next((found for each in _HEADS if (found := each.search(line))), None)
        end = _end(lines, place, line[: head.start()].strip()) if head else place
        if end > place:
            kept.append(CUT)
            place = end
    return "\n".join(kept)


def _end(lines: list[str], place: int, prefix: str) -> int:
    """Return the end of the lines of a key that begin at *place*, or *place* without any."""

    def passed(pattern: re.Pattern[str], at: int) -> int:
        while at < len(lines) and pattern.fullmatch(lines[at].strip().removeprefix(prefix).strip()):
            at += 1
        return at

    begin = passed(_FURTHER_HEADER, place)
    end = passed(_LINE, begin)
    return place if end == begin else passed(_LAST_LINE, end)
