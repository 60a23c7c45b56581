"""The processes of a target in /proc, with their privileges."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from itertools import dropwhile

from msgspec import Struct

from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import grouped
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, HIDDEN, InSections, LinesLike
from hullcheck.verdicts import EvidenceError

PROCESSES = Probe.from_file(
    "processes",
    InSections(
        tasks=LinesLike(r"(?:task|unread):\S+"),
        processes=LinesLike(r"\d+/(?:status|cgroup|exe):.*|\d+/ns:\w+:\[\d{1,20}\]"),
        listeners=LinesLike(
            r"net:\w+", r"listener:(?:tcp|udp)6? (?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} \d+", r"owner:\d+ \d+"
        ),
    ),
)

_LINE = regex(r"^(\d+)/(?:(status|ns):(\w+)|(cgroup|exe)):[ \t]*(.*)$", re.MULTILINE)
# Not in the name of what Podman and CRI-O run beside a container: its monitor, its health check.
_CONTAINER_ID = regex(r"(?<!conmon-)(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])(?!(?:-[0-9a-f]+)?\.service)")
_RUNTIME = regex(r"runc:\[\w+:\w+\]|crun")


class Process(Struct, frozen=True, dict=True):
    """A process. Pids are those of the auditor's namespace, uids those of the host."""

    pid: int
    status: dict[str, str]
    cgroups: tuple[str, ...]
    pid_namespace: str | None  # `pid:[INODE]`, or None if the auditor may not see it; `user_namespace` alike
    executable: str = ""  # the path of its program where it runs; empty if the auditor may not see it
    user_namespace: str | None = None

    @cached_property
    def container_ids(self) -> frozenset[str]:
        """The ids of the containers in the control groups of the process."""
        return frozenset(each for line in self.cgroups for each in _CONTAINER_ID.findall(line))

    def _field(self, name: str) -> str:
        if name not in self.status:
            raise EvidenceError(f"/proc/{self.pid}/status does not show {name}")
        return self.status[name]

    def _numbers(self, name: str, base: int = 10) -> tuple[int, ...]:
        text = self._field(name)
        try:
            first, *rest = (int(each, base) for each in text.split())
        except ValueError:
            raise EvidenceError(f"/proc/{self.pid}/status has {text!r} as {name}") from None
        return first, *rest

    @property
    def name(self) -> str:
        """The first 15 bytes of the program's name."""
        return self._field("Name")

    @property
    def is_runtime(self) -> bool:
        """Whether the process is a runtime that is just starting a container."""
        return _RUNTIME.fullmatch(self.name) is not None

    @property
    def parent(self) -> int:
        return self._numbers("PPid")[0]

    @property
    def uids(self) -> tuple[int, ...]:
        """Real, effective, saved and file-system uid."""
        return self._numbers("Uid")

    @property
    def effective_capabilities(self) -> int:
        """The capabilities that it has now, as bits."""
        return self._numbers("CapEff", 16)[0]

    @property
    def capabilities(self) -> int:
        """The permitted, effective and bounding capabilities, as bits."""
        sets = [self._numbers(name, 16)[0] for name in ("CapEff", "CapPrm", "CapBnd")]
        return sets[0] | sets[1] | sets[2]

    @property
    def no_new_privileges(self) -> bool:
        return self._field("NoNewPrivs") == "1"

    @property
    def seccomp_mode(self) -> int:
        """0 off, 1 strict, 2 filter."""
        return self._numbers("Seccomp")[0]


class Processes(Struct, frozen=True, dict=True):
    """All processes that the auditor sees."""

    by_pid: dict[int, Process]

    def process(self, pid: int) -> Process:
        if pid not in self.by_pid:
            raise EvidenceError(f"process {pid} is not in /proc here: it ended, runs on another machine, or is hidden")
        return self.by_pid[pid]

    @cached_property
    def by_cgroup_id(self) -> dict[str, list[Process]]:
        """Processes by each container id in their control groups."""
        return grouped((one, each) for each in self.by_pid.values() for one in each.container_ids)

    @cached_property
    def by_pid_namespace(self) -> dict[str | None, list[Process]]:
        """Processes by the link of their PID namespace; None if unreadable."""
        return grouped((each.pid_namespace, each) for each in self.by_pid.values())


@fact(PROCESSES)
def processes(recording: Recording) -> Processes:
    """The processes of the target."""
    status, links = defaultdict[int, dict[str, str]](dict), defaultdict[int, dict[str, str]](dict)
    cgroups = defaultdict[int, list[str]](list)
    for number, kind, name, other, text in _LINE.findall(recording.section(PROCESSES, "processes")):
        pid = int(number)
        if kind == "status":
            status[pid][name] = text
        elif other == "cgroup":
            controllers, _, path = text.partition(":")
            cgroups[pid] += [f"0:{each}:{path}" for each in controllers.split(" ")]
        else:
            links[pid][name or other] = f"{name}:{text}" if name else text.removesuffix(" (deleted)")
    found = {}
    for pid, fields in status.items():
        of = links[pid]
        found[pid] = Process(pid, fields, tuple(cgroups[pid]), of.get("pid"), of.get("exe", ""), of.get("user"))
    return Processes(found)


# ---- SSH servers

_SERVER = regex(
    r"(?!.*exporter)(?:(?:[\w.-]+-)?sshd|dropbear)(?:multi|[-_.0-9].*)?|ssh[-_.]?server.*|esshd|lshd|sftpgo|sshesame|teleport|tinysshd"
    r"|wolfsshd"
)
_STARTS_SERVER = regex(r"(?:\bservice\s+|/init\.d/|\bsystemctl\s+(?:re)?start\s+)(ssh|dropbear)d?(?![\w.-])")
"""How a distribution starts its SSH server, called `ssh` by some."""
_NEXT_COMMAND = regex(r"(?:\$\(|`)(?:which|command -v) |[;&|()\n]+|\b(?:then|do|else)\b")
_BEFORE_PROGRAM = regex(
    r"\S*(?:entrypoint|init|tini|catatonit|sh)|(?:\S*/)?(?:env|exec|gosu|nohup|setsid|su-exec|sudo)|root|[{!]|-\S*|\w+=\S*|"
)
"""A shell, an entry point, a wrapper such as `gosu root`, an option or a variable."""


def servers_named(command: Iterable[object]) -> frozenset[str]:
    """Return the SSH servers that a command starts, directly or through a shell or service."""
    text = " ".join(map(str, command))
    commands = [[word.strip("'\"[]`") for word in each.split()] for each in _NEXT_COMMAND.split(text)]
    programs = [next(dropwhile(_BEFORE_PROGRAM.fullmatch, words), "") for words in commands]
    programs += [word for words in commands for word in words if "/sbin/" in word]
    named = frozenset(filter(_SERVER.fullmatch, (each.rpartition("/")[2] for each in programs)))
    return named | {"sshd" if each == "ssh" else each for each in _STARTS_SERVER.findall(text)}


def ssh_servers(processes: Iterable[Process]) -> tuple[str, ...]:
    """Return the names of SSH servers among *processes*; EvidenceError if a program's path is hidden."""
    found = list(processes)
    names = {each for one in found for each in (one.name, one.executable.rpartition("/")[2])}
    servers = tuple(sorted(filter(_SERVER.fullmatch, names)))
    for process in found:
        if not servers and (HIDDEN in process.executable or DROPPED in process.executable):
            raise EvidenceError(f"the path of the program of process {process.pid} is hidden as like a secret")
    return servers
