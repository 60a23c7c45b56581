"""The mounts of a container, the parts of the host in them, and the sockets of engines."""

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.facts.containers.inspect import MountPoint
from hullcheck.facts.engine.endpoints import run_path
from hullcheck.lazy import regex
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount, is_below
from hullcheck.verdicts import EvidenceError, NotApplicable

if TYPE_CHECKING:
    from hullcheck.facts.containers import Container


class HostMount(Struct, frozen=True):
    """A part of the host's file system that is seen in a container."""

    destination: str
    paths: frozenset[str]  # where the host sees it, without symbolic links; several if the host mounts it twice
    kind: str  # `bind`, `volume`, `tmpfs`, ... or empty if the engine does not know the mount
    read_only: bool = False
    recursive: bool = True  # whether what the host mounts below is in the container, too


_ANONYMOUS = regex("[0-9a-f]{64}|")
_OF_ENGINE = regex(r"/[0-9a-f]{64}/((resolv\.conf|hostname|hosts)(//deleted)?|(mounts|userdata)(/.*)?)$")
_INIT = ("/sbin/docker-init", "/run/podman-init")
_KERNEL = ("/proc", "/sys", "/dev")


class Mounts(Struct, frozen=True, dict=True):
    """The mounts of a container."""

    container: "Container"

    @cached_property
    def table(self) -> tuple[Mount, ...]:
        """The mounts that the main process sees."""
        runtime = self.container.runtime
        return mountinfo.parse(runtime.files.file(runtime.main_process.pid, "mountinfo"))

    @property
    def root_is_read_only(self) -> bool:
        """Whether the root file system is read-only."""
        wanted = self.container.source.inside or self.container.host_config.readonly_rootfs
        if not (wanted and self.container.running):
            return wanted
        roots = [mount for mount in self.table if mount.point == "/"]
        if not roots:
            raise EvidenceError("its mount table has no root")
        return "ro" in roots[-1].options

    @property
    def host_memory(self) -> tuple[str, ...]:
        """The places at which it has shared memory of the host, or a part of it."""
        found = (each for each in self.configured if any(is_below(path, "/dev/shm") for path in each.paths))
        return tuple(sorted(each.destination for each in found))

    @property
    def shared(self) -> tuple[str, ...]:
        """The places whose mount events reach the host."""
        found = (x for x in self.container.inspect.mounts if x.propagation in ("shared", "rshared"))
        return tuple(sorted(each.destination for each in found))

    @property
    def writable(self) -> tuple[HostMount, ...]:
        """The writable mounts in the configuration. Only folders of the host have a path."""
        tmpfs = (HostMount(each, frozenset(), "tmpfs") for each in self.container.host_config.tmpfs or ())
        return (*(self._writable(each) for each in self.container.inspect.mounts if each.rw), *tmpfs)

    def _writable(self, mount: MountPoint) -> HostMount:
        if folder := self._folder(mount):
            return HostMount(mount.destination, frozenset({folder}), "bind")
        if mount.type == "volume" and _ANONYMOUS.fullmatch(mount.name or ""):
            return HostMount(mount.destination, frozenset(), "anonymous volume")
        self._require_known(mount)
        return HostMount(mount.destination, frozenset(), mount.type)

    def _require_known(self, mount: MountPoint) -> None:
        if mount.type == "volume" and mount.name and mount.name not in self.container.host.volumes.get():
            raise self.container.source.missing(f"the volume {mount.name}")

    def _folder(self, mount: MountPoint) -> str:
        """Return the folder of the host in a mount or in its volume, or an empty string."""
        if mount.type == "bind":
            return mount.source
        volume = self.container.host.volumes.get().get(mount.name or "") if mount.type == "volume" else None
        if volume is None or volume.options is None:
            return ""
        device, words = volume.options.device, volume.options.o.split(",")
        return device if device.startswith(("/", "./")) and not {"bind", "rbind"}.isdisjoint(words) else ""

    # ---- parts of the host

    @cached_property
    def configured(self) -> tuple[HostMount, ...]:
        """The mounts in the configuration, with and without links resolved: proof of a flaw, but not of its absence."""
        try:
            real = self.container.runtime.files.real
        except (EvidenceError, NotApplicable):
            real = {}
        mounts = [(each, self._folder(each)) for each in self.container.inspect.mounts]
        return tuple(self._host_mount(each, frozenset({path, real.get(path, path)} - {""})) for each, path in mounts)

    def _host_mount(self, mount: MountPoint, paths: frozenset[str]) -> HostMount:
        asked = (x for x in self.container.host_config.mounts or () if x.target.rstrip("/") == mount.destination)
        alone = any(each.bind_options and each.bind_options.non_recursive for each in asked)
        return HostMount(mount.destination, paths, mount.type, not mount.rw, recursive=not alone)

    @cached_property
    def visible(self) -> tuple[HostMount, ...]:
        """Every part of the host's file system in the container, except for the engine's own mounts."""
        if self.container.planned:
            for each in self.container.inspect.mounts:
                self._require_known(each)
            return tuple(each for each in self.configured if each.paths)
        table = self.table if self.container.running else ()
        points = {each.point for each in table}
        # what its main process does not see, as after chroot(2), others in it may
        hidden = self._by_source(each for each in self.container.inspect.mounts if each.destination not in points)
        volumes = f"{self.container.docker_root}/volumes"
        return tuple(  # the data of volumes lies below `volumes`, and may be shown elsewhere too
            replace(each, paths=frozenset(x for x in each.paths if not is_below(x, volumes)) or each.paths)
            for each in (*self._mounted(table), *hidden)
        )

    def _mounted(self, table: Iterable[Mount]) -> Iterable[HostMount]:
        host, configured = self.container.host, {each.destination: each for each in self.container.inspect.mounts}
        for mount in table:
            paths = host.mount_table.paths(mount.device, mount.root)
            paths |= host.mount_table.parts(mount.device, mount.root)
            asked = configured.get(mount.point)
            if paths and (asked or not _is_of_engine(mount, paths)):
                seen = self._host_mount(asked, paths) if asked else HostMount(mount.point, paths, "")
                yield replace(seen, read_only="ro" in mount.options)

    def _by_source(self, mounts: Iterable[MountPoint]) -> Iterable[HostMount]:
        """Yield bind mounts and volumes with every path of their data on the host."""
        for each in mounts:
            if each.type in ("bind", "volume"):
                self._require_known(each)
                path = self.container.runtime.files.path(self._folder(each) or each.source)
                table = self.container.host.mount_table
                seen = self._host_mount(each, frozenset({path}))
                yield replace(seen, paths=table.other_names(path, below=seen.recursive))


