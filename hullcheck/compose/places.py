"""Where the parts of a service are written: in which file and line, also where another service passes them on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hullcheck.compose.variables import names_in
from hullcheck.compose.written import ComposeError, File
from hullcheck.inventory.yamlfile import Way

_DEPTH = 20  # of services that extend others
_SHOWN = frozenset(
    [
        "cap_add",
        "cap_drop",
        "device_cgroup_rules",
        "devices",
        "networks",
        "ports",
        "security_opt",
        "tmpfs",
        "volumes",
        "volumes_from",
    ]
)
"""The lists whose items may be kept: those of others, as words of a command or variables, may be secrets."""
_NAMED = ("environment", "labels", "ulimits")
"""The settings whose names may be kept, and not their values."""
_LEVELS = 5  # deploy.resources.limits.memory has four


@dataclass(frozen=True)
class Written:
    """The files of a project.

    Attributes:
        files: in the order in which one is laid over another.
        open: reads a further file, which a service extends.
    """

    files: Sequence[File]
    open: Callable[[Path], File]

    def sources(self, service: str) -> list[tuple[File, str]]:
        """The files that say something of *service*, and under which name, the strongest first."""
        return list(self._sources(self.files, service, 0))

    def _sources(self, files: Sequence[File], service: str, depth: int) -> Iterator[tuple[File, str]]:
        own = [each for each in reversed(files) if isinstance(each.get("services", service), Mapping)]
        yield from ((each, service) for each in own)
        for file in own if depth < _DEPTH else ():
            extended = file.get("services", service, "extends")
            if isinstance(extended, str):
                extended = {"service": extended}
            if isinstance(extended, Mapping):
                yield from self._extended(file, extended, depth + 1)
        if not own and depth < _DEPTH:
            included = [more for each in files for more in self._included(each)]
            if included:
                yield from self._sources(included, service, depth + 1)

    def _extended(self, file: File, extended: Mapping[str, Any], depth: int) -> Iterator[tuple[File, str]]:
        name, other = str(extended.get("service")), extended.get("file")
        try:
            others = [self.open(file.path.parent / str(other))] if other else [file]
        except ComposeError:  # docker compose has read it: only its lines stay unknown
            return
        yield from self._sources(others, name, depth)

    def _included(self, file: File) -> Iterator[File]:
        for each in file.get("include") or ():
            paths = each.get("path") if isinstance(each, Mapping) else each
            for path in paths if isinstance(paths, list) else [paths]:
                try:
                    yield self.open(file.path.parent / str(path))
                except ComposeError:
                    continue

    def place(self, service: str, *way: str | int) -> str:
        """File and line of *way* in *service*, or of the service."""
        found = self.sources(service)
        for file, name in found:
            if way and file.get("services", name, *way) is not None:
                return file.place(("services", name, *way))
        for file in (*self.files, *(each for each, _ in found)):
            if name := next((named for each, named in found if each is file), ""):
                return file.place(("services", name))
        return f"{self.files[0].shown}:1"

    def places(self, service: str) -> dict[str, list[list[str]]]:
        """By each key of *service*, dotted: a text of each item, empty for the whole, and where it is written."""
        result = dict[str, list[list[str]]]()
        for file, name in self.sources(service):
            top = ("services", name)
            for way in file.lines:
                inner = way[len(top) :]
                if way[: len(top)] != top or not inner or len(inner) > _LEVELS:
                    continue
                key = ".".join(each for each in inner if isinstance(each, str))
                if isinstance(inner[-1], int) and inner[0] in _SHOWN:
                    result.setdefault(key, []).append([_words(file.get(*way)), file.place(way)])
                elif inner[0] in _NAMED and len(inner) == 2:
                    item = inner[1] if isinstance(inner[1], str) else str(file.get(*way) or "")
                    result.setdefault(inner[0], []).append([item.partition("=")[0], file.place(way)])
                elif not any(isinstance(each, int) for each in inner):
                    known = result.setdefault(key, [])
                    if not any(not words for words, _ in known):
                        known.insert(0, ["", file.place(way)])
        return result

    def unset(self, service: str, missing: frozenset[str]) -> dict[str, list[str]]:
        """By each key of *service*, which of the variables *missing* are in it."""
        result = dict[str, set[str]]()
        for file, name in self.sources(service):
            for key, value in (file.get("services", name) or {}).items():
                if found := _variables(value) & missing:
                    result.setdefault(key, set()).update(found)
        return {key: sorted(each) for key, each in result.items()}

    def open_settings(self, service: str, missing: frozenset[str]) -> frozenset[str]:
        """The names of its variables whose value has one of the variables *missing* in it."""
        found = set[str]()
        for file, name in self.sources(service):
            given = file.get("services", name, "environment")
            pairs = given.items() if isinstance(given, Mapping) else _pairs(given or ())
            found |= {key for key, value in pairs if names_in(str(value or "")) & missing}
        return frozenset(found)


def _pairs(items: Any) -> list[tuple[str, str]]:
    return [(each.partition("=")[0], each.partition("=")[2]) for each in items if isinstance(each, str)]


def _words(item: Any) -> str:
    """What of an item of a list a reason may name: a path, a port, a capability."""
    if isinstance(item, Mapping):
        wanted = (item.get(each) for each in ("source", "target", "published", "path"))
        return " ".join(str(each) for each in wanted if each)
    return str(item or "")


def _variables(value: Any) -> frozenset[str]:
    if isinstance(value, Mapping):
        return frozenset[str]().union(*map(_variables, value.values()))
    if isinstance(value, list):
        return frozenset[str]().union(*map(_variables, value))
    return names_in(value) if isinstance(value, str) else frozenset()


def dotted(way: Way) -> str:
    """*way* in words: `services.web.ports[0]`."""
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in way)
    return text.removeprefix(".")
