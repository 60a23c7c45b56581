"""What is unused on a target: images without containers, stopped containers, and their ages."""

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from hullcheck.facts import images
from hullcheck.facts.containers import Container
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.images.models import IMAGES, Description, arrivals, described
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.times import DAY, engine_moment
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError

_STOPPED = ("created", "exited", "dead")
_NEVER = "0001-01-01T00:00:00Z"


class Idle(Struct, frozen=True):
    """An image or a container that is not in use.

    Attributes:
        days: since the container stopped, or was made and never started; since the image was made, brought here or
            last given a name here. None where nothing is known, and the build set no true time.
    """

    name: str
    days: float | None


class Sprawl(Struct, frozen=True, dict=True):
    """What is not in use on a target, the oldest first; it raises where the engine did not say."""

    recording: Recording
    containers: Later[Subjects[Container]]

    @cached_property
    def unused_images(self) -> tuple[Idle, ...]:
        """Images that no container was made from or mounts; layers between them are not counted."""
        known, came = described(self.recording), arrivals(self.recording)
        used = {
            image for _, container in self.containers.get() for image in images.used_images(container, known)
        }
        needed = set(used)
        for image in used:  # the images that it was built from cannot go either
            while (found := known.get(image)) and (image := found.parent or "") not in needed:
                needed.add(image)
        parents = {each.parent for each in known.values()}
        return _oldest_first(
            Idle(name or images.short(identifier), self._days_of_image(each, came.get(identifier)))
            for identifier, each in known.items()
            if identifier not in needed
            if (name := _name(each)) or identifier not in parents
        )

    @cached_property
    def stopped_containers(self) -> tuple[Idle, ...]:
        """Containers that do not run."""
        inspected = ((name, each.inspect) for name, each in self.containers.get())
        return _oldest_first(
            Idle(name, self._days_since(each.created, each.state.finished_at))
            for name, each in inspected
            if each.state.status in _STOPPED
        )

    def _days_of_image(self, image: Description, came: float | None) -> float | None:
        """Return how long an image is here; a build may set no time, one of long ago or one of the future."""
        made, now = image.created, self.recording.now
        tagged = engine_moment(image.metadata and image.metadata.last_tag_time)
        known = [images.build_moment(made, now), tagged, came if came and came <= now else None]
        if any(known):
            return (now - max(filter(None, known))) / DAY
        if made not in (None, "", _NEVER):
            self._days_since(made)  # raises where it is no time at all
        return None

    def _days_since(self, *times: str | None) -> float:
        """Return the days since the latest of these times, but none that the engine gives for "never".

        Raises:
            EvidenceError: none is a time.
        """
        known = [time for each in times if (time := engine_moment(each)) is not None]
        if not known:
            raise EvidenceError(f"docker inspect: {times[0]!r} is not a time")
        return (self.recording.now - max(known)) / DAY


def _name(image: Description) -> str:
    """Return what a person would type for it, or an empty string if it has no name."""
    return next((name for name in image.names if not name.startswith("<none>")), "")


def _oldest_first(idle: Iterable[Idle]) -> tuple[Idle, ...]:
    return tuple(sorted(idle, key=lambda each: (-(each.days or 0), each.name)))


@fact(IMAGES)
def sprawl(recording: Recording, engine: Engine, container: Later[Subjects[Container]]) -> Sprawl:
    """What is not in use on the target."""
    return Sprawl(recording, container)
