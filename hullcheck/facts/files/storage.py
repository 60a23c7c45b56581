"""On which file systems an engine keeps its data."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from hullcheck.facts.engine import Engine
from hullcheck.facts.files.installation import Places
from hullcheck.facts.registry import fact
from hullcheck.parsing.proc.mountinfo import Mount, is_below, mount_of

_BORROWING = re.compile(
    r"overlay|aufs|ecryptfs|shiftfs|(fuse\.)?(fuse-overlayfs|bindfs|mergerfs|unionfs|cryfs|encfs|gocryptfs)"
)
"""File systems that keep what is written to them on others."""
_LOOP = "7:"  # the kernel's number of such devices


@dataclass(frozen=True)
class Root:
    """A directory in which the engine keeps images, containers and volumes.

    Attributes:
        path: without symbolic links.
        mount: the mount on which it lies.
        above: the mount on which the directory above it lies.
        hosts: the mounts of / and of /var.
        parts: what lies in it and is a mount, or a link to elsewhere: the mount by the path.
        siblings: where other subvolumes of its btrfs are mounted, whose data are none of the engine's.
    """

    path: str
    mount: Mount
    above: Mount
    hosts: tuple[Mount, ...]
    parts: tuple[tuple[str, Mount], ...] = ()
    siblings: tuple[str, ...] = ()

    @property
    def shares(self) -> str:
        """With what it shares its space, in words; empty where it has a file system of its own.

        dockerd mounts its data root over itself where `/` is not a shared mount: that is no file system of
        its own, and it shows in the device. Neither is a directory of a file system that holds others too.
        """
        if host := self._host(self.mount):
            itself = " (mounted from there)" if self.mount.point == self.path else ""
            return f"is on the file system of {host}{itself}, device {self.mount.device}"
        if self.mount.device == self.above.device:
            return f"is on the file system mounted at {self.above.point}, with all else that is there"
        if _BORROWING.fullmatch(self.mount.kind):
            return f"is of the type {self.mount.kind}, which keeps its data on other file systems"
        if not self.mount.is_whole:
            return f"is the directory {self.mount.root} of the file system on device {self.mount.device}"
        moved = [f"{path} on that of {host}" for path, mount in self.parts if (host := self._host(mount))]
        return f"has {', '.join(moved)}" if moved else ""

    @property
    def pool(self) -> str:
        """The pool of ZFS that it shares with one of the host's own file systems; empty where it shares none."""
        pools = {each.source.partition("/")[0] for each in self.hosts if each.kind == "zfs"}
        pool = self.mount.source.partition("/")[0]
        return pool if self.mount.kind == "zfs" and pool in pools else ""

    def _host(self, mount: Mount) -> str:
        """Which of the host's own file systems that is: `/`, `/var`; else empty."""
        return next((each.point for each in self.hosts if each.device == mount.device), "")

    @property
    def note(self) -> str:
        """Its file system."""
        part = "" if self.mount.root == "/" else f", its subvolume {self.mount.root}"
        loop = (
            ", a loop device, whose file takes its space on another"
            if self.mount.device.startswith(_LOOP)
            else ""
        )
        return f"{self.path} is a mount point of its own: {self.mount.kind}, device {self.mount.device}{part}{loop}"


@dataclass(frozen=True)
class Storage:
    """Where the engine keeps its data."""

    engine: Engine
    places: Places
    mounts: tuple[Mount, ...]

    @cached_property
    def roots(self) -> tuple[Root, ...]:
        """The data root, and that of containerd where images lie there.

        With user namespaces it is a numbered directory in the one that was set, and either may be the mount.

        Raises:
            EvidenceError: they could not be looked at.
        """
        path = self.places.data_root().node.path
        roots = [self._root(path)]
        if "userns" in self.engine.security_options and roots[0].shares:
            roots = [self._root(posixpath.dirname(path), path)]
        if self.engine.keeps_images_in_containerd:
            roots += self._of_containerd(path)
        if not any(root.shares for root in roots):
            roots[0] = replace(roots[0], parts=(*roots[0].parts, *self._linked_parts()))
        return tuple(roots)

    def _linked_parts(self) -> Iterable[tuple[str, Mount]]:
        for link in self.places.data_root_links():
            yield link.path, mount_of(link.node.path, self.mounts)

    def _of_containerd(self, data_root: str) -> Iterable[Root]:
        for path in self.places.containerd_roots:
            if not path.startswith(data_root + "/"):
                yield self._root(path)

    def _root(self, path: str, numbered: str = "") -> Root:
        """A directory, or the one around a numbered one."""
        above = mount_of(posixpath.dirname(path), self.mounts)
        hosts = tuple(mount_of(each, self.mounts) for each in ("/", "/var"))
        folders = (path, numbered)
        parts = [(each.point, each) for each in self.mounts if posixpath.dirname(each.point) in folders]
        mount = mount_of(path, self.mounts)
        return Root(path, mount, above, hosts, tuple(parts), tuple(self._siblings(mount)))

    def _siblings(self, mount: Mount) -> Iterable[str]:
        """Where other subvolumes of a btrfs are mounted; the top level, which shows its own, is no other one."""
        own = [mount.point, self.places.data_root().node.path]
        own += self.places.containerd_roots if self.engine.keeps_images_in_containerd else ()
        for each in self.mounts if mount.kind == "btrfs" else ():
            apart = each.device == mount.device and not is_below(mount.root, each.root)
            if apart and not any(is_below(each.point, folder) for folder in own):
                yield each.point


@fact()
def storage(engine: Engine, places: Places, daemon_mounts: tuple[Mount, ...]) -> Storage:
    """Where the engine keeps its data."""
    return Storage(engine, places, daemon_mounts)
