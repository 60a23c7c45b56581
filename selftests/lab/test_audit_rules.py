"""1.1.3 to 1.1.18 on the machine's own kernel: what a verdict says is what is recorded.

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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from selftests.kit.judging import facts_of_engine
from selftests.lab.judgement import answer_in, findings, script_of, whole, with_answer, worst_of
from selftests.needs import need
from selftests.rig import audit_rules, audit_system
from selftests.rig.shell import call

if TYPE_CHECKING:
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]  # noqa: F821

RULES_FILE = Path("/etc/audit/rules.d/hullcheck-selftest.rules")
AUDITED = [f"1.1.{number}" for number in range(3, 19)]
RECORDED = [
    ["-w {file} -p wa"],
    ["-w {file} -p a", "-w {file} -p w"],
    ["-a always,exit -F dir={folder} -F perm=wa -F key=docker"],
    ["-a always,exit -F arch=b64 -F path={file} -F perm=wa"],
    ["-w {folder}/link/f -p wa"],
    ["-a never,exit -F dir={folder}/d", "-w {file} -p wa"],
]
LACKING = [
    [],
    ["-w {file} -p r"],
    ["-w {file} -p w"],
    ["-w {folder}/f-link -p wa"],
    ["-w {folder}/other -p wa"],
    ["-a always,exit -F path={file} -F perm=wa -F auid=12345"],
    ["-a never,exit -F path={file}", "-w {file} -p wa"],
    ["-a never,exit -F dir={folder}", "-w {file} -p wa"],
]


class Kernel:
    """The audit system of the machine, for one test, and what it records."""

    def __init__(self, lab: Laboratory) -> None:
        """Switch it on, and begin to read its records."""
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
            self._rules.add(*rule.split())

    def set(self, *arguments: str) -> None:
        """Change a setting."""
        self._rules.set(*arguments)

    def records(self, change: Callable[[Path], object], path: Path) -> bool:
        """Return whether it records that *change* is made to *path*; tried twice, as records get lost."""
        return any(self._recorded(change, path) for _ in range(2))

    def _recorded(self, change: Callable[[Path], object], path: Path) -> bool:
        self._up_to_now()
        child = os.fork()  # of a process that is older than the first rule of its kernel nothing is recorded
        if child == 0:
            change(path)
            os._exit(0)
        os.waitpid(child, 0)
        return any(kind == 1302 and f'"{path}"' in text for kind, text in self._up_to_now())

    def _up_to_now(self) -> list[tuple[int, str]]:
        """Return what was recorded since the last call, up to a message of ours: the kernel is late at times."""
        word = f"hullcheck self-test {time.monotonic_ns()}"
        audit_system.auditctl("-m", word)
        found: list[tuple[int, str]] = []
        with contextlib.suppress(TimeoutError):  # where it was lost
            while not found or word not in found[-1][1]:
                message = self._next()
                found.append((struct.unpack_from("=IH", message)[1], message[16:].decode(errors="replace")))
        return found

    def _next(self) -> bytes:
        while True:
            try:
                return self._records.recv(16384)
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # some were lost
                    raise

    def close(self) -> None:
        """Put everything back."""
        self._records.close()
        self._rules.close()


@contextlib.contextmanager
def turn(lab: Laboratory) -> Iterator[Kernel]:
    """Wait until nobody else uses the machine's audit system, and yield it, on and without rules."""
    need("auditctl")
    with audit_rules.turn(lab):
        if obstacle := audit_system.obstacle():
            pytest.skip(obstacle)
        with contextlib.closing(Kernel(lab)) as kernel:
            yield kernel


@pytest.fixture
def kernel(lab: Laboratory) -> Iterator[Kernel]:
    """The machine's audit system, for this test alone."""
    with turn(lab) as kernel:
        yield kernel


