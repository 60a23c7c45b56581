"""Text for a terminal: tables, and lines by the columns that they take."""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence

_GAP, _BELOW = "  ", "    "
_CUT = "..."
_NARROWEST = 30  # characters of a last column; with less room its cells go below


def table(
    rows: Sequence[Sequence[str]],
    width: int | None,
    painted: int = 0,
    colors: Mapping[str, str] | None = None,
) -> str:
    """Render *rows* below a head; the column *painted* has the *colors*, which are codes of a terminal by its texts."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    below = width is not None and width - left < min(_NARROWEST, widths[-1])
    lines = []
    for row in rows:
        cells = [cell.ljust(column) for cell, column in zip(row[:-1], widths, strict=False)]
        if colors and (code := colors.get(row[painted])):
            cells[painted] = f"\033[{code}m{cells[painted]}\033[0m"
        if below:
            lines.append(_GAP.join(cells).rstrip())
            lines += wrapped(row[-1], width, _BELOW)
        else:
            first, *more = wrapped(row[-1], width, " " * left) or [""]
            lines += [(_GAP.join(cells) + _GAP + first.lstrip()).rstrip(), *more]
    return "".join(f"{line}\n" for line in lines)


def wrapped(words: str, width: int | None, indent: str = "") -> list[str]:
    """Return the lines of *words*, each after *indent* and none wider than *width*."""
    if width is None:
        return [indent + words]
    return textwrap.wrap(
        words,
        max(width, len(indent) + _NARROWEST),
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def cells(text: str) -> int:
    """Return how many columns *text* takes: a wide character takes two, a combining one none."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1


def cut(text: str, width: int) -> str:
    """Return *text* as one line of at most *width* columns; a mark shows that it was cut."""
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
    """Return *text* with blanks after it, up to *width* columns."""
    return text + " " * (width - cells(text))
