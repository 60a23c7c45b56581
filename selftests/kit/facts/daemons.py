"""Facts of a daemon, made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon_process import DAEMON, DaemonProcess, DaemonProcesses
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import PRESENT
from selftests.kit.facts.containers import containers as containers_said
from selftests.kit.facts.engines import BRIDGE, engine_text
from selftests.kit.judging import judged

SOCKET = "/run/docker.sock"
BEFORE, AFTER = "2026-01-01 09:00:00.250000000 +0000", "2026-01-01 11:00:00.250000000 +0000"
NOW, UPTIME, START = "2026-01-01 12:00:00.500000000 +0000", "10800.50", 3600  # it started at ten o'clock
PATH = "/etc/docker/daemon.json"
ICC = "com.docker.network.bridge.enable_icc"
NO_ICC = {ICC: "false"}


class Host(Struct, frozen=True):
    """A target by hand: what its daemon, its files and its engine are."""

    flags: tuple[str, ...] = ()
    document: str | None = "{}"
    changed: str = BEFORE
    written: str = ""
    info: dict[str, Any] = field(default_factory=dict)
    bridge: dict[str, str] | None = field(default_factory=lambda: {ICC: "true"})
    environment: tuple[str, ...] = ("HOME=/root",)
    tcp: tuple[int, ...] = ()
    uid: int = 0
    as_root: bool = True
    endpoint: str = f"unix://{SOCKET}"
    profile: str = ""
    unit: str = ""
    second: tuple[str, ...] | None = None
    parent: int = 0
    containers: str = ""
    sockets: tuple[str, ...] = ()

    def recording(self) -> Recording:
        """What it answers, redacted as an audit does it."""
        texts = {
            "host": PRESENT.stdout,
            "engine": engine_text(self.info, networks=[self._network()]),
            "containers": self.containers or containers_said(),
            "daemon": DAEMON.keep(self.answer()),
        }
        return Recording("host", "local", {name: Answer(name, 0, text, "") for name, text in texts.items()})

    def _network(self) -> dict[str, Any]:
        if self.bridge is None:
            return {"Name": "none", "Id": "n", "Driver": "null"}
        return BRIDGE | {"Options": self.bridge}

    def answer(self) -> str:
        """What it answers to the question for its daemons."""
        first = self._process(7, self.flags)
        second = [] if self.second is None else self._process(8, self.second)
        sockets = (f"/var{SOCKET}", *self.sockets)
        parts = {
            "asked": [f"clock:{NOW}|{UPTIME}", f"endpoint:{self.endpoint}", f"path:{SOCKET}"],
            "running": [line for line in (*first, *second) if not _is_word(line)],
            "words": [line for line in (*first, *second) if _is_word(line)],
            "sockets": [f"{each}\t{each.removeprefix('/var')}" for each in sockets],
            "files": list(self._files_of_daemon()),
            "units": [self.unit],
        }
        return "\n".join((*(line for name in parts for line in (f"--{name}", *parts[name])), "--end\n"))

    def _process(self, pid: int, flags: tuple[str, ...]) -> list[str]:
        start = " ".join(["S", str(self.parent if pid == 8 else 1), *"0" * 17, str(START * 100), "0"])
        held = {name: 101 + n for n, name in enumerate(self.sockets)}
        listens = {f"/var{SOCKET}": 100, **held}
        own = [*held.values(), *([100, *(n + 200 for n in self.tcp)] if self.as_root else ())]
        zero = "00000000:00000000 00:00000000 00000000     0        0"
        lines = [
            f"stat:{pid} (dockerd) {start}",
            f"status:Uid:\t{self.uid}\t{self.uid}\t{self.uid}\t{self.uid}",
            "net/unix:Num       RefCount Protocol Flags    Type St Inode Path",
            *(f"net/unix:0: 00000002 00000000 00010000 0001 01 {n} {name}" for name, n in listens.items()),
            "net/tcp:  sl  local_address rem_address   st",
            *(f"net/tcp:   0: 0100007F:{n:04X} 00000000:0000 0A {zero} {200 + n} 1 0" for n in self.tcp),
            *(f"cmdline:{each}" for each in ("dockerd", *flags)),
            *(f"environ:{each}" for each in self.environment if self.as_root),
        ]
        links = [link(f"{pid}/cwd", "/srv/engine"), *(link(f"{pid}/fd/{n}", f"socket:[{n}]") for n in own)]
        return [*(f"{pid}/{line}" for line in lines), *links]

    def _files_of_daemon(self) -> Iterator[str]:
        named = (each.partition("=")[2] for each in self.flags if each.startswith("--config-file="))
        state = "absent" if self.document is None else "unread" if self.document == "unread" else "read"
        yield f"7/config:{state}|{self.written or self.changed}|{self.changed}|{next(named, PATH)}"
        if state == "read":
            yield from (f" {line}" for line in (self.document or "").split("\n"))
        if self.profile:
            yield from (f"7/profile:read|{BEFORE}|{BEFORE}|/p.json", f" {self.profile}")

    def facts(self, **policy: Any) -> Facts:
        """Its facts."""
        return Facts(self.recording(), Policy(**policy))

    def judge(self, number: str, **policy: Any) -> tuple[str, str]:
        """Verdict and reason of a control."""
        (found,) = judged(number, self.facts(**policy)).values()
        return found


def _is_word(line: str) -> bool:
    return "/cmdline:" in line or "/environ:" in line


def insecure(*ranges: str, **names: bool) -> dict[str, Any]:
    """docker info of an engine with these insecure registries."""
    indexes = {name.replace("_", "."): {"Secure": secure} for name, secure in names.items()}
    config = {"InsecureRegistryCIDRs": list(ranges), "IndexConfigs": indexes, "Mirrors": None}
    return {"RegistryConfig": config}


def link(path: str, to: str) -> str:
    """The line of ls(1) for a symbolic link."""
    return f"lrwxrwxrwx 1 0 0 64 Jan 1 10:00 {path} -> {to}"


def with_answer(recording: Recording, text: str) -> Recording:
    """The recording with this answer to the question for daemons."""
    return replace(recording, answers={**recording.answers, "daemon": Answer("daemon", 0, text, "")})


def changed(host: Host, *changes: tuple[str, str]) -> Recording:
    """What a host answers, with each first text on its daemons replaced by the second."""
    recording = host.recording()
    text = recording.answers["daemon"].stdout
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return with_answer(recording, text)


def processes(host: Host, *changes: tuple[str, str]) -> DaemonProcesses:
    """The daemons of `changed`."""
    return DaemonProcesses.of(changed(host, *changes))


def process(**parts: Any) -> DaemonProcess:
    """A process called dockerd of root's, which listens nowhere unless told otherwise."""
    usual = {
        "pid": 7,
        "executable": "/usr/bin/dockerd",
        "uids": (0,) * 4,
        "sees_endpoint": True,
        "started": None,
    }
    none = dict.fromkeys(("flags", "mountinfo", "unix_table", "tcp_table"), ())
    return DaemonProcess(**usual | none | {"held": frozenset(), "environment": {}, "namespaces": {}} | parts)
