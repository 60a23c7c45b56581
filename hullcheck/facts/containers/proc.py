"""What /proc, the control groups and the file system say of containers: the last two parts of the probe's
answer."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hullcheck.parsing import namespaces, proc_net
from hullcheck.parsing.proc_net import Listener
from hullcheck.verdicts import EvidenceError

_NAMESPACE = re.compile(r".* (\d+)/ns/\w+ -> \w+:\[\d+\]$")
_HELD = re.compile(r".* (\d+)/fd/\d+ -> socket:\[(\d+)\]$")
_NETWORK = re.compile(r"(\d+)/net/(?:tcp|udp)6?:")
_DISK = re.compile(r"disk ([0-9a-f]+):([0-9a-f]+) (/.*)")
_SOCKET = re.compile(r"socket (\d+:\d+) (\d+) (/.*)")


@dataclass(frozen=True)
class ProcFiles:
    """What the main processes show.

    Attributes:
        lines: of files, by path; of /proc by `PID/NAME`.
        links: by process, the namespaces by name.
        listeners: by process, in its network namespace.
        sockets: by process, the inodes of the sockets that it holds open; empty where they were not asked for
            or hidden.
    """

    lines: Mapping[str, tuple[str, ...]]
    links: Mapping[int, Mapping[str, str]]
    listeners: Mapping[int, tuple[Listener, ...]]
    sockets: Mapping[int, frozenset[str]]

    @classmethod
    def parse(cls, text: str) -> "ProcFiles":
        """Sort the lines by what they come from."""
        lines: dict[str, list[str]] = {}
        links: dict[int, list[str]] = {}
        listeners: dict[int, list[Listener]] = {}
        sockets: dict[int, set[str]] = {}
        for line in text.split("\n"):
            if line.startswith("l"):
                _sort_link(line, links, sockets)
            elif network := _NETWORK.match(line):
                found = listeners.setdefault(int(network[1]), [])
                if listener := proc_net.listener(line):
                    found.append(listener)
            elif ":" in line:
                name, _, rest = line.partition(":")
                lines.setdefault(name, []).append(rest)
        return cls(
            {name: tuple(each) for name, each in lines.items()},
            {pid: namespaces.links(each) for pid, each in links.items()},
            {pid: tuple(each) for pid, each in listeners.items()},
            {pid: frozenset(each) for pid, each in sockets.items()},
        )

    def file(self, pid: int, name: str) -> tuple[str, ...]:
        """The lines of /proc/PID/name.

        Raises:
            EvidenceError: it could not be read.
        """
        try:
            return self.lines[f"{pid}/{name}"]
        except KeyError:
            raise EvidenceError(f"/proc/{pid}/{name} could not be read; are you root?") from None


def _sort_link(line: str, links: dict[int, list[str]], sockets: dict[int, set[str]]) -> None:
    if held := _HELD.match(line):
        sockets.setdefault(int(held[1]), set()).add(held[2])
    elif namespace := _NAMESPACE.match(line):
        links.setdefault(int(namespace[1]), []).append(line)


@dataclass(frozen=True)
class HostFiles:
    """Where sources of mounts lead on the host, and which file a socket is, whatever it is called.

    Attributes:
        real: by source, its path without symbolic links.
        identities: by path of a socket, device and inode.
        named_twice: the sockets of which the host has more than one hard link.
        disks: by source that is a disk, its device, `major:minor`.
    """

    real: Mapping[str, str]
    identities: Mapping[str, str]
    named_twice: frozenset[str]
    disks: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> "HostFiles":
        """Read the third part of the probe's answer."""
        real: dict[str, str] = {}
        disks: dict[str, str] = {}
        identities: dict[str, str] = {}
        twice = set()
        for line in text.split("\n"):
            if line.startswith("real "):
                source, _, path = line.removeprefix("real ").partition("\t")
                real[source] = path
            elif disk := _DISK.fullmatch(line):
                disks[disk[3]] = f"{int(disk[1], 16)}:{int(disk[2], 16)}"
            elif found := _SOCKET.fullmatch(line):
                identities[found[3]] = found[1]
                if int(found[2]) > 1:
                    twice.add(found[3])
        return cls(real, identities, frozenset(twice), disks)

    def path(self, source: str) -> str:
        """Where *source* leads, without symbolic links.

        Raises:
            EvidenceError: it could not be followed.
        """
        if not self.real.get(source):
            raise EvidenceError(
                f"the source {source} could not be followed: it does not exist, or may not be seen"
            )
        return self.real[source]

    def disk(self, source: str) -> str:
        """Which device the disk *source* is: one may have several names.

        Raises:
            EvidenceError: it is none, or could not be read.
        """
        if source not in self.disks:
            raise EvidenceError(f"which disk {source} is could not be read")
        return self.disks[source]

    def same_files(self, paths: Iterable[str]) -> frozenset[str]:
        """*paths*, and every other known name of the sockets among them."""
        known = frozenset(paths)
        wanted = {self.identities[path] for path in known if path in self.identities}
        return known | {path for path, identity in self.identities.items() if identity in wanted}
