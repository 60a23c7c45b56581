"""The images of the engine, their build steps, and unused images and containers."""

from collections.abc import Iterable, Mapping
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
    """An image of the engine."""

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
        """The first tag, or the short id."""
        return self.tags[0] if self.tags else _short(self.id)

    @property
    def days_old(self) -> float | None:
        """The days since the build, or None if unknown."""
        return None if self.created is None else (self.recorded - self.created) / DAY

    @property
    def origins(self) -> tuple[str, ...]:
        """The repositories, with registries, that the image was pulled from or pushed to."""
        # in the store of containerd every image has its own digest under each of its names, whatever they are
        known = (each for each in self.digests if each.partition("@")[2] != self.id)
        pulled = (each for repository in self.pulled for each in self._with_port(repository))
        return tuple(dict.fromkeys((*map(_repository, known), *pulled)))

    def _with_port(self, repository: str) -> tuple[str, ...]:
        """Return a repository with the registry's port, which the engine leaves out."""
        portless = {each: _repository(_PORT.sub("", each)) for each in self.claims if _PORT.search(each)}
        return tuple(each for each, plain in portless.items() if plain == repository) or (repository,)

    @property
    def claims(self) -> tuple[str, ...]:
        """The repositories, with registries, in the image's names, which prove nothing."""
        names = (*self.tags, *self.digests)
        return tuple(dict.fromkeys(_repository(each) for each in names if _names_registry(each)))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The build steps, those of base images first."""
        if self.history is None:
            raise EvidenceError("its history could not be read")
        return self.history


@fact(models.IMAGES)
def image(recording: Recording, engine: Engine, container: Later[Subjects[Container]]) -> Subjects[Image]:
    """Every image of the engine, except for unnamed parents of others."""
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
    """The image ids by `repository:tag`."""
    known = models.described(recording)
    return {tag: identifier for identifier, each in known.items() for tag in each.repo_tags or ()}


def _short(identifier: str) -> str:
    """Return a short id."""
    return identifier.removeprefix("sha256:")[:_SHORT]


def _users(containers: Subjects[Container], known: Mapping[str, Description]) -> dict[str, list[str]]:
    """Return the containers that use an image, by the image's id."""
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
        history=history,
        used_by=tuple(users),
        recorded=recorded,
        known_digests=frozenset((found.id, *own, *(each.partition("@")[2] for each in digests))),
    )


def _without_none(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in order, without `<none>:<none>`."""
    return tuple(sorted(each for each in names if not each.startswith("<none>")))


def _own_documents(found: Description, blobs: Mapping[str, Stored]) -> tuple[list[str], list[Stored]]:
    """Return the digests of an image's documents in the store, and its configurations."""
    layers, reached, waiting = found.layers.layers or (), dict[str, Stored](), [found.id]
    while waiting:
        digest = waiting.pop()
        if digest in blobs and digest not in reached:
            reached[digest] = blobs[digest]
            waiting += blobs[digest].named
    own = {digest: each for digest, each in reached.items() if each.is_configuration_of(layers)}
    manifests = [digest for digest, each in reached.items() if not own.keys().isdisjoint(each.named)]
    return [*own, *manifests], [*own.values()]


def _names_registry(reference: str) -> bool:
    """Return whether a reference begins with a registry, and not with a folder of Docker Hub."""
    first, slash, _ = reference.partition("/")
    return bool(slash) and (first == "localhost" or "." in first or ":" in first)


def _repository(reference: str) -> str:
    """Return the repository of a reference, with the default registry if none is named."""
    folder, slash, name = reference.partition("@")[0].rpartition("/")
    plain = f"{folder}{slash}{name.partition(':')[0]}"
    if _names_registry(plain):
        return plain
    return f"docker.io/{plain}" if slash else f"docker.io/library/{plain}"


def _build_moment(text: str | None, recorded: float) -> float | None:
    """Return the time of the build in seconds since the epoch, or None if implausible."""
    time = engine_moment(text)
    # a day ahead by another clock or time zone
    return time if time and _OLDEST < time <= recorded + DAY else None


class Idle(Struct, frozen=True):
    """An unused image or a stopped container."""

    name: str
    # since the container stopped or was made, or the image was made, brought or named here; None if that is unknown
    days: float | None


@fact(models.IMAGES)
def unused_images(recording: Recording, engine: Engine, container: Subjects[Container]) -> tuple[Idle, ...]:
    """The images that no container uses, the oldest first."""
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
    """The stopped containers, the one that stopped first before the others."""
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
