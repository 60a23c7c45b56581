"""The processes called dockerd, and which of them is the daemon that the docker command talks to."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from hullcheck.facts.engine import flags as daemon_flags
from hullcheck.facts.engine import redaction
from hullcheck.facts.engine.flags import Flags
from hullcheck.parsing.proc import namespaces, net
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.times import Span, moment
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

_KEPT_ARGUMENTS = re.compile(r"(?:^argument:.*\n?)+", re.MULTILINE)


_KNOWN = lines_like(
    "(?:argument|clock|endpoint|endpoint-path|identity|link|own|real|system-containerd):.*",
    r"dockerd:\d+",
    "environment:(?:(?:DOCKER_CERT_PATH|DOCKER_CONFIG|HOME|XDG_RUNTIME_DIR)=.*)?",
    r"\d+/(?:stat|mountinfo|status|net/unix|net/tcp6?):.*",
)


def _keep(text: str) -> str:
    return _KEPT_ARGUMENTS.sub(_without_secrets, _without_userinfo(_KNOWN(text)))


def _without_secrets(block: re.Match[str]) -> str:
    arguments = [line.removeprefix("argument:") for line in block[0].splitlines()]
    return "".join(f"argument:{each}\n" for each in redaction.command_line(arguments, expanded=True))


def _without_userinfo(text: str) -> str:
    return re.sub(r"^(endpoint:\w+://)[^/\s]*:[^/\s]*@", r"\1***@", text, flags=re.MULTILINE)


DAEMON_PROCESSES = Probe.from_file("daemon_processes", _keep, like=_KNOWN)

_UNIX = re.compile(r"[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ 00010000 [0-9A-F]+ [0-9A-F]+ +(\d+) (\S.*)")
_SOCKET_LINK = re.compile(r".* -> socket:\[(\d+)\]$")
_TICKS = 100  # USER_HZ, the unit of /proc/PID/stat, on every architecture that Docker runs on
_CLOCKS = 0.05  # seconds: how far off two clocks can be that are read one after the other, in hundredths
_LOOPBACK = re.compile(r"localhost|127\.[\d.]+|::1")


@dataclass(frozen=True)
class UnixSocket:
    """A listening socket in the network of a daemon; *path* as bound, *real* without symbolic links.

    One that begins with @ is abstract and no file.
    """

    path: str
    real: str
    inode: str


@dataclass(frozen=True, kw_only=True)
class DaemonProcess:
    """One process called dockerd, as /proc shows it.

    Attributes:
        environment: the variables that decide something; None where they may not be read.
        held: the inodes of its sockets; empty where its descriptors may not be read.
        sees_endpoint: whether the socket that the docker command uses is the same file for this process; None
            where that could not be compared.
    """

    pid: int
    executable: str
    flags: Flags
    environment: dict[str, str] | None
    uids: tuple[int, ...]
    started: Span | None
    namespaces: dict[str, str]
    mountinfo: tuple[str, ...]
    held: frozenset[str]
    unix_table: tuple[UnixSocket, ...]
    tcp_table: tuple[Listener, ...]
    tables_read: frozenset[str]
    sees_endpoint: bool | None

    @property
    def may_see_sockets(self) -> bool:
        """Whether the auditor may see which sockets are this process's; the daemon always holds one."""
        return bool(self.held)

    def holds(self, inode: str) -> bool | None:
        """Whether the socket is this process's; None where the auditor may not see that."""
        return inode in self.held if self.may_see_sockets else None

    def values(self, name: str) -> tuple[str, ...]:
        """What the command line gives for a setting, in order."""
        return tuple(value for each, value in self.flags if each == name)

    @property
    def rootless(self) -> bool:
        """Whether it runs as another user than root, or says so."""
        return self.uids[1:2] != (0,) or self.values("rootless")[-1:] == ("true",)


