"""The file systems and devices of the engine's data."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from hullcheck.facts.engine.files import EngineFiles
from hullcheck.facts.engine.files_answer import BlockDevice, BlockDevices
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.registry import fact
from hullcheck.parsing.models import decode
from hullcheck.parsing.proc.mountinfo import Mount, is_below, mount_of


class Root(Struct, frozen=True):
    """A directory with data of the engine, its mount, that of the directory above, and those of / and /var."""

    path: str
    mount: Mount
    above: Mount
    hosts: tuple[Mount, ...]

    @property
    def host(self) -> Mount | None:
        """The mount of / or /var with the same device, or None."""
        return next((each for each in self.hosts if each.device == self.mount.device), None)

    @property
    def is_own(self) -> bool:
        """Whether the directory is a whole file system of its own."""
        shared = self.host or self.mount.device == self.above.device
        return not shared and self.mount.is_whole

    @property
    def pool(self) -> str:
        """The ZFS pool that is shared with the host's file systems, or an empty string."""
        pools = {each.source.partition("/")[0] for each in self.hosts if each.kind == "zfs"}
        pool = self.mount.source.partition("/")[0]
        return pool if self.mount.kind == "zfs" and pool in pools else ""


class Storage(Struct, frozen=True):
    """The places of the engine's data."""

    roots: tuple[Root, ...]  # the data root, and that of containerd if images lie there
    mounts: tuple[Mount, ...]


@fact()
def storage(engine: Engine, engine_files: EngineFiles) -> Storage:
    """The places of the engine's data."""
    mounts = engine_files.daemon.mounts

    def root(path: str) -> Root:
        above, *hosts = (mount_of(each, mounts) for each in (posixpath.dirname(path), "/", "/var"))
        return Root(path, mount_of(path, mounts), above, tuple(hosts))

    path = engine_files.answer.look(engine.info.docker_root_dir).node.path
    own = root(path)
    # with user namespaces it is a numbered directory in the one that was set, and either may be the mount
    if "userns" in engine.security_options and not own.is_own:
        own = root(posixpath.dirname(path))
    others = engine_files.containerd_roots if engine.keeps_images_in_containerd else ()
    return Storage((own, *(root(each) for each in others if not is_below(each, path))), mounts)


class DataPlace(Struct, frozen=True):
    """A directory with data of the engine or of a volume, its mount, and the block devices below, the nearest first."""

    path: str
    mount: Mount
    devices: tuple[BlockDevice, ...]


@fact()
def data_at_rest(engine_files: EngineFiles, storage: Storage) -> tuple[DataPlace, ...]:
    """The engine's data roots and the mounts in volumes, with the devices below."""
    listed = decode(engine_files.answer.devices or "{}", BlockDevices, "lsblk").blockdevices
    chains = list(_chains(listed))
    mounts = {root.path: root.mount for root in storage.roots}
    for mount in storage.mounts:
        if any(is_below(mount.point, f"{root.path}/volumes") and mount != root.mount for root in storage.roots):
            mounts[mount.point] = mount
    return tuple(DataPlace(path, mount, _below(mount, chains)) for path, mount in mounts.items())


def _below(mount: Mount, chains: Sequence[tuple[BlockDevice, ...]]) -> tuple[BlockDevice, ...]:
    name = posixpath.basename(mount.source)  # a btrfs has a number of its own
    named = [each for each in chains if each[0].name == name]
    return next((each for each in chains if each[0].number == mount.device), named[0] if named else ())


def _chains(devices: Iterable[BlockDevice], below: tuple[BlockDevice, ...] = ()) -> Iterator[tuple[BlockDevice, ...]]:
    """Yield each device with those below it."""
    for device in devices:
        yield (device, *below)
        yield from _chains(device.children, (device, *below))
