"""Text from a host, made fit to be shown: nothing in it may steer a terminal or hide."""

import re
import unicodedata
from collections.abc import Iterable

_BETWEEN_URLS = re.compile(r"(\s+|,(?=\s*[\w+.-]+://))")
# Not that of hullcheck.secrets.known: after a comma other addresses or more of a document may follow, which stay.
_USER = re.compile(r"://[^:/@,]*:")


def printable(text: str) -> str:
    """*text* with every character that steers, hides or ends a line, but the line feed, written as an escape."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(each if each == "\n" or _shown(each) else _escaped(each) for each in text)


def _shown(character: str) -> bool:
    category = unicodedata.category(character)
    return not category.startswith("C") and category not in ("Zl", "Zp")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def hide_passwords(text: str) -> str:
    """*text* with the password of every URL in it replaced by `***`."""
    return "".join(map(_hide_password, _BETWEEN_URLS.split(text)))


def _hide_password(word: str) -> str:
    """A password goes on to the last `@` of its word, as it may have any character."""
    last = word.rfind("@")
    user = _USER.search(word, 0, last) if last > 0 else None
    return f"{word[: user.end()]}***{word[last:]}" if user else word


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or the known words where none is near."""
    words = sorted(known)
    if not words:
        return "there are none"
    import difflib  # late: few runs have something to suggest

    near = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(words)}"


class WrongUse(Exception):
    """The command cannot do what it was asked; the message says what is wrong, and what to do."""
