"""Change what services have in Compose files. Only the lines concerned change: the others stay, byte for byte.

PyYAML tells where each node begins and ends. Text is put in, replaced or taken out there, and nothing is written anew,
so comments, order, quotes, anchors and line ends are as before.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import yaml
from msgspec import Struct
from msgspec.structs import replace

from hullcheck.compose.source import BASE, Project, Setting, Settings, at, items, named, names_of, source_of
from hullcheck.facts.containers.compose import WHOLE, is_named
from hullcheck.lazy import regex

_LIMITS = {"mem_limit": "memory", "pids_limit": "pids", "cpus": "cpus"}  # names below deploy.resources.limits
_NUMBER = r"(?:[\d-]+|\$\w+|\$\{\w+(?::?[-+?][^}:]*)?\})"
_PORT = regex(
    rf"(?P<address>(?:\[[\da-fA-F:]*\]|\d+\.\d+\.\d+\.\d+):)?(?P<host>{_NUMBER}?:)?(?P<last>{_NUMBER}(?:/\w+)?)"
)
_EVERY = ("", "0.0.0.0", "[::]", "::")  # the addresses that are replaced
_LOOPBACK = "127.0.0.1"


class ByHand(Exception):
    """A wish has to be fulfilled by hand. The message says why."""


class Wish(Struct, frozen=True):
    """What a service should have at one key."""

    service: str
    key: str
    value: str = ""  # for a setting that is one value
    items: tuple[str, ...] = ()  # to add to a list
    reasons: tuple[str, ...] = ()  # items that one of these names go, or the key if it is one value


class Edit(Struct, frozen=True):
    """Text in place of a part of a file."""

    path: Path
    start: int
    end: int
    text: str
    users: frozenset[str]  # the services that get the part, some by an anchor or `extends`


def _others(wish: Wish, edits: Iterable[Edit], found: Mapping[Wish, list[Edit]]) -> str:
    """Return why *edits* are wrong for other services, or an empty string."""
    for each in edits:
        wishing = {other.service for other, theirs in found.items() if each in theirs}
        if without := sorted(each.users - wishing):
            return f"{', '.join(without)} would change too: write it for {wish.service} alone"
    return ""


def _written(text: str, edits: Iterable[Edit]) -> str:
    """Return *text* with *edits*. At one place come the lines first that belong to what is there before it."""

    def order(edit: Edit) -> tuple[int, int, int, bool]:
        line = edit.text.strip("\r\n")
        return edit.start, edit.end, len(line.lstrip(" ")) - len(line), not line.lstrip().startswith("-")

    parts, done = list[str](), 0
    for each in sorted(edits, key=order):
        parts += [text[done : each.start], each.text]
        done = max(done, each.end)
    return "".join((*parts, text[done:]))


class Editor:
    """Changes the files of a project."""

    def __init__(self, project: Project) -> None:
        self._texts = project.texts
        self._services = dict[str, list[Settings]]()  # the last one counts
        self._reached = dict[str, dict[int, yaml.Node]]()  # the nodes of each service and its bases, by id
        for file in project.files:
            for name, settings in file.services.items():
                chain = [settings]
                while BASE in chain[-1]:
                    chain.append(chain[-1][BASE].of_base)
                self._services.setdefault(name, []).extend(reversed(chain))
                nodes = [settings[WHOLE].value, *(each[BASE].value for each in chain if BASE in each)]
                for each in nodes:
                    self._reached.setdefault(name, {}).update(_below(each))

    def has(self, service: str, key: str) -> bool:
        """Return whether the files set *key* of a service."""
        first, *rest = key.split(".")
        found = (settings[first].value for settings in self._services[service] if first in settings)
        return any(not rest or at(each, rest) for each in found)

    def _own(self, service: str) -> Setting:
        """Return the service in the first file that has it."""
        return next(settings[WHOLE] for settings in self._services[service] if WHOLE in settings)

    def _inherited(self, wish: Wish, wishes: Collection[Wish]) -> Wish | None:
        """Return the same wish of another service whose settings this one gets, if it has none there itself."""
        if self.has(wish.service, wish.key):
            return None
        same = (each for each in wishes if replace(each, service=wish.service) == wish and each != wish)
        return next((each for each in same if id(self._own(each.service).value) in self._reached[wish.service]), None)

    def names(self, service: str, reason: str, key: str) -> bool:
        """Return whether *reason* names an item of *key*."""
        wish = Wish(service, key, reasons=(reason,))
        found = (settings[key] for settings in self._services[service] if key in settings)
        return any(_is_meant(wish, item) for each in found for item in items(each.value))

    def edited(self, wishes: Collection[Wish]) -> tuple[dict[Path, str], dict[Wish, str]]:
        """Return the new texts of files, and why the other wishes have to be fulfilled by hand.

        What several services share changes only if all of them wish for the same.
        """
        found, left = dict[Wish, list[Edit]](), dict[Wish, str]()
        for wish in wishes:
            try:
                found[wish] = self._edits(self._inherited(wish, wishes) or wish)
            except ByHand as error:
                left[wish] = str(error)
        while alone := {wish: word for wish, edits in found.items() if (word := _others(wish, edits, found))}:
            left |= alone
            found = {wish: edits for wish, edits in found.items() if wish not in alone}
        by_path = dict[Path, dict[Edit, None]]()
        for each in (each for edits in found.values() for each in edits):
            by_path.setdefault(each.path, {})[each] = None
        return {path: _written(self._texts[path], edits) for path, edits in by_path.items()}, left

    def _edits(self, wish: Wish) -> list[Edit]:
        found = [settings[wish.key] for settings in self._services[wish.service] if wish.key in settings]
        if wish.key == "ports":
            edits = [edit for each in found for edit in self._on_loopback(each)]
        elif wish.value:
            edits = [self._set(wish, found)]
        else:
            edits = [*self._items(wish, found)]
        if not (edits or wish.items):
            raise ByHand("the file does not have it there")
        return edits

    def _edit(self, setting: Setting, node: yaml.Node, start: int, end: int, text: str, without: str = "") -> Edit:
        """Return an edit at a node, for all services that have the node, and no setting *without* of their own."""
        users = (name for name, reached in self._reached.items() if id(node) in reached)
        return Edit(setting.path, start, end, text, frozenset(each for each in users if not self.has(each, without)))

    def _set(self, wish: Wish, found: Sequence[Setting]) -> Edit:
        deploy = [settings["deploy"] for settings in self._services[wish.service] if "deploy" in settings]
        limits = [(each, part[1]) for each in deploy if (part := at(each.value, ("resources", "limits")))]
        if wish.key in _LIMITS and limits:  # docker compose refuses different limits in both places
            setting, mapping = limits[-1]
            name, value = _LIMITS[wish.key], f'"{wish.value}"' if wish.key == "cpus" else wish.value
            there = named(mapping).get(name)
            return self._replace(setting, there, value) if there else self._insert(setting, mapping, f"{name}: {value}")
        if found:
            return self._replace(found[-1], found[-1].value, wish.value)
        own = self._own(wish.service)
        return self._insert(own, own.value, f"{wish.key}: {wish.value}")

    def _replace(self, setting: Setting, node: yaml.Node, value: str) -> Edit:
        """Return an edit that replaces a value on one line."""
        start, end = node.start_mark.index, node.end_mark.index
        text = self._texts[setting.path][start:end]
        if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">") or text[:1] in ("&", "!"):
            raise ByHand("it is not written as one plain value")
        if "$" in text:
            raise ByHand(f"{text} decides")
        return self._edit(setting, node, start, end, value if text else f" {value}")

    def _insert(self, setting: Setting, mapping: yaml.Node, line: str) -> Edit:
        """Return an edit that adds a line to a mapping: at its end, or at its start if its end is not clear."""
        text = self._texts[setting.path]
        if not isinstance(mapping, yaml.MappingNode) or not mapping.value:
            raise ByHand("the service has no settings of its own here")
        key = line.partition(":")[0]
        if mapping.flow_style:
            start = text.index("{", mapping.start_mark.index) + 1
            return self._edit(setting, mapping, start, start, f"{line}, ", key)
        first, end, new = mapping.value[0][0].start_mark, _end(mapping), _line_end(text)
        if end is not None:
            return self._edit(setting, mapping, *self._after(text, end, f"{' ' * first.column}{line}"), key)
        start = text.rfind("\n", 0, first.index) + 1
        if text[start : first.index].strip():
            raise ByHand("it is on a line with other settings")
        return self._edit(setting, mapping, start, start, f"{' ' * first.column}{line}{new}", key)

    def _after(self, text: str, end: int, line: str) -> tuple[int, int, str]:
        """Return the place after the line with *end*, and *line* to insert there."""
        start, new = text.find("\n", end) + 1, _line_end(text)
        return (start, start, f"{line}{new}") if start else (len(text), len(text), f"{new}{line}")

    # ---- items of lists

    def _items(self, wish: Wish, found: Sequence[Setting]) -> Iterator[Edit]:
        """Yield the edits that add items, and take away those that reasons name."""
        adding = [each for each in wish.items if not self._is_there(wish, found, each)]
        for setting in found:
            if wish.reasons and not wish.items and isinstance(setting.value, yaml.ScalarNode):
                yield self._without_key(setting)
            elif dropped := [each for each in items(setting.value) if _is_meant(wish, each)]:
                yield from self._exchanged(setting, dropped, adding)
                adding = []
        if adding:
            yield self._added(wish, found, adding)

    def _is_there(self, wish: Wish, found: Iterable[Setting], wanted: str) -> bool:
        """Return whether a list has the item, or something is mounted at the path of a tmpfs."""
        nodes = [node for each in found for node in (items(each.value) or [each.value])]
        if wish.key == "cap_drop":
            return any(str(each.value).upper().removeprefix("CAP_") in (wanted, "ALL") for each in nodes)
        return wish.key == "tmpfs" and wanted in self.mounted(wish.service)

    def _mounts(self, service: str) -> Iterator[tuple[str, str]]:
        """Yield where the files mount something in a service, and from where: nowhere for an anonymous volume."""
        for settings in self._services[service]:
            for key in ("tmpfs", "volumes"):
                for each in _each(settings[key].value) if key in settings else ():
                    long = {name: str(value.value) for name, value in named(each).items()}
                    source, colon, target = str(each.value).partition(":")
                    if key == "tmpfs":
                        yield source, key
                    elif long:
                        yield long.get("target", ""), long.get("source", "" if long.get("type") == "volume" else key)
                    else:
                        yield (target.partition(":")[0], source) if colon else (source, "")

    def mounted(self, service: str) -> dict[str, str]:
        """Return where the files mount something in a service, with its source; empty for an anonymous volume."""
        return dict(self._mounts(service))

    def _without_key(self, setting: Setting) -> Edit:
        """Return an edit that takes a key away, with its value."""
        text, key = self._texts[setting.path], setting.key
        if key is None or setting.value.start_mark.index < key.start_mark.index:
            raise ByHand("it is written by an alias")
        value = source_of(text, setting.value)
        if "$" in value:
            raise ByHand(f"{value} decides")
        if value.strip("'\"").partition(":")[0] in ("service", "container"):
            raise ByHand(f"it is that of {value}")
        alone = (each for reached in self._reached.values() for each in reached.values() if len(each.value) == 1)
        if any(isinstance(each, yaml.MappingNode) and each.value[0][0] is key for each in alone):
            raise ByHand("nothing would be left there")
        end = _end(setting.value)
        start = text.rfind("\n", 0, key.start_mark.index) + 1
        if end is None or text[start : key.start_mark.index].strip():
            raise ByHand("it is on a line with other settings")
        return self._edit(setting, setting.value, start, text.find("\n", end) + 1 or len(text), "")

    def _exchanged(self, setting: Setting, dropped: Sequence[yaml.Node], adding: Sequence[str]) -> Iterator[Edit]:
        """Yield the edits of a list without some of its items, and with others in their place."""
        text, nodes = self._texts[setting.path], items(setting.value)
        unclear = dropped if setting.key and setting.key.value == "volumes" else nodes
        if variable := next((each for each in unclear if "$" in source_of(text, each)), None):
            raise ByHand(f"{source_of(text, variable)} decides")
        if not _is_in_order(setting.value) or any(source_of(text, each)[:1] in ("&", "!") for each in dropped):
            raise ByHand("its list has an alias or an anchor in it")
        kept = [source_of(text, each) for each in nodes if each not in dropped]
        if not kept and not adding:
            yield self._without_key(setting)
        elif _is_flow(setting.value):
            start, end = setting.value.start_mark.index, setting.value.end_mark.index
            if "#" in text[start:end] or text[start] != "[":
                raise ByHand("its list has an anchor or a comment in it")
            yield self._edit(setting, setting.value, start, end, f"[{', '.join((*kept, *adding))}]")
        else:
            for number, each in enumerate(dropped):
                yield self._exchanged_line(setting, each, adding if number == 0 else ())

    def _exchanged_line(self, setting: Setting, node: yaml.Node, adding: Sequence[str]) -> Edit:
        """Return an edit of the line of an item, which gets other items in its place."""
        text = self._texts[setting.path]
        start, end = text.rfind("\n", 0, node.start_mark.index) + 1, _end(node)
        before = text[start : node.start_mark.index]
        if end is None or before.strip() != "-":
            raise ByHand("it is on a line with other settings")
        stop = text.find("\n", end) + 1 or len(text)
        return self._edit(setting, node, start, stop, "".join(f"{before}{each}{_line_end(text)}" for each in adding))

    def _added(self, wish: Wish, found: Sequence[Setting], adding: Sequence[str]) -> Edit:
        """Return an edit that adds items to the first list, or makes one."""
        if not found:
            own = self._own(wish.service)
            return self._insert(own, own.value, f"{wish.key}: [{', '.join(adding)}]")
        setting, nodes = found[0], items(found[0].value)
        text = self._texts[setting.path]
        if isinstance(setting.value, yaml.ScalarNode):
            one = [source_of(text, setting.value)] if setting.value.value else []
            return self._replace(setting, setting.value, f"[{', '.join((*one, *adding))}]")
        where, end = setting.value, _end(nodes[-1]) if nodes else None
        if not nodes and source_of(text, where).startswith("["):
            return self._edit(setting, where, where.start_mark.index, where.end_mark.index, f"[{', '.join(adding)}]")
        if end is None or not _is_in_order(where):
            raise ByHand("its list has an alias in it")
        if _is_flow(where):
            return self._edit(setting, where, end, end, "".join(f", {each}" for each in adding))
        start = text.rfind("\n", 0, nodes[-1].start_mark.index) + 1
        before = text[start : nodes[-1].start_mark.index]
        if before.strip() != "-":
            raise ByHand("its list is on a line with other settings")
        lines = _line_end(text).join(f"{before}{each}" for each in adding)
        return self._edit(setting, where, *self._after(text, end, lines))

    # ---- ports

    def _on_loopback(self, setting: Setting) -> Iterator[Edit]:
        """Yield the edits that publish ports on the loopback address, where they are on all addresses."""
        text = self._texts[setting.path]
        if not _is_in_order(setting.value):
            raise ByHand("its list has an alias in it")
        for each in items(setting.value):
            if isinstance(each, yaml.MappingNode):
                address = named(each).get("host_ip")
                if address is None:
                    yield self._insert(setting, each, f"host_ip: {_LOOPBACK}")
                elif address.value in _EVERY:
                    yield self._replace(setting, address, _LOOPBACK)
                continue
            written = source_of(text, each)
            quote = written[:1] if written[:1] in ("'", '"') else ""
            port = _PORT.fullmatch(written.strip(quote or " "))
            if port is None:
                raise ByHand(f"{written} decides")
            if (port["address"] or "").rstrip(":") in _EVERY:
                rest = f"{port['host'] or ':'}{port['last']}"
                quote = quote or ('"' if "$" in rest else "")
                start, end = each.start_mark.index, each.end_mark.index
                yield self._edit(setting, each, start, end, f"{quote}{_LOOPBACK}:{rest}{quote}")


def _is_meant(wish: Wish, node: yaml.Node) -> bool:
    names = names_of(wish.key, node)
    return any(is_named(names, reason) for reason in wish.reasons)


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _each(node: yaml.Node) -> list[yaml.Node]:
    return items(node) or [node]


def _end(node: yaml.Node) -> int | None:
    """Return where the last word of a node ends; None if that is an alias, or a block of text."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.style in ("|", ">") else int(node.end_mark.index)
    if _is_flow(node):
        return int(node.end_mark.index)
    last = node.value[-1]
    value = last[1] if isinstance(node, yaml.MappingNode) else last
    return _end(value) if _is_in_order(node) else None


def _is_in_order(node: yaml.Node) -> bool:
    """Return whether all parts of a mapping or list are written there: an alias stands for one from before."""
    pairs = isinstance(node, yaml.MappingNode)
    parts = [each for pair in node.value for each in (pair if pairs else (pair,))]
    starts = [node.start_mark.index - 1, *(each.start_mark.index for each in parts)]
    return all(one < other or (one == other and pairs) for one, other in pairwise(starts))


def _below(node: yaml.Node) -> dict[int, yaml.Node]:
    """Return a node and all nodes below it, by id."""
    waiting, seen = [node], dict[int, yaml.Node]()
    for each in waiting:  # grows meanwhile
        if id(each) not in seen:
            seen[id(each)] = each
            parts = each.value if isinstance(each, yaml.CollectionNode) else ()
            waiting += [part for pair in parts for part in (pair if isinstance(pair, tuple) else (pair,))]
    return seen