def _is_of_engine(mount: Mount, paths: Collection[str]) -> bool:
    """Return whether the mount is one that the engine adds to every container."""
    return (
        mount.point in ("/", *_INIT)
        or any(is_below(mount.point, top) for top in _KERNEL)
        or any(map(_OF_ENGINE.search, (mount.root, *paths)))
    )


# ---- sockets of engines


_NAMES = """
    buildkit/buildkitd.sock containerd/containerd.sock crio/crio.sock docker.sock docker/containerd/containerd.sock
    incus/unix.socket k3s/containerd/containerd.sock lxd/unix.socket nri/nri.sock podman/podman.sock
"""
PLACES = (
    *(f"/run/{each}" for each in _NAMES.split()),
    *("/var/lib/lxd/unix.socket", "/var/lib/incus/unix.socket", "/var/snap/lxd/common/lxd/unix.socket"),
)
"""Where engines usually make their sockets; a user's own lie in the folder of the user below /run/user."""
_USERS = regex(r"(?<=/run/)user/\d+/")
_NAMED = ("docker.sock", "containerd.sock", "podman.sock", "buildkitd.sock", "crio.sock")
"""What engines call their sockets, wherever they make them."""


def _is_named(path: str) -> bool:
    return path.rpartition("/")[2] in _NAMED


class Sockets(Struct, frozen=True):
    """The sockets of the host that a container can reach through its mounts."""

    container: "Container"

    @property
    def engines(self) -> tuple[str, ...]:
        """The engine sockets that the container can reach, as paths on the host."""
        if self.container.source.inside:
            return self._seen_inside()
        if self.container.planned:
            return self._planned()
        files, host = self.container.runtime.files, self.container.host
        usual = {path for path in files.identities if _USERS.sub("", path) in PLACES or _is_named(path)}
        if (endpoint := host.engine_endpoint.get()).startswith("unix:///"):
            usual.add(run_path(endpoint.removeprefix("unix://")))
        if found := self._within(usual, self.container.mounts.configured):
            return found
        seen = self.container.mounts.visible
        if seen and host.engine.get().is_docker:
            usual |= host.engine_sockets.get()
        return self._within(files.same_files(usual), seen)

    def _within(self, sockets: Collection[str], seen: Iterable[HostMount]) -> tuple[str, ...]:
        """Return the *sockets* at or below a path of the mounts *seen*."""
        paths = ((path, mount.recursive) for mount in seen for path in mount.paths)
        below = {(x, path, recursive) for path, recursive in paths for x in sockets if is_below(x, path)}
        host = self.container.host
        return tuple(sorted({x for x, path, recursive in below if recursive or host.mount_table.shows(path, x)}))

    def _planned(self) -> tuple[str, ...]:
        """Return the sockets in a Compose service, by their usual paths and names."""
        paths = sorted(path for mount in self.container.mounts.configured for path in mount.paths)
        named = set(filter(_is_named, paths))
        usual = {place for place in PLACES if any(is_below(place, run_path(path)) for path in paths)}
        if usual or named:
            return tuple(sorted(named | (usual - set(map(run_path, named)))))
        _ = self.container.mounts.visible
        if outside := [path for path in paths if path.startswith("/")]:
            raise NotApplicable(f"whether a socket of an engine lies below {outside[0]}, its host shows")
        if self.container.runtime.shares_host("net"):
            raise NotApplicable("whether an engine listens in the network of the host, its host shows")
        return ()

    def _seen_inside(self) -> tuple[str, ...]:
        """Return the sockets that are mounted in a container seen from inside, by name."""
        sources = {mount.point: mount.root for mount in self.container.mounts.table}
        sockets = self.container.runtime.files.mounted
        found = tuple(x for x in sockets if _is_named(x) or _is_named(sources.get(x, "")))
        if sockets and not found:
            raise EvidenceError(f"the owner of the socket at {sockets[0]} is unknown from inside the container")
        return found
