"""The values of a file of settings by their names, also where these stand on other lines."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[\w.-]+")  # and no class of PHP
_OF_NAMES = "secrets"  # a list of these has their names, as in Compose files


@dataclass(frozen=True)
class NamedValue:
    """One value of a file; *listed* where it is one of several, with the name of their list."""

    name: str
    value: str
    listed: bool

    def is_apart(self, lines: Sequence[str]) -> bool:
        """Whether it is in a list, or on another one of the lines of the file than its name."""
        if self.listed:
            return self.name != _OF_NAMES
        return not any(self.name in line and self.value in line for line in lines)


def named_values(text: str) -> Iterator[NamedValue]:
    """All values of a text in TOML, YAML or JSON; a text in none of these has none."""
    left: list[tuple[str, Any, bool]] = [("", _document(text), False)]
    seen = set[int]()  # aliases of YAML may stand for one thing millions of times
    while left:
        name, value, listed = left.pop()
        if isinstance(value, str) and _NAME.fullmatch(name):
            yield NamedValue(name, value, listed)
        elif isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, list):
                left += [(name, each, True) for each in reversed(value)]
            else:
                left += [(str(key), each, False) for key, each in reversed(value.items())]


def _document(text: str) -> Any:
    import yaml  # few files have to be read so

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        pass
    try:
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # without types: a value is what is written
        return list(yaml.load_all(text, loader))
    except (yaml.YAMLError, RecursionError, TypeError):
        return None
