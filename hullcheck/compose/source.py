"""Where Compose files set what they set: the lines and columns of services, their settings and the items of these."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import yaml
from msgspec import Struct
from msgspec.structs import replace

from hullcheck.compose.command import ComposeError
from hullcheck.facts.containers.compose import NESTED, WHOLE, Item
from hullcheck.facts.engine.endpoints import run_path
from hullcheck.inventory import yamlfile
from hullcheck.lazy import regex
from hullcheck.results import Place

_MOST_PORTS = 256  # of one range that are placed
_VARIABLE = regex(r"\$\{[^}]*\}")
RESOURCES = ("configs", "networks", "secrets", "volumes")
_NAME = regex(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


class Setting(Struct, frozen=True):
    """What is written of one key of a service, or of one variable in its environment."""

    items: Sequence[Item]  # the setting as a whole, and its items
    variables: frozenset[str]  # the names of variables in it
    path: Path  # of the file in which it is written
    value: yaml.Node
    key: yaml.Node | None = None  # None for a part of a setting
    of_base: "Settings" = {}  # under BASE: those of the service that this one extends


Settings = Mapping[str, Setting]
"""By key of a service; under WHOLE is its name, under `environment=NAME` a variable in its environment."""
BASE = "extends:"
"""The key of the service that a service extends."""


class File(Struct, frozen=True):
    """A Compose file."""

    shown: str  # its name in messages and findings
    text: str
    services: Mapping[str, Settings]
    resources: Mapping[str, frozenset[str]]  # the names of variables in networks, volumes, ... by key


class Project(Struct, frozen=True):
    """The files of a project."""

    folder: Path
    files: Sequence[File]  # those that the user names, and those that they include from its folder
    texts: Mapping[Path, str]  # of all files that were read

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each text by the path of its file, relative to the folder."""
        return {
            os.path.relpath(path, self.folder): sha256(text.encode()).hexdigest() for path, text in self.texts.items()
        }


def read(paths: Sequence[Path]) -> Project:
    """Return the project of these files; raise ComposeError if one of them cannot be read."""
    reader = _Reader(paths)
    files = [*map(reader.named, paths), *reader.included()]
    return Project(reader.folder, files, {path: text for path, (text, _) in reader.roots.items()})


def place(files: Sequence[File], service: str, key: str = "") -> str:
    """Return file and line of *key* of a service, or else of the service, or else a file."""
    there = settings(files, service)
    found = there.get(key) or there.get(WHOLE)
    return str(found[0].place) if found else files[0].shown


def settings(files: Sequence[File], service: str) -> dict[str, list[Item]]:
    """Return the items of *service* by key: its name in the first of the *files*, settings in the last one first."""
    found = dict[str, list[Item]]()
    there = [file.services[service] for file in files if service in file.services]
    for each in reversed(there):
        for key, setting in each.items():
            if setting.items:
                found[key] = [*found[key], *setting.items[1:]] if key in found else [*setting.items]
    return {**found, WHOLE: [*there[0][WHOLE].items]} if there else {}


def variables(files: Sequence[File], service: str) -> dict[str, frozenset[str]]:
    """Return the names of variables in the settings of *service* by key."""
    found = dict[str, frozenset[str]]()
    for file in files:
        for key, setting in file.services.get(service, {}).items():
            found[key] = found.get(key, frozenset()) | setting.variables
    return found


def variables_in(text: str) -> frozenset[str]:
    """Return the names of variables in *text*, after `$` or `${`."""
    return frozenset(_NAME.findall(text.replace("$$", "")))


