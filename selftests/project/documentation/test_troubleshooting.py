"""The messages that docs/troubleshooting.md explains are those that the program prints."""

from __future__ import annotations

import ast
import re
from functools import cache

from selftests import REPOSITORY

PAGE = REPOSITORY / "docs/troubleshooting.md"
TABLES = PAGE.read_text(encoding="utf-8").split("| message | cause, and what to do |\n|---|---|\n")[1:]
MESSAGES = [row for table in TABLES for row in re.findall(r"^\| `([^`]+)` \|", table.partition("\n\n")[0], re.M)]
SHORTEST = 6


@cache
def texts() -> tuple[str, ...]:
    """Every text in the source of the program, with `…` in it for what is filled in."""
    found = []
    for top in ("hullcheck", "tests"):
        for path in (REPOSITORY / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = (each.value if isinstance(each, ast.Constant) else "…" for each in node.values)
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return tuple(found)


def test_messages_are_in_the_source() -> None:
    """Every part of a heading between places that are filled in is printed by the program, in this order."""
    assert len(set(MESSAGES)) == len(MESSAGES) > 25
    for message in MESSAGES:
        parts = [part.strip() for part in message.split("…")]
        assert any(len(part) >= SHORTEST for part in parts), message
        wanted = re.compile(".*".join(map(re.escape, filter(None, parts))), re.DOTALL)
        assert any(wanted.search(text) for text in texts()) or _in_pieces(parts), message


def _in_pieces(parts: list[str]) -> bool:
    """Whether each part is somewhere, where a message is put together from several texts."""
    return all(any(part in text for text in texts()) for part in parts if len(part) >= SHORTEST)
