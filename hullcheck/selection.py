"""What `-m` asks of the frameworks' markers: a mistyped id would select nothing, and a keyword that is none, too."""

import ast
from collections.abc import Iterator
from typing import Any

from hullcheck.frameworks import Frameworks


def check(expression: str, known: Frameworks) -> None:
    """Refuse what no marker of a framework can have.

    Raises:
        ValueError: with the first of them, and the nearest id that there is.
    """
    for marker, keywords in _asked(expression):
        if marker in known.names:
            known.check_asked(marker, keywords)


def _asked(expression: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and keywords of each marker with arguments; pytest says itself what is no expression at all."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")  # pytest's expressions are written like Python's
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield (
                node.func.id,
                {
                    each.arg: each.value.value
                    for each in node.keywords
                    if each.arg and isinstance(each.value, ast.Constant)
                },
            )
