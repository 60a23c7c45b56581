"""What lies about on a target: images that no container uses, containers that do not run, and their ages."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from hullcheck.facts.container_probe import DOCKER_CONTAINERS
from hullcheck.probes import Probe
from hullcheck.recording import Recording, decode_json
from hullcheck.verdicts import EvidenceError

SPRAWL = Probe(
    "sprawl",
    r"""
gone=0
ids=$(docker image ls --all --quiet --no-trunc) || exit
ids=$(printf "%s\n" "$ids" | sort -u)
if [ -n "$ids" ]; then
  docker image inspect --format 'image {"Id":{{json .Id}},"Parent":{{json .Parent}}'\
',"Tags":{{json .RepoTags}},"Digests":{{json .RepoDigests}}'\
',"Created":{{json .Created}},"Tagged":{{json .Metadata.LastTagTime}}}' $ids || gone=$?
fi
stopped="--filter status=created --filter status=exited --filter status=dead"
ids=$(docker ps --all --quiet --no-trunc $stopped) || exit
if [ -n "$ids" ]; then
  docker inspect --type container --format 'container {"Name":{{json .Name}}'\
',"Created":{{json .Created}},"Finished":{{json .State.FinishedAt}}}' $ids || gone=$?
fi
exit $gone
""",
)

PROBES = (SPRAWL,)
EVIDENCE = (SPRAWL, DOCKER_CONTAINERS)

_DAY = 86400.0
_SHORT = 12


@dataclass(frozen=True)
class Idle:
    """Something that is not in use.

    Attributes:
        days: for how long it has lain there: a container since it stopped, or was made and never started; an
            image since it was made or, where the engine says that, last given a name here.
    """

    name: str
    days: float


@dataclass(frozen=True)
class Sprawl:
    """What is not in use on a target.

    Attributes:
        used: the ids of the images that containers were made from, running or not.
    """

    recording: Recording
    used: frozenset[str]

    @cached_property
    def unused_images(self) -> tuple[Idle, ...]:
        """Images that no container needs, the oldest first; layers between them are not counted.

        Raises:
            EvidenceError: the engine did not say.
        """
        images = {str(each["Id"]): each for each in self._documents("image ", "Id", "Created")}
        needed = set(self.used)
        for image in self.used:  # the images that it was built from cannot go either
            while (image := str((images.get(image) or {}).get("Parent") or "")) and image not in needed:
                needed.add(image)
        parents = {each.get("Parent") for each in images.values()}
        idle = (
            Idle(name or _short(identifier), self._days_since(each["Created"], each.get("Tagged")))
            for identifier, each in images.items()
            if identifier not in needed
            if (name := _name(each)) or identifier not in parents
        )
        return _oldest_first(idle)

    @cached_property
    def stopped_containers(self) -> tuple[Idle, ...]:
        """Containers that do not run, the oldest first.

        Raises:
            EvidenceError: the engine did not say.
        """
        documents = self._documents("container ", "Name", "Created")
        return _oldest_first(
            Idle(str(each["Name"]).removeprefix("/"), self._days_since(each["Created"], each.get("Finished")))
            for each in documents
        )

    def _documents(self, word: str, *needed: str) -> list[Mapping[str, Any]]:
        lines = (line for line in self._text.split("\n") if line.startswith(word))
        documents = [decode_json(line.removeprefix(word), SPRAWL.name) for line in lines]
        if not all(isinstance(each, dict) and each.keys() >= set(needed) for each in documents):
            raise EvidenceError(f"docker inspect: a description ({word.strip()}) is incomplete")
        return documents

    @property
    def _text(self) -> str:
        """The answer, also where something was gone between the list and its description."""
        answer = self.recording.answer(SPRAWL)
        complaints = [line for line in answer.stderr.splitlines() if line.strip()]
        if complaints and all("No such" in line for line in complaints):
            return answer.stdout
        return self.recording.text(SPRAWL)

    def _days_since(self, *times: Any) -> float:
        """Days since the latest of these times, but none that the engine gives for "never".

        Raises:
            EvidenceError: none is a time.
        """
        known = [time for each in times if (time := _moment(each)) is not None]
        if not known:
            raise EvidenceError(f"docker inspect: {times[0]!r} is not a time")
        return (self.recording.gathered - max(known)) / _DAY


def _moment(text: Any) -> float | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.timestamp() if time.year > 1 and time.tzinfo else None  # year 1 is Go's "never"


def _name(image: Mapping[str, Any]) -> str:
    """What a person would type for it; empty where it has no name."""
    names = (*(image.get("Tags") or ()), *(image.get("Digests") or ()))
    return next((str(name) for name in names if not str(name).startswith("<none>")), "")


def _short(identifier: str) -> str:
    return identifier.removeprefix("sha256:")[:_SHORT]


def _oldest_first(idle: Iterable[Idle]) -> tuple[Idle, ...]:
    return tuple(sorted(idle, key=lambda each: (-each.days, each.name)))


def older_than(idle: Iterable[Idle], days: float) -> Iterator[Idle]:
    """Those that have lain there for more than so many days."""
    return (each for each in idle if each.days > days)
