"""The dockerd processes, the one behind the docker command, and the one behind Podman's socket."""

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from urllib.parse import urlsplit

from msgspec import Struct

from hullcheck.facts.engine import daemon_options
from hullcheck.facts.engine.daemon_options import ConfigFile, Flags
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing import confinement
from hullcheck.parsing.answer_lines import Words, blocks
from hullcheck.parsing.proc import mountinfo, net
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.parsing.proc.net import Listener
from hullcheck.parsing.times import Span, moment
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import InSections, LinesLike
from hullcheck.verdicts import EvidenceError, unread

_LINKS = r"l\S+ .* (?:self|\d+)/\S+ -> .*"
_RUNNING = LinesLike(_LINKS, r"\d+/(?:stat|mountinfo|status|net/unix|net/tcp6?):.*")
_PODMAN = LinesLike(_LINKS, r"\d+/(?:mountinfo|task/\d+/net/unix):.*")
_ASKED = LinesLike("(?:clock|endpoint|path|file):.*")
_FILES = LinesLike(r"\d+/(?:config|profile):(?:read|absent|unread)\|.*", " .*")
_UNIT = regex("(?:Id|MainPID|Listen)=|$")
_VARIABLES = ("DOCKER_CERT_PATH=", "DOCKER_CONFIG=", "HOME=", "XDG_RUNTIME_DIR=")


def _keep_words(text: str) -> str:
    """Return command lines without secrets, and the variables that matter."""
    kept = []
    for pid, words in _by_pid(text.split("\n")).items():
        command = daemon_options.stored_command(words["cmdline"]) if "cmdline" in words else ()
        kept += [f"{pid}/cmdline:{each}" for each in command]
        kept += [f"{pid}/environ:{each}" for each in words.get("environ", []) if each.startswith(_VARIABLES)]
    return "\n".join(kept)


def _files(text: str) -> Iterator[tuple[str, str]]:
    """Yield the line that names each file, and the text of one that was read."""
    for block in re.split(r"^(?=\d+/)", text, flags=re.MULTILINE)[1:]:
        heading, *lines = block.split("\n")
        yield heading, "\n".join(line[1:] for line in lines if line.startswith(" "))


def _keep_files(text: str) -> str:
    """Return each file on one line, without secrets."""
    kept: list[str] = []
    for heading, content in _files(_FILES(text)):
        is_profile = "/profile:" in heading
        stored = json.dumps(confinement.read_seccomp(content)) if is_profile else daemon_options.stored_file(content)
        kept += [heading, *([f" {stored or '(not JSON)'}"] if ":read|" in heading else [])]
    return "\n".join(kept)


DAEMON = Probe.from_file(
    "daemon",
    InSections(
        asked=lambda text: re.sub(r"^(endpoint:\w+://)[^/\s]*@", r"\1***@", _ASKED(text), flags=re.MULTILINE),
        running=_RUNNING,
        words=_keep_words,
        sockets=LinesLike(r"/.*\t/?.*"),
        files=_keep_files,
        units=lambda text: "\n".join(line for line in text.split("\n") if _UNIT.match(line)),
        podman=_PODMAN,
    ),
)

_UNIX = regex(r"[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ 00010000 [0-9A-F]+ [0-9A-F]+ +(\d+) (\S.*)")
_LINK = regex(r"l\S+ .* (self|\d+)/(\S+) -> (.*)")
_TICKS = 100  # USER_HZ, the unit of /proc/PID/stat, on every architecture that Docker runs on
_CLOCKS = 0.05  # seconds: how far off two clocks can be that are read one after the other, in hundredths
_LOOPBACK = regex(r"localhost|127\.[\d.]+|::1")
_Lines = Mapping[str, list[str]]


class UnixSocket(Struct, frozen=True):
    """A listening socket in the network of a daemon: *path* as bound, @ for an abstract one, *real* without links."""

    path: str
    real: str
    inode: str


class Unit(Struct, frozen=True):
    """The unit of a running daemon; *listens* are the addresses of docker.socket."""

    name: str
    listens: tuple[str, ...]


