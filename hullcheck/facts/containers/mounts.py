"""The mounts of a container, and what they show of the host."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount, MountTable, is_below
from hullcheck.verdicts import EvidenceError

_SOCKET = re.compile(r"socket (\d+:\d+) \d+ (/.*)")


@dataclass(frozen=True)
class HostMount:
    """A part of the host's file system that is seen in a container.

    Attributes:
        paths: where the host itself sees it, without symbolic links; more than one if the host mounts it twice.
        kind: `bind`, `volume` or `image` as the engine says; empty if the engine does not know of the mount.
    """

    destination: str
    paths: frozenset[str]
    kind: str
    read_only: bool = False


def within(sockets: Iterable[str], seen: Iterable[HostMount]) -> tuple[str, ...]:
    """Return those of *sockets* that lie at or below a path of the mounts *seen*."""
    paths = {path for mount in seen for path in mount.paths}
    return tuple(sorted(each for each in sockets if any(is_below(each, path) for path in paths)))


@dataclass(frozen=True)
class HostFiles:
    """Where sources of mounts lead on the host, and which of them are the same socket.

    Attributes:
        real: by source, its path without symbolic links.
        identities: by path of a socket, device and inode.
    """

    real: Mapping[str, str]
    identities: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> "HostFiles":
        """Parse the third part of the probe's answer."""
        lines = text.split("\n")
        named = (line.removeprefix("real ").split("\t", 1) for line in lines if line.startswith("real "))
        sockets = filter(None, map(_SOCKET.fullmatch, lines))
        return cls({each[0]: each[1] for each in named}, {each[2]: each[1] for each in sockets})

    def path(self, source: str) -> str:
        """Return the path of *source* without symbolic links.

        Raises:
            EvidenceError: it could not be followed.
        """
        if not self.real.get(source):
            raise EvidenceError(
                f"the source {source} could not be followed: it does not exist, or may not be seen"
            )
        return self.real[source]

    def same_files(self, paths: Iterable[str]) -> frozenset[str]:
        """Return *paths*, with every other known name of the sockets among them."""
        known = frozenset(paths)
        wanted = {self.identities[path] for path in known if path in self.identities}
        return known | {path for path, identity in self.identities.items() if identity in wanted}


