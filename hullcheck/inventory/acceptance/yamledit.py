"""Adds an entry to the text of a YAML file, and leaves every other character where it is."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from hullcheck.inventory.yamlfile import Way
from hullcheck.lazy import regex

_PLAIN = regex(r"[A-Za-z][A-Za-z0-9_.-]*|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def added(text: str, way: Way, entry: Mapping[str, Any]) -> str | None:
    """Return *text* with *entry* at the end of the list at *way*, or None if there is something else than a list.

    What is not there yet is made. The caller has to check the result: YAML can be written in more ways than in lines.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    node, missing = _found(root, way)
    if node is None:
        return _insert_lines(text, len(text), "\n".join(_block(missing, entry, 0)), end)
    if not (missing or isinstance(node, yaml.SequenceNode)):
        return None
    column = node.start_mark.column
    stop = len(text) if node is root else _end(text, node, column)
    return _insert_lines(text, stop, "\n".join(_block(missing, entry, column)), end)


def block(way: Way, entry: Mapping[str, Any]) -> str:
    """*entry* in a list below the keys of *way*, as it is written into a file that has nothing yet."""
    return "\n".join(_block(way, entry, 0))


def _found(root: yaml.Node | None, way: Way) -> tuple[yaml.CollectionNode | None, Way]:
    """Return the innermost collection on *way*, and what of the way is missing in it."""
    node, rest = root, way
    while rest and isinstance(node, yaml.MappingNode):
        below = next((value for name, value in node.value if name.value == rest[0]), None)
        if below is None:
            break
        node, rest = below, rest[1:]
    return (node, rest) if isinstance(node, yaml.CollectionNode) else (None, way)


def _block(way: Way, entry: Mapping[str, Any], column: int) -> list[str]:
    lines = [f"{' ' * (column + 2 * depth)}{_scalar(str(key))}:" for depth, key in enumerate(way)]
    indent = " " * (column + 2 * len(way))
    fields = [f"{name}: {_value(value)}" for name, value in entry.items()]
    return [*lines, f"{indent}- {fields[0]}", *(f"{indent}  {each}" for each in fields[1:])]


def _value(value: str | list[str]) -> str:
    return _scalar(value) if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _insert_lines(text: str, index: int, new: str, end: str) -> str:
    before = text[:index]
    gap = "" if not before or before.endswith("\n") else end
    return before + gap + new.replace("\n", end) + end + text[index:]


def _end(text: str, node: yaml.Node, column: int) -> int:
    """Return where the line after the last one of *node* begins; comments that are indented deeper belong to it."""
    index = _next_line(text, len(text[: _last(node)].rstrip()))  # a text in lines (|) ends behind its line
    while re.match(rf"[ ]{{{column + 1},}}#", text[index:]):
        index = _next_line(text, index)
    return index


def _next_line(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _last(node: yaml.Node) -> int:
    """Where the last text of *node* ends; a collection in lines ends, for the parser, where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)
