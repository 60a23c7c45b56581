"""Checks `-m` against markers.ini: unknown ids and keywords would silently select nothing."""

import ast
import re
from collections.abc import Collection, Iterator
from typing import Any

from _pytest.mark.expression import Expression  # pytest's own language, which has no public name

from hullcheck.frameworks import Frameworks
from hullcheck.lazy import regex
from hullcheck.messages import did_you_mean
from hullcheck.results import SEVERITIES

_NUMBER = regex(r"(?<![\w.:+\-\[\]\\/])\d+(?:\.\d+)+(?![\w.:+\-\[\]\\/])")


def keywords(numbers: Collection[str]) -> set[str]:
    """Return further words by which `-k` finds a control: its numbers, and those of their sections."""
    parts = [each.split(".") for each in numbers]
    return {exact(".".join(each[:length])) for each in parts for length in range(1, len(each) + 1)}


def exact(name: str) -> str:
    """Return *name* between colons, for `-k` finds parts of words: 5.1 would find 5.10 and 15.1."""
    return f":{name.lower()}:"


def narrowed(expression: str, named: Collection[str], skipped: Collection[str]) -> str:
    """Return the expression of `-k` for the controls that are *named*, if any is, without those to be *skipped*."""
    return both(expression, " or ".join(map(exact, named)), " and ".join(f"not {exact(each)}" for each in skipped))


def numbered(expression: str, known: Frameworks) -> str:
    """Return the expression of `-k` with each number of the CIS benchmark in the form of `keywords`."""
    there = keywords(known.get("cis").ids) if "cis" in known.names else set()

    def spelled(match: re.Match[str]) -> str:
        return exact(match[0]) if exact(match[0]) in there else match[0]

    return _NUMBER.sub(spelled, expression or "")


def check(expression: str, known: Frameworks) -> None:
    """Raise ValueError for ids and keywords that no marker of a framework has."""
    for marker, asked in _asked(expression):
        if marker in known.names:
            known.check_asked(marker, asked)
        wrong = {f"{name}={value!r}" for name, value in asked.items() if name != "level" or value not in SEVERITIES}
        if marker == "severity" and wrong:
            raise ValueError(f'severity({min(wrong)}) is not there; write severity(level="{"|".join(SEVERITIES)}")')


def check_names(expression: str, markers: Collection[str]) -> None:
    """Raise ValueError for an invalid expression, and for names that are not in *markers*."""
    try:
        names = Expression.compile(expression).idents()
    except SyntaxError as error:
        raise ValueError(f"at column {error.offset}: {error.msg}; write for example 'cis(level=1) or pci'") from None
    for name in sorted(names - set(markers)):
        raise ValueError(f"{name!r} is not a marker; {did_you_mean(name, markers)}")


def both(*expressions: str) -> str:
    """Combine expressions with `and`, except empty ones."""
    parts = [each for each in expressions if each.strip()]
    return " and ".join(f"({each})" for each in parts) if len(parts) > 1 else "".join(parts)


def _asked(expression: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return name and keywords of each marker with arguments; pytest itself rejects other faults."""
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
