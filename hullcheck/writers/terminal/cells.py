"""Text by the columns that it takes on a terminal: a wide character takes two, a combining one none."""

import unicodedata

_CUT = "..."


def cells(text: str) -> int:
    """How many columns *text* takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1


def cut(text: str, width: int) -> str:
    """*text* in one line of at most *width* columns; what was cut off is marked."""
    text = " ".join(text.split())
    if cells(text) <= width:
        return text
    room, kept = width - len(_CUT), []
    for each in text:
        room -= _cells_of(each)
        if room < 0:
            break
        kept.append(each)
    return "".join(kept).rstrip() + _CUT[: max(width, 0)]


def padded(text: str, width: int) -> str:
    """*text* with blanks behind it, up to *width* columns."""
    return text + " " * (width - cells(text))
