"""Answers to the question about containers, printed by the structs that read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hullcheck.facts.containers.inspect import Config, HostConfig, NetworkSettings, State
from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.recording.probe import Answer
from selftests.kit.facts import in_parts

ID = "ab" * 32
_PARTS = {"State": State, "Config": Config, "HostConfig": HostConfig, "NetworkSettings": NetworkSettings}
_OF = {name: part for part, struct in _PARTS.items() for name in struct.__struct_encode_fields__}
del _OF["Image"]  # that of Config is `Reference` here


def raw(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A container as the engine describes it: each of *fields* where the engine has it."""
    found: dict[str, Any] = {"Id": ID, "Name": "/web", "State": {}, "Config": {}, "HostConfig": {}}
    found |= {"NetworkSettings": {}}
    for name, value in fields.items():
        if name in _PARTS:
            found[name] |= value
        elif name == "Reference":
            found["Config"]["Image"] = value
        else:
            (found[_OF[name]] if name in _OF else found)[name] = value
    return found


def _written(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def containers(*documents: Mapping[str, Any]) -> str:
    """What is kept of containers with these fields."""
    every = [raw(each) for each in documents]
    listed, inspected = ("\n".join(lines) for lines in ((each["Id"] for each in every), map(_written, every)))
    return CONTAINERS.keep(in_parts(listed=listed, inspect=inspected, volumes="[]", users="", proc="", paths=""))


def answer(*documents: Mapping[str, Any]) -> Answer:
    """The answer about containers with these fields."""
    return Answer(CONTAINERS.name, 0, containers(*documents), "")
