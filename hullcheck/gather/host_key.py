"""The host key of an SSH server, as the connection that gathered saw it.

OpenSSH runs its `KnownHostsCommand` during the exchange of keys and tells it the fingerprint. The command says
nothing, so that who is trusted stays with the user's settings.
"""

import base64
import contextlib
import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hullcheck.gather import processes

UNKNOWN = "unknown"
_SECONDS = 10
_NO_KEY = "NONE"  # what the command is told before there is a key


@cache
def _is_told() -> bool:
    """Return whether the ssh of this machine knows the setting (OpenSSH 8.5 and newer)."""
    return _configured("ssh -F /dev/null -o KnownHostsCommand=none -G localhost") is not None


def _configured(command: str) -> str | None:
    """Return the output of `ssh -G`, which makes no connection, or None if it fails."""
    try:
        ended = processes.run(command, _SECONDS)
    except OSError:
        return None
    return ended.output.decode("utf-8", "replace") if ended.status == 0 and not ended.fault else None


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """Yield a file in memory to which a command of this user may write: nothing is left of it, whatever happens."""
    descriptor = os.memfd_create("hullcheck-host-key")
    try:
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)


def ask_openssh(backend: Any, file: Path) -> None:
    """Let the client of testinfra's *backend* write the fingerprint to *file*; not where the user has a command."""
    if not _is_told() or set(str(file)) & set("%\"'\\ "):
        return
    words, arguments = backend._build_ssh_command("")
    at = words.index("ssh") + 1
    settings = _configured(backend.quote(" ".join([*words[:at], "-G", *words[at:]]), *arguments))
    if settings is None or "\nknownhostscommand " in f"\n{settings}":
        return
    backend.ssh_extra_args += f""" -o 'KnownHostsCommand=/bin/sh -c "echo %f >>{file}; exit 0"'"""


def seen_by_openssh(file: Path) -> str:
    """Return what the client wrote to *file*; `unknown` if it wrote nothing, as when a connection is reused."""
    try:
        lines = [line for line in file.read_text(encoding="ascii").split() if line != _NO_KEY]
    except (OSError, ValueError):
        return UNKNOWN
    return lines[-1] if lines else UNKNOWN


def seen_by_paramiko(backend: Any) -> str:
    """Return the key of the connection that paramiko has."""
    try:
        key: bytes = backend.client.get_transport().get_remote_server_key().asbytes()
    except Exception:  # its exceptions are its own affair
        return UNKNOWN
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
