"""The images that the engine holds: how it describes them, their build steps, and what is not in use."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from hullcheck.data.health_checks import kind_of_check
from hullcheck.facts.containers import Container
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.images import models
from hullcheck.facts.images.models import Description, Stored
from hullcheck.facts.images.steps import Step, steps_of
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.lazy import regex
from hullcheck.parsing.times import DAY, engine_moment
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable

_SHORT = 12
_STOPPED = ("created", "exited", "dead")
_PORT = regex(r":\d+(?=/)")
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()  # reproducible builds set a time of long ago


class Image(Struct, frozen=True, kw_only=True):
    """One image of the engine."""

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()  # `repository@sha256:...`, as it is known to registries
    pulled: tuple[str, ...] = ()  # the repositories that it was pulled from, as Docker 29.2 and later report
    created: float | None = None  # seconds since the epoch; None where the build set no true time
    base: tuple[str, ...] = ()
    healthcheck: str = ""  # the kind of its health check, as `kind_of_check` returns it
    secrets: tuple[str, ...] = ()  # what secrets its configuration holds, in words and without them
    history: tuple[Step, ...] | None = ()  # None where it could not be read; controls ask for `steps`
    used_by: tuple[str, ...] = ()  # the containers that were made from it or mount it, as far as they are known
    recorded: float = 0.0  # when it was looked at
    known_digests: frozenset[str] = frozenset()  # its id, those of its configuration and manifest, and in registries

    @property
    def name(self) -> str:
        """Its first tag, or its short id."""
        return self.tags[0] if self.tags else _short(self.id)

    @property
    def days_old(self) -> float | None:
        """How many days ago it was built, or None if it does not say that."""
        return None if self.created is None else (self.recorded - self.created) / DAY

    @property
    def origins(self) -> tuple[str, ...]:
        """The repositories, registry and all, that it is known to have been pulled from or pushed to."""
        # in the store of containerd every image has its own digest under each of its names, whatever they are
        known = (each for each in self.digests if each.partition("@")[2] != self.id)
        pulled = (each for repository in self.pulled for each in self._with_port(repository))
        return tuple(dict.fromkeys((*map(_repository, known), *pulled)))

    def _with_port(self, repository: str) -> tuple[str, ...]:
        """Return a repository with the port of its registry, which the engine leaves out, by a name of the image."""
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


@fact(models.IMAGES)
def image(recording: Recording, engine: Engine, container: Later[Subjects[Container]]) -> Subjects[Image]:
    """Every image that the engine holds, but none that is only a step on the way to another."""
    known, blobs = models.described(recording), models.stored(recording)
    if not known:
        engine.require_none("images")
    parents = {each.parent for each in known.values()}
    try:
        users = _users(container.get(), known)
    except (EvidenceError, NotApplicable):
        users = {}
    found = [
        _image(each, blobs, users.get(identifier, ()), recording.now)
        for identifier, each in known.items()
        if each.names or identifier not in parents - users.keys()
    ]
    named = tuple((each.name, each) for each in sorted(found, key=lambda each: each.name))
    return Subjects("image", named, "the engine has no images")


@fact(models.IMAGES)
def image_names(recording: Recording) -> dict[str, str]:
    """The image id that each `repository:tag` names now."""
    known = models.described(recording)
    return {tag: identifier for identifier, each in known.items() for tag in each.repo_tags or ()}


def _short(identifier: str) -> str:
    """Return an id as people write it."""
    return identifier.removeprefix("sha256:")[:_SHORT]


def _users(containers: Subjects[Container], known: Mapping[str, Description]) -> dict[str, list[str]]:
    """Return the names of the containers that were made from an image or mount it, by its id."""
    users = dict[str, list[str]]()
    for name, container in containers:
        mounted = {each.name for each in container.inspect.mounts if each.type == "image"}
        mounted |= {f"{each}:latest" for each in mounted if each}
        of_mounts = {id for id, each in known.items() if not mounted.isdisjoint((id, *each.names))}
        for identifier in {container.inspect.image, *of_mounts}:
            users.setdefault(identifier, []).append(name)
    return users


def _image(found: Description, blobs: Mapping[str, Stored], users: Iterable[str], recorded: float) -> Image:
    config, digests = found.config or models.Settings(), found.repo_digests or ()
    labels, (own, configurations) = config.labels or {}, _own_documents(found, blobs)
    history = next((tuple(steps_of(each.history or ())) for each in configurations), None)
    return Image(
        id=found.id,
        tags=_without_none(found.repo_tags or ()),
        digests=_without_none(digests),
        pulled=tuple(each.repository for each in (found.identity and found.identity.pull) or ()),
        created=_build_moment(found.created, recorded),
        base=tuple(labels[name] for name in models.BASE_LABELS if name in labels),
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


def _own_documents(found: Description, blobs: Mapping[str, Stored]) -> tuple[list[str], list[Stored]]:
    """Return the digests of an image's manifest and configuration in the store, and the configuration itself."""
    layers, reached, waiting = found.layers.layers or (), dict[str, Stored](), [found.id]
    while waiting:
        digest = waiting.pop()
        if digest in blobs and digest not in reached:
            reached[digest] = blobs[digest]
            waiting += blobs[digest].named
    own = {digest: each for digest, each in reached.items() if each.is_configuration_of(layers)}
    manifests = [digest for digest, each in reached.items() if not own.keys().isdisjoint(each.named)]
    return [*own, *manifests], [*own.values()]