@dataclass(frozen=True)
class Sources:
    """Where the mounts of all containers lead on the host.

    Attributes:
        volumes: what the engine says of each volume, by name.
    """

    surroundings: Surroundings = field(repr=False)
    files: HostFiles
    volumes: Mapping[str, Mapping[str, Any]]

    @cached_property
    def host_mounts(self) -> MountTable:
        """The mount table of the daemon.

        Raises:
            EvidenceError: it could not be read.
        """
        return MountTable(self.surroundings.host_side.get().mounts)

    def written_paths(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """Return the folder of the host that a mount names: as it is written, and without symbolic links if known."""
        named = str(mount["Source"]) if mount["Type"] == "bind" else self._device(mount)
        return frozenset({named, self.files.real.get(named) or named} - {""})

    def paths(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """Return every path of the host at which the data of a bind mount or a volume lies.

        Raises:
            EvidenceError: the engine does not know the volume, or its data could not be found.
        """
        self._require_known(mount)
        folder = (mount["Type"] == "volume" and self._device(mount)) or str(mount["Source"])
        return self.host_mounts.other_names(self.files.path(folder))

    def kind_of(self, mount: Mapping[str, Any]) -> str:
        """Return what is mounted, for people: a folder of the host, a volume, or another kind of mount.

        Raises:
            EvidenceError: the engine does not know the volume.
        """
        if named := mount["Source"] if mount["Type"] == "bind" else self._device(mount):
            return f"{named} of the host"
        if mount["Type"] != "volume" or not mount.get("Name"):
            return str(mount["Type"])
        if re.fullmatch("[0-9a-f]{64}", mount["Name"]):
            return "anonymous volume"
        self._require_known(mount)
        return "volume"

    def _require_known(self, mount: Mapping[str, Any]) -> None:
        if mount["Type"] == "volume" and mount["Name"] not in self.volumes:
            raise EvidenceError(f"the engine does not describe the volume {mount['Name']}")

    def _device(self, mount: Mapping[str, Any]) -> str:
        """Return the folder that a volume binds in place of its own; empty if it has its own, a disk or a share."""
        options = self.volumes.get(mount.get("Name") or "", {}).get("Options") or {}
        device, words = options.get("device", ""), options.get("o", "").split(",")
        return device if device.startswith("/") and not {"bind", "rbind"}.isdisjoint(words) else ""


_OF_ENGINE = re.compile(r"/[0-9a-f]{64}/((resolv\.conf|hostname|hosts)(//deleted)?|(mounts|userdata)(/.*)?)$")
_WRITTEN = ("/etc/resolv.conf", "/etc/hostname", "/etc/hosts")
_INIT = ("/sbin/docker-init", "/run/podman-init")
_KERNEL = ("/proc", "/sys", "/dev")


@dataclass(frozen=True)
class Mounts:
    """The mounts of a container.

    Attributes:
        sources: finds on the host what is mounted.
    """

    configuration: Configuration
    runtime: Runtime
    surroundings: Surroundings = field(repr=False)
    sources: Sources = field(repr=False)

    @cached_property
    def table(self) -> tuple[Mount, ...]:
        """The mounts that its main process sees.

        Raises:
            EvidenceError: they could not be read.
        """
        return mountinfo.parse(self.runtime.proc.file(self.runtime.main_process.pid, "mountinfo"))

    @property
    def root_is_read_only(self) -> bool:
        """Whether nothing can be written to its root file system.

        Raises:
            EvidenceError: it should be so, and its mount table could not be read.
        """
        if not (self.configuration.has_read_only_root and self.configuration.running):
            return self.configuration.has_read_only_root
        roots = [mount for mount in self.table if mount.point == "/"]
        if not roots:
            raise EvidenceError("its mount table has no root")
        return "ro" in roots[-1].options

    @property
    def shared(self) -> tuple[str, ...]:
        """The places whose mount events reach the host.

        Raises:
            EvidenceError: the engine does not report the propagation of a mount.
        """
        described = self.configuration.mounts
        if not all("Propagation" in each for each in described):
            raise EvidenceError("docker inspect does not report the propagation of a mount")
        return tuple(
            sorted(each["Destination"] for each in described if each["Propagation"] in ("shared", "rshared"))
        )

    @property
    def writable(self) -> Mapping[str, str]:
        """What is mounted where the container can write, by place: `tmpfs`, `volume`, a folder of the host."""
        tmpfs = self.configuration.description["HostConfig"].get("Tmpfs") or ()  # left out where empty
        found = {
            str(each["Destination"]): self.sources.kind_of(each)
            for each in self.configuration.mounts
            if each.get("RW") is not False
        }
        return found | dict.fromkeys(tmpfs, "tmpfs")

    # ---- parts of the host

    @cached_property
    def configured(self) -> tuple[HostMount, ...]:
        """The mounts that its configuration names, by their sources.

        A source counts as it is written, and without symbolic links if these could be followed. This may prove that
        the container sees too much, and never that it does not: see `visible`.
        """
        return tuple(
            HostMount(
                each["Destination"], self.sources.written_paths(each), each["Type"], _is_read_only(each)
            )
            for each in self.configuration.mounts
        )

    @cached_property
    def visible(self) -> tuple[HostMount, ...]:
        """Every part of the host's file system in the container, without what the engine itself puts there.

        Raises:
            EvidenceError: a mount could not be followed to its source.
        """
        mounts = self.configuration.mounts
        points = {each.point for each in self.table} if self.configuration.running else set()
        # what its main process does not see, as after chroot(2), others in it may
        hidden = self._by_source(each for each in mounts if each["Destination"] not in points)
        found = (*(self._mounted() if self.configuration.running else ()), *hidden)
        volumes = f"{self.surroundings.engine.get().info.docker_root_dir}/volumes"
        return tuple(replace(each, paths=_apart_from(volumes, each.paths)) for each in found)

    def _mounted(self) -> Iterable[HostMount]:
        host, real = self.sources.host_mounts, self.sources.files.real
        places = {str(each.get("Source")) for each in self.configuration.mounts if each["Type"] == "volume"}
        volumes = {real.get(each, each) for each in places}
        for mount in self.table:
            configured = self._configured_at(mount.point)
            paths = host.paths(mount.device, mount.root) | host.parts(mount.device, mount.root)
            asked = configured is not None and not (
                mount.point in _WRITTEN and configured["Destination"] != mount.point
            )
            if not paths or (not asked and _is_of_engine(mount, paths)):
                continue
            kind = "volume" if paths & volumes else configured["Type"] if configured else ""
            yield HostMount(mount.point, paths, kind, "ro" in mount.options)

    def _configured_at(self, point: str) -> Mapping[str, Any] | None:
        """Return the nearest configured mount at or above *point*."""
        above = [each for each in self.configuration.mounts if is_below(point, each["Destination"])]
        return max(above, key=lambda each: len(each["Destination"]), default=None)

    def _by_source(self, mounts: Iterable[Mapping[str, Any]]) -> Iterable[HostMount]:
        for each in mounts:
            if each["Type"] in ("bind", "volume"):
                yield HostMount(
                    each["Destination"], self.sources.paths(each), each["Type"], _is_read_only(each)
                )


def _apart_from(volumes: str, paths: frozenset[str]) -> frozenset[str]:
    """Return *paths* without those below *volumes*, unless there are no others."""
    return frozenset(path for path in paths if not is_below(path, volumes)) or paths


def _is_read_only(mount: Mapping[str, Any]) -> bool:
    return mount.get("RW") is False


def _is_of_engine(mount: Mount, paths: Collection[str]) -> bool:
    """Whether the engine puts such a mount into every container, or into another whose network that joined."""
    return (
        mount.point in ("/", *_INIT)
        or any(is_below(mount.point, top) for top in _KERNEL)
        or any(map(_OF_ENGINE.search, (mount.root, *paths)))
    )


_NAMES = """
    buildkit/buildkitd.sock containerd/containerd.sock crio/crio.sock docker.sock docker/containerd/containerd.sock
    incus/unix.socket k3s/containerd/containerd.sock lxd/unix.socket nri/nri.sock podman/podman.sock
"""
PLACES = (
    *(f"/run/{each}" for each in _NAMES.split()),
    *("/var/lib/lxd/unix.socket", "/var/lib/incus/unix.socket", "/var/snap/lxd/common/lxd/unix.socket"),
)
"""Where engines usually make their sockets; a user's own lie in the folder of the user below /run/user."""
_USERS = re.compile(r"(?<=/run/)user/\d+/")


@dataclass(frozen=True)
class Sockets:
    """The sockets of the host that a container can reach through its mounts.

    Attributes:
        endpoint: the address at which the audited engine was asked; empty if that is unknown.
    """

    configuration: Configuration
    mounts: Mounts
    surroundings: Surroundings = field(repr=False)
    endpoint: str

    @property
    def engines(self) -> tuple[str, ...]:
        """The sockets of engines that the container can reach, as paths of the host.

        Raises:
            EvidenceError: its configuration names none, and the sockets of the engine are unknown, or a mount could
                not be followed.
        """
        files = self.mounts.sources.files
        usual = {path for path in files.identities if _USERS.sub("", without_var(path)) in PLACES}
        if self.endpoint.startswith("unix:///"):
            usual.add(self.endpoint.removeprefix("unix://"))
        usual |= {without_var(path) for path in usual}
        if found := within(usual, self.mounts.configured):
            return found
        seen = self.mounts.visible
        told = self.surroundings.engine_sockets if seen and self.surroundings.engine.get().is_docker else None
        return within(files.same_files(usual | (told.get() if told else frozenset())), seen)


def without_var(path: str) -> str:
    """Return *path* below /run if it is below /var/run, which is a link to it."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path
