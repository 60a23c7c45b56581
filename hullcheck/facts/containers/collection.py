"""All containers of a target: their descriptions, and who finds whom."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from hullcheck.facts.containers import Container
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS
from hullcheck.facts.containers.proc import HostFiles, ProcFiles
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.engine import DOCKER_ENDPOINT
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.mountinfo import MountTable
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError

_USUAL_SOCKET = re.compile(
    r"(/var)?/run/(user/\d+/)?(docker\.sock|docker/containerd/containerd\.sock|containerd/containerd\.sock|podman/podman\.sock)"
)
_USER_ID = re.compile(r"^user ([0-9a-f]{64}) ([0-9]+)$", re.MULTILINE)
_STORED = re.compile(r"/.*/containers/([0-9a-f]{64})/config\.v2\.json")


def from_engine(recording: Recording, surroundings: Surroundings) -> Subjects[Container]:
    """All containers that the engine knows, stopped ones too.

    Raises:
        EvidenceError: they could not be listed.
    """
    found = AllContainers(recording, surroundings).containers
    named = sorted(((container.name, container) for container in found), key=lambda each: each[0])
    return Subjects("container", tuple(named), nothing="the engine has no container")


class AllContainers:
    """All containers of a target, and what their properties look things up in."""

    def __init__(self, recording: Recording, surroundings: Surroundings) -> None:
        """Read them.

        Raises:
            EvidenceError: they could not be listed, or one that is listed is not described.
        """
        self.surroundings = surroundings
        self._recording = recording
        described, _, rest = _complete(recording).partition("\n--proc\n")
        proc, _, paths = rest.partition("\n--paths")
        self.proc = ProcFiles.parse(proc)
        self.host_files = HostFiles.parse(paths)
        self._volumes = {each["Name"]: each for each in _documents(described, "volume")}
        self.user_ids = dict(_USER_ID.findall(described))
        self.containers = tuple(Container(each, self) for each in _documents(described, "container"))
        _require_all(recording, described, self.ids)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of all of them."""
        return frozenset(container.id for container in self.containers)

    def find(self, identifier: str) -> Container:
        """The container with this id; or else with this name, for one can have the id of another as its name.

        Raises:
            EvidenceError: there is none.
        """
        by_name = {container.name: container for container in self.containers}
        by_id = {container.id: container for container in self.containers}
        found = by_id.get(identifier) or by_name.get(identifier)
        if found is None:
            raise EvidenceError(f"the container {identifier}, whose namespace it joined, is not there")
        return found

    def stored_no_new_privileges(self, identifier: str) -> bool | None:
        """What the engine settled for a container at its creation; None where its files may not be read."""
        return self._stored.get(identifier)

    @cached_property
    def _stored(self) -> dict[str, bool]:
        files = ((_STORED.fullmatch(path), lines) for path, lines in self.proc.lines.items())
        return {match[1]: lines[0].endswith(":true") for match, lines in files if match}

    @cached_property
    def pid_on_host_network(self) -> int:
        """The main process of the container whose /proc/PID/net was read for all that are in the network of
        the host.

        Raises:
            EvidenceError: no container was started in it.
        """
        on_host = (each for each in self.containers if each.running and each.setting("NetworkMode") == "host")
        pids = [each.main.pid for each in on_host if each.description["Pid"] in self.proc.listeners]
        if not pids:
            raise EvidenceError("the listeners in the network of the host were not read")
        return pids[0]

    # ---- the host's files

    @cached_property
    def host_mounts(self) -> MountTable:
        """The mount table of the daemon: what "the host" is to a container.

        Raises:
            EvidenceError: it could not be read.
        """
        return MountTable(self.surroundings.daemon_mounts())

    @cached_property
    def well_known_sockets(self) -> frozenset[str]:
        """The socket to which we talk, and those of engines in the usual places."""
        usual = {path for path in self.host_files.identities if _USUAL_SOCKET.fullmatch(path)}
        try:
            address = self._recording.json(DOCKER_ENDPOINT)
        except EvidenceError:
            address = ""
        talked_to = {address.removeprefix("unix://")} if str(address).startswith("unix:///") else set()
        return frozenset(name for path in usual | talked_to for name in (path, _without_var(path)))

    def written_paths(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """What a mount names as its source, as it is written and without symbolic links as far as those are
        known."""
        named = {str(mount["Source"])} if mount["Type"] == "bind" else set(self._named_by_volume(mount))
        return frozenset(named | {self.host_files.real.get(path) or path for path in named})

    def layers_of_volume(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """The folders of the host that the options of a volume put together.

        Raises:
            EvidenceError: the engine does not know the volume, or one of them could not be followed.
        """
        self._volume(mount)
        real = map(self.host_files.path, self._named_by_volume(mount))
        return frozenset(name for path in real for name in self.host_mounts.other_names(path))

    def volume_paths(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """Where the data of a volume lies: its own folder, or the device or folders that its options name.

        Raises:
            EvidenceError: the engine does not know the volume, or its data could not be found.
        """
        layers = self.layers_of_volume(mount)
        if layers:
            return layers
        device = self._device(mount)
        if device.startswith("/dev/"):
            return self.host_mounts.of_disk(self.host_files.path(device), self.host_files.disk(device))
        return self.host_mounts.other_names(self.host_files.path(str(mount["Source"])))

    def _volume(self, mount: Mapping[str, Any]) -> Mapping[str, Any]:
        volume = self._volumes.get(mount["Name"])
        if volume is None:
            raise EvidenceError(f"the engine does not describe the volume {mount['Name']}")
        return volume

    def _options(self, mount: Mapping[str, Any]) -> Mapping[str, str]:
        return self._volumes.get(mount.get("Name", ""), {}).get("Options") or {}

    def _device(self, mount: Mapping[str, Any]) -> str:
        return self._options(mount).get("device", "")

    def _named_by_volume(self, mount: Mapping[str, Any]) -> list[str]:
        """A bind mount names a folder as its device, an overlay several; a disk and a network's share are none.

        Where a part of the volume is mounted, it is that part of them."""
        device = self._device(mount)
        folders = [] if device.startswith(("//", "/dev/")) else [device]
        for option in self._options(mount).get("o", "").split(","):
            name, _, value = option.partition("=")
            if name in ("lowerdir", "upperdir"):
                folders += value.split(":")
        part = f"/{mount['Subpath']}" if mount["Subpath"] else ""
        return [
            (folder.rstrip("/") if part else folder) + part for folder in folders if folder.startswith("/")
        ]


def _without_var(path: str) -> str:
    """/var/run is a link to /run."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def _documents(text: str, word: str) -> list[dict[str, Any]]:
    try:
        return [
            json.loads(line.partition(" ")[2]) for line in text.split("\n") if line.startswith(word + " ")
        ]
    except ValueError:
        raise EvidenceError(
            f"docker inspect: the description of a {word} is not JSON, or is cut off"
        ) from None


def _complete(recording: Recording) -> str:
    """The answer of the probe, also where a container ended between the list and the description."""
    answer = recording.answer(DOCKER_CONTAINERS)
    if answer.status != 0 and "No such" not in answer.stderr:
        return recording.text(DOCKER_CONTAINERS)  # raises, with the reason
    return answer.stdout


def _require_all(recording: Recording, described: str, found: frozenset[str]) -> None:
    """Raise EvidenceError where a listed container is neither described nor said to be gone."""
    listed = set(re.findall(r"^[0-9a-f]{64}$", described, re.MULTILINE))
    gone = recording.answer(DOCKER_CONTAINERS).stderr
    unexplained = sorted(each for each in listed - found if each not in gone)
    if unexplained:
        raise EvidenceError(f"the engine lists the container {unexplained[0][:12]} but does not describe it")
