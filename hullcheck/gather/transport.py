"""One script, one connection: runs a script on a target over testinfra's backend of that target."""

import os
import re
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from hullcheck.gather import host_key, processes
from hullcheck.inventory import Target
from hullcheck.recording.backends import CONTAINER_BACKENDS, HOST, SSH_BACKENDS, backend_of
from hullcheck.secrets.known import without_known

_SSH_ARGUMENTS = "-o BatchMode=yes -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
_SPECIAL = "\n'\\!\"$`{}"
_STAND_INS = "\1\2\3\4\5\6\7\x0e\x0f"  # no tab, line feed or carriage return, which a script may hold
_MOST_REASON = 300
_PRIVILEGED = "start the container with --privileged --pid=host"
_WITHOUT_INPUT = ("docker", "podman")  # give a command no standard input unless they are asked to
_HELD = ("local", "chroot", "ssh", "paramiko", *_WITHOUT_INPUT)


class TransportError(Exception):
    """The target could not be reached, refused us or gave no answer in time."""


class Connection(Struct, frozen=True):
    """How to connect: testinfra's options of the same names."""

    timeout: int = 120  # seconds for the whole trip to one target
    ssh_config: str | None = None
    ssh_identity_file: str | None = None
    ssh_extra_args: str | None = None
    sudo: bool = False
    sudo_user: str | None = None
    ansible_inventory: str | None = None
    force_ansible: bool = False


class Reply(Struct, frozen=True):
    """What came back."""

    output: bytes
    said: str  # by the target, if the output is no answer
    host_key: str = ""  # as of a `Recording`
    fault: str = ""  # why it was stopped, so that not all may be there; empty if it was not


def run_script(target: Target, script: str, connection: Connection) -> Reply:
    """Run *script* on *target*, or raise TransportError."""
    with host_key.place() as seen:
        backend, bounded = _backend(target, connection, seen)
        command = command_for(script, held=bounded.holds)
        if backend_of(target.connect) == HOST:
            command = _on_the_host(command)
        try:
            result = backend.run(command)
        except Exception as error:  # each backend has exceptions of its own; all mean "not reached"
            raise TransportError(bounded.fault or _reason(error)) from error
        key = _host_key(target, backend, seen)
    output, errors = bytes(result.stdout_bytes), bytes(result.stderr_bytes)
    if bounded.fault and not output:
        raise TransportError(bounded.fault)
    if not output:
        raise TransportError(_telling_line(errors) or f"no output, exit status {result.rc}")
    return Reply(output, _telling_line(errors) or _telling_line(output[:4096]), key, bounded.fault)


def command_for(script: str, *, held: bool = False) -> str:
    """Return one command line that runs *script*, whatever shell reads it and however often it is quoted on the way.

    Login shells differ in what they make of line ends, quotes and backslashes (csh, fish), Ansible fills in
    templates, and each level of quoting makes a quote longer until the kernel refuses the line. So the
    characters that mean something to any of them travel as control characters, and the target's tr(1) puts
    them back. The standard input of one that is *held* is kept open for as long as the script is wanted.
    """
    letters = script.translate(str.maketrans(_SPECIAL, _STAND_INS))
    octal = "".join(f"\\{ord(each):03o}" for each in _SPECIAL)
    stand_ins = "".join(f"\\{ord(each):03o}" for each in _STAND_INS)
    words = " hullcheck held" if held else ""
    return f"""exec /bin/sh -c 'eval "$(printf %s "{letters}" | tr "{stand_ins}" "{octal}")"'{words}"""


def _on_the_host(command: str) -> str:
    """Return *command* as process 1 would run it, or raise TransportError if that is not a process of the host."""
    try:
        here, first = (os.readlink(f"/proc/{each}/ns/mnt") for each in ("self", "1"))
    except OSError as error:
        raise TransportError(f"process 1 cannot be entered ({error.strerror}); {_PRIVILEGED}") from None
    if here == first:
        raise TransportError(f"this is no container that shares the processes of its host; {_PRIVILEGED}, or local://")
    spaces = "--mount --uts --ipc --net --pid --cgroup"
    return command.replace("exec ", f"exec nsenter --target 1 {spaces} -- ", 1)


