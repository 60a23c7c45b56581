"""A table in plain columns, for people: in colours on a terminal, and never wider than it."""

from collections.abc import Mapping, Sequence

_GAP, _BELOW = "  ", "\n    "


def table(
    rows: Sequence[Sequence[str]],
    width: int | None,
    painted: int = 0,
    colors: Mapping[str, str] | None = None,
) -> str:
    """Render *rows*, the first of them the head; where they do not fit into *width*, the last cell goes below.

    Args:
        painted: the column that has the *colors*, which are codes of a terminal by what is in the cell.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    fits = width is None or sum(widths) + len(_GAP) * (len(widths) - 1) <= width
    lines = []
    for row in rows:
        *cells, last = (cell.ljust(column) for cell, column in zip(row, widths, strict=True))
        if colors and (code := colors.get(row[painted])):
            cells[painted] = f"\033[{code}m{cells[painted]}\033[0m"
        lines.append((_GAP.join(cells) + (_GAP if fits else _BELOW) + last).rstrip() + "\n")
    return "".join(lines)
