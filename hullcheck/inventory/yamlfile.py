"""YAML files: read without guessed types, checked against a schema, each fault with its line.

Scalars are text. Only a plain decimal number without leading zeros is a number, and only ``true`` and
``false`` are truth values, so ``5.10``, ``no``, ``on`` and ``2030-01-31`` stay what was written. A key with
nothing after it is ``None``, which no schema here accepts. Keys are always text.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from hullcheck import inputs
from hullcheck.inventory import InventoryError
from hullcheck.lazy import regex
from hullcheck.messages import did_you_mean

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

if yaml.__with_libyaml__:
    from yaml import CSafeLoader as _SafeLoader
else:
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

SCHEMAS = Path(__file__).parents[1] / "schemas"
LARGEST = 4 * inputs.MIB  # the most bytes of a file: an inventory of 10,000 targets has one MiB
DEPTH = 50  # no file of ours needs a tenth of it; a deeper one is a mistake or an attack

Way = tuple[str | int, ...]  # the way to a value: keys of mappings and indices of lists, from the outside in

OURS = regex(
    r"""^(?:targets|policy|profiles|controls|waivers|attestations)\s*:(?:\s|$)"""
    r"""|[\s{,"'-](?:connect|justification|expiration_date|reason|until"""
    r"""|control_id|explanation|checked|updated_by|good_for_days)(?:["']\s*:|\s*:(?:\s|$))""",
    re.MULTILINE,
)
_NUMBER = regex(r"-?(0|[1-9][0-9]{0,17})")
_WORDS = {"": None, "true": True, "false": False}
_UNPRINTABLE = regex("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|[\ud800-\udfff]|[\ufeff\ufffe\uffff]")


class YamlError(InventoryError):
    """A file cannot be read as YAML. The message is one line, ``file:line: what is wrong``."""


class _Loader(_SafeLoader):
    """A loader of maps, lists and texts, which guesses no types."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # PyYAML looks for a plain class attribute


class Document(Struct, frozen=True):
    """The content of a file, with line numbers."""

    path: Path
    data: Any  # mappings, lists, text, numbers, truth values; None for an empty file
    lines: Mapping[Way, int]  # of each key and each item of a list, counted from 1
    shown: bool = True  # whether messages may quote it: a file without a key of ours may be secret

    def line(self, way: Way) -> int:
        """Return the line of *way*, or of the nearest part around it."""
        while way and way not in self.lines:
            way = way[:-1]
        return self.lines.get(way, 1)

    def at(self, way: Way) -> Any:
        found = self.data
        for step in way:
            found = found[step]
        return found

    def place(self, way: Way) -> str:
        """Return file name and line of *way*."""
        return f"{self.path.name}:{self.line(way)}"

    def messages(self, faults: Mapping[Way, str]) -> tuple[str, ...]:
        """Return *faults* as ``file:line: way.to.it: what is wrong``, in the order of the file."""
        order = sorted(faults.items(), key=lambda fault: self.line(fault[0]))
        return tuple(f"{self.path}:{self.line(way)}: {_dotted(way)}{fault}" for way, fault in order)

    def faults(self, schema: str, below: Way = ()) -> dict[Way, str]:
        """Return the faults at *below* by *schema*, a file in `hullcheck/schemas`, with its titles as hints."""
        # slow to import, and needed only if there is a file to check
        from jsonschema_rs import Draft202012Validator

        content = json.loads((SCHEMAS / schema).read_text(encoding="utf-8"))
        found: dict[Way, str] = {}
        for error in Draft202012Validator(content).iter_errors(self.at(below)):
            of_whole = not below and not error.instance_path and error.kind.name == "type"
            if of_whole or not self.shown:
                return {(): f"holds no {schema.removesuffix('.json')}: write {content['title']}"}
            for way, fault in _faults(error, content):
                found.setdefault((*below, *way), fault)
        return found


def load(path: Path) -> Document:
    """Read the YAML file *path*, or raise YamlError."""
    return parse(read_text(path), path)


def parse(text: str, path: Path) -> Document:
    """Return the document of *text*, the content of *path*, or raise YamlError."""
    root = compose(text, path)
    reader = _Reader(path, shown=OURS.search(text) is not None)
    data = reader.read(root, ()) if root else None
    return Document(path, data, reader.lines, reader.shown)


def compose(text: str, path: Path) -> yaml.Node | None:
    """Return the nodes of *text*, the content of *path*, None if empty, or raise YamlError."""
    try:
        root: yaml.Node | None = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise YamlError(_said(path, error)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlError(f"{path}:1: not YAML: {' '.join(str(error).split())}") from error
    return root


# ---- from YAML to data


def read_text(path: Path) -> str:
    """Return the text of *path*, or raise YamlError if that is not plain UTF-8 text."""
    try:
        raw = inputs.read(path, LARGEST)
    except OSError as error:
        raise YamlError(f"{path}:1: cannot be read: {error.strerror or error}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise YamlError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error
    if bad := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        raise YamlError(f"{path}:{line}: holds the control character U+{ord(bad[0]):04X}; take it out")
    return text


def _said(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    context = error.context or ""
    if error.context_mark and mark and error.context_mark.line != mark.line:
        context += f" from line {error.context_mark.line + 1} on"  # where what is not closed was opened
    said = ", ".join(filter(None, (context, error.problem)))
    return f"{path}:{mark.line + 1 if mark else 1}: not YAML: {said}"


class _Reader:
    """A reader of YAML nodes into data, with their lines."""

    def __init__(self, path: Path, *, shown: bool) -> None:
        self.lines: dict[Way, int] = {}
        self.shown = shown
        self._path = path
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, way: Way) -> Any:
        self.lines.setdefault(way, node.start_mark.line + 1)
        if id(node) in self._seen:
            raise self._error(self.lines[way], way, "an alias (*) repeats another value; write the value out")
        self._seen.add(id(node))
        if len(way) > DEPTH:
            raise self._error(self.lines[way[:1]], way[:1], f"nested deeper than {DEPTH} levels")
        match node:
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return self._mapping(node, way)
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.read(item, (*way, number)) for number, item in enumerate(node.value)]
            case yaml.ScalarNode(tag="tag:yaml.org,2002:str"):
                return scalar(node)
        tag = f"has the tag {node.tag}" if self.shown else "a value has a tag"
        raise self._error(self.lines[way], way, f"{tag}; take the tag away")

    def _mapping(self, node: yaml.MappingNode, way: Way) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            line, name = key.start_mark.line + 1, key.value
            here = (*way, name)
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(line, way, "a key is not a text")
            if name == "<<":
                raise self._error(line, way, "a merge key (<<); write the values out")
            if name in data:
                before = "" if self.shown else "a key "
                said = f"{before}is there already, in line {self.lines[here]}; write it once"
                raise self._error(line, here, said)
            self.lines[here] = line
            data[name] = self.read(value, here)
        return data

    def _error(self, line: int, way: Way, message: str) -> YamlError:
        return YamlError(f"{self._path}:{line}: {_dotted(way) if self.shown else ''}{message}")


def scalar(node: yaml.ScalarNode) -> str | int | bool | None:
    """Return the value of *node*: text, or if unquoted also a number, a truth value or None."""
    text: str = node.value
    if node.style:  # quoted, or a block: meant as text
        return text
    if _NUMBER.fullmatch(text):
        return int(text)
    return _WORDS.get(text, text)


# ---- from faults of a schema to words


def _faults(error: "ValidationError", schema: Mapping[str, Any]) -> Iterator[tuple[Way, str]]:
    """Yield each fault of *error*, with one for each unknown or missing key."""
    way, kind, value = tuple(error.instance_path), error.kind, error.instance
    part: Any = schema
    for step in error.schema_path[:-1]:
        part = part[step]
    match kind.name:
        case "additionalProperties":
            for key in kind.as_dict()["unexpected"]:
                known = part["properties"]
                hint = did_you_mean(key, known)
                more = f" known keys: {', '.join(sorted(known))}" if hint.endswith("?") else ""
                yield (*way, key), f"unknown key; {hint}{more}"
        case "required":
            key = kind.as_dict()["property"]
            yield (*way, key), f"is missing; write {part['properties'][key]['title']}"
        case "propertyNames":
            key = kind.as_dict()["error"].instance
            yield (*way, key), f"{key!r} is not {part['title']}"
        case "minProperties" | "minItems":
            yield way, f"is empty; write {part['title']}"
        case "uniqueItems":
            yield way, "holds the same value twice"
        case _:
            yield way, f"{_shown(value)} is not {part['title']}{_remedy(value, part)}"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value)
    named = {type(None): "nothing", dict: "a mapping", list: "a list"}
    return named.get(type(value)) or json.dumps(value)


def _remedy(value: object, part: Mapping[str, Any]) -> str:
    wanted = part.get("type", ())
    if value is None:
        return "; write a value, or take the key away"
    if isinstance(value, int) and "string" in wanted and "integer" not in wanted:
        return "; put it in quotes"
    if isinstance(value, str | int) and wanted == "array":
        return f"; write [{value}]"
    return ""


def _dotted(way: Way) -> str:
    """Return ``targets.web1.groups[0]: ``, or nothing for the whole file."""
    keys = (each if isinstance(each, int) or each.isprintable() else repr(each) for each in way)
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in keys).removeprefix(".")
    return f"{text}: " if text else ""