@dataclass(frozen=True)
class DaemonProcesses:
    """All processes called dockerd, and the address that the docker command uses."""

    endpoint: str
    endpoint_path: str
    own_network: str | None
    system_containerd: bool
    candidates: tuple[DaemonProcess, ...]

    @classmethod
    def of(cls, recording: Recording) -> "DaemonProcesses":
        """Read them.

        Raises:
            EvidenceError: /proc could not be read, or its answer not understood.
        """
        try:
            return _parse(recording.text(DAEMON_PROCESSES).split("\n"))
        except (ValueError, IndexError):
            raise EvidenceError("the answer on the dockerd processes is not what /proc documents") from None

    @cached_property
    def daemon(self) -> DaemonProcess:
        """The process that answers the docker command.

        Raises:
            EvidenceError: it is not on this machine, may not be seen, or cannot be told from another.
        """
        if self._is_here:
            return self._only([each for each in self.candidates if self._may_answer(each)])
        if not urlsplit(self.endpoint).scheme:
            raise EvidenceError("the docker command does not say which engine it talks to")
        raise EvidenceError(
            f"the engine runs on another machine ({self.endpoint}): its process is not seen here"
        )

    @property
    def beside(self) -> tuple[DaemonProcess, ...]:
        """Those that are certainly not the engine that was asked; none where it is unknown which one that is."""
        if not self.endpoint:
            return ()
        return tuple(each for each in self.candidates if not (self._is_here and self._may_answer(each)))

    @property
    def _is_here(self) -> bool:
        """Whether the engine that was asked runs on this machine."""
        address = urlsplit(self.endpoint)
        if address.scheme == "unix":
            return True
        loopback = _LOOPBACK.fullmatch(address.hostname or "") is not None
        return address.scheme in ("tcp", "http", "https") and loopback

    def _may_answer(self, candidate: DaemonProcess) -> bool:
        address = urlsplit(self.endpoint)
        if address.scheme == "unix":
            return self._listens_at_path(candidate)
        return self._listens_on_port(candidate, address.port or 2375)

    def _listens_at_path(self, candidate: DaemonProcess) -> bool:
        sockets = [each for each in candidate.unix_table if self.endpoint_path in (each.path, each.real)]
        held = any(candidate.holds(each.inode) is not False for each in sockets)
        return held and candidate.sees_endpoint is not False

    def _listens_on_port(self, candidate: DaemonProcess, port: int) -> bool:
        """A loopback address is that of the auditor's own network namespace."""
        network = candidate.namespaces.get("net")
        if network is not None and self.own_network is not None and network != self.own_network:
            return False
        return any(
            each.number == port and candidate.holds(each.inode) is not False for each in candidate.tcp_table
        )

    def _only(self, found: list[DaemonProcess]) -> DaemonProcess:
        """The one that it must be.

        Raises:
            EvidenceError: there is none, or more than one.
        """
        if len(found) == 1:
            return found[0]
        if not self.candidates:
            raise EvidenceError(
                f"no process called dockerd can be seen here, though an engine answers at {self.endpoint}"
            )
        if not found:
            raise EvidenceError(f"none of the dockerd processes here listens at {self.endpoint}")
        pids = ", ".join(str(each.pid) for each in found)
        hint = "" if all(each.may_see_sockets for each in found) else "; root could tell"
        raise EvidenceError(f"more than one dockerd process may be the one at {self.endpoint}: {pids}{hint}")


# ---- reading the probe's answer


@dataclass
class _Block:
    """The lines on one process, by their first word."""

    lines: dict[str, list[str]] = field(default_factory=dict)

    def add(self, line: str) -> None:
        word, _, text = line.partition(":")
        self.lines.setdefault(word.partition("/")[2] or word, []).append(text)

    def get(self, word: str) -> list[str]:
        return self.lines.get(word, [])