class DaemonProcess(Struct, frozen=True, kw_only=True):
    """A dockerd process, with its daemon.json and the unit that started it."""

    pid: int
    executable: str
    flags: Flags
    environment: Mapping[str, str]  # the variables that decide something, as far as they may be read
    uids: tuple[int, ...]
    started: Span | None
    namespaces: Mapping[str, str]
    mountinfo: tuple[str, ...]
    held: frozenset[str]  # the inodes of its sockets; empty if its descriptors may not be read
    unix_table: tuple[UnixSocket, ...]
    tcp_table: tuple[Listener, ...] | None  # what listens in its network namespace, or None if that may not be read
    sees_endpoint: bool | None  # whether the docker command's socket is the same file for it; None if unknown
    config: ConfigFile | None = None
    profile: ConfigFile | None = None
    unit: Unit | None = None

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """The TCP sockets on which the process listens."""
        if not self.held or self.tcp_table is None:
            raise EvidenceError(unread(f"the sockets of process {self.pid}"))
        return tuple(each for each in self.tcp_table if each.inode in self.held)

    def holds(self, inode: str) -> bool:
        """Return whether the socket may belong to this process."""
        return not self.held or inode in self.held

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of an option on the command line, in order."""
        return tuple(value for each, value in self.flags if each == name)

    @property
    def rootless(self) -> bool:
        """Whether the process runs as another user than root, or with --rootless."""
        return self.uids[1:2] != (0,) or self.values("rootless")[-1:] == ("true",)


class DaemonProcesses(Struct, frozen=True, dict=True):
    """All dockerd processes, and the address that the docker command uses."""

    endpoint: str
    endpoint_path: str
    own_network: str | None
    candidates: tuple[DaemonProcess, ...]

    @classmethod
    def of(cls, recording: Recording) -> "DaemonProcesses":
        """Parse the answer, or raise EvidenceError."""
        try:
            return _parse(recording.sections(DAEMON))
        except (KeyError, ValueError, IndexError):
            raise EvidenceError("the answer on the dockerd processes is not what /proc documents") from None

    @cached_property
    def daemon(self) -> DaemonProcess:
        """The process that answers the docker command."""
        if not urlsplit(self.endpoint).scheme:
            raise EvidenceError("the engine of the docker command is unknown")
        if not self._is_here:
            raise EvidenceError(f"the engine runs on another machine ({self.endpoint}): its process is not seen here")
        found = [each for each in self.candidates if self._may_answer(each)]
        if len(found) == 1:
            return found[0]
        if not self.candidates:
            raise EvidenceError(f"no dockerd process can be seen here, though an engine answers at {self.endpoint}")
        if not found:
            raise EvidenceError(f"none of the dockerd processes here listens at {self.endpoint}")
        pids = ", ".join(str(each.pid) for each in found)
        hint = "" if all(each.held for each in found) else "; audit as root to know"
        raise EvidenceError(f"more than one dockerd process may be the one at {self.endpoint}: {pids}{hint}")

    @property
    def others(self) -> tuple[DaemonProcess, ...]:
        """The processes that are certainly not the audited engine."""
        if not self.endpoint:
            return ()
        return tuple(each for each in self.candidates if not (self._is_here and self._may_answer(each)))

    @property
    def _is_here(self) -> bool:
        """Whether the audited engine runs on this machine."""
        address = urlsplit(self.endpoint)
        loopback = _LOOPBACK.fullmatch(address.hostname or "") is not None
        return address.scheme == "unix" or (address.scheme in ("tcp", "http", "https") and loopback)

    def _may_answer(self, candidate: DaemonProcess) -> bool:
        address = urlsplit(self.endpoint)
        if address.scheme == "unix":
            found = [each for each in candidate.unix_table if self.endpoint_path in (each.path, each.real)]
            return any(candidate.holds(each.inode) for each in found) and candidate.sees_endpoint is not False
        # A loopback address is that of the auditor's own network namespace.
        if self.own_network and candidate.namespaces.get("net", self.own_network) != self.own_network:
            return False
        port = address.port or 2375
        return any(each.number == port and candidate.holds(each.inode) for each in candidate.tcp_table or ())


def _by_pid(lines: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return the texts of lines `PID/NAME:TEXT` by number and name; links as `link`, with `NAME -> TARGET`."""
    found = dict[str, dict[str, list[str]]]()
    for line in lines:
        if link := _LINK.fullmatch(line):
            pid, name, text = link[1], "link", f"{link[2]} -> {link[3]}"
        else:
            place, _, text = line.partition(":")
            pid, _, name = place.partition("/")
        if name:
            found.setdefault(pid, {}).setdefault(name, []).append(text)
    return found


def _links(lines: _Lines) -> dict[str, str]:
    return dict(line.partition(" -> ")[::2] for line in lines.get("link", ()))


def _boot(clock: str) -> Span | None:
    """Return the time of boot, from the time of a fresh inode in /proc and the uptime."""
    text, _, uptime = clock.partition("|")
    now = moment(text)
    if now is None or not re.fullmatch(r"[\d.]+", uptime):
        return None
    return now[0] - float(uptime) - _CLOCKS, now[1] - float(uptime) + _CLOCKS


