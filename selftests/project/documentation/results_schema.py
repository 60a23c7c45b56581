"""docs/results.schema.json: the JSON Schema of results.json, from the values that it is made of."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import msgspec

from hullcheck import results
from hullcheck.results.document import KEYS

_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def schema() -> str:
    """Return the schema as the file has it."""
    parts: dict[str, Any] = msgspec.json.schema(results.Audit)["$defs"]
    for name, part in parts.items():
        del part["title"]
        if "properties" in part:
            _describe(part, getattr(results, name))
    audit = parts.pop("Audit")
    for key, field in KEYS.items():
        item = audit["properties"][key]["items"]
        kept = parts[item["$ref"].rpartition("/")[2]]
        names = kept["properties"].pop(field)
        kept["required"].remove(field)
        audit["properties"][key] = {"type": "object", "propertyNames": names, "additionalProperties": item}
    said = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": results.SCHEMA}
    said["$id"] = "https://hullcheck.invalid/schemas/results/1"
    return json.dumps({**said, **audit, "$defs": parts}, indent=1) + "\n"


def _describe(part: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Say of a *part* what its docstring says, which keys are always written, and that there is no other."""
    text, _, attributes = (inspect.getdoc(kind) or "").partition("\n\nAttributes:\n")
    said = {name: " ".join(words.split()) for name, words in _ATTRIBUTE.findall(attributes)}
    part |= {"description": text, "additionalProperties": False}
    every, null = kind.__struct_config__.omit_defaults is False, {"type": "null"}  # which is never written
    for field in msgspec.structs.fields(kind):
        name, found = field.encode_name, part["properties"][field.encode_name]
        found.pop("default", None)
        if field.name in said:
            found["description"] = said[field.name]
        if null in found.get("anyOf", ()):
            found |= next(each for each in found.pop("anyOf") if each != null)
        has_default = field.default is not msgspec.NODEFAULT or field.default_factory is dict
        if (every or not has_default) and name not in part["required"]:
            part["required"].append(name)
