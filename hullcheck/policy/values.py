"""Parsers for the values of a policy; each fault names its place."""

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from hullcheck.data.runtime_security import PRODUCTS
from hullcheck.data.severities import SEVERITIES
from hullcheck.messages import did_you_mean
from hullcheck.parsing.addresses import canonical, is_unspecified
from hullcheck.parsing.go import go_size

_Value = TypeVar("_Value")
_Fault = tuple[tuple[str | int, ...], str]

_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:b|([kmgt])(?:i?b)?)?", re.IGNORECASE)
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class PolicyError(ValueError):
    """A policy is invalid; the message has a line for each fault."""

    def __init__(self, faults: tuple[_Fault, ...]) -> None:
        """Keep *faults*: where each is, as keys and indices from the outside in, and what is wrong there."""
        super().__init__("\n".join(f"{'.'.join(map(str, way))}: {fault}" for way, fault in faults))
        self.faults = faults


def parsed(mapping: object, parsers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """The values of *mapping*, each read by the parser of its key.

    Raises:
        PolicyError: a key is unknown or a value is wrong; all faults at once.
    """
    if not isinstance(mapping, Mapping):
        raise PolicyError((((), f"{shown(mapping)} is not a mapping; write {{key: value}}"),))
    values: dict[str, Any] = {}
    faults: list[_Fault] = []
    for key, value in mapping.items():
        if key in parsers:
            _collect(values, faults, key, parsers[key], value)
        else:
            faults.append(((key,), f"unknown key; {did_you_mean(str(key), parsers)}"))
    if faults:
        raise PolicyError(tuple(faults))
    return values


def required(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    """*values*, if all of *keys* are there."""
    missing = [key for key in keys if key not in values]
    if missing:
        raise PolicyError(tuple(((key,), "is missing") for key in missing))
    return values


def _collect(
    values: dict[Any, Any], faults: list[_Fault], key: str | int, parse: Callable[[Any], Any], value: object
) -> None:
    """Put the parsed *value* under *key*, or what is wrong with it into *faults*."""
    try:
        values[key] = parse(value)
    except PolicyError as error:
        faults += [((key, *way), fault) for way, fault in error.faults]
    except ValueError as error:
        faults.append(((key,), str(error)))


def list_of(parse: Callable[[Any], _Value]) -> Callable[[Any], tuple[_Value, ...]]:
    """A parser for a list of what *parse* reads."""

    def parse_list(value: object) -> tuple[_Value, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{shown(value)} is not a list; write [...]")
        values: dict[int, _Value] = {}
        faults: list[_Fault] = []
        for number, item in enumerate(value):
            _collect(values, faults, number, parse, item)
        if faults:
            raise PolicyError(tuple(faults))
        return tuple(values.values())

    return parse_list


def some_of(parse: Callable[[Any], _Value]) -> Callable[[Any], tuple[_Value, ...]]:
    """A parser for a list of at least one of what *parse* reads."""

    def parse_list(value: object) -> tuple[_Value, ...]:
        values = list_of(parse)(value)
        if not values:
            raise ValueError("is empty; name at least one, or take the key away")
        return values

    return parse_list


def to_text(value: object) -> str:
    """Words in quotes."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{shown(value)} is not a text; write one in quotes")
    return value.strip()


def to_word(value: object) -> str:
    """One word."""
    text = to_text(value)
    if re.search(r"\s", text):
        raise ValueError(f"{text!r} holds a space; write one name for each item of the list")
    return text


def to_account(value: object) -> str:
    """The name of a user or group."""
    if re.search("[:,]", name := to_word(value)):
        raise ValueError(f"{name!r} is not a name of the host; write one name for each item of the list")
    return name


def to_registry(value: object) -> str:
    """A registry, or a part of one."""
    if "://" in (name := to_word(value)):
        raise ValueError(f"{name!r} is an address; write the registry alone, as 'registry.example.com:5000'")
    return name.rstrip("/")


def to_capability(value: object) -> str:
    """A capability, in upper case and without ``CAP_``."""
    name = to_word(value).upper().removeprefix("CAP_")
    if not re.fullmatch("[A-Z][A-Z_]*", name):
        raise ValueError(f"{value!r} is not a capability; write it as NET_BIND_SERVICE")
    return name


def to_ulimit(value: object) -> str:
    """The name of a ulimit."""
    if not re.fullmatch("[a-z]+", name := to_word(value)):
        raise ValueError(f"{name!r} is not the name of a ulimit; write it as nofile")
    return name


def to_path(value: object) -> str:
    """An absolute path without `..`."""
    path = to_text(value)
    if not path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} is not an absolute path; write it from / on and without '..'")
    return "/" + "/".join(path_parts(posixpath.normpath(path)))


def path_parts(path: str) -> list[str]:
    """The names in *path*, from the outermost."""
    return [part for part in path.split("/") if part]


def to_truth(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is not a truth value; write true or false")
    return value


def to_memory(value: object) -> int:
    """An amount of memory in bytes."""
    match = _MEMORY.fullmatch(str(value)) if is_number(value) or isinstance(value, str) else None
    amount = int(float(match[1]) * 1024 ** " kmgt".index((match[2] or " ").lower())) if match else 0
    if amount < 1:
        raise ValueError(f"{shown(value)} is not an amount of memory; write bytes or '8g', above 0")
    return amount


def to_listener(value: object) -> tuple[str, int]:
    """An address and a port; every address is `*`."""
    match = re.fullmatch(
        r"(\*|[0-9.]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", value if isinstance(value, str) else ""
    )
    try:
        port = int(match[2]) if match else 0
        if match is not None and 1 <= port <= 65535:
            address = "::" if match[1] == "*" else match[1].strip("[]")
            return "*" if is_unspecified(address) else canonical(address), port
    except ValueError:
        pass
    raise ValueError(
        f"{shown(value)} is not an address with a port; write it as '10.0.0.5:2376' or '[fd00::5]:2376'"
    )


def to_log_size(value: object) -> int:
    """The size of a log file in bytes, as the engine reads it."""
    amount = go_size(str(value)) if is_number(value) or isinstance(value, str) else None
    if not amount:
        raise ValueError(f"{shown(value)} is not the size of a log; write it as '10m', above 0")
    return amount


def to_cpus(value: object) -> float:
    """A number of processors."""
    match = _DECIMAL.fullmatch(str(value)) if is_number(value) or isinstance(value, str) else None
    if match is None or float(match[0]) <= 0:
        raise ValueError(f"{shown(value)} is not a number of CPUs; write it as 2 or 2.5, above 0")
    return float(match[0])


def to_day(value: object) -> date:
    """A day."""
    text = value if isinstance(value, str) else ""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is not a day; write it as 2026-03-31")


def _whole_number(what: str, example: str, least: int = 1) -> Callable[[object], int]:
    def to_number(value: object) -> int:
        if not isinstance(value, int) or not is_number(value) or value < least:
            raise ValueError(f"{shown(value)} is not a {what}; write it as {example}")
        return value

    return to_number


to_files = _whole_number("number of files", "3, above 0")
to_pids = _whole_number("number of processes", "500, above 0")
to_days = _whole_number("number of days", "365, above 0")
to_count = _whole_number("count", "10, or 0 for none", 0)


def _one_of(names: Sequence[str], what: str) -> Callable[[object], str]:
    def to_name(value: object) -> str:
        if value not in names:
            raise ValueError(f"{shown(value)} is {what}; write one of {', '.join(names)}")
        return str(value)

    return to_name


to_severity = _one_of(SEVERITIES, "not a severity")
to_product = _one_of(tuple(PRODUCTS), "no known product")


def to_name_pattern(value: object) -> str:
    """A name or a pattern of names that is not every name."""
    pattern = to_word(value)
    if not pattern.strip("*?"):
        raise ValueError(f"{pattern!r} is every name; write a name, or a part of one with '*'")
    return pattern.lower()


def to_managers(value: object) -> int:
    """How many managers a swarm may have: an odd number."""
    if not is_number(value) or value not in (1, 3, 5, 7):
        raise ValueError(f"{shown(value)} is not a number of managers; write 1, 3, 5 or 7")
    return int(str(value))


def is_number(value: object) -> bool:
    """Whether *value* is a number: in YAML, true is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: object) -> str:
    """*value* as a message shows it."""
    return "nothing" if value is None else repr(value)
