"""Cells of a CSV file that a spreadsheet takes for text, whatever a host put into them."""

import csv
import io
from collections.abc import Iterable, Sequence
from functools import lru_cache

from hullcheck.messages import printable

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render *rows* below *head*.

    A cell that a spreadsheet would take for a formula begins with an apostrophe; results.json has it plain.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


@lru_cache(4096)  # most of a row is as in the row above
def _cell(text: str) -> str:
    return "'" + printable(text) if text.startswith(_FORMULA) else printable(text)