class _Reader:
    """Reads the files of one project, each once."""

    def __init__(self, given: Sequence[Path]) -> None:
        self.given, self.folder = given, Path(os.path.realpath(given[0].parent))
        self.roots = dict[Path, tuple[str, dict[str, yaml.Node]]]()
        self.including = list[tuple[Path, yaml.Node]]()
        self.items = dict[tuple[str, int], list[Item]]()
        self.services = dict[int, dict[str, Setting]]()

    def named(self, path: Path) -> File:
        """Return a file that the user names, or raise ComposeError."""
        shown = self._shown(path)
        try:
            return self._file(path, shown)
        except yamlfile.YamlError as error:
            raise ComposeError(str(error).replace(str(path), shown, 1)) from None

    def included(self) -> Iterator[File]:
        """Yield the files that the others include; docker compose says what is wrong with one."""
        seen = set(map(os.path.realpath, self.given))
        for folder, node in self.including:  # grows meanwhile
            path = self._inside(folder, _text(node))
            if path and str(path) not in seen:
                seen.add(str(path))
                try:
                    yield self._file(path, self._shown(path))
                except yamlfile.YamlError:
                    continue

    def _inside(self, folder: Path, written: str) -> Path | None:
        """Return a path in the folder of the project; None for others, whose lines are nobody's business."""
        path = Path(os.path.realpath(folder / written))
        return path if path.is_relative_to(self.folder) and path.is_file() else None

    def _shown(self, path: Path) -> str:
        """Return the path for messages, relative to the current directory or else to the project."""
        shown = os.path.relpath(path)
        return os.path.relpath(os.path.realpath(path), self.folder) if shown.startswith("..") else shown

    def _root(self, path: Path) -> tuple[str, dict[str, yaml.Node]]:
        """Return the text of a file, and what is at its top."""
        real = Path(os.path.realpath(path))
        if real not in self.roots:
            text = yamlfile.read_text(path)
            self.roots[real] = text, named(yamlfile.compose(text, path))
        return self.roots[real]

    def _file(self, path: Path, shown: str) -> File:
        text, root = self._root(path)
        for each in items(root.get("include")):
            several = named(each).get("path", each)
            self.including += [(path.parent, one) for one in (items(several) or [several])]
        services = {key.value: (key, each) for key, each in pairs(root.get("services"))}
        found = {
            name: {
                **self._settings(path, node),
                WHOLE: Setting([Item([], _span(shown, key))], frozenset(), Path(os.path.realpath(path)), node, key),
            }
            for name, (key, node) in services.items()
            if not node.tag.startswith("!")  # `!reset` takes a service away
        }
        resources = {
            kind: frozenset().union(
                *(
                    variables_in(source_of(text, part))
                    for _, each in pairs(root.get(kind))
                    for key, part in pairs(each)
                    if key.value != "name"
                )
            )
            for kind in RESOURCES
        }
        return File(shown, text, found, resources)

    def _settings(self, path: Path, service: yaml.Node, depth: int = 0) -> dict[str, Setting]:
        """Return the settings of a service, and those that it gets from others by `extends`."""
        shown, text = self._shown(path), self._root(path)[0]
        if id(service) in self.services:  # aliases repeat what may be long
            return self.services[id(service)]
        own, real = dict[str, Setting](), Path(os.path.realpath(path))
        self.services[id(service)] = own
        for key, value in pairs(service):
            if key.value not in own:
                written = [_whole(shown, key, value), *self._items(shown, key.value, value)]
                own[key.value] = Setting(written, variables_in(source_of(text, value)), real, value, key)
        for way in NESTED:
            if found := at(service, way.split(".")):
                own[way] = Setting([_whole(shown, *found)], frozenset(), real, found[1])
        for name, part in _environment(named(service).get("environment")):
            own[f"environment={name}"] = Setting([], variables_in(source_of(text, part)), real, part)
        base = self._extended(path, service, depth) if depth < yamlfile.DEPTH else None
        for name, setting in base.of_base.items() if base else ():
            there = own.get(name, setting)
            first = there if there.items else setting
            own[name] = replace(first, variables=there.variables | setting.variables)
        if base:
            own[BASE] = base
        return own

    def _items(self, shown: str, key: str, value: yaml.Node) -> list[Item]:
        if (key, id(value)) not in self.items:
            self.items[key, id(value)] = [*_items_of(shown, key, value)]
        return self.items[key, id(value)]

    def _extended(self, path: Path, service: yaml.Node, depth: int) -> Setting | None:
        parent = named(service).get("extends")
        if parent is None:
            return None
        words = {key: _text(value) for key, value in named(parent).items()}
        other = self._inside(path.parent, words["file"]) if "file" in words else path
        try:
            services = named(self._root(other)[1].get("services")) if other else {}
        except yamlfile.YamlError:
            return None
        base = services.get(words.get("service", _text(parent)))
        if not (base and other):
            return None
        return Setting([], frozenset(), other, base, of_base=self._settings(other, base, depth + 1))


