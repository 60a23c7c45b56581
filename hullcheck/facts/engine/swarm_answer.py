"""The probe that describes a swarm as this node sees it, and what of its answer is kept.

Its answer begins with what `docker info` says of the swarm; where the node is in none, that is all. Then, for
each process called dockerd, `PID/state:` before what it wrote down of its node. On a manager `node JSON` and
`service JSON`.

Of a service is kept what it is given to know by name, and where a secret is among its settings, but no value.
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
        "TLSInfo": {"TrustRoot": True},
        "Spec": {
            "CAConfig": {"NodeCertExpiry": True, "ExternalCAs": {"Protocol": True}},
            "EncryptionConfig": {"AutoLockManagers": True},
        },
    },
}
_STATE = {"ListenAddr": True, "DataPathAddr": True}
_GIVEN = {
    "Image": True,
    "Secrets": {"SecretName": True},
    "Configs": {"ConfigID": True, "ConfigName": True, "File": {"Name": True}},
}
_NODE = {"Hostname": True, "Role": True, "ManagerStatus": {"Leader": True, "Reachability": True}}
_ACCOUNTS = "/etc/passwd"
_MOST_OF_CONFIG = 1 << 16  # bytes of a config that are searched


def _keep(text: str) -> str:
    first, _, rest = text.partition("\n")
    return "\n".join([_document(first, _INFO), *(kept for line in rest.split("\n") if (kept := _kept(line)))])


def _kept(line: str) -> str:
    """What may be stored of a line; what is not understood goes."""
    word, _, text = line.partition(" ")
    if word == "node":
        return f"node {_document(text, _NODE)}"
    if word == "services" and text.isdecimal():
        return line
    if word == "config":
        return f"config {_config_kept(text)}"
    if word == "service":
        return f"service {_service_kept(text)}"
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


def _service(document: dict[str, Any]) -> dict[str, Any]:
    """Names of variables, secrets and configs, and where a secret is among all that it is given in clear."""
    container = document["Container"] or {}
    return {
        "ID": document["ID"],
        "Name": document["Name"],
        "Variables": len(container.get("Env") or ()),
        "Found": [*_secrets(document), *_mounted(container)],
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


SWARM = Probe.from_file("swarm", _keep, MOST=str(_MOST_OF_CONFIG))
