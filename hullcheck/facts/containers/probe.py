"""The probe of all containers, by the engine and the kernel."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct

from hullcheck.facts.containers.inspect import HOLE, Inspected, Volume, Volumes, reduced, volumes_kept
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.models import decode, kept_as
from hullcheck.parsing.proc import net
from hullcheck.parsing.proc.net import Listener
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, InSections, LinesLike
from hullcheck.verdicts import EvidenceError, unread

_GONE = regex(r"no such (?:container|object):? ?([0-9a-f]{64})", re.IGNORECASE)
_container = kept_as(Inspected, reduced)


def _inspected(text: str) -> str:
    """Return a line for each container: the document, or `gone ID` if it was removed after the listing."""
    kept = []
    for line in text.split("\n"):
        if not line.startswith('{"Id"') and (gone := _GONE.search(line)):
            kept.append(f"gone {gone[1]}")
        elif line.startswith("{"):  # no warning of the docker command
            kept.append(_container(line))
    return "\n".join(kept)


CONTAINERS = Probe.from_file(
    "containers",
    InSections(
        inside=LinesLike(r"/proc/(?:1|self)/mountinfo:.*", "mounted /.*"),
        listed=LinesLike("[0-9a-f]{64}"),
        inspect=_inspected,
        volumes=kept_as(Volumes | list[Volume], volumes_kept),
        users=LinesLike("[0-9a-f]{64} [0-9]*"),
        proc=LinesLike(
            r"\d+/(?:mountinfo|attr/current|uid_map|net/tcp6?|net/udp6?):.*",
            r"/sys/fs/cgroup/[^:]*:.*",
            r"l\S+ .* \d+/ns/\w+(?: -> \w+:\[\d+\])?",  # without its end where it may not be read
            r"\d+/fd/\d+ socket:\[\d+\]",
            '/.*:"NoNewPrivileges":[a-z]*',
        ),
        paths=LinesLike(r"real /.*\t/.*", r"socket \d+:\d+ \d+ /.*"),
    ),
)


def described_in(text: str) -> tuple[dict[str, Inspected], list[str]]:
    """Return the containers in the section `inspect` by id, and the faults of damaged ones."""
    found, faults = dict[str, Inspected](), list[str]()
    for line in text.split("\n"):
        if line and not line.startswith("gone "):
            try:
                container = decode(line, Inspected, "docker inspect")
                if container.id is HOLE:
                    raise EvidenceError("docker inspect: Id is missing")
                found[container.id] = container
            except EvidenceError as error:
                faults.append(str(error))
    return found, faults


@fact(CONTAINERS)
def published_ports(recording: Recording) -> frozenset[tuple[str, int]]:
    """The addresses and TCP ports that the engine publishes, as far as known."""
    try:
        described, _ = described_in(recording.sections_in_time(CONTAINERS).get("inspect", ""))
    except EvidenceError:
        return frozenset()
    networks = [each.network_settings for each in described.values()]
    return frozenset(
        (binding.host_ip, int(binding.host_port))
        for group in [each.ports or {} for each in networks if each]
        for name, bindings in group.items()
        for binding in bindings or ()
        if name.endswith("/tcp") and binding.host_port.isdecimal()  # a port of a routed network has none
    )


@fact(CONTAINERS)
def volumes(recording: Recording) -> Mapping[str, Volume]:
    """The volumes by name; none if the answer is damaged."""
    try:
        text = recording.sections_in_time(CONTAINERS).get("volumes", "")
        return {each.name: each for each in decode(text, list[Volume], "docker volume inspect")}
    except EvidenceError:
        return {}


_NAMESPACE = regex(r".* (\d+)/ns/\w+ -> ((\w+):\[\d+\])$")
_HELD = regex(r"(\d+)/fd/\d+ socket:\[(\d+)\]$")
_NETWORK = regex(r"(\d+)/net/(?:tcp|udp)6?:")
_STORED = regex(r"/.*/containers/([0-9a-f]{64})/config\.v2\.json")
_SOCKET = regex(r"socket (\d+:\d+) \d+ (/.*)")


class ContainerFiles(Struct, frozen=True, dict=True):
    """Kernel files of the main processes of all containers, and the real paths of their mounts."""

    lines: Mapping[str, list[str]]  # of files, by path; of /proc by `PID/NAME`
    links: Mapping[int, Mapping[str, str]]  # by process, the namespaces by name
    listeners: Mapping[int, list[Listener]]  # by process, in its network namespace
    sockets: Mapping[int, set[str]]  # by process, the inodes of the sockets that it holds, as far as they are seen
    real: Mapping[str, str]  # by source of a mount, its path without symbolic links
    identities: Mapping[str, str]  # by path of a socket, device and inode
    mounted: tuple[str, ...]  # the sockets that are mounted where the target is a container itself

    @classmethod
    def parse(cls, shown: Iterable[str], paths: Iterable[str]) -> "ContainerFiles":
        """Parse the lines *shown* by the kernel, and the *paths* of mounts."""
        lines = defaultdict[str, list[str]](list)
        links = defaultdict[int, dict[str, str]](dict)
        listeners = defaultdict[int, list[Listener]](list)
        sockets = defaultdict[int, set[str]](set)
        for line in dict.fromkeys(shown):
            if held := _HELD.match(line):
                sockets[int(held[1])].add(held[2])
            elif namespace := _NAMESPACE.match(line):
                links[int(namespace[1])][namespace[3]] = namespace[2]
            elif network := _NETWORK.match(line):
                listeners[int(network[1])] += filter(None, [net.listener(line)])
            elif ":" in line:
                name, _, rest = line.removeprefix("/proc/").partition(":")
                lines[name].append(rest)
        mounted = tuple(line.removeprefix("mounted ") for line in dict.fromkeys(shown) if line.startswith("mounted "))
        named = (line.removeprefix("real ").split("\t", 1) for line in paths if line.startswith("real "))
        identities = {each[2]: each[1] for each in map(_SOCKET.fullmatch, paths) if each}
        return cls(dict(lines), links, listeners, sockets, dict(named), identities, mounted)

    def file(self, pid: int | str, name: str) -> list[str]:
        """Return the lines of /proc/PID/name, or raise EvidenceError."""
        try:
            return self.lines[f"{pid}/{name}"]
        except KeyError:
            raise EvidenceError(unread(f"/proc/{pid}/{name}")) from None

    @cached_property
    def stored_no_new_privileges(self) -> Mapping[str, bool]:
        """The value of no-new-privileges at creation, by container id, as far as readable."""
        files = ((_STORED.fullmatch(path), lines) for path, lines in self.lines.items())
        return {match[1]: lines[0].endswith(":true") for match, lines in files if match}

    def path(self, source: str) -> str:
        """Return the path of *source* without symbolic links, or raise EvidenceError."""
        if not self.real.get(source):
            raise EvidenceError(f"the source {source} could not be followed: it does not exist, or may not be seen")
        return self.real[source]

    def same_files(self, paths: Iterable[str]) -> frozenset[str]:
        """Return *paths*, with every other known name of the sockets among them."""
        known = frozenset(paths)
        wanted = {self.identities[path] for path in known if path in self.identities}
        return known | {path for path, identity in self.identities.items() if identity in wanted}


@fact(CONTAINERS)
def container_files(recording: Recording) -> ContainerFiles:
    """Kernel files of all containers, and the real paths of their mounts."""
    return files_in(recording, "proc")


def files_in(recording: Recording, section: str) -> ContainerFiles:
    """Return the kernel files in this section of the answer, or raise EvidenceError."""
    sections = recording.sections(CONTAINERS)
    shown, paths = (sections.get(each, "").split("\n") for each in (section, "paths"))
    if DROPPED in (*shown, *paths):
        raise EvidenceError("containers: the answer is damaged: it has a line of another kind")
    return ContainerFiles.parse(shown, paths)
