"""The mounts of a container, and what they show of the host."""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.mounts import devices, settings
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.sources import HostMount, Sources, apart_from
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.parsing.proc import filesystems, mountinfo
from hullcheck.parsing.proc.mountinfo import Mount, is_below
from hullcheck.verdicts import EvidenceError

_OF_ENGINE = re.compile(r"/[0-9a-f]{64}/((resolv\.conf|hostname|hosts)(//deleted)?|(mounts|userdata)(/.*)?)$")
_WRITTEN = ("/etc/resolv.conf", "/etc/hostname", "/etc/hosts")
_INIT = ("/sbin/docker-init", "/run/podman-init")
_KERNEL = ("/proc", "/sys", "/dev")
_SHARED = ("/dev/shm", "/dev/mqueue")


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
            EvidenceError: its configuration names none, and the mount tables could not be read.
        """
        described = self.configuration.mounts
        if not all("Propagation" in each for each in described):
            raise EvidenceError("docker inspect does not report the propagation of a mount")
        asked = [each["Destination"] for each in described if each["Propagation"] in ("shared", "rshared")]
        if asked or not self.configuration.running:
            return tuple(sorted(asked))
        host = self.sources.host_mounts.peers
        return tuple(sorted(each.point for each in self.table if each.peers in host and each.point != "/"))

    @property
    def writable(self) -> Mapping[str, str]:
        """What is mounted where it can write, by place, without its root and the kernel's file systems.

        `tmpfs`, `volume`, `anonymous volume`, a folder of the host, or a file system by its kind. Its own
        configuration says what a mount is, the options of a volume where its data lies, and its mount table what else
        there is.

        Raises:
            EvidenceError: its mount table could not be read, or the engine does not know a volume.
        """
        described = self._parts
        tmpfs = self.configuration.description["HostConfig"].get("Tmpfs") or ()  # left out where empty
        found = {
            str(each["Destination"]): self.sources.kind_of(each)
            for each in described
            if each.get("RW") is not False
        }
        found |= dict.fromkeys(tmpfs, "tmpfs")
        if not self.configuration.running:
            return found
        for mount in self._mounted_by_others(frozenset(tmpfs)):
            if "rw" in mount.options:
                paths = sorted(self.sources.host_mounts.paths(mount.device, mount.root))
                found[mount.point] = f"{paths[0]} of the host" if paths else mount.kind
        return found

    def _mounted_by_others(self, tmpfs: Collection[str]) -> Iterator[Mount]:
        """What neither its configuration nor the engine put there, or came along below a folder that is read-only."""
        seen = set[str]()
        for mount in self.table:
            again = mount.point in seen
            seen.add(mount.point)
            above = self._configured_at(mount.point) or {}
            along = above.get("RW") is False and above["Destination"] != mount.point
            strange = again or along or (self._is_of_nobody(mount) and mount.point not in tmpfs)
            if strange and not self._is_of_engine(mount):
                yield mount

    # ---- parts of the host

    @cached_property
    def _parts(self) -> tuple[Mapping[str, Any], ...]:
        """Its mounts, each with the part of its volume that is mounted as `Subpath`."""
        options = {
            posixpath.normpath(each["Target"]): each.get("VolumeOptions") or {}
            for each in self.configuration.description["HostConfig"].get("Mounts") or ()
        }
        return tuple(
            {**each, "Subpath": options.get(each["Destination"], {}).get("Subpath") or ""}
            for each in self.configuration.mounts
        )

    @cached_property
    def configured(self) -> tuple[HostMount, ...]:
        """The mounts that its configuration names, by their sources.

        A source counts as it is written, and without symbolic links where these could be followed. This may prove that
        it sees too much, and never that it does not: see `visible`.
        """
        return tuple(
            HostMount(each["Destination"], self.sources.written_paths(each), each["Type"])
            for each in self._parts
        )

    @cached_property
    def visible(self) -> tuple[HostMount, ...]:
        """Every part of the host's file system in it, without what the engine itself puts there.

        Raises:
            EvidenceError: a mount could not be followed to its source.
        """
        found = self._running_mounts() if self.configuration.running else self._future_mounts(self._parts)
        volumes = f"{self.surroundings.engine.get().value('DockerRootDir')}/volumes"
        return tuple(
            HostMount(each.destination, apart_from(volumes, each.paths), each.kind) for each in found
        )

    def _running_mounts(self) -> Iterable[HostMount]:
        host = self.sources.host_mounts
        for mount in self.table:
            configured = self._configured_at(mount.point)
            if configured is None and self._is_of_engine(mount):
                continue
            if self._is_written_into_a_mount(mount, configured):
                continue
            paths = host.paths(mount.device, mount.root) | host.parts(mount.device, mount.root)
            if configured is not None and configured["Type"] == "volume":
                paths |= self.sources.layers_of_volume(configured)
            if self._is_of_nobody(mount) and filesystems.is_foreign(mount):
                view = (filesystems.folder(mount.kind) + mount.root).rstrip("/")
                paths |= set() if filesystems.depends_on_namespace(mount) else {view}
            if mount.kind == "mqueue" and paths:  # the host's, wherever it is mounted
                paths |= {"/dev/mqueue"}
            if paths:
                yield HostMount(mount.point, paths, configured["Type"] if configured else "")
        yield from self._future_mounts(self._hidden)

    @property
    def _hidden(self) -> Sequence[Mapping[str, Any]]:
        """The mounts that its main process does not see, as after chroot(2) or in a machine of its own: others may."""
        seen = {each.point for each in self.table}
        return [each for each in self._placed if each["Destination"] not in seen]

    @cached_property
    def _placed(self) -> Sequence[Mapping[str, Any]]:
        """Its mounts by where they are: the engine follows the links of the image on the way there."""
        return [{**each, "Destination": self.sources.point_of(each, self.table)} for each in self._parts]

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Where somebody mounted a view of the kernel that may be the host's or its own: `/tmp (proc)`.

        Raises:
            EvidenceError: the mount tables could not be read.
        """
        views = filter(filesystems.is_foreign, self.table if self.configuration.running else ())
        own = (each for each in views if self._is_of_nobody(each) and filesystems.depends_on_namespace(each))
        return (*(f"{each.point} ({each.kind})" for each in own), *self._open_settings)

    @property
    def _open_settings(self) -> Sequence[str]:
        """The kernel's settings that nothing keeps it from: `systempaths=unconfined`, or a mount that is gone."""
        asked = self.configuration
        if asked.privileged:
            return ()
        given = settings.not_asked_for(asked.description["HostConfig"])
        if asked.running:
            left = settings.unmasked(self.table, asked.description["HostConfig"])
            found = given or [*settings.writable(self.table), *left]
            return found if found and self.runtime.shares_host_users else ()
        asked.setting("ReadonlyPaths")  # an engine that does not tell it is an error
        return () if settings.will_map_users(asked, self.surroundings.engine.get()) else given

    @property
    def groups_in_its_hands(self) -> str:
        """What lets it change its control groups, and so the limits that hold it, in words; empty where nothing does.

        Asked for by `--security-opt writable-cgroups=true` (Docker 28: daemon/oci_linux.go), or mounted later. In a
        namespace of its own, cgroups(7), `nsdelegate` keeps the limits of the topmost group from it. The files are of
        the host's root, and so of nobody in a user namespace. What is privileged can do all of it anyway.

        Raises:
            EvidenceError: its mount table or namespaces could not be read.
        """
        if not self.configuration.running:
            asked = settings.writable_groups(self.configuration.security_options)
            return f"would start with writable-cgroups={asked}" if asked else ""
        points = [
            each.point for each in self._writable_groups if not (each.is_delegated and self._is_own(each))
        ]
        return f"can write to its control groups at {', '.join(points)}" if points else ""

    @property
    def groups_of_others(self) -> tuple[str, ...]:
        """Where it can write to control groups that are not its own; raises as `groups_in_its_hands`."""
        if not self.configuration.running:
            shown = settings.will_see_all_groups(self.configuration, self.surroundings.engine.get())
            return ("/sys/fs/cgroup",) if shown else ()
        return tuple(each.point for each in self._writable_groups if not self._is_own(each))

    @property
    def _writable_groups(self) -> Sequence[Mount]:
        if self.configuration.privileged:
            return ()
        found = [each for each in self.table if each.kind.startswith("cgroup") and "rw" in each.options]
        return found if found and self.runtime.shares_host_users else ()

    def _is_own(self, groups: Mount) -> bool:
        return self.configuration.id in groups.root

    @property
    def pipes(self) -> tuple[str, ...]:
        """The named pipes of the host that it is given, or that lie in a folder that it is given.

        Raises:
            EvidenceError: it is given something of the host, and they could not be listed.
        """
        given = {path for each in self.configured for path in each.paths}
        found = self.sources.files.pipes if given else ()
        if found is None:
            raise EvidenceError("the named pipes in what is mounted could not be listed in time")
        return tuple(each for each in found if not given.isdisjoint((each, posixpath.dirname(each))))

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices of the host that are mounted in it unasked, or as if they were files that nobody keeps from it.

        Raises:
            EvidenceError: the mount tables could not be read.
        """
        if not self.configuration.running:
            return ()
        host, found = self.sources.host_mounts, set[str]()
        for mount in self.table:
            paths = host.paths(mount.device, mount.root)
            paths |= {f"/dev{mount.root}"} if mount.kind == "devtmpfs" else set()
            asked = self._configured_at(mount.point)
            written = self.sources.written_paths(asked) if asked else ()
            found |= {each for each in paths if not any(is_below(each, path) for path in written)}
            found |= devices.open_to_all(paths) if asked else set()
        return devices.among(found)

    def _is_of_nobody(self, mount: Mount) -> bool:
        """Whether its configuration asks for none there: below a volume or a tmpfs there is nothing of the host."""
        above = self._configured_at(mount.point)
        return above is None or (above["Type"] != "bind" and above["Destination"] != mount.point)

    def _configured_at(self, point: str) -> Mapping[str, Any] | None:
        """The nearest configured mount at or above *point*."""
        above = [each for each in self._placed if is_below(point, each["Destination"])]
        return max(above, key=lambda each: len(each["Destination"]), default=None)

    def _is_of_engine(self, mount: Mount) -> bool:
        """Whether the engine itself put it there.

        That is the root, the kernel's file systems, the init program, and the files that it writes for a container,
        or for another whose network that joined.

        Raises:
            EvidenceError: the mounts of the host could not be read.
        """
        if mount.point == "/":  # its main process may have gone where the host's is
            return "/" not in self.sources.host_mounts.paths(mount.device, mount.root)
        paths = self.sources.host_mounts.paths(mount.device, mount.root)
        return (
            mount.point in _INIT
            or any(is_below(mount.point, top) and self._is_of_kernel(mount, top, paths) for top in _KERNEL)
            or any(map(_OF_ENGINE.search, (mount.root, *paths)))
        )

    def _is_of_kernel(self, mount: Mount, top: str, paths: Collection[str]) -> bool:
        """Whether it is nothing of the host, or of its folder *top*: others may be mounted there, too.

        What is to be hidden has an empty device in its place. Memory and queues of the host come with its namespace.
        """
        shared = any(is_below(path, each) for path in paths for each in _SHARED)
        if filesystems.is_foreign(mount) or (shared and not self.runtime.shares_host_ipc):
            return False
        return all(is_below(path, top) or path == "/dev/null" for path in paths)

    @staticmethod
    def _is_written_into_a_mount(mount: Mount, configured: Mapping[str, Any] | None) -> bool:
        """Whether it is a file of the engine in a container that mounts its own /etc."""
        own = configured is not None and configured["Destination"] == mount.point
        return not own and mount.point in _WRITTEN and bool(_OF_ENGINE.search(mount.root))

    def _future_mounts(self, parts: Iterable[Mapping[str, Any]]) -> Iterable[HostMount]:
        for each in parts:
            if each["Type"] == "bind":
                names = self.sources.host_mounts.other_names(self.sources.files.path(each["Source"]))
                yield HostMount(each["Destination"], names, "bind")
            elif each["Type"] == "volume":
                yield HostMount(each["Destination"], self.sources.volume_paths(each), "volume")
