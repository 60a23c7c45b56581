"""Runs a command over paramiko's connections, with the same bounds as local processes."""

import select
from typing import Any

from hullcheck.gather.intake import HOLD, Intake
from hullcheck.gather.processes import Ended

_CHUNK = 1 << 16


def run(backend: Any, command: bytes, timeout: float) -> Ended:
    """Run *command* over the connection of testinfra's paramiko *backend*, as `processes.run` does with `hold`."""
    channel = backend.client.get_transport().open_session()
    if backend.get_pty:  # a terminal would say again what it is told
        channel.get_pty()
    channel.exec_command(command)
    if not backend.get_pty:
        channel.sendall(HOLD)

    def hang_up() -> bool:
        channel.shutdown_write()
        return True

    intake = Intake(timeout, hang_up)
    while not _has_ended(channel) and (left := intake.seconds_left()) > 0:
        select.select([channel], [], [], min(left, 1.0))
        _take(channel, intake)
    _take(channel, intake)
    status = channel.recv_exit_status() if channel.exit_status_ready() else 0
    channel.close()
    return Ended(status, bytes(intake.output), bytes(intake.errors), intake.fault)


def _has_ended(channel: Any) -> bool:
    at_its_end: bool = channel.eof_received or channel.closed
    return at_its_end and not channel.recv_ready() and not channel.recv_stderr_ready()


def _take(channel: Any, intake: Intake) -> None:
    while channel.recv_ready():
        intake.take(channel.recv(_CHUNK))
    while channel.recv_stderr_ready():
        intake.take(channel.recv_stderr(_CHUNK), error=True)
