"""The images that the engine holds: how it describes them, and the steps in which they were made."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hullcheck.facts.containers import Container
from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.images.probe import IMAGES
from hullcheck.facts.images.steps import Step
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.documents import NAMES, require
from hullcheck.parsing.times import DAY
from hullcheck.recording import Recording, decode_json
from hullcheck.verdicts import EvidenceError, NotApplicable

_SHORT = 12
_INSPECT = "docker image inspect"
_SHAPE = {
    "Id": str,
    **dict.fromkeys(("Parent?", "Created?", "Tagged?"), (None, str)),
    **dict.fromkeys(("RepoTags?", "RepoDigests?"), NAMES),
    "Pulled?": [str],
    "Of?": [[str], str],
    "Config": dict,
}
_CONFIGURATION = {
    **dict.fromkeys(("User", "Healthcheck"), str),
    **{name: [str] for name in ("Variables", "Labels", "Base", "Secrets", "Later?")},
}
_BLOB = {
    "Steps?": [{"Text": str, "Secrets": [str], "Imported": bool, "Silent": bool}],
    "Of?": [[str], str],
    "Names?": [str],
}
_PORT = re.compile(r":\d+(?=/)")
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()  # reproducible builds set a time of long ago


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image of the engine.

    Attributes:
        id: in full, with `sha256:`.
        tags: `repository:tag`, sorted.
        digests: `repository@sha256:...`, as it is known to registries; sorted.
        pulled: the repositories from which the engine says that it pulled the image; only Docker 29.2 and later
            do.
        created: seconds since the epoch; None where the build set no true time.
        user: the user that its containers run as; empty for root.
        variables: the names of its environment's variables.
        labels: the names of its labels.
        base: the image that it says it was built from.
        healthcheck: the kind of its health check, as `kind_of_check` returns it.
        secrets: what secrets its configuration holds, in words and without them.
        history: its build steps, and what it leaves to builds from it; None where it could not be read. `steps` is what
            controls ask for.
        used_by: the containers that were made from it or mount it, running or not, as far as they are known.
        recorded: when it was looked at, in seconds since the epoch.
        known_digests: every digest that is known of it: its id, those of its configuration and manifest, and those in
            registries.
    """

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    pulled: tuple[str, ...] = ()
    created: float | None = None
    user: str = ""
    variables: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
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
        return self.tags[0] if self.tags else _short(self.id)

    @property
    def days_old(self) -> float | None:
        """How many days ago it was built; None where it does not say when that was.

        Raises:
            EvidenceError: nor does the recording tell its time.
        """
        if self.created is not None and not self.recorded:
            raise EvidenceError("the recording does not tell its time")
        return None if self.created is None else (self.recorded - self.created) / DAY

    @property
    def origins(self) -> tuple[str, ...]:
        """The repositories, registry and all, in which it is known to be: it was pulled from or pushed to them.

        In the store of containerd every image has a digest under every name that it was given, its own; that
        says nothing of a registry.
        """
        known = (
            name for name, _, digest in (each.partition("@") for each in self.digests) if digest != self.id
        )
        pulled = (each for repository in self.pulled for each in self._with_port(repository))
        return tuple(dict.fromkeys((*map(_repository, known), *pulled)))

    def _with_port(self, repository: str) -> tuple[str, ...]:
        """What was pulled, with the port of its registry where a name of the image has one.

        The engine leaves that out, and takes `registry/app` for a repository of Docker Hub then.
        """
        portless = {each: _repository(_PORT.sub("", each)) for each in self.claims if _PORT.search(each)}
        return tuple(each for each, plain in portless.items() if plain == repository) or (repository,)

    @property
    def claims(self) -> tuple[str, ...]:
        """The repositories, registry and all, that its names name in full. Anybody can name an image so."""
        names = (*self.tags, *self.digests)
        return tuple(dict.fromkeys(_repository(each) for each in names if _names_registry(each)))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in which it was made, those of the images below it first, and those left to later builds.

        Raises:
            EvidenceError: they could not be read.
        """
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
    documents, unread = _read(recording)
    blobs = _blobs(_complete(recording).partition("--blobs\n")[2])
    parents = {each.get("Parent") for each in documents.values()}
    users = _users(container, documents)
    found = list[Image]()
    for identifier, document in documents.items():
        if (
            document.get("RepoTags")
            or document.get("RepoDigests")
            or identifier not in parents - users.keys()
        ):
            try:
                found.append(_image(document, blobs, users, recording.gathered))
            except EvidenceError as error:
                unread += ((_short(identifier), str(error)),)
    if not (documents or unread):
        engine.require_none("Images")
    named = sorted(((image.name, image) for image in found), key=lambda each: each[0])
    return Subjects("image", tuple(named), "the engine has no image", unread)


def described(recording: Recording) -> dict[str, Mapping[str, Any]]:
    """What may be kept of the engine's description of every image, by id; those between images too.

    Raises:
        EvidenceError: they could not be listed, or one that is listed is not described.
    """
    documents, unread = _read(recording)
    for name, reason in unread:
        raise EvidenceError(f"image {name}: {reason}")
    return documents


@fact(IMAGES)
def image_names(recording: Recording) -> dict[str, str]:
    """The image id that each `repository:tag` names now.

    Raises:
        EvidenceError: the engine did not say.
    """
    documents = described(recording)
    return {tag: identifier for identifier, each in documents.items() for tag in each.get("RepoTags") or ()}


def _complete(recording: Recording) -> str:
    """The answer of the probe, also where an image went away between the list and the description."""
    answer = recording.answer(IMAGES)
    complaints = [line for line in answer.stderr.splitlines() if line.strip()]
    listed = answer.stdout.startswith(("sha256:", "image "))
    if listed and complaints and all("No such" in line for line in complaints):
        return answer.stdout
    return recording.text(IMAGES)


def _read(recording: Recording) -> tuple[dict[str, Mapping[str, Any]], tuple[tuple[str, str], ...]]:
    """What is kept of each image, by id, and the names of those that are damaged or not described, with the reason."""
    head, _, _ = _complete(recording).partition("--blobs\n")
    found, damaged = dict[str, Mapping[str, Any]](), dict[str, str]()
    for line in head.split("\n"):
        if line.startswith("image "):
            document = None
            try:
                document = decode_json(line.removeprefix("image "), _INSPECT)
                found[require(document, _SHAPE, _INSPECT)["Id"]] = document
            except EvidenceError as error:
                named = str(document.get("Id")) if isinstance(document, dict) else ""
                damaged[named] = str(error)
    gone = recording.answer(IMAGES).stderr
    listed = {line for line in head.split("\n") if line.startswith("sha256:")}
    for each in listed - found.keys() - damaged.keys():
        if each not in gone:
            damaged[each] = "the engine lists it but does not describe it"
    if len(damaged) > 1:
        damaged.pop("", None)
    return found, tuple((_short(each) or "(unknown)", damaged[each]) for each in sorted(damaged))


def _blobs(text: str) -> dict[str, Mapping[str, Any]]:
    blobs = dict[str, Mapping[str, Any]]()
    for line in text.split("\n"):
        if line.startswith("blob "):
            digest, _, document = line.removeprefix("blob ").partition(" ")
            blobs[f"sha256:{digest}"] = require(decode_json(document, IMAGES.name), _BLOB, IMAGES.name)
    return blobs


def _short(identifier: str) -> str:
    return identifier.removeprefix("sha256:")[:_SHORT]


def used_images(container: Configuration, known: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the ids of the images that a container uses; *known* is the engine's description of each, by id."""
    mounted = {each.name for each in container.mounts if each.type == "image"}
    if not mounted:
        return {container.inspect.image}
    mounted |= {f"{name}:latest" for name in mounted}
    names = {
        each: {each, *(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())}
        for each, image in known.items()
    }
    return {container.inspect.image, *(each for each in known if mounted & names[each])}


