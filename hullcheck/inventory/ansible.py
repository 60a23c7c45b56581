"""Ansible inventories, by `ansible-inventory --list`: targets, groups and policies in variables."""

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from hullcheck import bounded, inputs, secrets
from hullcheck.inventory import Inventory, InventoryError, Target, policy_faults, yamlfile
from hullcheck.inventory.specs import numbered, safe_name
from hullcheck.inventory.yamlfile import Document
from hullcheck.lazy import regex
from hullcheck.messages import printable
from hullcheck.parsing.answer_lines import grouped

_SECONDS, _MEMORY = 30, 1 << 30
_SETTINGS = {
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
    "ANSIBLE_HASH_BEHAVIOUR": "merge",  # of `hullcheck_policy`: key by key, in the order of Ansible's precedence
    "ANSIBLE_NOCOLOR": "true",
}
_SHAPE = regex(
    r"""^\[[\w.:-]+\]|^[\w.:\[\]-]+\s+ansible_\w+=|^#!|^plugin\s*:|(?<![\w.-])(?:hosts|_meta)["']?\s*:(?=[\s{])""", re.M
)
"""Signs of an Ansible inventory: a heading, a host with variables, a program, a plugin, or a YAML key."""
_ADDRESS = regex(r"[\w.][\w.:%-]*")
_ENGINE_ADDRESS = regex(r"(?:unix:///|tcp://|ssh://)[^\s'\"]+")
_YES, _NO = ("true", "yes", "on", "1", "t", "y"), ("false", "no", "off", "0", "f", "n", "")
_BACKENDS = {"ssh": "ssh", "smart": "ssh", "local": "local", "docker": "docker", "podman": "podman"}
# of several names the last that is set counts, as in Ansible
_ADDRESSES = ("ansible_host", "ansible_ssh_host")
_USERS = ("ansible_user", "ansible_ssh_user")
_PORTS = ("ansible_port", "ansible_ssh_port")
_KEYS = ("ansible_private_key_file", "ansible_ssh_private_key_file")
_ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
_OTHERS = ("ansible_connection", "ansible_become", "ansible_become_user", "ansible_become_method")
_POLICY, _ENGINE = "hullcheck_policy", "hullcheck_docker_host"
_USED = {*_ADDRESSES, *_USERS, *_PORTS, *_KEYS, *_ARGUMENTS, *_OTHERS, _POLICY, _ENGINE}
_IRRELEVANT = regex(r"ansible_(?:\w+_interpreter|(?:ssh_)?pipelining|(?:ssh_)?retries|remote_tmp)")


def is_ansible(path: Path) -> bool:
    """Return whether *path* looks like an Ansible inventory."""
    if path.is_dir():
        return True
    try:
        text = yamlfile.read_text(path)
    except yamlfile.YamlError:
        return False  # the reader of our own format says why
    return not yamlfile.OURS.search(text) and _SHAPE.search(text) is not None


def load(path: Path) -> Inventory:
    """Return the Ansible inventory *path*, or raise InventoryError. A faulty host is a target with a fault."""
    listing = _listing(path)
    hosts = _hosts(listing)
    if not hosts:
        raise InventoryError(f"{path}: holds no host")
    names = dict(zip(hosts, numbered(safe_name(each).lstrip("_-") or "target" for each in hosts), strict=True))
    policies = {names[each]: known[_POLICY] for each, known in hosts.items() if _POLICY in known}
    if faults := _policy_faults(path, policies):
        raise InventoryError(*faults)
    groups = _groups(listing)
    targets = tuple(
        _target(path, names[host], host, known, tuple(name for name, members in groups.items() if host in members))
        for host, known in hosts.items()
    )
    return Inventory(path, targets, {"targets": policies}, notes=tuple(_unused(hosts)), is_of_ansible=True)


def as_written(inventory: Inventory) -> dict[str, Any]:
    """Return *inventory* in our own format."""
    targets = {
        each.name: {
            "connect": each.connect or f"ssh://{each.name}",  # one with a fault has no address
            "groups": list(each.groups),
            **({"docker_host": each.docker_host} if each.docker_host else {}),
        }
        for each in inventory.targets
    }
    return {"targets": targets, "policy": dict(inventory.policy)}


def _listing(path: Path) -> dict[str, dict[str, Any]]:
    program = shutil.which("ansible-inventory")
    if program is None:
        needed = "an inventory of Ansible needs ansible-inventory: install ansible-core"
        raise InventoryError(f"{path}: {needed}")
    words = (program, "-i", str(path.absolute()), "--list")
    try:
        ended = bounded.run(words, seconds=_SECONDS, memory=_MEMORY, environment={**os.environ, **_SETTINGS})
        if ended.status == 0:
            return msgspec.convert(inputs.decode(ended.output), type=dict[str, dict[str, Any]])
    except bounded.BoundedError as error:
        raise InventoryError(f"{path}: ansible-inventory {error}") from None
    except (ValueError, RecursionError):
        pass
    said = [each for each in ended.errors.splitlines() if each.startswith(("[ERROR]", "ERROR"))]
    reason = secrets.hidden(printable(said[0]))[:300] if said else "no list of hosts"
    raise InventoryError(f"{path}: ansible-inventory: {reason}; run `ansible-inventory -i {path} --list`")


