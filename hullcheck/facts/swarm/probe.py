"""The probe that describes a swarm as this node sees it, and what of its answer is kept.

Its answer begins with what `docker info` says of the swarm; where the node is in none, that is all. Then, for
each process called dockerd, `PID/...:` before lines of its network's tables, node state and certificate. On a
manager `node JSON`, `service JSON` and `task JSON`.

Of a service is kept what it is given to know by name, and where a secret is among its settings, but no value.
Its settings before the last update are searched as well: the swarm keeps them, `docker service inspect` shows them,
and `docker service rollback` brings them back. Not its configs of then: those are no part of its settings. A task
keeps the settings with which it was made for as long as the swarm knows it: of one with a secret it is kept where.
Of a config, which everyone may read who may inspect it, is kept where a secret is in its text: `config JSON`.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hullcheck import inputs, secrets
from hullcheck.recording.probe import Probe
from hullcheck.secrets.names import names_secret_file
from hullcheck.secrets.redact import Allowed, pick

_INFO = {
    "NodeAddr": True,
    "LocalNodeState": True,
    "ControlAvailable": True,
    "Error": True,
    "RemoteManagers": {"Addr": True},
    "Cluster": {
        "ID": True,
        "CreatedAt": True,
        "RootRotationInProgress": True,
        "DataPathPort": True,
        "TLSInfo": {"TrustRoot": True},
        "Spec": {
            "CAConfig": {"NodeCertExpiry": True, "ExternalCAs": {"Protocol": True}},
            "EncryptionConfig": {"AutoLockManagers": True},
        },
    },
}
_STATE = {"ListenAddr": True, "AdvertiseAddr": True, "DataPathAddr": True, "DataPathPort": True}
_GIVEN = {
    "Image": True,
    "Secrets": {"SecretName": True},
    "Configs": {"ConfigID": True, "ConfigName": True, "File": {"Name": True}},
}
_NODE = {"Hostname": True, "Role": True, "ManagerStatus": {"Leader": True, "Reachability": True}}
_ACCOUNTS = "/etc/passwd"
_MOST_OF_CONFIG = 1 << 16  # bytes of a config that are searched
_PLAIN = re.compile(
    r"\d+/net/(?:udp6?|route|if_inet6):.*"
    r"|\d+/(?:address:\S+ [0-9a-f.:]+|upon:\S+ \S+)"
    r"|unlock:\d+|unlocks:/.+"
    r"|\d+/certificate:(?:[A-Za-z0-9+/=]{1,76}|-----(?:BEGIN|END) CERTIFICATE-----)"
)


def _keep(text: str) -> str:
    first, _, rest = text.partition("\n")
    return "\n".join([_document(first, _INFO), *(kept for line in rest.split("\n") if (kept := _kept(line)))])


def _kept(line: str) -> str:
    """What may be stored of a line; what is not understood goes."""
    if _PLAIN.fullmatch(line):
        return line
    word, _, text = line.partition(" ")
    if word == "node":
        return f"node {_document(text, _NODE)}"
    if word == "services" and text.isdecimal():
        return line
    if word == "config":
        return f"config {_config_kept(text)}"
    if word == "service":
        return f"service {_service_kept(text)}"
    if word == "task":
        return _task_kept(text)
    word, separator, text = line.partition(":")
    return f"{word}:{_document(text, _STATE)}" if separator and re.fullmatch(r"\d+/state", word) else ""


def _config_kept(text: str) -> str:
    """What secrets a config holds, in words; null for one that is too large to be searched, or for a person."""
    try:
        document = inputs.decode(text)
        data = document["Data"]
        found = None if data is None else secrets.kinds_in_file(base64.b64decode(data))
        return json.dumps({"ID": document["ID"], "Found": found}, separators=(",", ":"))
    except (ValueError, KeyError, TypeError):
        return ""


def _service_kept(text: str) -> str:
    """What may be stored of a service; nothing, which is no evidence, where it is not understood."""
    try:
        return json.dumps(_service(inputs.decode(text)), separators=(",", ":"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""


def _task_kept(text: str) -> str:
    """Where a secret is among the settings of a task; no line for a task without one."""
    try:
        task = inputs.decode(text)
        found = list(_secrets(task))
        kept = json.dumps({"Service": task["Service"], "Found": found}, separators=(",", ":"))
        return f"task {kept}" if found else ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "task "


def _service(document: dict[str, Any]) -> dict[str, Any]:
    """Names of variables, secrets and configs, and where a secret is among all that it is given in clear."""
    container = document["Container"] or {}
    found, previous = list(_secrets(document)), document["Previous"]
    before = () if previous is None else (each for each in _secrets(previous) if each not in found)
    return {
        "ID": document["ID"],
        "Name": document["Name"],
        "Variables": len(container.get("Env") or ()),
        "Found": [
            *found,
            *_mounted(container),
            *(f"before the last update: {each}" for each in before),
        ],
        **pick({name: container.get(name) for name in _GIVEN}, _GIVEN),
    }


def _secrets(settings: Mapping[str, Any]) -> Iterator[str]:
    """The secrets in the environment, labels, commands and options of a service."""
    container = settings["Container"] or {}
    variables = (str(each).partition("=")[::2] for each in container.get("Env") or ())
    yield from secrets.in_settings("variable", variables)
    volumes = [each.get("VolumeOptions") or {} for each in container.get("Mounts") or ()]
    for labels in (settings["Labels"], container.get("Labels"), *(each.get("Labels") for each in volumes)):
        yield from secrets.in_settings("label", _settings(labels))
    health_check = (container.get("Healthcheck") or {}).get("Test")
    commands = {"command": [*(container.get("Command") or ()), *(container.get("Args") or ())]}
    yield from secrets.in_commands(commands | {"health check": health_check})
    yield from secrets.in_settings("log option", _settings((settings["Log"] or {}).get("Options")))
    for volume in volumes:
        driver = volume.get("DriverConfig") or {}
        yield from secrets.in_settings("volume option", _settings(driver.get("Options")))


def _mounted(container: Mapping[str, Any]) -> Iterator[str]:
    """The files of nodes that are mounted and have the name of a secret; that of accounts holds none."""
    for each in container.get("Mounts") or ():
        ends = [str(each.get("Source")), str(each.get("Target"))]
        if each.get("Type") == "bind" and ends[0] != _ACCOUNTS and any(map(names_secret_file, ends)):
            yield f"as a file of the node: {ends[0]}"


def _settings(options: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    return ((name, str(value)) for name, value in (options or {}).items())


def _document(text: str, allowed: Allowed) -> str:
    try:
        return json.dumps(pick(inputs.decode(text), allowed), separators=(",", ":"))
    except ValueError:
        return ""


SWARM = Probe.from_file(__file__, "swarm", _keep, MOST=str(_MOST_OF_CONFIG))
