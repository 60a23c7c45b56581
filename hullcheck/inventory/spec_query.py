"""Checks the options of a host specification: testinfra silently ignores unknown ones."""

from urllib.parse import parse_qsl

from hullcheck.messages import did_you_mean
from hullcheck.recording.backends import WITHOUT_NAME

_YES_OR_NO = ("sudo", "force_ansible", "ssl", "no_ssl", "no_verify_ssl")
_KEYS = (
    *_YES_OR_NO,
    *("sudo_user", "ssh_config", "ssh_identity_file", "ansible_inventory", "timeout", "controlpersist"),
    *("namespace", "container", "kubeconfig", "context", "read_timeout_sec", "operation_timeout_sec"),
)


def fault(spec: str) -> str:
    """Return what is wrong with the options of *spec*, and what to write instead; else an empty string.

    With an `@` in what is asked, it is a part of a password, of which nothing is said.
    """
    backend, _, rest = spec.partition("://")
    address, _, query = rest.partition("?")
    if backend not in WITHOUT_NAME and address.rpartition("@")[2].startswith("-"):
        return f"a name that begins with '-' would be an option of {backend}; write the target's id or another name"
    if "@" in query:
        return ""
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in _KEYS:
            return f"unknown key {key!r} after the '?'; {did_you_mean(key, _KEYS)}"
        if key in _YES_OR_NO and value.lower() not in ("true", "false"):
            return f"{key}={value}: write {key}=true or {key}=false"
    return ""
