"""What the kernel shows of containers: /proc and control groups of their main processes, and where mounts lead."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct, field

from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.proc import net
from hullcheck.parsing.proc.net import Listener
from hullcheck.recording import Recording
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError, unread

_NAMESPACE = regex(r".* (\d+)/ns/(\w+) -> (\w+:\[\d+\])$")
_HELD = regex(r"(\d+)/fd/\d+ socket:\[(\d+)\]$")
_NETWORK = regex(r"(\d+)/net/(?:tcp|udp)6?:")
_STORED = regex(r"/.*/containers/([0-9a-f]{64})/config\.v2\.json")
_SOCKET = regex(r"socket (\d+:\d+) \d+ (/.*)")


class ContainerFiles(Struct, frozen=True, dict=True):
    """What the main processes of all containers show, and where the sources of their mounts lead on the host.

    Attributes:
        lines: of files, by path; of /proc by `PID/NAME`.
        links: by process, the namespaces by name.
        listeners: by process, in its network namespace.
        sockets: by process, the inodes of the sockets that it holds open; empty where they were not asked for
            or hidden.
        real: by source of a mount, its path without symbolic links.
        identities: by path of a socket, device and inode.
        mounted: the sockets that are mounted where the target is a container itself.
    """

    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    listeners: Mapping[int, tuple[Listener, ...]] = field(default_factory=dict)
    sockets: Mapping[int, frozenset[str]] = field(default_factory=dict)
    real: Mapping[str, str] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)
    mounted: tuple[str, ...] = ()

    @classmethod
    def parse(cls, sections: Mapping[str, str]) -> "ContainerFiles":
        """Sort the lines by what they come from."""
        lines: dict[str, list[str]] = {}
        links: dict[int, dict[str, str]] = {}
        listeners: dict[int, list[Listener]] = {}
        sockets: dict[int, set[str]] = {}
        inside, paths = (sections.get(each, "").split("\n") for each in ("inside", "paths"))
        for line in (*sections.get("proc", "").split("\n"), *inside):
            if held := _HELD.match(line):
                sockets.setdefault(int(held[1]), set()).add(held[2])
            elif namespace := _NAMESPACE.match(line):
                links.setdefault(int(namespace[1]), {})[namespace[2]] = namespace[3]
            elif network := _NETWORK.match(line):
                found = listeners.setdefault(int(network[1]), [])
                if listener := net.listener(line):
                    found.append(listener)
            elif ":" in line:
                name, _, rest = line.removeprefix("/proc/").partition(":")
                lines.setdefault(name, []).append(rest)
        named = (line.removeprefix("real ").split("\t", 1) for line in paths if line.startswith("real "))
        return cls(
            {name: tuple(dict.fromkeys(each)) for name, each in lines.items()},
            links,
            {pid: tuple(each) for pid, each in listeners.items()},
            {pid: frozenset(each) for pid, each in sockets.items()},
            {each[0]: each[1] for each in named},
            {each[2]: each[1] for each in map(_SOCKET.fullmatch, paths) if each},
            tuple(dict.fromkeys(x.removeprefix("mounted ") for x in inside if x.startswith("mounted "))),
        )

    def file(self, pid: int | str, name: str) -> tuple[str, ...]:
        """Return the lines of /proc/PID/name.

        Raises:
            EvidenceError: it could not be read.
        """
        try:
            return self.lines[f"{pid}/{name}"]
        except KeyError:
            raise EvidenceError(unread(f"/proc/{pid}/{name}")) from None

    @cached_property
    def stored_no_new_privileges(self) -> Mapping[str, bool]:
        """What the engine settled for containers at their creation, by id, as far as it may be read."""
        files = ((_STORED.fullmatch(path), lines) for path, lines in self.lines.items())
        return {match[1]: lines[0].endswith(":true") for match, lines in files if match}

    def path(self, source: str) -> str:
        """Return the path of *source* without symbolic links.

        Raises:
            EvidenceError: it could not be followed.
        """
        if not self.real.get(source):
            raise EvidenceError(
                f"the source {source} could not be followed: it does not exist, or may not be seen"
            )
        return self.real[source]

    def same_files(self, paths: Iterable[str]) -> frozenset[str]:
        """Return *paths*, with every other known name of the sockets among them."""
        known = frozenset(paths)
        wanted = {self.identities[path] for path in known if path in self.identities}
        return known | {path for path, identity in self.identities.items() if identity in wanted}


@fact(CONTAINERS)
def container_files(recording: Recording) -> ContainerFiles:
    """What the kernel shows of all containers, and where their mounts lead.

    Raises:
        EvidenceError: the target did not answer.
    """
    return files_in(recording, "proc", "paths")


def files_in(recording: Recording, *names: str) -> ContainerFiles:
    """Return what these sections of the answer show.

    Raises:
        EvidenceError: there is no answer, or it has a line of another kind.
    """
    sections = recording.sections(CONTAINERS)
    found = {name: sections.get(name, "") for name in names}
    if any(DROPPED in each.split("\n") for each in found.values()):
        raise EvidenceError("containers: the answer is damaged: it has a line of another kind")
    return ContainerFiles.parse(found)
