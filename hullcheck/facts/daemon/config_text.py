"""The text of daemon.json, read as dockerd reads it (moby's daemon/config: getConflictFreeConfiguration)."""

import json
from collections.abc import Iterable
from typing import Any

from hullcheck.facts.daemon.flags import SWITCHES
from hullcheck.parsing.go import go_boolean
from hullcheck.verdicts import EvidenceError

_MAPPINGS = frozenset(
    {
        "builder",
        "cluster-store-opts",
        "default-network-opts",
        "default-ulimits",
        "features",
        "log-opts",
        "runtimes",
    }
)
"""Settings that are an object themselves; any other object is a group, of which the daemon takes the switches."""

_TAKEN_BEFORE = frozenset({"debug", "tls"})
"""Switches that the daemon takes from its options before it looks into groups: there they do nothing."""

_JOINED = _MAPPINGS | {"proxies"}
"""Settings of which two are joined; proxies are a group to what looks for switches."""


class _Object(list[tuple[str, Any]]):
    """An object of JSON with each of its keys, in order."""


def parse(text: str) -> dict[str, Any] | None:
    """The settings in force by this text; None where the daemon does not take it.

    A key that is there twice counts by its last value, and a mapping by all of them together. A null empties a list
    and a mapping, and leaves any other value as it was. Switches in an object of another name, such as `proxies`, count
    as if they stood outside, and there null, 0 or any other text is off. Two that contradict each other are kept as a
    text, which no switch is: which of them counts is left to chance. Of `tlsverify` in a group only the presence
    counts, as that of one that is null: it switches TLS on, which verifies then unless told otherwise.
    """
    try:
        read = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_Object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return {} if not text.removeprefix("\ufeff").strip() else None
    if read is None:
        return {}
    return _settings(read) if isinstance(read, _Object) else None


def _refuse(word: str) -> None:
    raise ValueError(word)


def _settings(pairs: _Object) -> dict[str, Any]:
    found = dict[str, Any]()
    for name, value in pairs:
        plain = _plain(value)
        before = found.get(name)
        if name in _JOINED and isinstance(before, dict) and isinstance(plain, dict):
            plain = {**before, **plain}
        elif plain is None and isinstance(before, str | int | float):
            plain = before
        found[name] = plain
    for name, value in _switches(found):
        if name == "tlsverify":
            found.setdefault(name, None)
        elif name not in _TAKEN_BEFORE:
            found[name] = value if found.get(name, value) is value else "given twice, with two values"
    if found.get("tlsverify", False) is None:
        found["tlsverify"] = True
    return found


def _switches(settings: dict[str, Any]) -> Iterable[tuple[str, bool]]:
    groups = [each for name, each in settings.items() if name not in _MAPPINGS and isinstance(each, dict)]
    return [(name, _is_on(each[name])) for each in groups for name in each if name in SWITCHES]


def _is_on(value: Any) -> bool:
    """Whether a value in a group switches on: it is read as a text, and what says nothing switches off."""
    if isinstance(value, int | float):
        return value == 1
    try:
        return go_boolean(str(value))
    except EvidenceError:
        return False


def _plain(value: Any) -> Any:
    if isinstance(value, _Object):
        found = dict[str, Any]()
        for name, each in value:
            found.pop(name, None)  # the last one counts among those in other cases, too
            found[name] = _plain(each)
        return found
    return [_plain(each) for each in value] if isinstance(value, list) else value