def _parse(lines: Iterable[str]) -> DaemonProcesses:
    head = _Block()
    blocks: list[tuple[int, _Block]] = []
    for line in lines:
        if line.startswith("dockerd:"):
            blocks.append((int(line.removeprefix("dockerd:")), _Block()))
        elif line:
            (blocks[-1][1] if blocks else head).add(line)
    boot = _boot((head.get("clock") or [""])[0])
    alive = {pid: block for pid, block in blocks if block.get("argument")}  # one may have ended meanwhile
    found = (_process(pid, block, boot) for pid, block in alive.items() if not _is_fork(block, alive))
    return DaemonProcesses(
        (head.get("endpoint") or [""])[0],
        (head.get("endpoint-path") or [""])[0],
        namespaces.links(head.get("own")).get("net"),
        bool(head.get("system-containerd")),
        tuple(found),
    )


def _is_fork(block: _Block, alive: Mapping[int, _Block]) -> bool:
    """Whether it is the copy of a daemon that has not started its own program yet, and still holds its sockets."""
    stat = _stat(block)
    parent = alive.get(int(stat[1])) if len(stat) > 1 else None
    return parent is not None and parent.get("argument") == block.get("argument")


def _boot(clock: str) -> Span | None:
    """The time of boot, from that of an inode that /proc has just made and the time since the boot."""
    text, _, uptime = clock.partition("|")
    now = moment(text)
    if now is None or not re.fullmatch(r"[\d.]+", uptime):
        return None
    return now[0] - float(uptime) - _CLOCKS, now[1] - float(uptime) + _CLOCKS


def _process(pid: int, block: _Block, boot: Span | None) -> DaemonProcess:
    links = block.get("link")
    executable, folder = (
        next((line.rpartition(mark)[2] for line in links if mark in line), "")
        for mark in ("/exe -> ", "/cwd -> ")
    )
    held = frozenset(match[1] for line in links if (match := _SOCKET_LINK.match(line)))
    real = dict(line.partition("\t")[::2] for line in block.get("real"))
    identities = block.get("identity")
    return DaemonProcess(
        pid=pid,
        executable=executable,
        flags=daemon_flags.parse([line.strip("\r") for line in block.get("argument")][1:]),
        environment=_environment(block),
        uids=tuple(int(word) for word in _status(block, "Uid").split()),
        started=_started(block, boot),
        namespaces={name: link for name, link in namespaces.links(links).items() if not name.isdigit()},
        mountinfo=tuple(block.get("mountinfo")),
        held=held,
        unix_table=tuple(
            UnixSocket(match[2], real.get(match[2]) or _absolute(match[2], folder), match[1])
            for line in block.get("net/unix")
            if (match := _UNIX.fullmatch(line))
        ),
        tcp_table=tuple(_listeners(pid, block)),
        tables_read=frozenset(name for name in ("unix", "tcp", "tcp6") if block.get(f"net/{name}")),
        sees_endpoint=identities[0] == identities[1] if len(identities) == 2 else None,
    )


def _absolute(path: str, folder: str) -> str:
    """A path that may be relative to the process's directory; unchanged where that is not known."""
    return path if path[0] in "/@" or not folder else posixpath.join(folder, path)


def _status(block: _Block, name: str) -> str:
    return next(
        (line.partition(":")[2].strip() for line in block.get("status") if line.startswith(name + ":")), ""
    )


def _environment(block: _Block) -> dict[str, str] | None:
    lines = block.get("environment")
    return dict(line.partition("=")[::2] for line in lines if line) if lines else None


def _stat(block: _Block) -> list[str]:
    """The fields of /proc/PID/stat from the third on: after the name, which may hold blanks."""
    return "\n".join(block.get("stat")).rpartition(")")[2].split()


def _started(block: _Block, boot: Span | None) -> Span | None:
    """When it started: not before, and not after."""
    stat = _stat(block)
    if boot is None or len(stat) < 20:
        return None
    seconds = int(stat[19]) / _TICKS
    return boot[0] + seconds, boot[1] + seconds


def _listeners(pid: int, block: _Block) -> Iterable[Listener]:
    for name in ("net/tcp", "net/tcp6"):
        for line in block.get(name):
            if found := net.listener(f"{pid}/{name}:{line}"):
                yield found
