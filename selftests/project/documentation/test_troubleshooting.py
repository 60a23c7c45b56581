"""The messages that docs/troubleshooting.md explains are those that the program prints."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from selftests import REPOSITORY

PAGE = REPOSITORY / "docs/troubleshooting.md"
MESSAGES = re.findall(r"^### (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
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


def test_page_has_its_messages() -> None:
    """There are many, and none is there twice."""
    assert len(MESSAGES) > 25
    assert len(set(MESSAGES)) == len(MESSAGES)


@pytest.mark.parametrize("message", MESSAGES)
def test_message_is_in_the_source(message: str) -> None:
    """Every part of a heading between places that are filled in is printed by the program, in this order."""
    parts = [part.strip() for part in message.split("…")]
    telling = [part for part in parts if len(part) >= SHORTEST]
    assert telling, message
    wanted = re.compile(".*".join(map(re.escape, filter(None, parts))), re.DOTALL)
    assert any(wanted.search(text) for text in texts()) or _in_pieces(parts), message


def _in_pieces(parts: list[str]) -> bool:
    """Whether each part is somewhere, where a message is put together from several texts."""
    return all(any(part in text for text in texts()) for part in parts if len(part) >= SHORTEST)