def _later(texts: Iterable[str], known: Iterable[Step]) -> Iterator[Step]:
    """Yield what is done in builds from the image and not in its history, as that of a commit."""
    in_history = {(step.keyword, step.argument) for step in known if step.is_for_later}
    steps = (Step(f"ONBUILD {text}") for text in texts)
    yield from (step for step in steps if (step.keyword, step.argument) not in in_history)


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


def _build_moment(text: str | None, recorded: float) -> float | None:
    """Return when an image was built, in seconds since the epoch, or None if that is no true time."""
    try:
        time = datetime.fromisoformat(text or "").timestamp()
    except (ValueError, OverflowError):
        return None
    return time if _OLDEST < time <= recorded + DAY else None  # a day ahead by another clock or time zone


class Idle(Struct, frozen=True):
    """An image or a container that is not in use."""

    name: str
    # since the container stopped or was made, or the image was made, brought or named here; None if that is unknown
    days: float | None


@fact(models.IMAGES)
def unused_images(recording: Recording, engine: Engine, container: Subjects[Container]) -> tuple[Idle, ...]:
    """The images that no container was made from or mounts, the oldest first; layers between them are not counted."""
    known, came, now = models.described(recording), models.arrivals(recording), recording.now
    needed = set(_users(container, known))
    for image in tuple(needed):  # the images that it was built from cannot go either
        while (found := known.get(image)) and (image := found.parent or "") not in needed:
            needed.add(image)
    parents = {each.parent for each in known.values()}
    idle = list[Idle]()
    for identifier, each in known.items():
        name = next((name for name in each.names if not name.startswith("<none>")), "")
        if identifier not in needed and (name or identifier not in parents):
            tagged, arrived = engine_moment(each.metadata and each.metadata.last_tag_time), came.get(identifier, 0)
            times = (_build_moment(each.created, now), tagged, arrived if arrived <= now else 0)
            newest = max(filter(None, times), default=None)
            idle.append(Idle(name or _short(identifier), newest and (now - newest) / DAY))
    return _oldest_first(idle)


@fact()
def stopped_containers(recording: Recording, container: Subjects[Container]) -> tuple[Idle, ...]:
    """The containers that do not run, the one that stopped first before the others."""
    stopped = ((name, each.inspect) for name, each in container if each.inspect.state.status in _STOPPED)
    idle = list[Idle]()
    for name, each in stopped:
        times = engine_moment(each.created), engine_moment(each.state.finished_at)
        newest = max(filter(None, times), default=None)
        if newest is None:
            raise EvidenceError(f"docker inspect: {each.created!r} is not a time")
        idle.append(Idle(name, (recording.now - newest) / DAY))
    return _oldest_first(idle)


def _oldest_first(idle: Iterable[Idle]) -> tuple[Idle, ...]:
    return tuple(sorted(idle, key=lambda each: (-(each.days or 0), each.name)))
