"""The lines in which a Compose file has its services and their keys."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from msgspec import Struct

from hullcheck.compose.command import ComposeError
from hullcheck.inventory import yamlfile


class File(Struct, frozen=True):
    """A file that was named."""

    shown: str  # its name in messages and findings
    text: str
    lines: Mapping[tuple[str, ...], int]  # of each service, and of each of its keys

    @property
    def services(self) -> list[str]:
        """The names of the services in it."""
        return [way[0] for way in self.lines if len(way) == 1]


def read(path: Path, shown: str) -> File:
    """Return the file *path*, or raise ComposeError."""
    try:
        text = yamlfile.read_text(path)
        root = yamlfile.compose(text, path)
    except yamlfile.YamlError as error:
        raise ComposeError(str(error).replace(str(path), shown, 1)) from None
    lines: dict[tuple[str, ...], int] = {}
    for top, services in _items(root):
        for name, service in _items(services) if top.value == "services" else ():
            if not service.tag.startswith("!"):  # `!reset` takes a service away
                lines[name.value,] = name.start_mark.line + 1
                for key, _ in _items(service):
                    lines.setdefault((name.value, key.value), key.start_mark.line + 1)
    return File(shown, text, lines)


def _items(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if isinstance(key, yaml.ScalarNode):
            yield key, value


def place(files: Sequence[File], service: str, key: str = "") -> str:
    """Return file and line of *key* in the last file that has it, or of the service in the first; else a file alone."""
    for way, those in (((service, key), reversed(files)), ((service,), files)):
        for file in those:
            if way in file.lines:
                return f"{file.shown}:{file.lines[way]}"
    return files[0].shown


def places(files: Sequence[File], service: str) -> dict[str, str]:
    """Return file and line of each key of *service*."""
    keys = {way[1] for file in files for way in file.lines if len(way) == 2 and way[0] == service}
    return {key: place(files, service, key) for key in sorted(keys)}
