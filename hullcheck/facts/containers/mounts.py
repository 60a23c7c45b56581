"""The mounts of a container, what they show of the host, and the sockets of engines among that."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.inspect import MountPoint
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.lazy import regex
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount, is_below
from hullcheck.verdicts import EvidenceError, NotApplicable


class HostMount(Struct, frozen=True):
    """A part of the host's file system that is seen in a container.

    Attributes:
        paths: where the host itself sees it, without symbolic links; more than one if the host mounts it twice.
        kind: `bind`, `volume` or `image` as the engine says; empty if the engine does not know of the mount.
    """

    destination: str
    paths: frozenset[str]
    kind: str
    read_only: bool = False


class WritableMount(Struct, frozen=True):
    """A place where a container can write.

    Attributes:
        kind: `bind`, `volume`, `anonymous volume`, `tmpfs`, ... as the engine says.
        source: the folder of the host that is mounted there; empty for other kinds.
    """

    destination: str
    kind: str
    source: str = ""


_OF_ENGINE = regex(r"/[0-9a-f]{64}/((resolv\.conf|hostname|hosts)(//deleted)?|(mounts|userdata)(/.*)?)$")
_WRITTEN = ("/etc/resolv.conf", "/etc/hostname", "/etc/hosts")
_INIT = ("/sbin/docker-init", "/run/podman-init")
_KERNEL = ("/proc", "/sys", "/dev")


class Mounts(Struct, frozen=True, dict=True):
    """The mounts of a container."""

    container: Configuration
    runtime: Runtime

    @cached_property
    def table(self) -> tuple[Mount, ...]:
        """The mounts that its main process sees."""
        return mountinfo.parse(self.runtime.files.file(self.runtime.main_process.pid, "mountinfo"))

    @property
    def root_is_read_only(self) -> bool:
        """Whether nothing can be written to its root file system."""
        wanted = self.container.source.inside or self.container.host_config.readonly_rootfs
        if not (wanted and self.container.running):
            return wanted
        roots = [mount for mount in self.table if mount.point == "/"]
        if not roots:
            raise EvidenceError("its mount table has no root")
        return "ro" in roots[-1].options

    @property
    def shared(self) -> tuple[str, ...]:
        """The places whose mount events reach the host."""
        described = self.container.inspect.mounts
        return tuple(sorted(x.destination for x in described if x.propagation in ("shared", "rshared")))

    @property
    def writable(self) -> tuple[WritableMount, ...]:
        """What is mounted where the container can write, by its configuration."""
        mounts = [self._writable(each) for each in self.container.inspect.mounts if each.rw]
        return (*mounts, *(WritableMount(each, "tmpfs") for each in self.container.host_config.tmpfs or ()))

    def _writable(self, mount: MountPoint) -> WritableMount:
        if source := self._folder(mount):
            return WritableMount(mount.destination, "bind", source)
        if mount.type == "volume" and (not mount.name or re.fullmatch("[0-9a-f]{64}", mount.name)):
            return WritableMount(mount.destination, "anonymous volume")
        self._require_known(mount)
        return WritableMount(mount.destination, mount.type)

    def _require_known(self, mount: MountPoint) -> None:
        if mount.type == "volume" and mount.name and mount.name not in self.container.host.volumes.get():
            raise self.container.source.missing(f"the volume {mount.name}")

    def _folder(self, mount: MountPoint) -> str:
        """Return the folder of the host that a mount names, be it by a volume that binds it; else empty."""
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
        """The mounts that its configuration names, by their sources as they are written, and without links.

        They may prove that the container sees too much, and never that it does not: see `visible`.
        """
        return tuple(
            HostMount(each.destination, self._written_paths(self._folder(each)), each.type, not each.rw)
            for each in self.container.inspect.mounts
        )

    def _written_paths(self, path: str) -> frozenset[str]:
        if not path or self.container.planned:
            return frozenset({path} - {""})
        return frozenset({path, self._real.get(path) or path})

    @cached_property
    def _real(self) -> Mapping[str, str]:
        try:
            return self.runtime.files.real
        except EvidenceError:
            return {}

    @cached_property
    def visible(self) -> tuple[HostMount, ...]:
        """Every part of the host's file system in the container, without what the engine itself puts there."""
        mounts, running = self.container.inspect.mounts, self.container.running
        if self.container.planned:
            for each in mounts:
                self._require_known(each)
            return tuple(each for each in self.configured if each.paths)
        points = {each.point for each in self.table} if running else set()
        # what its main process does not see, as after chroot(2), others in it may
        hidden = self._by_source(each for each in mounts if each.destination not in points)
        found = (*(self._mounted() if running else ()), *hidden)
        volumes = f"{self.container.host.engine.get().info.docker_root_dir}/volumes"
        return tuple(replace(each, paths=_apart_from(volumes, each.paths)) for each in found)

    def _mounted(self) -> Iterable[HostMount]:
        host = self.container.host.mount_table
        for mount in self.table:
            configured = self._configured_at(mount.point)
            paths = host.paths(mount.device, mount.root) | host.parts(mount.device, mount.root)
            written = mount.point in _WRITTEN and configured and configured.destination != mount.point
            if not paths or ((written or not configured) and _is_of_engine(mount, paths)):
                continue
            yield HostMount(mount.point, paths, configured.type if configured else "", "ro" in mount.options)

    def _configured_at(self, point: str) -> MountPoint | None:
        """Return the nearest configured mount at or above *point*."""
        above = [each for each in self.container.inspect.mounts if is_below(point, each.destination)]
        return max(above, key=lambda each: len(each.destination), default=None)

    def _by_source(self, mounts: Iterable[MountPoint]) -> Iterable[HostMount]:
        """Yield every path of the host at which the data of bind mounts and volumes lies."""
        for each in mounts:
            if each.type in ("bind", "volume"):
                self._require_known(each)
                path = self.runtime.files.path(self._folder(each) or each.source)
                paths = self.container.host.mount_table.other_names(path)
                yield HostMount(each.destination, paths, each.type, not each.rw)


