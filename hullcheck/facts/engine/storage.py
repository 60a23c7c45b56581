"""On which file systems and devices an engine keeps its data."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.installation import Places
from hullcheck.facts.registry import fact
from hullcheck.parsing.proc.mountinfo import Mount, is_below, mount_of
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like

BLOCK_DEVICES = Probe.from_file("block_devices", lines_like(r"\S+ \S+ \d+:\d+ \S+ \S*"))
_BORROWING = re.compile(
    r"overlay|aufs|ecryptfs|shiftfs|(fuse\.)?(fuse-overlayfs|bindfs|mergerfs|unionfs|cryfs|encfs|gocryptfs)"
)
"""File systems that keep what is written to them on others."""


@dataclass(frozen=True)
class Root:
    """A directory in which the engine keeps images, containers and volumes.

    Attributes:
        path: without symbolic links.
        mount: the mount on which it lies.
        above: the mount on which the directory above it lies.
        hosts: the mounts of / and of /var.
    """

    path: str
    mount: Mount
    above: Mount
    hosts: tuple[Mount, ...]

    @property
    def shares(self) -> str:
        """With what it shares its space, in words; empty where it has a file system of its own.

        dockerd mounts its data root over itself where `/` is not a shared mount: that is no file system of
        its own, and it shows in the device. Neither is a directory of a file system that holds others too.
        """
        host = next((each.point for each in self.hosts if each.device == self.mount.device), "")
        if host:
            itself = " (mounted from there)" if self.mount.point == self.path else ""
            return f"is on the file system of {host}{itself}, device {self.mount.device}"
        if self.mount.device == self.above.device:
            return f"is on the file system mounted at {self.above.point}, with all else that is there"
        if _BORROWING.fullmatch(self.mount.kind):
            return f"is of the type {self.mount.kind}, which keeps its data on other file systems"
        if not self.mount.is_whole:
            return f"is the directory {self.mount.root} of the file system on device {self.mount.device}"
        return ""

    @property
    def pool(self) -> str:
        """The pool of ZFS that it shares with one of the host's own file systems; empty where it shares none."""
        pools = {each.source.partition("/")[0] for each in self.hosts if each.kind == "zfs"}
        pool = self.mount.source.partition("/")[0]
        return pool if self.mount.kind == "zfs" and pool in pools else ""

    @property
    def note(self) -> str:
        """Its file system."""
        part = "" if self.mount.root == "/" else f", its subvolume {self.mount.root}"
        return f"{self.path} is a mount point of its own: {self.mount.kind}, device {self.mount.device}{part}"


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
        root = self._root(path)
        if "userns" in self.engine.security_options and root.shares:
            root = self._root(posixpath.dirname(path))
        of_containerd = self.places.containerd_roots if self.engine.keeps_images_in_containerd else ()
        return (root, *(self._root(each) for each in of_containerd if not is_below(each, path)))

    def _root(self, path: str) -> Root:
        above, *hosts = (mount_of(each, self.mounts) for each in (posixpath.dirname(path), "/", "/var"))
        return Root(path, mount_of(path, self.mounts), above, tuple(hosts))


@fact()
def storage(engine: Engine, places: Places, daemon_mounts: tuple[Mount, ...]) -> Storage:
    """Where the engine keeps its data."""
    return Storage(engine, places, daemon_mounts)


@dataclass(frozen=True)
class DataAtRest:
    """Where the engine and its volumes keep data, and on which devices.

    Attributes:
        devices: what lsblk(8) printed: kernel name, name, number, type, and the device below.
    """

    storage: Storage
    devices: tuple[list[str], ...]

    @property
    def places(self) -> Iterator[tuple[str, str]]:
        """Each directory with data, and its file system with the chain of devices below.

        Raises:
            EvidenceError: the data root could not be looked at.
        """
        roots = self.storage.roots
        yield from ((root.path, self._chain(root.mount)) for root in roots)
        for mount in self.storage.mounts:
            if any(is_below(mount.point, f"{root.path}/volumes") and mount != root.mount for root in roots):
                yield mount.point, self._chain(mount)

    def _chain(self, mount: Mount) -> str:
        """The file system, and each device below it with its type, such as `crypt`."""
        name = posixpath.basename(mount.source)  # a btrfs has a number of its own
        found = [each for each in self.devices if each[2] == mount.device]
        found = found or [each for each in self.devices if name and each[1] == name]
        shown: list[str] = []
        while found and f"{found[0][0]} ({found[0][3]})" not in shown:
            shown.append(f"{found[0][0]} ({found[0][3]})")
            found = [each for each in self.devices if each[0] == found[0][4]]
        return f"{mount.kind} on {', '.join(shown) or mount.source or mount.device}"


@fact(BLOCK_DEVICES)
def data_at_rest(recording: Recording, storage: Storage) -> DataAtRest:
    """Where the engine and its volumes keep data, and on which devices."""
    lines = (line.split(" ") for line in recording.text(BLOCK_DEVICES).splitlines())
    return DataAtRest(storage, tuple(line for line in lines if len(line) == 5))
