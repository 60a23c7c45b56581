"""Where the mounts of containers lead on the host: the third part of the probe's answer, and the volumes."""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.engine import DOCKER_ENDPOINT
from hullcheck.parsing.proc import filesystems
from hullcheck.parsing.proc.mountinfo import Mount, MountTable, is_below
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError

_DISK = re.compile(r"disk ([0-9a-f]+):([0-9a-f]+) (/.*)")
_SOCKET = re.compile(r"socket (\d+:\d+) (\d+) (/.*)")
LAYERS = ("lowerdir", "upperdir", "datadir")
_USUAL_SOCKET = re.compile(
    r"(/var)?/run/(user/\d+/)?(docker\.sock|docker/containerd/containerd\.sock|containerd/containerd\.sock|podman/podman\.sock)"
)


@dataclass(frozen=True)
class HostMount:
    """A part of the host's file system that is seen in a container.

    Attributes:
        paths: where the host itself sees it, without symbolic links; more than one where the host mounts it
            twice.
        kind: `bind`, `volume` or `image` as the engine says; empty where the engine does not know of the
            mount.
    """

    destination: str
    paths: frozenset[str]
    kind: str


def apart_from(volumes: str, paths: frozenset[str]) -> frozenset[str]:
    """*paths* without those below *volumes*, unless there are no others."""
    return frozenset(path for path in paths if not is_below(path, volumes)) or paths


def within(sockets: Iterable[str], seen: Iterable[HostMount]) -> tuple[str, ...]:
    """Those of *sockets* that lie at or below a path of the mounts *seen*."""
    paths = {path for mount in seen for path in mount.paths}
    return tuple(sorted(each for each in sockets if any(is_below(each, path) for path in paths)))


@dataclass(frozen=True)
class HostFiles:
    """Where sources of mounts lead on the host, and which of them are the same socket.

    Attributes:
        real: by source, its path without symbolic links.
        identities: by path of a socket, device and inode.
        named_twice: the sockets of which the host has more than one hard link.
        disks: by source that is a disk, its device, `major:minor`.
        pipes: the named pipes that are a source, or lie in one; None where they could not be listed.
    """

    real: Mapping[str, str]
    identities: Mapping[str, str]
    named_twice: frozenset[str]
    disks: Mapping[str, str]
    pipes: tuple[str, ...] | None = ()

    @classmethod
    def parse(cls, text: str) -> "HostFiles":
        """Read the third part of the probe's answer."""
        real: dict[str, str] = {}
        disks: dict[str, str] = {}
        identities: dict[str, str] = {}
        twice = set()
        for line in text.split("\n"):
            if line.startswith("real "):
                source, _, path = line.removeprefix("real ").partition("\t")
                real[source] = path
            elif disk := _DISK.fullmatch(line):
                disks[disk[3]] = f"{int(disk[1], 16)}:{int(disk[2], 16)}"
            elif found := _SOCKET.fullmatch(line):
                identities[found[3]] = found[1]
                if int(found[2]) > 1:
                    twice.add(found[3])
        return cls(real, identities, frozenset(twice), disks, _pipes(text.split("\n")))

    def path(self, source: str) -> str:
        """Where *source* leads, without symbolic links.

        Raises:
            EvidenceError: it could not be followed.
        """
        if not self.real.get(source):
            raise EvidenceError(
                f"the source {source} could not be followed: it does not exist, or may not be seen"
            )
        return self.real[source]

    def disk(self, source: str) -> str:
        """The device number of the disk *source*, which may have several names.

        Raises:
            EvidenceError: it is none, or could not be read.
        """
        if source not in self.disks:
            raise EvidenceError(f"which disk {source} is could not be read")
        return self.disks[source]

    def same_files(self, paths: Iterable[str]) -> frozenset[str]:
        """*paths*, with every other known name of the sockets among them."""
        known = frozenset(paths)
        wanted = {self.identities[path] for path in known if path in self.identities}
        return known | {path for path, identity in self.identities.items() if identity in wanted}


def _pipes(lines: Sequence[str]) -> tuple[str, ...] | None:
    """The named pipes; None where they could not be listed."""
    found = {line.removeprefix("pipe ") for line in lines if line.startswith("pipe ")}
    return None if "pipes unread" in lines else tuple(sorted(found))


