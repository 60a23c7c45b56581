"""One script, one connection: runs a script on a target over testinfra's backend of that target."""

import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass
from typing import Any

from hullcheck.inventory import Target
from hullcheck.targets import CONTAINER_BACKENDS, backend_of

_SSH_ARGUMENTS = "-o BatchMode=yes -o ServerAliveInterval=5 -o ServerAliveCountMax=3"


class TransportError(Exception):
    """The target could not be reached, refused us or gave no answer in time."""


@dataclass(frozen=True)
class Connection:
    """How to connect: testinfra's options of the same names.

    Attributes:
        timeout: seconds for the whole trip to one target.
    """

    timeout: int = 120
    ssh_config: str | None = None
    ssh_identity_file: str | None = None
    ssh_extra_args: str | None = None
    sudo: bool = False
    sudo_user: str | None = None
    ansible_inventory: str | None = None
    force_ansible: bool = False


def run_script(target: Target, script: str, connection: Connection) -> bytes:
    """Run *script* on *target* and return its standard output.

    Raises:
        TransportError: with the reason, in one line.
    """
    backend = _backend(target, connection)
    command = f"exec /bin/sh -c {shlex.quote(script)}"
    try:
        result = backend.run(command)
    except TransportError:
        raise
    except Exception as error:  # each backend has exceptions of its own; all mean "not reached"
        raise TransportError(_reason(error)) from error
    if not result.stdout_bytes and result.rc != 0:
        raise TransportError(_first_line(result.stderr_bytes) or f"exit status {result.rc}")
    return bytes(result.stdout_bytes)


def _backend(target: Target, connection: Connection) -> Any:
    from testinfra.backend import get_backend

    options: dict[str, Any] = {
        "ssh_config": connection.ssh_config,
        "ssh_identity_file": connection.ssh_identity_file,
        "sudo": connection.sudo,
        "sudo_user": connection.sudo_user,
        "ansible_inventory": connection.ansible_inventory,
        "force_ansible": connection.force_ansible,
    }
    if backend_of(target.connect) in ("ssh", "safe-ssh"):
        # One trip needs no master connection to stay behind.
        options |= {"controlpersist": 0, "ssh_extra_args": _ssh_arguments(target, connection)}
    try:
        backend = get_backend(target.connect, **options)
    except Exception as error:  # testinfra raises what its parsers raise
        raise TransportError(_reason(error)) from error
    environment = dict(os.environ)
    if target.docker_host and backend_of(target.connect) in CONTAINER_BACKENDS:
        environment["DOCKER_HOST"] = target.docker_host
    backend.run_local = _BoundedRun(backend, connection.timeout, environment)
    return backend


def _ssh_arguments(target: Target, connection: Connection) -> str:
    with_password = ":" in target.connect.partition("://")[2].rpartition("@")[0]
    own = _SSH_ARGUMENTS.replace("BatchMode=yes", "BatchMode=no") if with_password else _SSH_ARGUMENTS
    return f"{connection.ssh_extra_args} {own}" if connection.ssh_extra_args else own


class _BoundedRun:
    """testinfra's `run_local` with a time-out: the place where its command-line backends start a process."""

    def __init__(self, backend: Any, timeout: int, environment: dict[str, str]) -> None:
        self.backend = backend
        self.timeout = timeout
        self.environment = environment

    def __call__(self, command: str, *args: str) -> Any:
        command = self.backend.quote(command, *args)
        process = subprocess.Popen(
            command.encode(),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise TransportError(f"no answer within {self.timeout} s") from None
        return self.backend.result(process.returncode, command.encode(), stdout, stderr)


def _reason(error: Exception) -> str:
    result = error.args[0] if error.args else None
    stderr = getattr(result, "stderr_bytes", None)
    if stderr is not None:
        return _first_line(stderr) or f"exit status {getattr(result, 'rc', '?')}"
    return _first_line(str(error).encode()) or type(error).__name__


def _first_line(output: bytes) -> str:
    """The line that says why: the last one that ssh or docker prints, without their warnings."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if not re.match(r"warning:|\*\*|@@", line, re.IGNORECASE)]
    return (telling or lines or [""])[-1]
