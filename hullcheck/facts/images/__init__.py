"""The images that the engine holds: how it describes them, and the steps in which they were made."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from hullcheck.data.health_checks import kind_of_check
from hullcheck.facts.containers import Container
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.images.models import (
    BASE_LABELS,
    IMAGES,
    Description,
    Settings,
    Stored,
    described,
    stored,
)
from hullcheck.facts.images.steps import Step, steps_of
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.lazy import regex
from hullcheck.parsing.times import DAY
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable

_SHORT = 12
_PORT = regex(r":\d+(?=/)")
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()  # reproducible builds set a time of long ago


class Image(Struct, frozen=True, kw_only=True):
    """One image of the engine.

    Attributes:
        id: in full, with `sha256:`.
        tags: `repository:tag`, sorted.
        digests: `repository@sha256:...`, as it is known to registries; sorted.
        pulled: the repositories that the engine pulled it from; only Docker 29.2 and later tell them.
        created: seconds since the epoch; None where the build set no true time.
        base: the image that it says it was built from.
        healthcheck: the kind of its health check, as `kind_of_check` returns it.
        secrets: what secrets its configuration holds, in words and without them.
        history: its build steps, and what it leaves to builds from it; None where it could not be read. `steps` is what
            controls ask for.
        used_by: the containers that were made from it or mount it, running or not, as far as they are known.
        recorded: when it was looked at, in seconds since the epoch.
        known_digests: its id, the digests of its configuration and manifest, and those in registries.
    """

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    pulled: tuple[str, ...] = ()
    created: float | None = None
    base: tuple[str, ...] = ()
    healthcheck: str = ""
    secrets: tuple[str, ...] = ()
    history: tuple[Step, ...] | None = ()
    used_by: tuple[str, ...] = ()
    recorded: float = 0.0
    known_digests: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Its first tag, or its short id."""
        return self.tags[0] if self.tags else short(self.id)

    @property
    def days_old(self) -> float | None:
        """How many days ago it was built, or None if it does not say that."""
        if self.created is not None and not self.recorded:
            raise EvidenceError("the recording does not tell its time")
        return None if self.created is None else (self.recorded - self.created) / DAY

    @property
    def origins(self) -> tuple[str, ...]:
        """The repositories, registry and all, that it is known to have been pulled from or pushed to.

        In the store of containerd every image has its own digest under each of its names, which says nothing of a
        registry.
        """
        known = (
            name for name, _, digest in (each.partition("@") for each in self.digests) if digest != self.id
        )
        pulled = (each for repository in self.pulled for each in self._with_port(repository))
        return tuple(dict.fromkeys((*map(_repository, known), *pulled)))

    def _with_port(self, repository: str) -> tuple[str, ...]:
        """Return a repository with the port of its registry, if a name of the image has one.

        The engine leaves the port out, and then takes `registry/app` for a repository of Docker Hub.
        """
        portless = {each: _repository(_PORT.sub("", each)) for each in self.claims if _PORT.search(each)}
        return tuple(each for each, plain in portless.items() if plain == repository) or (repository,)

    @property
    def claims(self) -> tuple[str, ...]:
        """The repositories, registry and all, that its names name in full; anybody can name an image so."""
        names = (*self.tags, *self.digests)
        return tuple(dict.fromkeys(_repository(each) for each in names if _names_registry(each)))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its build steps, those of the images below it first, and those left to later builds."""
        if self.history is None:
            raise EvidenceError("its history could not be read")
        return self.history


@fact(IMAGES)
def image(recording: Recording, engine: Engine, container: Later[Subjects[Container]]) -> Subjects[Image]:
    """Every image that the engine holds, but none that is only a step on the way to another.

    One that lost its name to an image that was built from it is no step where it is known to a registry, or a
    container was made from it.

    Raises:
        EvidenceError: they could not be listed, or what is stored of them is damaged.
    """
    known, blobs = described(recording), stored(recording)
    if not known:
        engine.require_none("images")
    parents = {each.parent for each in known.values()}
    users = _users(container, known)
    found = (
        _image(each, blobs, users.get(identifier, ()), recording.gathered)
        for identifier, each in known.items()
        if each.names or identifier not in parents - users.keys()
    )
    named = sorted(((image.name, image) for image in found), key=lambda each: each[0])
    return Subjects("image", tuple(named), "the engine has no image")


@fact(IMAGES)
def image_names(recording: Recording) -> dict[str, str]:
    """The image id that each `repository:tag` names now.

    Raises:
        EvidenceError: the engine did not say.
    """
    known = described(recording)
    return {tag: identifier for identifier, each in known.items() for tag in each.repo_tags or ()}


def short(identifier: str) -> str:
    """Return an id as people write it."""
    return identifier.removeprefix("sha256:")[:_SHORT]


def used_images(container: Container, known: Mapping[str, Description]) -> set[str]:
    """Return the ids of the images that a container uses; *known* is the engine's description of each, by id."""
    mounted = {each.name for each in container.inspect.mounts if each.type == "image"}
    mounted |= {f"{name}:latest" for name in mounted if name}
    of_mounts = (i for i, each in known.items() if not mounted.isdisjoint((i, *each.names)))
    return {container.inspect.image, *(of_mounts if mounted else ())}


