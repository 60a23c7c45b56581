"""Answers to the question about containers, printed by the structs that read them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hullcheck.facts.containers.inspect import Config, HostConfig, NetworkSettings, State
from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.recording.probe import Answer

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


def containers(
    *documents: Mapping[str, Any],
    listed: Sequence[str] | None = None,
    counted: str = "",
    volumes: Sequence[Mapping[str, Any]] = (),
    more: Sequence[str] = (),
    users: Sequence[str] = (),
    proc: Sequence[str] = (),
    paths: Sequence[str] = (),
) -> str:
    """What is kept of containers with these fields; *more* are other lines among their documents."""
    every = [raw(each) for each in documents]
    ids = [each["Id"] for each in every] if listed is None else listed
    inspected = [*(json.dumps(each, separators=(",", ":")) for each in every), *more]
    parts = {"counted": [counted], "listed": ids, "inspect": inspected, "volumes": [json.dumps([*volumes])]}
    return CONTAINERS.keep(_sections(parts | {"users": users, "proc": proc, "paths": paths}))


def inside(lines: Sequence[str]) -> str:
    """What is kept of what a container shows of itself."""
    return CONTAINERS.keep(_sections({"inside": lines}))


def _sections(parts: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(
        [*(line for name, lines in parts.items() for line in (f"--{name}", *lines)), "--end", ""]
    )


def answer(*documents: Mapping[str, Any], **more: Any) -> Answer:
    """The answer about containers with these fields."""
    return Answer(CONTAINERS.name, 0, containers(*documents, **more), "")
