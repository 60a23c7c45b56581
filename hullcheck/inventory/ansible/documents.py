"""YAML and JSON as Ansible reads them: with aliases, merge keys and its own tags, each variable with its line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from hullcheck.inventory import yamlfile
from hullcheck.inventory.ansible.groups import AnsibleError, Variable, Variables
from hullcheck.inventory.yamlfile import YamlError

ENCRYPTED = "$ANSIBLE_VAULT;"
"""How a file or a value begins that ansible-vault has encrypted."""
_MERGE = "<<"
_WORDS = {"null": None, "~": None, "True": True, "False": False}


class Vault(str):
    """A value that is encrypted."""


@dataclass(frozen=True)
class Node:
    """A value of a document, and its line; mappings and lists have nodes in them."""

    value: Any
    line: int = 0

    @cached_property
    def plain(self) -> Any:
        """The value with nothing but values in it, made once for all aliases."""
        match self.value:
            case dict():
                return {key: each.plain for key, each in self.value.items()}
            case list():
                return [each.plain for each in self.value]
        return self.value

    @property
    def mapping(self) -> Mapping[str, "Node"]:
        """The values by name; none where it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def variables(self, path: Path) -> Variables:
        """The mapping as variables of *path*."""
        return {name: Variable(each.plain, path, each.line) for name, each in self.mapping.items()}


def parse(text: str, path: Path) -> Node:
    """What *text*, the content of *path*, says; `Node(None)` where it is empty.

    Raises:
        AnsibleError: it is neither JSON nor YAML, or not as Ansible would read it.
    """
    if text.lstrip().startswith("{"):
        try:
            return _of_json(json.loads(text))
        except (ValueError, RecursionError):
            pass  # YAML has braces as well
    try:
        root = yamlfile.compose(text, path)
    except YamlError as error:
        raise AnsibleError(str(error)) from None
    return _Builder(path).build(root, 0) if root else Node(None)


def _of_json(data: Any) -> Node:
    match data:
        case {"__ansible_vault": str(value)}:
            return Node(Vault(value))
        case {"__ansible_unsafe": str(value)}:
            return Node(value)
        case dict():
            return Node({str(key): _of_json(each) for key, each in data.items()})
        case list():
            return Node([_of_json(each) for each in data])
    return Node(data)


class _Builder:
    """Makes each node once, however many aliases name it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[int, Node | None] = {}

    def build(self, node: yaml.Node, depth: int) -> Node:
        line = node.start_mark.line + 1
        if id(node) not in self.known:
            self.known[id(node)] = None  # until it is whole
            self.known[id(node)] = Node(self._value(node, depth), line)
        found = self.known[id(node)]
        if found is None or depth > yamlfile.DEPTH:
            raise AnsibleError(f"{self.path}:{line}: nested too deep, or in itself")
        return found

    def _value(self, node: yaml.Node, depth: int) -> Any:
        if depth > yamlfile.DEPTH:
            return None  # said by `build`
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(each, depth + 1) for each in node.value]
        assert isinstance(node, yaml.ScalarNode)  # there is no other kind
        if node.tag in ("!vault", "!vault-encrypted"):
            return Vault(node.value)
        value = yamlfile.scalar(node)
        return _WORDS.get(value, value) if isinstance(value, str) and not node.style else value

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                raise AnsibleError(f"{self.path}:{line}: a key is not a text")
            here = self.build(value, depth + 1)
            if key.value == _MERGE and not key.style:
                merged = _merged(here) | merged
            else:
                own[key.value] = Node(here.value, key.start_mark.line + 1)
        return merged | own


def _merged(node: Node) -> dict[str, Node]:
    """What a merge key brings: one mapping, or several of which the first counts."""
    several = node.value if isinstance(node.value, list) else [node]
    return {name: each for one in reversed(several) for name, each in one.mapping.items()}