def _hosts(listing: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the variables of each host."""
    known = listing.get("_meta", {}).get("hostvars", {})
    named = (host for group in listing.values() for host in group.get("hosts", ()))
    return {host: known.get(host, {}) for host in dict.fromkeys((*named, *known))}


def _groups(listing: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the hosts of each group except `all`, with those of child groups."""

    def below(name: str) -> set[str]:
        group = listing.get(name, {})
        return set(group.get("hosts", ())).union(*map(below, group.get("children", ())))

    return {name: below(name) for name in sorted(listing) if name not in ("all", "_meta")}


def _policy_faults(path: Path, policies: Mapping[str, Any]) -> tuple[str, ...]:
    """Return each fault of the policies once, with the first target that has it."""
    policy = {"targets": policies}
    document = Document(path, {"targets": {"any": {"connect": "local://"}}, "policy": policy}, {})
    wrong = {**dict(policy_faults(policy)), **document.faults("inventory.json")}
    for name, each in policies.items():
        if any(mark in json.dumps(each) for mark in ("__ansible_vault", "{{", "{%")):
            wrong["policy", "targets", name] = "encrypted or a template; write it out"
    found: dict[tuple[str, str], str] = {}
    for way, fault in wrong.items():
        found.setdefault((".".join((_POLICY, *map(str, way[3:]))), fault), str(way[2]))
    return tuple(f"{path}: {key} of {name}: {fault}" for (key, fault), name in found.items())


def _target(path: Path, name: str, host: str, variables: Mapping[str, Any], groups: tuple[str, ...]) -> Target:
    try:
        engine = _text(variables, (_ENGINE,))
        if engine and not _ENGINE_ADDRESS.fullmatch(engine):
            raise ValueError(f"{_ENGINE}: write an address such as unix:///run/user/1000/docker.sock")
        connect, ssh_args = _connect(host, variables)
    except ValueError as error:
        return Target(name, "", groups, fault=f"{path}: {host}: {error}")
    return Target(name, connect, groups, engine or None, ssh_args=ssh_args)


def _connect(host: str, variables: Mapping[str, Any]) -> tuple[str, str]:
    """Return the host specification and the arguments for ssh, or raise ValueError."""
    connection = _text(variables, ("ansible_connection",), "ssh")
    backend = _BACKENDS.get(connection.rpartition(".")[2])
    if backend is None:
        raise ValueError(f"ansible_connection: {connection!r} is not one of ssh, local, docker, podman")
    options = _options(variables)
    if backend == "ssh" and (key := _text(variables, _KEYS)):
        options["ssh_identity_file"] = key
    query = "&".join(f"{key}={quote(value, safe='/~')}" for key, value in options.items())
    query = f"?{query}" if query else ""
    if backend == "local":
        return f"local://{query}", ""
    address, user = _text(variables, _ADDRESSES, host), _text(variables, _USERS)
    if not _ADDRESS.fullmatch(address):
        raise ValueError("ansible_host: not an address")
    login = f"{quote(user, safe='')}@" if user else ""
    if backend != "ssh":
        return f"{backend}://{login}{address}{query}", ""
    port = _text(variables, _PORTS)
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError("ansible_port: not a port")
    address = f"[{address}]" if ":" in address else address
    written = " ".join(_text(variables, (name,)) for name in _ARGUMENTS)
    try:  # quoted for a shell: Ansible splits them without one
        arguments = shlex.join(shlex.split(written))
    except ValueError as error:
        raise ValueError(f"{_ARGUMENTS[-2]}: {error}") from None
    return f"ssh://{login}{address}{f':{port}' if port else ''}{query}", arguments


def _options(variables: Mapping[str, Any]) -> dict[str, str]:
    become = _text(variables, ("ansible_become",)).lower()
    if become not in (*_YES, *_NO):
        raise ValueError("ansible_become: neither true nor false")
    if become in _NO:
        return {}
    if _text(variables, ("ansible_become_method",), "sudo").rpartition(".")[2] != "sudo":
        raise ValueError("ansible_become_method: only sudo is supported")
    user = _text(variables, ("ansible_become_user",))
    return {"sudo": "true", **({"sudo_user": user} if user not in ("", "root") else {})}


def _text(variables: Mapping[str, Any], names: tuple[str, ...], default: str = "") -> str:
    name = next((each for each in reversed(names) if variables.get(each) is not None), None)
    if name is None:
        return default
    value = variables[name]
    if isinstance(value, dict | list):
        raise ValueError(f"{name}: encrypted by ansible-vault, or not a text; write a plain text")
    if "{{" in str(value) or "{%" in str(value):
        raise ValueError(f"{name}: a template, which only Ansible fills in; write it out")
    return str(value)


def _unused(hosts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each variable of Ansible or hullcheck without effect."""
    unused = grouped((name, host) for host, variables in hosts.items() for name in variables.keys() - _USED)
    ours = [each for each in unused if each.startswith(("ansible_", "hullcheck_")) and not _IRRELEVANT.fullmatch(each)]
    for name in sorted(ours):
        those = unused[name]
        more = f" and {len(those) - 1} more" if len(those) > 1 else ""
        yield f"{name} of {those[0]}{more}: not known to hullcheck, and not used"
