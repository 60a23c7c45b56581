"""All containers of a target, from the answer of the probe."""

from collections.abc import Collection

from hullcheck.facts.containers import Container, HostContext
from hullcheck.facts.containers.inspect import Inspected, Source, State, view
from hullcheck.facts.containers.probe import CONTAINERS, described_in, files_in
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.recording import Recording
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError, NotApplicable


@fact(CONTAINERS)
def container(recording: Recording, presence: Presence, host_context: HostContext) -> Subjects[Container]:
    """Every container of the target, running or not."""
    answer = recording.sections_in_time(CONTAINERS)
    if not {"listed", "inspect"} <= answer.keys():
        raise EvidenceError("containers: the engine did not list its containers")
    documents, faults = described_in(answer["inspect"])
    numbers = dict(line.partition(" ")[::2] for line in answer.get("users", "").split("\n"))
    source, by_id, by_name = Source(), dict[str, Container](), dict[str, Container]()

    def find(wanted: str) -> Container:
        """Return the container with this id, or else with this name."""
        found = by_id.get(wanted) or by_name.get(wanted)
        if found is None:
            raise EvidenceError(f"the container {wanted}, whose namespace it joined, is not there")
        return found

    for each in documents.values():
        made = Container(
            inspect=view(each, source),
            host=host_context,
            source=source,
            find=find,
            number_in_passwd=numbers.get(each.id, ""),
        )
        by_id[made.id] = by_name[made.name] = made
    unread = _unread(answer, documents, faults)
    if not (by_name or unread):
        host_context.engine.get().require_none("containers")  # a command that says nothing says so of none
    return Subjects("container", tuple(sorted(by_name.items())), "the engine has no containers", unread)


def _unread(answer: dict[str, str], found: Collection[str], faults: list[str]) -> tuple[tuple[str, str], ...]:
    """Return the containers that are neither described nor gone, each with the reason."""
    if DROPPED in answer.get("listed", ""):
        raise EvidenceError("containers: the answer is damaged: it has a line that is not an id")
    gone = {line.removeprefix("gone ") for line in answer.get("inspect", "").split("\n")}
    silent = sorted({*answer.get("listed", "").split()}.difference(found, gone))
    faults = [*faults, *["the engine lists it but does not describe it"] * (len(silent) - len(faults))]
    names = [*(each[:12] for each in silent), *["(unknown)"] * (len(faults) - len(silent))]
    return tuple(zip(names, faults, strict=True))


class Inside(Source):
    """A container seen from inside: its processes and its mounts."""

    inside = True

    def missing(self, name: str) -> Exception:
        return NotApplicable("the target is a container, seen from inside: only its engine's host can show this")


@fact(CONTAINERS, name="container", on="container")
def container_from_inside(recording: Recording, processes: Later[Processes]) -> Subjects[Container]:
    """The target itself, seen from inside by process 1, its mounts and the auditor's command."""
    source, files = Inside(), Later(lambda: files_in(recording, "inside"))

    def seen() -> Processes:
        """Return the processes, or raise EvidenceError if the container shares a PID namespace."""
        shown = files.get()
        if shown.file(1, "mountinfo") != shown.file("self", "mountinfo"):
            raise EvidenceError("process 1 has other mounts than the container: it shares a PID namespace of others")
        return processes.get()

    def find(name: str) -> Container:
        raise source.missing(name)

    described = Inspected(name=recording.target, state=State(running=True, pid=1))
    host = HostContext.unknown(source, processes=Later(seen), container_files=files)
    found = Container(inspect=view(described, source), host=host, source=source, find=find)
    return Subjects("container", ((recording.target, found),))