def now(facts: Facts, *before: str) -> Facts:
    """Return the same facts, with the audit system as it is now, or as a command *before* the script sees it."""
    said = call(*before, "/bin/sh", stdin=script_of("audit"))
    return with_answer(facts, answer_in(said, "audit"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, a folder with a file, and links to all."""
    top = tmp_path / "D"
    (top / "d").mkdir(parents=True)
    for path in (top / "f", top / "other", top / "d/g"):
        path.write_text("{}")
    (top / "link").symlink_to(top)
    (top / "f-link").symlink_to("f")
    return top


def append(path: Path) -> None:
    """Write to a file."""
    with path.open("a") as file:
        file.write(" ")


def write_in_a_child(path: Path) -> None:
    """Have a process that starts now write to a file."""
    subprocess.run(["sh", "-c", f"echo >> {path}"], check=True)


def put_in_its_place(path: Path) -> None:
    """Let a link to another file have the file's name, and after it a new file."""
    other = path.with_name("new")
    other.symlink_to("other")
    other.rename(path)
    other.write_text("{}")
    other.rename(path)


def test_verdict_is_what_the_kernel_records(kernel: Kernel, engine: EngineFactory, folder: Path) -> None:
    """1.1.11 fails where, and only where, the kernel keeps no record of a way to change the file."""
    file = folder / "f"
    one = engine()
    one.stop()
    one.config_path = file
    one.start()
    facts = facts_of_engine(one.socket, of="1")
    ways = (append, write_in_a_child, lambda path: path.chmod(0o600), put_in_its_place)
    for rules in (*RECORDED, *LACKING):
        kernel.load(*(rule.format(file=file, folder=folder) for rule in rules))
        verdict, reason = whole("1.1.11", now(facts))
        recorded = all(kernel.records(way, file) for way in ways)
        assert ((verdict == "pass"), recorded) == (rules in RECORDED,) * 2, f"{rules}: {verdict}: {reason}"


def test_every_audit_control(kernel: Kernel, engine: EngineFactory, lab: Laboratory) -> None:
    """Each fails without rules and when auditing is off, and passes with rules on its own places; files are shown."""
    one = engine()
    facts = facts_of_engine(one.socket, of="1")
    before = now(facts)
    there = [key for key in AUDITED if worst_of(key, before) != "not applicable"]
    assert {worst_of(key, before) for key in there} == {"fail"}
    assert ("1.1.13" in there) == Path("/etc/sysconfig/docker").exists()
    kernel.load("-w /usr/bin/dockerd -p wa", "-w /run/docker.sock -p wa")  # which this engine does not use
    assert [whole(key, now(facts))[1] for key in ("1.1.9", "1.1.11")] == ["no audit rule covers it"] * 2
    kernel.load(*dict.fromkeys(f"-w {path} -p wa -k docker" for key in there for path in findings(key, before)))
    assert {worst_of(key, now(facts)) for key in there} == {"pass"}
    for blind in (("unshare", "--pid", "--fork"), ("setpriv", "--reuid", "65534", "--clear-groups")):
        assert whole("1.1.11", now(facts, *blind))[0] == "error"
    kernel.set("-e", "0")
    reason = "auditing is off in the kernel (enabled 0)"
    off = now(facts)
    assert all(set(findings(key, off).values()) == {("fail", reason)} for key in there)
    kernel.set("-e", "1")

    rule = f"-w {one.config_path} -p wa -k docker"
    kernel.load()
    lab.note("tree", str(RULES_FILE))
    RULES_FILE.parent.mkdir(parents=True, exist_ok=True)
    RULES_FILE.write_text(f"# docker\n{rule}\n")
    try:
        pending = "no audit rule covers it; restart pending: a rule in /etc/audit covers it"
        assert whole("1.1.11", now(facts)) == ("fail", pending)
        kernel.load(rule)
        assert whole("1.1.11", now(facts)) == ("pass", rule)
    finally:
        RULES_FILE.unlink()
    lost = "in no file of /etc/audit, so it is lost at the next boot"
    assert whole("1.1.11", now(facts)) == ("pass", f"{rule}; {lost}")
