"""The values of a file of settings by their names, also where these stand on other lines."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[\w.-]+")  # and no class of PHP
# What a template does, on a line of its own, and what it puts into one.
_STEP = re.compile(r"(?m)^[ \t]*\{\{[^{}\n]*\}\}[ \t]*$")
_PUT = re.compile(r"\{\{[^{}\n]*\}\}")
# A name with nothing behind it, and what is on the next line.
_NEXT_LINE = re.compile(
    r"(?m)^[ \t]*[\"']?(?P<name>[\w.-]{1,100})[\"']?[ \t]*[:=][ \t]*\n"
    r"[ \t]+(?:- )?[\"']?(?P<value>[^\s\"':=]{1,100})[\"']?$"
)


@dataclass(frozen=True)
class NamedValue:
    """One value of a file.

    Attributes:
        names: its name behind those of what it is in; of one in a list the name of that.
        listed: whether it is one of a list.
    """

    names: tuple[str, ...]
    value: str
    listed: bool = False

    def is_apart(self, lines: Sequence[str]) -> bool:
        """Whether it is on another one of the lines of the file than its name."""
        return not any(self.names[-1] in line and self.value in line for line in lines)


def named_values(text: str) -> Iterator[NamedValue]:
    """All values of a text in TOML, YAML or JSON; of another one, those on the line after their name, as in a list."""
    document = _document(text)
    if document is None:
        yield from (
            NamedValue((each["name"],), each["value"], listed=True) for each in _NEXT_LINE.finditer(text)
        )
    left: list[tuple[tuple[str, ...], Any, bool]] = [((), document, False)]
    seen = set[int]()  # aliases of YAML may stand for one thing millions of times
    while left:
        names, value, listed = left.pop()
        if isinstance(value, str) and names:
            yield NamedValue(names, value, listed)
        elif isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, list):
                left += [(names, each, True) for each in reversed(value)]
            else:
                named = [(key, each) for key, each in value.items() if _NAME.fullmatch(str(key))]
                left += [((*names, str(key)), each, False) for key, each in reversed(named)]


def _document(text: str) -> Any:
    import yaml  # few files have to be read so

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # without types: a value is what is written
        return list(yaml.load_all(_PUT.sub("${x}", _STEP.sub("", text)), loader))
    except (yaml.YAMLError, RecursionError, TypeError):
        return None
