"""A container that is a target of its own, seen from inside: its process 1 and its mounts."""

from hullcheck.facts.containers import Container
from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.inspect import Inspected, Source, State, view
from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.facts.containers.proc import files_in
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable


class Inside(Source):
    """A container as it shows itself: what everything in it can do, and what it has mounted."""

    inside = True

    def missing(self, name: str) -> Exception:
        """Return NotApplicable: an engine knows."""
        return NotApplicable(
            "the target is a container, seen from inside: only its engine's host can show this"
        )


@fact(CONTAINERS, name="container", on="container")
def container_from_inside(recording: Recording, processes: Later[Processes]) -> Subjects[Container]:
    """The target itself, where that is a container.

    The auditor's own command was executed in it, and is judged with it.
    """

    def seen() -> Processes:
        """Return the processes, if process 1 is the container's own and it shares no PID namespace."""
        shown = files.get()
        if shown.file(1, "mountinfo") != shown.file("self", "mountinfo"):
            raise EvidenceError(
                "process 1 has other mounts than the container: it shares a PID namespace of others"
            )
        return processes.get()

    source, files = Inside(), Later(lambda: files_in(recording, "inside"))
    known = Surroundings.unknown(source, processes=Later(seen), container_files=files)
    described = view(Inspected(name=recording.target, state=State(running=True, pid=1)), source)
    asked = Configuration(described, known, source)

    def other(name: str) -> Container:
        raise source.missing(name)

    whole = Container.of(asked, (), lambda name: other(name).runtime)
    return Subjects("container", ((recording.target, whole),))