def _stat(lines: _Lines) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may have blanks."""
    return "".join(lines.get("stat", ())).rpartition(")")[2].split()


def _unit(pid: str, blocks: Sequence[tuple[tuple[str, str], ...]]) -> Unit | None:
    """Return the unit with this main process, or None."""
    name = next((dict(each).get("Id", "") for each in blocks if ("MainPID", pid) in each), None)
    socket = next((each for each in blocks if ("Id", "docker.socket") in each), None)
    if name is None or socket is None:
        return None
    return Unit(name, tuple(text.partition(" (")[0] for word, text in socket if word == "Listen"))


def _parse(sections: Mapping[str, str]) -> DaemonProcesses:
    said = Words(sections["asked"])
    path, boot = said.first("path"), _boot(said.first("clock"))
    identities = {place: id_ for id_, place in re.findall(r"^file:(\S+) (.*)$", sections["asked"], re.MULTILINE)}
    real = dict(line.partition("\t")[::2] for line in sections["sockets"].split("\n"))
    files = {heading.partition(":")[0]: (heading, text) for heading, text in _files(sections["files"])}
    units = tuple(blocks(sections.get("units", "")))

    def file(place: str, started: Span | None) -> ConfigFile | None:
        heading, text = files.get(place, ("", ""))
        return ConfigFile.of(heading.partition(":")[2], text, started) if heading else None

    def process(pid: str, lines: _Lines) -> DaemonProcess:
        links, stat = _links(lines), _stat(lines)
        folder = links.get("cwd", "")
        since = int(stat[19]) / _TICKS if len(stat) > 19 else None
        started = (boot[0] + since, boot[1] + since) if boot and since is not None else None
        sockets = filter(None, map(_UNIX.fullmatch, lines.get("net/unix", ())))
        tables = (f"{pid}/{name}:{line}" for name in ("net/tcp", "net/tcp6") for line in lines.get(name, ()))
        seen = [identities.get(each) for each in (path, f"{pid}/root{path}")]
        return DaemonProcess(
            pid=int(pid),
            executable=links.get("exe", ""),
            flags=daemon_options.flags([line.strip("\r") for line in lines["cmdline"]][1:]),
            environment=dict(line.partition("=")[::2] for line in lines.get("environ", ())),
            uids=tuple(int(word) for word in "".join(lines.get("status", ())).partition(":")[2].split()),
            started=started,
            namespaces={name[3:]: link for name, link in links.items() if name.startswith("ns/")},
            mountinfo=tuple(lines.get("mountinfo", ())),
            held=frozenset(link[8:-1] for link in links.values() if link.startswith("socket:[")),
            unix_table=tuple(
                UnixSocket(name, real.get(name) or (name if name[0] == "@" else posixpath.join(folder, name)), inode)
                for inode, name in (each.groups() for each in sockets)
            ),
            tcp_table=tuple(filter(None, map(net.listener, tables))) if "net/tcp" in lines else None,
            sees_endpoint=None if None in seen else seen[0] == seen[1],
            config=file(f"{pid}/config", started),
            profile=file(f"{pid}/profile", started),
            unit=_unit(pid, units),
        )

    shown = _by_pid((sections["running"] + "\n" + sections["words"]).split("\n"))
    alive = {pid: lines for pid, lines in shown.items() if "cmdline" in lines}  # one may have ended meanwhile
    # A copy of a daemon that has not started its own program yet still holds its sockets.
    own_program = {pid: lines for pid, lines in alive.items() if alive.keys().isdisjoint(_stat(lines)[1:2])}
    own_network = _links(shown.get("self", {})).get("ns/net")
    found = tuple(process(pid, lines) for pid, lines in own_program.items())
    return DaemonProcesses(said.first("endpoint"), path, own_network, found)


class PodmanService(Struct, frozen=True):
    """The process that answers on Podman's socket, with its namespaces by name and its mount table."""

    pid: int
    namespaces: Mapping[str, str]
    mounts: tuple[Mount, ...]


@fact(DAEMON)
def podman_service(recording: Recording) -> PodmanService:
    """The process that answers on Podman's socket."""
    sections = recording.sections(DAEMON)
    path = Words(sections.get("asked", "")).first("path")
    found = [
        PodmanService(int(pid), _most_of(lines), mountinfo.parse(lines.get("mountinfo", ())))
        for pid, lines in _by_pid(sections.get("podman", "").split("\n")).items()
        if pid and _serves(lines, path)
    ]
    if not found:
        raise EvidenceError("no process of Podman is seen to serve its socket; audit as root")
    if len(found) > 1:
        pids = ", ".join(str(each.pid) for each in found)
        raise EvidenceError(f"the process that serves Podman's socket is one of {pids}")
    return found[0]


def _serves(lines: _Lines, path: str) -> bool:
    """Return whether the process listens at the path, or at the same one below /var/run."""
    tables = (each for name, table in lines.items() if name.endswith("/net/unix") for each in table)
    named = (path, f"/var{path}")
    found = [match[1] for match in map(_UNIX.fullmatch, tables) if match and match[2] in named]
    return any(f"socket:[{inode}]" in _links(lines).values() for inode in found)


def _most_of(lines: _Lines) -> dict[str, str]:
    """Return the namespaces of most threads: one may have stayed in the network of a container."""
    links = ((name.rpartition("/ns/")[2], link) for name, link in _links(lines).items() if "/ns/" in name)
    return dict(each for each, _ in reversed(Counter(links).most_common()))
