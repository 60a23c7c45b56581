"""How to reach a host, from the variables with which Ansible would.

Their names and order are those of its plugins for connections; see
https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ssh_connection.html for ssh.
"""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from hullcheck.inventory.ansible.documents import Vault
from hullcheck.inventory.ansible.groups import AnsibleError, Variable

_SSH, _LOCAL = "ssh", "local"
_BACKENDS = {
    **dict.fromkeys(("ssh", "smart", "ansible.builtin.ssh"), _SSH),
    **dict.fromkeys(("local", "ansible.builtin.local"), _LOCAL),
    **dict.fromkeys(("docker", "community.docker.docker", "community.general.docker"), "docker"),
    **dict.fromkeys(("podman", "containers.podman.podman"), "podman"),
}
# of several names of a setting the last that is there counts, as in Ansible's plugins
_CONNECTION = ("ansible_connection",)
_USER = ("ansible_user", "ansible_ssh_user")
_PORT = ("ansible_port", "ansible_ssh_port")
_KEY = ("ansible_private_key_file", "ansible_ssh_private_key_file")
_ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
_BECOME = ("ansible_become",)
_BECOME_USER = ("ansible_become_user",)
_BECOME_METHOD = ("ansible_become_method",)
_ENGINE = ("hullcheck_docker_host",)
_HOST = {_SSH: ("ansible_host", "ansible_ssh_host"), "docker": ("ansible_host", "ansible_docker_host")}
_HONOURED = {
    *(*_CONNECTION, *_USER, *_PORT, *_KEY, *_ARGUMENTS, *_BECOME, *_BECOME_USER, *_BECOME_METHOD),
    *(name for names in _HOST.values() for name in names),
    *(*_ENGINE, "hullcheck_policy"),
}
_OF_NO_MATTER = re.compile(
    r"ansible_(?:\w+_interpreter|group_priority|(?:ssh_)?pipelining|(?:ssh_)?retries|remote_tmp)"
)
"""What changes neither where Ansible connects nor as whom."""
_ENGINE_ADDRESS = re.compile(r"(?:unix:///|tcp://|ssh://)[^\s'\"]+")
_ADDRESS = re.compile(r"[\w.][\w.:%-]*")
_YES, _NO = ("true", "yes", "on", "1", "t", "y"), ("false", "no", "off", "0", "f", "n", "")


@dataclass(frozen=True)
class Way:
    """How a host is reached: a host specification, and what is passed to ssh beside it."""

    connect: str
    ssh_args: str = ""
    docker_host: str | None = None
    """The engine to ask there."""


def way_to(host: str, variables: Mapping[str, Variable]) -> Way:
    """The way to *host*.

    Raises:
        AnsibleError: what is needed for that is a template, encrypted, or nothing that hullcheck knows.
    """
    known = _Known(host, variables)
    engine = known.text(_ENGINE)
    if engine and not _ENGINE_ADDRESS.fullmatch(engine):
        raise known.fault(_ENGINE, "is no address of an engine, such as unix:///run/user/1000/docker.sock")
    return replace(_way(host, known), docker_host=engine or None)


def _way(host: str, known: "_Known") -> Way:
    connection = known.text(_CONNECTION, _SSH)
    backend = _BACKENDS.get(connection)
    if backend is None:
        raise known.fault(
            _CONNECTION, f"{connection!r} is no way that hullcheck knows (ssh, local, docker, podman)"
        )
    options = _options(known, backend)
    query = "?" + "&".join(f"{key}={quote(value, safe='/~')}" for key, value in options.items())
    if backend == _LOCAL:
        return Way(f"local://{query.rstrip('?')}")
    names = _HOST.get(backend, _HOST[_SSH][:1])
    address = known.text(names, host)
    if not _ADDRESS.fullmatch(address):
        raise known.fault(names, "is no address")
    user = known.text(_USER)
    login = f"{quote(user, safe='')}@" if user else ""
    if backend != _SSH:
        return Way(f"{backend}://{login}{address}{query.rstrip('?')}")
    shown = f"[{address}]" if ":" in address else address
    port = known.text(_PORT)
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise known.fault(_PORT, "is no port")
    where = f"{login}{shown}{':' * bool(port)}{port}"
    return Way(f"ssh://{where}{query.rstrip('?')}", _ssh_arguments(known))


def unused(variables: Iterable[str]) -> list[str]:
    """Those of *variables* that may say how Ansible connects, or look like one of hullcheck, and are not used here."""
    return [
        name
        for name in variables
        if name.startswith(("ansible_", "hullcheck_"))
        and name not in _HONOURED
        and not _OF_NO_MATTER.fullmatch(name)
    ]


def _options(known: "_Known", backend: str) -> dict[str, str]:
    options = {}
    if known.flag(_BECOME):
        method = known.text(_BECOME_METHOD, "sudo")
        if method not in ("sudo", "ansible.builtin.sudo"):
            raise known.fault(_BECOME_METHOD, "is not sudo, the only one that hullcheck knows")
        options["sudo"] = "true"
        user = known.text(_BECOME_USER)
        if user and user != "root":
            options["sudo_user"] = user
    key = known.text(_KEY) if backend == _SSH else ""
    return options | ({"ssh_identity_file": key} if key else {})


def _ssh_arguments(known: "_Known") -> str:
    """The arguments for ssh, quoted for a shell: Ansible splits them, and lets no shell look at them."""
    words: list[str] = []
    for name in _ARGUMENTS:
        try:
            words += shlex.split(known.text((name,)))
        except ValueError:
            raise known.fault((name,), "a quotation in it is not closed") from None
    return shlex.join(words)


class _Known:
    """The variables of one host."""

    def __init__(self, host: str, variables: Mapping[str, Variable]) -> None:
        self.host, self.variables = host, variables

    def fault(self, names: Iterable[str], what: str) -> AnsibleError:
        """An error about the variable of *names* that counts, with its place."""
        name = self._name(names)
        if name is None:
            return AnsibleError(f"{self.host}: {what}")
        return AnsibleError(f"{self.variables[name].place}: {name} of {self.host}: {what}")

    def text(self, names: Iterable[str], otherwise: str = "") -> str:
        value = self._value(names)
        return otherwise if value is None else str(value)

    def flag(self, names: Iterable[str]) -> bool:
        said = self.text(names).lower()
        if said not in (*_YES, *_NO):
            raise self.fault(names, "is neither true nor false")
        return said in _YES

    def _name(self, names: Iterable[str]) -> str | None:
        return next((name for name in reversed([*names]) if name in self.variables), None)

    def _value(self, names: Iterable[str]) -> Any:
        name = self._name(names)
        if name is None:
            return None
        value = self.variables[name].value
        require_plain(value, self.variables[name], f"{name} of {self.host}")
        if isinstance(value, dict | list):
            raise self.fault(names, "is no text")
        return value


def require_plain(value: Any, variable: Variable, name: str) -> None:
    """See that *value*, which is in *variable*, is what is meant, and that nobody has to work it out first.

    Raises:
        AnsibleError: it is encrypted, or a template.
    """
    match value:
        case Vault():
            raise AnsibleError(
                f"{variable.place}: {name} is encrypted by ansible-vault; write it in plain text"
            )
        case str() if "{{" in value or "{%" in value:
            raise AnsibleError(
                f"{variable.place}: {name} is a template, which only Ansible fills in; write it out"
            )
        case dict() | list():
            for each in [*value, *value.values()] if isinstance(value, dict) else value:
                require_plain(each, variable, name)
