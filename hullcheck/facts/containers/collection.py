"""All containers of a target: reads the answer of the probe and puts each together."""

from functools import cached_property

from hullcheck.facts.containers import Container
from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.inspect import Inspected, Source, Volume, view
from hullcheck.facts.containers.probe import CONTAINERS, described_in
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.engine.info import ENGINE, section
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.models import decode
from hullcheck.recording import Recording
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError


@fact(CONTAINERS, ENGINE)
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
        said = recording.sections(CONTAINERS)
        if "listed" not in said:
            raise EvidenceError("containers: the engine did not list its containers")
        documents, faults = described_in(said.get("inspect", ""))
        numbers = (line.split(" ") for line in said.get("users", "").split("\n") if " " in line)
        self._surroundings = surroundings
        self._volumes = _volumes(said.get("volumes", ""))
        self._endpoint = _endpoint(recording)
        self._numbers = {each[0]: each[1] for each in numbers}
        self._ids = frozenset(documents)
        self.all = tuple(map(self._container, documents.values()))
        self.unread = _unread(said, self._ids, faults)
        if surroundings.engine.get().is_docker:  # Podman counts what Docker's command does not list
            self.unread += _unlisted(said)

    def _container(self, document: Inspected) -> Container:
        source, number = Source(), self._numbers.get(document.id, "")
        return Container.of(
            Configuration(view(document, source), self._surroundings, source, number),
            self._ids,
            self._runtime,
            pid_on_host_network=lambda: self._pid_on_host_network,
            volumes=self._volumes,
            endpoint=self._endpoint,
        )

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
        """The main process of a container whose /proc/PID/net shows the host's network."""
        listeners = self._surroundings.container_files.get().listeners
        pids = [
            each.runtime.main_process.pid
            for each in self.all
            if each.running and each.host_config.network_mode == "host" and each.state.pid in listeners
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


def _volumes(text: str) -> dict[str, Volume]:
    """Return what the engine says of volumes, by name; damaged, as if it had not described them."""
    try:
        return {each.name: each for each in decode(text, list[Volume], "docker volume inspect")}
    except EvidenceError:
        return {}


def _unlisted(said: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return one subject for the containers that the engine counts and does not list."""
    counted, listed = said.get("counted", "").strip(), len(said.get("listed", "").split())
    if not counted.isdecimal() or int(counted) <= listed:
        return ()
    return (("(not listed)", f"docker info counts {counted} containers, and the engine lists {listed}"),)


def _unread(said: dict[str, str], found: frozenset[str], faults: list[str]) -> tuple[tuple[str, str], ...]:
    """Return the containers that are neither described nor gone, each with the reason."""
    if DROPPED in said.get("listed", ""):
        raise EvidenceError("containers: the answer is damaged: it has a line that is no id")
    gone = {line.removeprefix("gone ") for line in said.get("inspect", "").split("\n")}
    silent = sorted({*said.get("listed", "").split()} - found - gone)
    faults = [*faults, *["the engine lists it but does not describe it"] * (len(silent) - len(faults))]
    names = [*(each[:12] for each in silent), *["(unknown)"] * (len(faults) - len(silent))]
    return tuple(zip(names, faults, strict=True))