@dataclass(frozen=True)
class Sources:
    """Where the mounts of all containers lead on the host.

    Attributes:
        volumes: what the engine says of each volume, by name.
    """

    recording: Recording = field(repr=False)
    surroundings: Surroundings = field(repr=False)
    files: HostFiles
    volumes: Mapping[str, Mapping[str, Any]]

    @cached_property
    def host_mounts(self) -> MountTable:
        """The mount table of the daemon: what "the host" is to a container.

        Raises:
            EvidenceError: it could not be read.
        """
        return MountTable(self.surroundings.host_side.get().mounts)

    @cached_property
    def well_known_sockets(self) -> frozenset[str]:
        """The socket to which we talk, and those of engines in the usual places."""
        usual = {path for path in self.files.identities if _USUAL_SOCKET.fullmatch(path)}
        try:
            address = self.recording.json(DOCKER_ENDPOINT)
        except EvidenceError:
            address = ""
        talked_to = {address.removeprefix("unix://")} if str(address).startswith("unix:///") else set()
        return frozenset(name for path in usual | talked_to for name in (path, _without_var(path)))

    def written_paths(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """The source of a mount as it is written, and without symbolic links where these are known."""
        named = {str(mount["Source"])} if mount["Type"] == "bind" else set(self._named_by_volume(mount))
        return frozenset(named | {self.files.real.get(path) or path for path in named})

    def layers_of_volume(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """The folders of the host that the options of a volume put together, by all their names there.

        Raises:
            EvidenceError: the engine does not know the volume, or one of them could not be followed.
        """
        folders = self.folders_of_volume(mount)
        if near := [each for each in self._layers(mount) if not each.startswith("/")]:
            raise EvidenceError(
                f"{near[0]} of the volume {mount['Name']} is where the daemon was started from"
            )
        real = folders if self._view(mount) else map(self.files.path, folders)
        return frozenset(name for path in real for name in self.host_mounts.other_names(path))

    def folders_of_volume(self, mount: Mapping[str, Any]) -> list[str]:
        """The folders of the host that the options of a volume name, as they are written; none for its own folder.

        Raises:
            EvidenceError: the engine does not know the volume.
        """
        self._volume(mount)
        return self._named_by_volume(mount)

    def volume_paths(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """Where the data of a volume lies.

        That is its own folder, or the device or folders that its options name.

        Raises:
            EvidenceError: the engine does not know the volume, or its data could not be found.
        """
        layers = self.layers_of_volume(mount)
        if layers:
            return layers
        device = self._device(mount)
        if self._is_disk(device):
            return self.places_of_disk(mount)
        if device and not {"bind", "rbind"}.isdisjoint(self._words(mount)):
            self.files.path(device)  # relative to where the daemon was started
        return self.host_mounts.other_names(self.files.path(str(mount["Source"])))

    def kind_of(self, mount: Mapping[str, Any]) -> str:
        """What is mounted, in words: a folder of the host, a volume, or a file system by its kind.

        Raises:
            EvidenceError: the engine does not know the volume.
        """
        if mount["Type"] == "bind":
            return f"{mount['Source']} of the host"
        if mount["Type"] != "volume" or not mount.get("Name"):
            return str(mount["Type"])
        if re.fullmatch("[0-9a-f]{64}", mount["Name"]):
            return "anonymous volume"
        folders = self.folders_of_volume(mount) or sorted(self.places_of_disk(mount))[:1]
        return f"{folders[-1]} of the host" if folders else "volume"

    def point_of(self, mount: Mapping[str, Any], table: Iterable[Mount]) -> str:
        """Where a mount is in a container with this mount table; its destination where it is not seen there.

        Raises:
            EvidenceError: its destination is a link, and the mount table of the host could not be read.
        """
        wanted, points = posixpath.normpath(str(mount["Destination"])), {each.point: each for each in table}
        source = mount.get("Source")
        if wanted in points or not source:
            return wanted
        names = {source, self.files.real.get(source, source)}
        paths = ((point, self.host_mounts.paths(each.device, each.root)) for point, each in points.items())
        return next((point for point, each in paths if not names.isdisjoint(each)), wanted)

    def places_of_disk(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """Where the host has the disk of a volume, beside the folder of the volume; empty where it is of none.

        Raises:
            EvidenceError: which disk it is could not be found.
        """
        device = self._device(mount)
        if not self._is_disk(device):
            return frozenset()
        found = self.host_mounts.of_disk(self.files.path(device), self.files.disk(device))
        return found - {str(mount.get("Source"))}

    def _is_disk(self, device: str) -> bool:
        return device in self.files.disks or posixpath.normpath(device).lstrip("/").startswith("dev/")

    def _volume(self, mount: Mapping[str, Any]) -> Mapping[str, Any]:
        volume = self.volumes.get(mount["Name"])
        if volume is None:
            raise EvidenceError(f"the engine does not describe the volume {mount['Name']}")
        return volume

    def _options(self, mount: Mapping[str, Any]) -> Mapping[str, str]:
        return self.volumes.get(mount.get("Name", ""), {}).get("Options") or {}

    def _device(self, mount: Mapping[str, Any]) -> str:
        return self._options(mount).get("device", "")

    def _words(self, mount: Mapping[str, Any]) -> list[str]:
        """The options for mounting a volume."""
        return self._options(mount).get("o", "").split(",")

    def _view(self, mount: Mapping[str, Any]) -> str:
        """Where the host has the view of the kernel that a volume mounts; empty for any other."""
        return filesystems.folder(self._options(mount).get("type", ""))

    def _named_by_volume(self, mount: Mapping[str, Any]) -> list[str]:
        """The folders of the host that the options of a volume name, or the mounted part of them.

        A bind mount names one as its device, an overlay several; a disk and a share of a network are none.
        """
        device = self._device(mount)
        folders = [] if self._is_disk(device) or device.startswith("//") else [device]
        if view := self._view(mount):
            folders = [view]
        folders += self._layers(mount)
        part = f"/{mount['Subpath']}" if mount["Subpath"] else ""
        return [
            (folder.rstrip("/") if part else folder) + part for folder in folders if folder.startswith("/")
        ]

    def _layers(self, mount: Mapping[str, Any]) -> list[str]:
        """The folders that an overlay lays over each other (kernel documentation of overlayfs), as they are written."""
        options = (each.partition("=") for each in self._words(mount))
        layers = [value for name, _, value in options if name.removesuffix("+") in LAYERS]
        return [folder for layer in layers for folder in layer.split(":") if folder]


def _without_var(path: str) -> str:
    """*path* below /run where it is below /var/run, which is a link to it."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path