def _apart_from(volumes: str, paths: frozenset[str]) -> frozenset[str]:
    """Return *paths* without those below *volumes*, unless there are no others."""
    return frozenset(path for path in paths if not is_below(path, volumes)) or paths


def _is_of_engine(mount: Mount, paths: Collection[str]) -> bool:
    """Whether the engine puts such a mount into every container, or into another whose network that joined."""
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


class Sockets(Struct, frozen=True):
    """The sockets of the host that a container can reach through its mounts."""

    container: Configuration
    mounts: Mounts

    @property
    def engines(self) -> tuple[str, ...]:
        """The sockets of engines that the container can reach, as paths of the host."""
        if self.container.source.inside:
            return self._seen_inside()
        if self.container.planned:
            return self._planned()
        files, host = self.mounts.runtime.files, self.container.host
        usual = {path for path in files.identities if _USERS.sub("", without_var(path)) in PLACES}
        if (endpoint := host.engine_endpoint.get()).startswith("unix:///"):
            usual.add(endpoint.removeprefix("unix://"))
        usual |= {without_var(path) for path in usual}
        if found := _within(usual, self.mounts.configured):
            return found
        seen = self.mounts.visible
        if seen and host.engine.get().is_docker:
            usual |= host.engine_sockets.get()
        return _within(files.same_files(usual), seen)

    def _planned(self) -> tuple[str, ...]:
        """Return those of a service of a Compose file, by their usual paths and names."""
        paths = sorted(path for mount in self.mounts.configured for path in mount.paths)
        named = {path for path in paths if path.endswith(_NAMED)}
        usual = {place for place in PLACES if any(is_below(place, without_var(path)) for path in paths)}
        if usual or named:
            return tuple(sorted(named | (usual - set(map(without_var, named)))))
        _ = self.mounts.visible
        if outside := [path for path in paths if path.startswith("/")]:
            raise NotApplicable(f"whether a socket of an engine lies below {outside[0]}, its host shows")
        if self.mounts.runtime.shares_host("net"):
            raise NotApplicable("whether an engine listens in the network of the host, its host shows")
        return ()

    def _seen_inside(self) -> tuple[str, ...]:
        """Return those that are mounted in a container that is seen from inside, by the name of what is mounted."""
        sources = {mount.point: mount.root for mount in self.mounts.table}
        sockets = self.mounts.runtime.files.mounted
        found = tuple(x for x in sockets if x.endswith(_NAMED) or sources.get(x, "").endswith(_NAMED))
        if sockets and not found:
            raise EvidenceError(
                f"whose socket is mounted at {sockets[0]} is unknown from inside the container"
            )
        return found


def _within(sockets: Iterable[str], seen: Iterable[HostMount]) -> tuple[str, ...]:
    """Return those of *sockets* that lie at or below a path of the mounts *seen*."""
    paths = {path for mount in seen for path in mount.paths}
    return tuple(sorted(each for each in sockets if any(is_below(each, path) for path in paths)))


def without_var(path: str) -> str:
    """Return *path* below /run if it is below /var/run, which is a link to it."""
    return path.removeprefix("/var") if f"{path}/".startswith("/var/run/") else path
