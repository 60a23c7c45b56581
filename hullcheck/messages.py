"""Make text from a host safe to print: no control sequence and no invisible character remains."""

import re
import unicodedata
from collections.abc import Iterable

_BETWEEN_URLS = re.compile(r"(\s+|,(?=\s*[\w+.-]+://))")
# Not that of hullcheck.secrets.known: after a comma other addresses or more of a document may follow, which stay.
_USER = re.compile(r"://[^:/@,]*:")


def printable(text: str) -> str:
    """Return *text* with every control or invisible character as an escape, except the line feed."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if character == "\n" or not (category.startswith("C") or category in ("Zl", "Zp")):
        return character
    return character.encode("unicode_escape").decode("ascii")


def hide_passwords(text: str) -> str:
    """Return *text* with the password of every URL replaced by `***`."""
    return "".join(map(_hide_password, _BETWEEN_URLS.split(text)))


def _hide_password(word: str) -> str:
    """Replace the password in *word*; it may have any character, so it ends at the last `@`."""
    last = word.rfind("@")
    user = _USER.search(word, 0, last) if last > 0 else None
    return f"{word[: user.end()]}***{word[last:]}" if user else word


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return `did you mean 'x'?`; if none is similar, what is said *otherwise*, or else the known words."""
    import difflib  # late: few runs have something to suggest

    words = sorted(known)
    if near := difflib.get_close_matches(word, words, n=1):
        return f"did you mean {near[0]!r}?"
    return otherwise or (f"known: {', '.join(words)}" if words else "there are none")


class WrongUse(Exception):
    """The command was used in a wrong way; the message names the fault and the way out."""
