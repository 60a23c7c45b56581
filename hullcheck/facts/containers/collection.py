"""All containers of a target: reads the answer of the probe and puts each together."""

from hullcheck.facts.containers import Container
from hullcheck.facts.containers.host_context import HostContext
from hullcheck.facts.containers.inspect import Inspected, Source, State, view
from hullcheck.facts.containers.probe import CONTAINERS, described_in
from hullcheck.facts.containers.proc import files_in
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.recording import Recording
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError, NotApplicable


@fact(CONTAINERS)
def container(recording: Recording, presence: Presence, host_context: HostContext) -> Subjects[Container]:
    """Every container of the target, running or not.

    Raises:
        EvidenceError: they could not be listed.
    """
    found = _Containers(recording, host_context)
    if not (found.by_id or found.unread):
        host_context.engine.get().require_none("containers")  # a command that says nothing says so of none
    named = sorted(((each.name, each) for each in found.by_id.values()), key=lambda each: each[0])
    return Subjects("container", tuple(named), "the engine has no container", found.unread)


class _Containers:
    """Puts containers together from what they have in common, and finds one for another."""

    def __init__(self, recording: Recording, host: HostContext) -> None:
        answer = recording.sections_in_time(CONTAINERS)
        if not {"listed", "inspect"} <= answer.keys():
            raise EvidenceError("containers: the engine did not list its containers")
        documents, faults = described_in(answer["inspect"])
        self._host = host
        self._users = dict(line.partition(" ")[::2] for line in answer.get("users", "").split("\n"))
        self._ids = frozenset(documents)
        self.by_id = {each.id: self._container(each) for each in documents.values()}
        self.unread = _unread(answer, self._ids, faults)
        if host.engine.get().is_docker:  # Podman counts what Docker's command does not list
            self.unread += _unlisted(answer)

    def _container(self, document: Inspected) -> Container:
        source = Source()
        return Container(
            inspect=view(document, source),
            host=self._host,
            source=source,
            number_in_passwd=self._users.get(document.id, ""),
            ids=self._ids,
            find=self._runtime,
        )

    def _runtime(self, identifier: str) -> Runtime:
        """Return that of the container with this id, or else with this name: one can have the id of another as name."""
        by_name = {container.name: container for container in self.by_id.values()}
        found = self.by_id.get(identifier) or by_name.get(identifier)
        if found is None:
            raise EvidenceError(f"the container {identifier}, whose namespace it joined, is not there")
        return found.runtime


def _unlisted(answer: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return one subject for the containers that the engine counts and does not list."""
    counted, listed = answer.get("counted", "").strip(), len(answer.get("listed", "").split())
    if not counted.isdecimal() or int(counted) <= listed:
        return ()
    return (("(not listed)", f"docker info counts {counted} containers, and the engine lists {listed}"),)


def _unread(answer: dict[str, str], found: frozenset[str], faults: list[str]) -> tuple[tuple[str, str], ...]:
    """Return the containers that are neither described nor gone, each with the reason."""
    if DROPPED in answer.get("listed", ""):
        raise EvidenceError("containers: the answer is damaged: it has a line that is no id")
    gone = {line.removeprefix("gone ") for line in answer.get("inspect", "").split("\n")}
    silent = sorted({*answer.get("listed", "").split()} - found - gone)
    faults = [*faults, *["the engine lists it but does not describe it"] * (len(silent) - len(faults))]
    names = [*(each[:12] for each in silent), *["(unknown)"] * (len(faults) - len(silent))]
    return tuple(zip(names, faults, strict=True))


# ---- a container that is a target of its own


class Inside(Source):
    """A container as it shows itself: what everything in it can do, and what it has mounted."""

    inside = True

    def missing(self, name: str) -> Exception:
        return NotApplicable(
            "the target is a container, seen from inside: only its engine's host can show this"
        )


@fact(CONTAINERS, name="container", on="container")
def container_from_inside(recording: Recording, processes: Later[Processes]) -> Subjects[Container]:
    """The target itself, seen from inside: its process 1 and its mounts.

    The auditor's own command was executed in it, and is judged with it.
    """
    source, files = Inside(), Later(lambda: files_in(recording, "inside"))

    def seen() -> Processes:
        """Return the processes, if process 1 is the container's own and it shares no PID namespace."""
        shown = files.get()
        if shown.file(1, "mountinfo") != shown.file("self", "mountinfo"):
            raise EvidenceError(
                "process 1 has other mounts than the container: it shares a PID namespace of others"
            )
        return processes.get()

    def find(name: str) -> Runtime:
        raise source.missing(name)

    described = Inspected(name=recording.target, state=State(running=True, pid=1))
    host = HostContext.unknown(source, processes=Later(seen), container_files=files)
    found = Container(inspect=view(described, source), host=host, source=source, ids=(), find=find)
    return Subjects("container", ((recording.target, found),))