def _users(containers: Later[Subjects[Container]], known: Mapping[str, Description]) -> dict[str, list[str]]:
    """Return the names of containers by the ids of their images; none if the containers cannot be listed."""
    users = dict[str, list[str]]()
    try:
        for name, container in containers.get():
            for image in used_images(container, known):
                users.setdefault(image, []).append(name)
    except (EvidenceError, NotApplicable):
        return {}
    return users


def _image(found: Description, blobs: Mapping[str, Stored], users: Iterable[str], recorded: float) -> Image:
    config, digests = found.config or Settings(), found.repo_digests or ()
    labels, own = config.labels or {}, _own_documents(found, blobs)
    histories = (tuple(steps_of(each.history or ())) for each in own.values() if each.is_configuration)
    history = next(histories, None)
    return Image(
        id=found.id,
        tags=_without_none(found.repo_tags or ()),
        digests=_without_none(digests),
        pulled=tuple(each.repository for each in (found.identity and found.identity.pull) or ()),
        created=build_moment(found.created, recorded),
        base=tuple(labels[name] for name in BASE_LABELS if name in labels),
        healthcheck=kind_of_check(config.healthcheck and config.healthcheck.test),
        secrets=found.secrets,
        history=None if history is None else (*history, *_later(config.on_build or (), history)),
        used_by=tuple(users),
        recorded=recorded,
        known_digests=frozenset((found.id, *own, *(each.partition("@")[2] for each in digests))),
    )


def _without_none(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in order, without `<none>:<none>`."""
    return tuple(sorted(each for each in names if not each.startswith("<none>")))


def _own_documents(found: Description, blobs: Mapping[str, Stored]) -> dict[str, Stored]:
    """Return the stored configuration of an image, and the manifest that names it.

    Of an image for several machines it is that of the one which the engine describes.
    """
    reached, waiting = dict[str, Stored](), [found.id]
    while waiting:
        digest = waiting.pop()
        if digest in blobs and digest not in reached:
            reached[digest] = blobs[digest]
            waiting += blobs[digest].named
    of = found.layers.layers or (), found.os, found.architecture, found.variant
    own = {digest for digest, each in reached.items() if each.is_of(*of)}
    return {
        digest: each for digest, each in reached.items() if digest in own or not own.isdisjoint(each.named)
    }


def _later(texts: Sequence[str], known: Sequence[Step]) -> Iterator[Step]:
    """Yield what is done in builds from the image and not in its history: a commit tells of none."""
    told = {(step.keyword, step.argument) for step in known if step.is_for_later}
    steps = (Step(f"ONBUILD {text}") for text in texts)
    yield from (step for step in steps if (step.keyword, step.argument) not in told)


def _names_registry(reference: str) -> bool:
    """Return whether a reference begins with a registry, as the engine tells it from a folder of Docker Hub."""
    first, slash, _ = reference.partition("/")
    return bool(slash) and (first == "localhost" or "." in first or ":" in first)


def _repository(reference: str) -> str:
    """Return the repository of a reference, with the registry that the engine takes where none is named."""
    folder, slash, name = reference.partition("@")[0].rpartition("/")
    plain = f"{folder}{slash}{name.partition(':')[0]}"
    if _names_registry(plain):
        return plain
    return f"docker.io/{plain}" if slash else f"docker.io/library/{plain}"


def build_moment(text: str | None, recorded: float) -> float | None:
    """Return when an image was built, in seconds since the epoch, or None if that is no true time."""
    try:
        time = datetime.fromisoformat(text or "").timestamp()
    except (ValueError, OverflowError):
        return None
    is_ahead = recorded and time > recorded + DAY  # more than by another clock or time zone
    return None if is_ahead or time <= _OLDEST else time
