"""All containers of a target: reads the answer of the probe and puts each together."""

import contextlib
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from hullcheck.facts.containers import Container
from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.mounts import HostFiles, Mounts, Sockets, Sources
from hullcheck.facts.containers.ports import Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS, PROC, SHAPE_OF_VOLUME, described_in
from hullcheck.facts.containers.proc import ProcFiles
from hullcheck.facts.containers.runtime import Limits, Runtime
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.engine.info import ENGINE, section
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.documents import require
from hullcheck.recording import Recording, decode_json
from hullcheck.verdicts import EvidenceError

_USER_ID = re.compile(r"^user ([0-9a-f]{64}) ([0-9]+)$", re.MULTILINE)


@fact(DOCKER_CONTAINERS, ENGINE)
def container(recording: Recording, presence: Presence, surroundings: Surroundings) -> Subjects[Container]:
    """Every container of the target, running or not.

    Raises:
        EvidenceError: they could not be listed.
    """
    found = _Containers(recording, surroundings)
    if not (found.all or found.unread):
        surroundings.engine.get().require_none("containers")  # a command that says nothing says so of none
    named = sorted(((container.name, container) for container in found.all), key=lambda each: each[0])
    return Subjects("container", tuple(named), "the engine has no container", found.unread)


class _Containers:
    """Puts containers together from what they have in common, and finds one for another."""

    def __init__(self, recording: Recording, surroundings: Surroundings) -> None:
        described, _, rest = _complete(recording).partition("\n--proc\n")
        proc, _, paths = rest.partition("\n--paths")
        if not PROC.knows(rest):
            raise EvidenceError("docker_containers: the answer is damaged: it has a line of another kind")
        documents, damaged = described_in(described)
        volumes = _volumes(described)
        self._surroundings = surroundings
        self._proc = ProcFiles.parse(proc)
        self._sources = Sources(surroundings, HostFiles.parse(paths), volumes)
        self._endpoint = _endpoint(recording)
        self._numbers = dict(_USER_ID.findall(described))
        self._ids = frozenset(documents)
        self.all = tuple(map(self._container, documents.values()))
        self.unread = _unread(recording, described, self._ids, damaged)
        if surroundings.engine.get().is_docker:  # Podman counts what Docker's command does not list
            self.unread += _unlisted(described)

    def _container(self, description: dict[str, Any]) -> Container:
        number = self._numbers.get(str(description["Id"]), "")
        configuration = Configuration(description, self._surroundings, number)
        stored = self._proc.stored_no_new_privileges.get(configuration.id)
        runtime = Runtime(configuration, self._surroundings, self._proc, self._ids, self._runtime)
        limits = Limits(configuration, runtime, self._surroundings)
        mounts = Mounts(configuration, runtime, self._surroundings, self._sources)
        sockets = Sockets(configuration, mounts, self._surroundings, self._endpoint)
        ports = Ports(configuration, runtime, self._surroundings, lambda: self._pid_on_host_network)
        privileges = Privileges(configuration, runtime, self._surroundings, stored)
        return Container(configuration, runtime, limits, mounts, sockets, ports, privileges)

    def _runtime(self, identifier: str) -> Runtime:
        """That of the container with this id, or else with this name.

        A container can have the id of another as its name.
        """
        by_name = {container.name: container for container in self.all}
        by_id = {container.id: container for container in self.all}
        found = by_id.get(identifier) or by_name.get(identifier)
        if found is None:
            raise EvidenceError(f"the container {identifier}, whose namespace it joined, is not there")
        return found.runtime

    @cached_property
    def _pid_on_host_network(self) -> int:
        """The main process of the container whose /proc/PID/net was read for all in the host's network."""
        configurations = ((each, each.configuration) for each in self.all)
        pids = [
            container.runtime.main_process.pid
            for container, asked in configurations
            if asked.running and asked.network_mode == "host" and asked.pid in self._proc.listeners
        ]
        if not pids:
            raise EvidenceError("the listeners in the network of the host were not read")
        return pids[0]


def _endpoint(recording: Recording) -> str:
    """Return the address at which the engine was asked, or an empty string if that is unknown."""
    try:
        return section(recording, ENGINE, "endpoint", str, "docker context inspect")
    except EvidenceError:
        return ""


def _volumes(text: str) -> dict[str, dict[str, Any]]:
    """What the engine says of volumes, by name; one that is damaged is as if the engine had not described it."""
    found = {}
    for line in text.split("\n"):
        if line.startswith("volume "):
            with contextlib.suppress(EvidenceError):
                document = decode_json(line.partition(" ")[2], "docker volume inspect")
                found[require(document, SHAPE_OF_VOLUME, "docker volume inspect")["Name"]] = document
    return found


def _complete(recording: Recording) -> str:
    """The answer of the probe, also where a container ended between the list and the description."""
    answer = recording.answer(DOCKER_CONTAINERS)
    if answer.status != 0 and "No such" not in answer.stderr:
        return recording.text(DOCKER_CONTAINERS)  # raises, with the reason
    return answer.stdout


def _unlisted(described: str) -> tuple[tuple[str, str], ...]:
    """Return one subject for the containers that the engine counts and does not list."""
    counted = re.search(r"^counted ([0-9]+)$", described, re.MULTILINE)
    listed = len(re.findall(r"^[0-9a-f]{64}$", described, re.MULTILINE))
    if not counted or int(counted[1]) <= listed:
        return ()
    return (("(not listed)", f"docker info counts {counted[1]} containers, and docker ps lists {listed}"),)


def _unread(
    recording: Recording, described: str, found: frozenset[str], damaged: Mapping[str, tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """The containers that are neither described nor said to be gone, each with the reason."""
    listed = set(re.findall(r"^[0-9a-f]{64}$", described, re.MULTILINE))
    gone = recording.answer(DOCKER_CONTAINERS).stderr
    silent = {
        each: (each[:12], "the engine lists it but does not describe it")
        for each in listed - found
        if each not in gone
    }
    named = {each: fault for each, fault in damaged.items() if each in listed or not silent}
    return tuple(sorted((silent | named).values()))
