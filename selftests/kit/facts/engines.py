"""What an engine says of itself, its networks and its swarm, made by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.models import Info
from hullcheck.parsing.models import decode

Document = Mapping[str, Any]
BRIDGE = {"Name": "bridge", "Id": "b" * 64, "Driver": "bridge", "Options": {}}
SWARM_OFF = {"LocalNodeState": "inactive", "ControlAvailable": False}
INFO: dict[str, Any] = {
    "ID": "7TRN:IPZB",
    "ServerVersion": "26.1.5",
    "NCPU": 4,
    "MemTotal": 8 << 30,
    "DockerRootDir": "/var/lib/docker",
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "LoggingDriver": "json-file",
    "CgroupDriver": "cgroupfs",
    "CgroupVersion": "2",
    **dict.fromkeys(("MemoryLimit", "CpuCfsQuota", "CPUShares", "PidsLimit"), True),
    "DefaultRuntime": "runc",
    "Runtimes": {"runc": {"path": "runc"}},
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    **dict.fromkeys(("Debug", "ExperimentalBuild", "LiveRestoreEnabled"), False),
    **dict.fromkeys(("Containers", "Images"), 0),
    "RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"], "IndexConfigs": {}, "Mirrors": None},
    "Plugins": {"Authorization": None},
    "Swarm": SWARM_OFF,
}
VERSION = {"Components": [{"Name": "Engine", "Version": "26.1.5"}]}


def engine(**changes: Any) -> Engine:
    """An engine whose `docker info` differs in this."""
    return Engine(decode(json.dumps(INFO | changes), Info, "docker info"))


def engine_text(
    info: Document | None = None,
    *,
    networks: Iterable[Document] = (BRIDGE,),
    version: Document | None = None,
    plugins: Iterable[Document] = (),
    endpoint: str = "unix:///var/run/docker.sock",
    refusal: str = "",
) -> str:
    """The answer of an engine; of one that refuses, only why."""
    given = info or {}
    documents = {
        "version": VERSION | (version or {}),
        "info": INFO | given | {"Swarm": SWARM_OFF | given.get("Swarm", {})},
        "plugins": list(plugins),
        "networks": list(networks),
    }
    said = {name: f"failed:{refusal}" if refusal else json.dumps(each) for name, each in documents.items()}
    return _in_sections({"endpoint": json.dumps(endpoint), **said})


def swarm_text(
    services: Iterable[Document] = (),
    *,
    state: str = "",
    nodes: Iterable[Document] = (),
    configs: Iterable[Document] = (),
) -> str:
    """The answer of a manager; *state* is `PID:JSON`."""
    lists = {"nodes": [*nodes], "services": [*services], "configs": [*configs]}
    return _in_sections({"state": state, **{name: json.dumps(each) for name, each in lists.items()}})


def _in_sections(texts: Mapping[str, str]) -> str:
    return "\n".join((*(f"--{name}\n{text}" for name, text in texts.items()), "--end", ""))
