"""The audit system of the machine, in the hands of one test, and what it records.

Audit rules are the machine's. A test that loads some waits for its turn, and what it changed is put back; where the
machine uses its audit system already, it is skipped.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.criteria.auditd import coverage
from hullcheck.facts import Facts
from hullcheck.facts.host.audit import AUDIT, Audit
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.judging import Verdicts
from selftests.rig import audit_rules
from selftests.rig.state.audit_system import auditctl

if TYPE_CHECKING:
    from selftests.rig.laboratory import Laboratory


class Kernel:
    """The audit system of the machine, for one test."""

    def __init__(self, lab: Laboratory) -> None:
        """Switch it on, and begin to hear what it records."""
        self._rules = audit_rules.Rules(lab)
        self.set("-b", "8192")
        self.set("-e", "1")
        self._records = socket.socket(16, socket.SOCK_RAW, 9)  # AF_NETLINK, NETLINK_AUDIT
        self._records.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE: there may be many
        self._records.bind((0, 1))
        self._records.settimeout(2)

    def load(self, *rules: str) -> None:
        """Have these rules and no others."""
        self._rules.clear()
        for rule in rules:
            self.add(*rule.split())

    def add(self, *rule: str) -> None:
        """Load one more."""
        self._rules.add(*rule)

    def set(self, *arguments: str) -> None:
        """Change a setting of it."""
        self._rules.set(*arguments)

    def records(self, change: Callable[[], object], path: Path) -> bool:
        """Whether it records that *change* is made to *path*; tried twice, as records get lost."""
        return any(self._heard(change, path) for _ in range(2))

    def _heard(self, change: Callable[[], object], path: Path) -> bool:
        self._up_to_now()
        in_a_child(change)
        return any(kind == 1302 and f'"{path}"' in text for kind, text in self._up_to_now())

    def _up_to_now(self) -> list[tuple[int, str]]:
        """What was recorded since the last call: up to a word of our own, as the kernel is late on a busy machine."""
        word = f"hullcheck self-test {time.monotonic_ns()}"
        auditctl("-m", word)
        found = []
        with contextlib.suppress(TimeoutError):  # where it was lost
            while not found or word not in found[-1][1]:
                message = self._next()
                found.append((struct.unpack_from("=IH", message)[1], message[16:].decode(errors="replace")))
        return found

    def _next(self) -> bytes:
        """The next record; where the kernel says that some were lost, the one after them."""
        while True:
            try:
                return self._records.recv(16384)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise

    def close(self) -> None:
        """Hear no more, and put everything back."""
        self._records.close()
        self._rules.close()


def in_a_child(change: Callable[[], object]) -> None:
    """Of a process that is older than the first rule of its kernel nothing is recorded, and we may be one."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            change()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def ask(*before: str) -> Answer:
    """Return what the machine answers to the probe now, by another command if given."""
    done = subprocess.run(
        [*before, "/bin/sh", "-c", AUDIT.script], capture_output=True, text=True, check=False, env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
        },
    )  # fmt: skip
    return Answer(AUDIT.name, done.returncode, done.stdout, done.stderr)


def now(facts: Facts, answer: Answer | None = None) -> Facts:
    """The same facts, with the audit system as it is now."""
    answers = {**facts.recording.answers, AUDIT.name: answer or ask()}
    return Facts(replace(facts.recording, answers=answers), facts.policy)


def gap(path: Path) -> str:
    """Return what the audit system, as it is now, does not record of a file or directory of the machine."""
    audit = Audit(Recording("local", "local", {AUDIT.name: ask()}))
    found = coverage(audit.rules, str(path), is_directory=path.is_dir())
    assert not found.doubts
    return found.flaw


def only(verdicts: Verdicts) -> tuple[str, str]:
    """The one finding that there is."""
    (found,) = verdicts.values()
    return found
