"""The warning about targets on which nothing was judged."""

from collections.abc import Sequence

from hullcheck.messages import printable


def line(targets: Sequence[str]) -> str:
    """One line with the names of *targets* on which no control passed or failed."""
    hardened = "it is hardened" if len(targets) == 1 else "they are hardened"
    return printable(f"{', '.join(targets)}: no control was judged; nothing here says that {hardened}.")