def _users(
    containers: Later[Subjects[Container]], known: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Return the names of containers by the ids of their images; none if the containers cannot be listed."""
    users = dict[str, list[str]]()
    try:
        for name, container in containers.get():
            for image in used_images(container.configuration, known):
                users.setdefault(image, []).append(name)
    except (EvidenceError, NotApplicable):
        return {}
    return users


def _image(
    document: Mapping[str, Any],
    blobs: Mapping[str, Mapping[str, Any]],
    users: Mapping[str, list[str]],
    recorded: float,
) -> Image:
    config = require(document["Config"], _CONFIGURATION, _INSPECT, "Config")
    identifier = str(document["Id"])
    reached = _reached(identifier, blobs)
    own = _own_blobs(reached, document.get("Of"))
    history = _steps(own)
    registry_digests = document.get("RepoDigests") or ()
    return Image(
        id=identifier,
        tags=_without_none(document.get("RepoTags") or ()),
        digests=_without_none(registry_digests),
        pulled=tuple(document.get("Pulled") or ()),
        created=build_moment(document.get("Created"), recorded),
        user=str(config["User"]),
        variables=tuple(config["Variables"]),
        labels=tuple(config["Labels"]),
        base=tuple(config["Base"]),
        healthcheck=str(config["Healthcheck"]),
        secrets=tuple(config["Secrets"]),
        history=None if history is None else (*history, *_later(config.get("Later", ()), history)),
        used_by=tuple(users.get(identifier, ())),
        recorded=recorded,
        known_digests=frozenset((identifier, *own, *(each.partition("@")[2] for each in registry_digests))),
    )


def _without_none(names: Iterable[str]) -> tuple[str, ...]:
    """*names* in order, without `<none>:<none>`."""
    return tuple(sorted(each for each in names if not each.startswith("<none>")))


def _reached(identifier: str, blobs: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """What is stored of an image, by digest, for whatever machines it is: all that its id leads to."""
    reached, waiting = dict[str, Mapping[str, Any]](), [identifier]
    while waiting:
        digest = waiting.pop()
        if digest in blobs and digest not in reached:
            reached[digest] = blobs[digest]
            waiting += blobs[digest].get("Names", ())
    return reached


def _own_blobs(
    reached: Mapping[str, Mapping[str, Any]], layers_and_platform: Any
) -> dict[str, Mapping[str, Any]]:
    """Of what is stored of an image its configuration, and the manifest that names that.

    Of an image for several machines it is that of the one which the engine describes.
    """
    configurations = {
        digest: blob
        for digest, blob in reached.items()
        if "Steps" in blob and blob.get("Of", layers_and_platform) == layers_and_platform
    }
    naming = {d: blob for d, blob in reached.items() if configurations.keys() & set(blob.get("Names", ()))}
    return configurations | naming


def _steps(own: Mapping[str, Mapping[str, Any]]) -> tuple[Step, ...] | None:
    """The history of an image; None where it was not read."""
    histories = {tuple(map(_step, blob["Steps"])) for blob in own.values() if "Steps" in blob}
    return histories.pop() if len(histories) == 1 else None


def _later(texts: Sequence[str], told: Sequence[Step]) -> Iterator[Step]:
    """What is done in builds from the image and not in its history: a commit tells of none."""
    known = {(step.keyword, step.argument) for step in told if step.is_for_later}
    steps = (Step(str(text)) for text in texts)
    yield from (step for step in steps if (step.keyword, step.argument) not in known)


def _step(document: Mapping[str, Any]) -> Step:
    silent, imported = bool(document["Silent"]), bool(document["Imported"])
    return Step(str(document["Text"]), tuple(document["Secrets"]), imported, silent)


def _names_registry(reference: str) -> bool:
    """Whether a reference begins with a registry, as the engine tells it from a folder of Docker Hub."""
    first, slash, _ = reference.partition("/")
    return bool(slash) and (first == "localhost" or "." in first or ":" in first)


def _repository(reference: str) -> str:
    """The repository of a reference, with the registry that the engine takes where none is named."""
    folder, slash, name = reference.partition("@")[0].rpartition("/")
    plain = f"{folder}{slash}{name.partition(':')[0]}"
    if _names_registry(plain):
        return plain
    return f"docker.io/{plain}" if slash else f"docker.io/library/{plain}"


def _moment(text: Any) -> float | None:
    try:
        time = datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return None
    return time if time > _OLDEST else None


def build_moment(text: Any, recorded: float) -> float | None:
    """When an image was built, in seconds since the epoch; None where that is no true time, as one of the future."""
    time = _moment(text)
    # more than by another clock or time zone
    is_ahead = time is not None and recorded and time > recorded + DAY
    return None if is_ahead else time
