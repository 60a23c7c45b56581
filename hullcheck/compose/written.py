"""What is written in a Compose file, and in which line: anchors and merge keys followed, variables not.

By https://docs.docker.com/reference/compose-file/fragments/ (Docker's documentation).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hullcheck.inventory import yamlfile
from hullcheck.inventory.yamlfile import DEPTH, Way, YamlError

_PLAIN = "tag:yaml.org,2002:"
_NOTHING = ("", "~", "null", "Null", "NULL")
_MOST = 200_000  # values, those behind aliases counted as often as they are used
_KINDS = frozenset(f"{_PLAIN}{each}" for each in ("str", "int", "float", "bool", "null", "map", "seq"))


class ComposeError(Exception):
    """A Compose file cannot be judged; the message is ``file:line: what is wrong``."""


@dataclass(frozen=True)
class File:
    """One file.

    Attributes:
        path: where it lies.
        shown: what messages and findings call it.
        data: mappings, lists and texts; None for nothing.
        lines: the line of each key and item; of one that an alias or a merge key brings, that of its anchor.
        tagged: the line of the first value with a tag such as `!reset`; 0 without one.
    """

    path: Path
    shown: str
    data: Mapping[str, Any]
    lines: Mapping[Way, int] = field(repr=False)
    tagged: int = 0

    def place(self, way: Way) -> str:
        """File and line of *way*, or of the nearest part around it."""
        while way and way not in self.lines:
            way = way[:-1]
        return f"{self.shown}:{self.lines.get(way, 1)}"

    def get(self, *way: str | int) -> Any:
        """What is at *way*; None where there is nothing."""
        found: Any = self.data
        for step in way:
            if isinstance(found, Mapping):
                found = found.get(str(step))
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found


def load(path: Path, shown: str) -> File:
    """Read *path*.

    Raises:
        ComposeError: it cannot be read, is no YAML, or is no mapping.
    """
    try:
        root = yamlfile.compose(yamlfile.read_text(path), path)
    except YamlError as error:
        raise ComposeError(str(error).replace(str(path), shown, 1)) from None
    reader = _Reader(shown)
    data = reader.read(root, (), frozenset()) if root else None
    if not isinstance(data, dict) or not isinstance(data.get("services") or {}, dict):
        raise ComposeError(f"{shown}:1: this is no Compose file: it has no mapping of services")
    return File(path, shown, data, reader.lines, reader.tagged)


class _Reader:
    """Turns nodes into data; an alias is its anchor's node once more."""

    def __init__(self, shown: str) -> None:
        self.lines: dict[Way, int] = {}
        self.tagged = 0
        self._shown = shown
        self._count = 0

    def read(self, node: yaml.Node, way: Way, above: frozenset[int]) -> Any:
        """The data of *node*, which is found at *way*."""
        line = node.start_mark.line + 1
        self.lines.setdefault(way, line)
        self._count += 1
        if id(node) in above or len(way) > DEPTH or self._count > _MOST:
            raise ComposeError(f"{self._shown}:{line}: nested too deep, or repeats itself without end")
        if node.tag not in _KINDS and not self.tagged:
            self.tagged = line
        inner = above | {id(node)}
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, way, inner)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(each, (*way, number), inner) for number, each in enumerate(node.value)]
        plain = isinstance(node, yaml.ScalarNode) and not node.style
        return None if plain and node.value in _NOTHING else str(node.value)

    def _mapping(self, node: yaml.MappingNode, way: Way, above: frozenset[int]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            if _merges(key):
                for source in reversed(list(self._sources(value))):
                    self._merge(data, self._mapping(source, way, self._below(source, above)))
        own = set[str]()
        for key, value in node.value:
            if _merges(key):
                continue
            name, line = self._name(key), key.start_mark.line + 1
            if name in own:
                raise ComposeError(f"{self._shown}:{line}: the key {name!r} is there twice")
            own.add(name)
            here = (*way, name)
            for each in [known for known in self.lines if known[: len(here)] == here]:
                del self.lines[each]
            self.lines[here] = line
            data[name] = self.read(value, here, above)
        return data

    def _below(self, node: yaml.Node, above: frozenset[int]) -> frozenset[int]:
        line = node.start_mark.line + 1
        self._count += 1
        if id(node) in above or self._count > _MOST:
            raise ComposeError(f"{self._shown}:{line}: a merge key repeats itself without end")
        return above | {id(node)}

    @staticmethod
    def _merge(data: dict[str, Any], more: Mapping[str, Any]) -> None:
        data.update(more)

    def _sources(self, node: yaml.Node) -> Iterator[yaml.MappingNode]:
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(each, yaml.MappingNode):
                line = each.start_mark.line + 1
                raise ComposeError(f"{self._shown}:{line}: a merge key (<<) takes mappings alone")
            yield each

    def _name(self, key: yaml.Node) -> str:
        if not isinstance(key, yaml.ScalarNode):
            raise ComposeError(f"{self._shown}:{key.start_mark.line + 1}: a key is not a text")
        return str(key.value)


def _merges(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style