def _backend(target: Target, connection: Connection, seen: Path) -> tuple[Any, "_BoundedRun"]:
    from testinfra.backend import get_backend  # type: ignore[import-untyped]

    kind, options = backend_of(target.connect), asdict(connection)
    del options["timeout"], options["ssh_extra_args"]
    if kind in SSH_BACKENDS:
        # One trip needs no master connection to stay behind.
        options |= {"controlpersist": 0, "ssh_extra_args": _ssh_arguments(target, connection)}
    try:
        # safe-ssh writes files to the target to keep apart what the frames of the script keep apart already.
        connect = "local://" if kind == HOST else target.connect.removeprefix("safe-")
        backend = get_backend(connect, **options)
        carrier = _carrier(backend)
    except Exception as error:  # testinfra raises what its parsers raise
        raise TransportError(_reason(error)) from error
    environment = dict(os.environ)
    if kind == HOST:  # what is said of engines in the container is not of its host
        for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"):
            environment.pop(name, None)
    if target.docker_host and kind in CONTAINER_BACKENDS:
        environment["DOCKER_HOST"] = target.docker_host
    if kind in SSH_BACKENDS:
        host_key.ask_openssh(backend, seen)
        _hide_password(backend, environment)
    bounded = _BoundedRun(carrier, connection.timeout, environment)
    carrier.run_local = bounded
    if carrier.NAME == "paramiko":
        carrier._exec_command = bounded.over_paramiko
    return backend, bounded


def _carrier(backend: Any) -> Any:
    """Return the backend that carries what *backend* runs: that of Ansible leaves it to others where it can."""
    if backend.NAME != "ansible" or backend.force_ansible:
        return backend
    settings = {"ssh_config": backend.ssh_config, "ssh_identity_file": backend.ssh_identity_file}
    host = backend.ansible_runner.get_host(backend.host, **settings)
    return backend if host is None else host.backend


def _host_key(target: Target, backend: Any, seen: Path) -> str:
    name = backend_of(target.connect)
    if name in SSH_BACKENDS:
        return host_key.seen_by_openssh(seen)
    if name == "paramiko":
        return host_key.seen_by_paramiko(backend)
    return host_key.UNKNOWN if name in ("ansible", "salt") else ""


def _ssh_arguments(target: Target, connection: Connection) -> str:
    with_password = ":" in target.connect.partition("://")[2].rpartition("@")[0]
    own = _SSH_ARGUMENTS.replace("BatchMode=yes", "NumberOfPasswordPrompts=1") if with_password else _SSH_ARGUMENTS
    return " ".join(filter(None, (target.ssh_args, connection.ssh_extra_args, own)))


def _hide_password(backend: Any, environment: dict[str, str]) -> None:
    """Give sshpass the password in its environment: the command line would show it to every user here."""
    build = backend._build_ssh_command

    def without_password(command: str) -> tuple[list[str], list[str]]:
        words, arguments = build(command)
        if words[:3] == ["sshpass", "-p", "%s"]:
            words[1:3] = ["-e"]
            environment["SSHPASS"] = arguments.pop(0)
        return words, arguments

    backend._build_ssh_command = without_password


class _BoundedRun:
    """The place where testinfra's backends start a process, bounded in time and in bytes."""

    def __init__(self, backend: Any, timeout: int, environment: dict[str, str]) -> None:
        """Bind it to *backend*; *timeout* is in seconds."""
        self.backend = backend
        self.timeout = timeout
        self.environment = environment
        self.holds = backend.NAME in _HELD  # whether the standard input is kept open
        self.fault = ""  # why the last run was ended before its time

    def __call__(self, command: str, *args: str) -> Any:
        """testinfra's `run_local`: run *command* in a shell, its `%s` filled with *args*, quoted."""
        if self.backend.NAME in _WITHOUT_INPUT:
            command = command.replace(" exec ", " exec --interactive ", 1)
        command = self.backend.quote(command, *args)
        ended = processes.run(command, self.timeout, self.environment, hold=self.holds)
        self.fault = ended.fault
        return self.backend.result(ended.status, command.encode(), bytes(ended.output), bytes(ended.errors))

    def over_paramiko(self, command: bytes) -> tuple[int, bytes, bytes]:
        """Run *command* over the connection of paramiko."""
        ended = processes.run_over_paramiko(self.backend, command, self.timeout)
        self.fault = ended.fault
        return ended.status, bytes(ended.output), bytes(ended.errors)


def _reason(error: Exception) -> str:
    if type(error).__name__ == "ConfigParseError":  # paramiko quotes the line, of whatever file was named
        return "its ssh_config is no configuration of ssh; name another file"
    result = error.args[0] if error.args else None
    stderr = getattr(result, "stderr_bytes", None)
    if stderr is not None:
        return _telling_line(stderr) or f"exit status {getattr(result, 'rc', '?')}"
    return _telling_line(str(error).encode()) or type(error).__name__


def _telling_line(output: bytes) -> str:
    """Return the line with the reason: the last one of ssh or docker that is not a warning."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if not re.match(r"warning:|\*\*|@@", line, re.IGNORECASE)]
    return without_known((telling or lines or [""])[-1])[:_MOST_REASON]
