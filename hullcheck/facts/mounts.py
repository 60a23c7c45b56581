"""Mount tables (/proc/PID/mountinfo, proc(5)), and the way back from a mount in a container to a path of the host."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class Mount:
    """One line of a mount table.

    Attributes:
        device: `major:minor` of the file system.
        root: the directory (or file) of that file system that is mounted.
        point: where it is mounted, in the namespace of the table's process.
        options: of this mount: `ro`, `nosuid`, ...
        shared: whether the mount sends and takes mount events (`shared:N`).
        kind: the file system's type.
    """

    device: str
    root: str
    point: str
    options: frozenset[str]
    shared: bool
    kind: str


def parse(lines: Iterable[str]) -> tuple[Mount, ...]:
    """The mounts in the lines of a mountinfo file.

    Raises:
        EvidenceError: a line is not one of a mount table.
    """
    return tuple(map(_mount, lines))


def _mount(line: str) -> Mount:
    left, separator, right = line.partition(" - ")
    fields = left.split(" ")
    if not separator or len(fields) < 6:
        raise EvidenceError(f"not a line of mountinfo: {line!r}")
    tags = fields[6:]
    return Mount(
        device=fields[2],
        root=_unescape(fields[3]),
        point=_unescape(fields[4]),
        options=frozenset(fields[5].split(",")),
        shared=any(tag.startswith("shared:") for tag in tags),
        kind=right.split(" ")[0],
    )


def _unescape(path: str) -> str:
    """Blank, tab, line feed and backslash are written in octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)


def is_below(path: str, folder: str) -> bool:
    """Whether *path* is *folder* or lies in it; both absolute and without symbolic links."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def host_paths(mount: Mount, host: Iterable[Mount]) -> frozenset[str]:
    """Every path under which the *host* table shows what *mount* shows in another namespace.

    Empty where the host does not mount that file system, or not that part of it: the container's own /proc, a tmpfs of
    its own.
    """
    found = set()
    for each in host:
        if each.device == mount.device and is_below(mount.root, each.root):
            inside = mount.root[len(each.root.rstrip("/")) :]
            found.add((each.point.rstrip("/") + inside).rstrip("/") or "/")
    return frozenset(found)
