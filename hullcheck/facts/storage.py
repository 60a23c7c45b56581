"""On which file systems an engine keeps its data."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from hullcheck.facts.audit import mount_of
from hullcheck.facts.engine import Engine
from hullcheck.facts.mounts import Mount
from hullcheck.facts.places import Places
from hullcheck.verdicts import EvidenceError

_IMAGE_STORE = "io.containerd.snapshotter"


@dataclass(frozen=True)
class Root:
    """A directory in which the engine keeps images, containers and volumes.

    Attributes:
        path: without symbolic links.
        mount: the mount on which it lies.
        above: the mount on which the directory above it lies.
        system: the mount at `/`.
    """

    path: str
    mount: Mount
    above: Mount
    system: Mount

    @property
    def shares(self) -> str:
        """With what it shares its space, in words; empty where it has a file system of its own.

        dockerd mounts its data root over itself where `/` is not a shared mount: that is no file system of
        its own, and it shows in the device.
        """
        if self.mount.device == self.system.device:
            itself = " (mounted from there)" if self.mount.point == self.path else ""
            return f"is on the file system of /{itself}, device {self.mount.device}"
        if self.mount.device == self.above.device:
            return f"is on the file system mounted at {self.above.point}, with all else that is there"
        return ""

    @property
    def note(self) -> str:
        """Its file system."""
        part = "" if self.mount.root == "/" else f", the part {self.mount.root} of it"
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
        ((_, fact),) = self.places.data_root()
        path = fact.node.path
        numbered = self._root(path)
        roots = [
            self._root(posixpath.dirname(path)) if self.engine.remaps_users and numbered.shares else numbered
        ]
        if self._images_in_containerd:
            roots += self._of_containerd(path)
        return tuple(roots)

    def _of_containerd(self, data_root: str) -> Iterable[Root]:
        for path in self.places.containerd_roots:
            if not path.startswith(data_root + "/"):
                yield self._root(path)

    @property
    def _images_in_containerd(self) -> bool:
        status = self.engine.value("DriverStatus") or ()
        if not isinstance(status, list | tuple):
            raise EvidenceError("docker info: the field DriverStatus is not a list")
        return any(_IMAGE_STORE in str(value) for _, value in status)

    def _root(self, path: str) -> Root:
        above = mount_of(posixpath.dirname(path), self.mounts)
        return Root(path, mount_of(path, self.mounts), above, mount_of("/", self.mounts))