def _environment(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the names of variables in an environment, with where they get their values."""
    yield from ((key.value, value) for key, value in pairs(node))
    yield from ((_text(each).partition("=")[0], each) for each in items(node))


def source_of(text: str, node: yaml.Node) -> str:
    """Return how *text* has a node."""
    return text[node.start_mark.index : node.end_mark.index]


def pairs(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """Yield keys and values of a mapping, its own before those of merge keys."""
    waiting, seen = [node], set[int]()
    for each in waiting:  # grows meanwhile
        if not isinstance(each, yaml.MappingNode) or id(each) in seen:
            continue
        seen.add(id(each))
        for key, value in each.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                yield key, value
            else:
                waiting += items(value) or [value]


def named(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return the values of a mapping by their keys, with those of merge keys."""
    found = dict[str, yaml.Node]()
    for key, value in pairs(node):
        found.setdefault(key.value, value)
    return found


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """Return the items of a list, and none for another node."""
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _text(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _span(shown: str, node: yaml.Node, length: int = 0) -> Place:
    """Return where a node is: its first line, or so many characters of it."""
    start, end = node.start_mark, node.end_mark
    wide = end.column if end.line == start.line else start.column + 1
    return Place(shown, start.line + 1, start.column + 1, (start.column + length if length else wide) + 1)


def _whole(shown: str, key: yaml.Node, value: yaml.Node) -> Item:
    """Return a setting: its key, with the value where this is a word on the same line."""
    place = _span(shown, key)
    if isinstance(value, yaml.ScalarNode) and value.start_mark.line == value.end_mark.line == place.line - 1:
        return Item(_CALLED.get(_text(key), []), Place(shown, place.line, place.column, value.end_mark.column + 1))
    return Item(_CALLED.get(_text(key), []), place)


def at(node: yaml.Node, way: Sequence[str]) -> tuple[yaml.Node, yaml.Node] | None:
    """Return key and value at this way of nested mappings."""
    first, *rest = way
    found = next((each for each in pairs(node) if each[0].value == first), None)
    return at(found[1], rest) if found and rest else found


# ---- what reasons call the items of a setting

_CALLED = {"command": ["command"], "entrypoint": ["entry point"], "healthcheck": ["health check"]}


def _items_of(shown: str, key: str, node: yaml.Node) -> Iterator[Item]:
    names = _NAMES.get(key)
    if names is None:
        return
    if isinstance(node, yaml.MappingNode):
        yield from (Item(names(each.value), _span(shown, each)) for each, _ in pairs(node))
    for each in items(node):
        if isinstance(each, yaml.MappingNode) and each.value:
            yield Item(names_of(key, each), _whole(shown, *next(pairs(each))).place)
        elif isinstance(each, yaml.ScalarNode):
            length = each.value.index("=") + bool(each.style) if key in _SECRET and "=" in each.value else 0
            yield Item(names_of(key, each), _span(shown, each, length))


def names_of(key: str, node: yaml.Node) -> list[str]:
    """Return what reasons call an item of this key."""
    if isinstance(node, yaml.MappingNode):
        inner = {part.value: _text(value) for part, value in pairs(node)}
        return _LONG[key](inner) if key in _LONG else []
    return _NAMES[key](_text(node)) if key in _NAMES else []


def _name(text: str) -> list[str]:
    return [text.partition("=")[0]]


def _capability(text: str) -> list[str]:
    name = text.upper().removeprefix("CAP_")
    return [name, "has or can get"] if name == "ALL" else [name]


def _option(text: str) -> list[str]:
    name, _, value = text.replace(":", "=", 1).partition("=")
    return [name if name == "no-new-privileges" else f"{name}={value}", *["SELinux"] * (name == "label")]


def _mount(text: str) -> list[str]:
    parts = _VARIABLE.sub("$", text).split(":")
    return _mounted(parts[0], parts[1] if len(parts) > 1 else "")


def _mounted(source: str, target: str) -> list[str]:
    below = [f"{each.rstrip('/')}/" for each in dict.fromkeys((source, run_path(source))) if each.startswith("/")]
    return [each for each in (source, target.rstrip("/"), *below) if each.strip("$.")]


def _ports(text: str) -> list[str]:
    rest, _, protocol = _VARIABLE.sub("$", text).partition("/")
    *before, target = rest.rsplit(":", 2)
    return _published(before[-1] if before else "", target, protocol)


def _published(published: str, target: str, protocol: str) -> list[str]:
    """Return the ports as reasons have them: those of the host, or the container's where the engine chooses."""
    low, _, high = (published or target).partition("-")
    if not low.isdecimal() or not (high or low).isdecimal():
        return []
    numbers = range(int(low), min(int(high or low) + 1, int(low) + _MOST_PORTS))
    end = f"/{protocol or 'tcp'}"
    return [f":{each}{end}" if published else f"(any){end} (published for {each})" for each in numbers]


_NAMES: Mapping[str, Callable[[str], list[str]]] = {
    "ports": _ports,
    "volumes": _mount,
    "cap_add": _capability,
    "cap_drop": _capability,
    "security_opt": _option,
    "devices": lambda text: [text.partition(":")[0]],
    **dict.fromkeys(("environment", "labels", "ulimits", "device_cgroup_rules"), _name),
}
"""For the text of an item."""
_LONG: Mapping[str, Callable[[Mapping[str, str]], list[str]]] = {
    "ports": lambda each: _published(each.get("published", ""), each.get("target", ""), each.get("protocol", "")),
    "volumes": lambda each: _mounted(each.get("source", ""), each.get("target", "")),
    "devices": lambda each: [each.get("source", "")],
}
"""For an item in its long form."""
_SECRET = ("environment", "labels")  # of whose items the names alone are shown
