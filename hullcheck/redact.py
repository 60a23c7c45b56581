"""What of an answer may be stored: an allow-list of fields, so that a new field is dropped and not leaked."""

import json
from collections.abc import Callable, Mapping
from typing import Any

Allowed = Mapping[str, Any]
"""Field name to True (the whole value) or to the `Allowed` of what is below; `*` is any other name."""


def json_fields(allowed: Allowed) -> Callable[[str], str]:
    """A `keep` for a probe that answers one JSON document; what is not JSON is dropped whole."""

    def keep(text: str) -> str:
        try:
            return json.dumps(pick(json.loads(text), allowed), separators=(",", ":"))
        except ValueError:
            return ""

    return keep


def json_lines(allowed: Allowed) -> Callable[[str], str]:
    """A `keep` for a probe that answers one JSON document a line; a line that is not JSON is dropped."""
    one = json_fields(allowed)

    def keep(text: str) -> str:
        return "\n".join(kept for kept in map(one, text.split("\n")) if kept)

    return keep


def json_object(text: str) -> dict[str, Any]:
    """The JSON object that *text* is; an empty one where it is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def pick(value: Any, allowed: Any) -> Any:
    """The part of *value* that *allowed* names; lists are picked from element by element."""
    if allowed is True:
        return value
    if isinstance(value, list):
        return [pick(each, allowed) for each in value]
    if not isinstance(value, dict):
        return value if value is None else "(dropped)"
    return {
        name: pick(each, allowed.get(name, allowed.get("*")))
        for name, each in value.items()
        if name in allowed or "*" in allowed
    }
