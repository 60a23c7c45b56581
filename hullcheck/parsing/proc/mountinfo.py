"""Mount tables (/proc/PID/mountinfo, proc(5)), and paths of the host in them."""

import re
from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from hullcheck.parsing.answer_lines import grouped
from hullcheck.verdicts import EvidenceError


class Mount(Struct, frozen=True):
    """A line of a mount table."""

    device: str  # `major:minor` of the file system
    root: str  # the directory (or file) of that file system that is mounted
    point: str  # where it is mounted
    options: frozenset[str]
    kind: str  # the file system's type
    source: str = ""  # what the file system was mounted from: a device's path, or any word
    subvolume: str = ""  # on btrfs, the one to which the directory belongs

    @property
    def is_whole(self) -> bool:
        """Whether a whole file system or subvolume is mounted."""
        return self.root in ("/", self.subvolume)


def parse(lines: Iterable[str]) -> tuple[Mount, ...]:
    """Parse the lines of a mountinfo file, or raise EvidenceError."""
    return tuple(map(_mount, lines))


def _mount(line: str) -> Mount:
    left, separator, right = line.partition(" - ")
    fields, about = left.split(" "), right.split(" ")
    if not separator or len(fields) < 6:
        raise EvidenceError(f"not a line of mountinfo: {line!r}")
    return Mount(
        device=fields[2],
        root=_unescape(fields[3]),
        point=_unescape(fields[4]),
        options=frozenset(fields[5].split(",")),
        kind=about[0],
        source=_unescape(about[1]) if len(about) > 1 else "",
        subvolume=_unescape(right.partition(",subvol=")[2]) if about[0] == "btrfs" else "",
    )


def _unescape(path: str) -> str:
    """Return a path without octal escapes."""
    if "\\" not in path:
        return path
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)


def is_below(path: str, folder: str) -> bool:
    """Return whether *path* is *folder* or below it, both absolute and without symbolic links."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


class MountTable(Struct, frozen=True, dict=True):
    """The mount table of the host, as the daemon sees it."""

    mounts: tuple[Mount, ...]

    @cached_property
    def _by_device(self) -> dict[str, list[Mount]]:
        return grouped((mount.device, mount) for mount in self.mounts)

    def paths(self, device: str, root: str) -> frozenset[str]:
        """Return every path of *root* of the file system *device* on the host."""
        found = set()
        for mount in self._by_device.get(device, ()):
            if is_below(root, mount.root):
                inside = root[len(mount.root.rstrip("/")) :]
                found.add((mount.point.rstrip("/") + inside).rstrip("/") or "/")
        return frozenset(found)

    def parts(self, device: str, root: str) -> frozenset[str]:
        """Return the mount points of parts of *root* of *device*."""
        below = (each for each in self._by_device.get(device, ()) if each.root != root)
        return frozenset(each.point for each in below if is_below(each.root, root))

    def shows(self, path: str, inside: str) -> bool:
        """Return whether *inside* is on the same mount as *path*."""
        return mount_of(path, self.mounts) == mount_of(inside, self.mounts)

    def other_names(self, path: str, *, below: bool = True) -> frozenset[str]:
        """Return *path*, its other paths and those of parts, and sources of mounts *below*."""
        found = {path}
        if self.mounts:
            mount = mount_of(path, self.mounts)
            device, root = mount.device, mount.root.rstrip("/") + path[len(mount.point.rstrip("/")) :] or "/"
            found |= self.paths(device, root) | self.parts(device, root)
        for mount in self.mounts:
            if below and mount.point != path and is_below(mount.point, path):
                found |= self.paths(mount.device, mount.root)
        return frozenset(found)


def mount_of(path: str, mounts: tuple[Mount, ...]) -> Mount:
    """Return the mount of *path*, the last one if several cover each other."""
    found = [each for each in reversed(mounts) if is_below(path, each.point)]
    if not found:
        raise EvidenceError("the mount table has no mount at /")
    return max(found, key=lambda each: len(each.point))
