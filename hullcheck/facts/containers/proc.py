"""What /proc and the control groups show of containers: the second part of the probe's answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hullcheck.parsing.proc import namespaces, net
from hullcheck.parsing.proc.net import Listener
from hullcheck.verdicts import EvidenceError, unread

_NAMESPACE = re.compile(r".* (\d+)/ns/\w+ -> \w+:\[\d+\]$")
_HELD = re.compile(r".* (\d+)/fd/\d+ -> socket:\[(\d+)\]$")
_NETWORK = re.compile(r"(\d+)/net/(?:tcp|udp)6?:")
_STORED = re.compile(r"/.*/containers/([0-9a-f]{64})/config\.v2\.json")


@dataclass(frozen=True)
class ProcFiles:
    """What the main processes of all containers show.

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
                if listener := net.listener(line):
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
            raise EvidenceError(unread(f"/proc/{pid}/{name}")) from None

    @cached_property
    def stored_no_new_privileges(self) -> Mapping[str, bool]:
        """What the engine settled for containers at their creation, by id, as far as it may be read."""
        files = ((_STORED.fullmatch(path), lines) for path, lines in self.lines.items())
        return {match[1]: lines[0].endswith(":true") for match, lines in files if match}


def _sort_link(line: str, links: dict[int, list[str]], sockets: dict[int, set[str]]) -> None:
    if held := _HELD.match(line):
        sockets.setdefault(int(held[1]), set()).add(held[2])
    elif namespace := _NAMESPACE.match(line):
        links.setdefault(int(namespace[1]), []).append(line)
