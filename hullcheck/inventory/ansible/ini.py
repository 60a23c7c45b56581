"""Ansible's INI inventories, which have a grammar of their own: sections, and words as in a shell."""

import ast
import re
import shlex
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hullcheck.inventory.ansible import patterns
from hullcheck.inventory.ansible.groups import UNGROUPED, AnsibleError, Site, Variable, Variables

SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
_GROUP = re.compile(r"([^:\]\s]+)\s*(?:#.*)?")
_NAME = re.compile(r"[\w.-]+")
_LONGEST = 100_000  # literals are read by a compiler, whose depth is limited


def read(text: str, path: Path, site: Site) -> None:
    """Read *text*, the content of *path*, into *site*.

    Raises:
        AnsibleError: it is not as Ansible has it; with the line, and without what is written there.
    """
    reader = _Reader(path, site)
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if line and line[0] not in ";#":
            reader.line(number, line)
    reader.close()


class _Reader:
    def __init__(self, path: Path, site: Site) -> None:
        self.path, self.site = path, site
        self.group = UNGROUPED
        self.declare: Callable[[int, str], None] = self._hosts
        self.declared = set(site.groups)
        self.referred: dict[str, tuple[int, str]] = {}
        self.kinds: dict[str | None, Callable[[int, str], None]] = {
            None: self._hosts,
            "hosts": self._hosts,
            "vars": self._variable,
            "children": self._child,
        }

    def line(self, number: int, line: str) -> None:
        try:
            if section := SECTION.fullmatch(line):
                self._section(number, section[1], section[2])
            elif line.startswith("[") and line.endswith("]"):
                raise ValueError(
                    "not a section; write [group], [group:vars] or [group:children], without blanks"
                )
            else:
                self.declare(number, line)
        except ValueError as error:
            raise AnsibleError(f"{self.path}:{number}: {error}") from None

    def close(self) -> None:
        """See that every group that is named is there."""
        for name, (number, what) in self.referred.items():
            if name not in self.declared:
                raise AnsibleError(
                    f"{self.path}:{number}: {what} a group that is not declared; write [{name}]"
                )

    def _section(self, number: int, name: str, kind: str | None) -> None:
        if kind not in self.kinds:
            raise ValueError(f"[{name}:{kind}] is no kind of section; write vars, children, or nothing")
        self.group, self.declare = name, self.kinds[kind]
        self.site.group(name)
        if kind == "vars":
            self.referred.setdefault(name, (number, "variables for"))
        else:
            self.declared.add(name)

    def _hosts(self, number: int, line: str) -> None:
        words = _words(line)
        if not words:
            return
        names, port = patterns.expand(words[0])
        if not all(names) or "---" in names:
            raise ValueError("the name of a host is expected")
        variables: Variables = {}
        for word in words[1:]:
            name, equals, value = word.partition("=")
            if not (equals and _NAME.fullmatch(name)):
                raise ValueError("NAME=VALUE is expected behind the name of a host")
            variables[name] = self._of(number, value)
        new = [name for name in names if name not in self.site.hosts]
        self.site.add_hosts(self.group, names, {})
        if port is not None:
            self.site.add_hosts(self.group, new, {"ansible_port": Variable(port, self.path, number)})
        self.site.add_hosts(self.group, names, variables)

    def _variable(self, number: int, line: str) -> None:
        name, equals, value = line.partition("=")
        if not (equals and name.strip()):
            raise ValueError("NAME=VALUE is expected in a section of variables")
        self.site.set_variable(self.group, name.strip(), self._of(number, value.strip()))

    def _child(self, number: int, line: str) -> None:
        match = _GROUP.fullmatch(line)
        if not match:
            raise ValueError("the name of a group is expected in a section of children")
        self.referred.setdefault(match[1], (number, "a child that is"))
        self.site.group(match[1])
        self.site.group(self.group).children[match[1]] = None

    def _of(self, number: int, value: str) -> Variable:
        return Variable(_value(value), self.path, number)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        raise ValueError("a quotation is not closed") from None


def _value(text: str) -> Any:
    """What *text* says as a literal of Python; itself where it is none."""
    if len(text) > _LONGEST:
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _plain(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def _plain(value: Any) -> Any:
    """*value* of the kinds that YAML has."""
    match value:
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple() | set():
            return [_plain(each) for each in value]
        case bytes():
            return value.decode("utf-8", "replace")
        case complex():
            return str(value)
    return "..." if value is ... else value
