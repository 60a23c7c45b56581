"""The documents of images, of stores or else of the engine (`history`), and the probe for them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from hullcheck import secrets
from hullcheck.data.health_checks import CANNOT_FAIL, kind_of_check
from hullcheck.facts.containers.inspect import Healthcheck
from hullcheck.facts.images.steps import Step
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import grouped
from hullcheck.parsing.models import Model, T, decode, kept_as
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets import configuration
from hullcheck.secrets.redact import DROPPED, HIDDEN, InSections, LinesLike

BASE_LABELS = ("org.opencontainers.image.base.name", "org.opencontainers.image.base.digest")
_GONE = regex(r'\{"message": ?"No such image.*')  # it went away after it was listed
_BLOB = regex(r"^([0-9a-f]{64}):(.*)$", re.MULTILINE)


class _Metadata(Model, frozen=True):
    last_tag_time: str | None = None


class Layers(Model, frozen=True):
    """The digests of the unpacked layers."""

    type: str = ""
    layers: tuple[str, ...] | None = None


class _Pull(Model, frozen=True):
    repository: str = ""


class _Identity(Model, frozen=True):
    pull: tuple[_Pull, ...] | None = None


class Settings(Model, frozen=True, omit_defaults=True):
    """The settings for containers. Only base and health check are stored."""

    env: tuple[str, ...] | None = None
    labels: dict[str, str] | None = None
    cmd: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    on_build: tuple[str, ...] | None = None
    healthcheck: Healthcheck | None = None


class Description(Model, frozen=True, kw_only=True, omit_defaults=True):
    """An image by `docker image inspect`."""

    id: str
    parent: str | None = None
    repo_tags: tuple[str, ...] | None = None
    repo_digests: tuple[str, ...] | None = None
    created: str | None = None
    metadata: _Metadata | None = None
    identity: _Identity | None = None  # where it comes from; reported by Docker 29.2 and later
    layers: Layers = msgspec.field(name="RootFS")
    config: Settings | None = None
    secrets: tuple[str, ...] = ()  # what secrets its settings hold, in words and without them

    @property
    def names(self) -> tuple[str, ...]:
        return (*(self.repo_tags or ()), *(self.repo_digests or ()))


class Descriptor(msgspec.Struct, frozen=True, omit_defaults=True):
    """The digest of another document, or an empty string."""

    digest: str = ""


class _StoredLayers(msgspec.Struct, frozen=True):
    diff_ids: tuple[str, ...] | None = None


class Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document of the image specification: configuration, manifest or index."""

    rootfs: _StoredLayers | None = None
    history: tuple[Step, ...] | None = None
    manifests: tuple[Descriptor, ...] | None = None
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The documents named: manifests of an index, or the configuration of a manifest."""
        named = (*(self.manifests or ()), self.config or Descriptor())
        return tuple(each.digest for each in named if each.digest)

    def is_configuration_of(self, layers: Sequence[str]) -> bool:
        """Return whether this is the configuration of an image with these layers, or a history of the engine."""
        if self.rootfs is None:
            return self.history is not None
        return (self.rootfs.diff_ids or ()) == tuple(layers)


class _Row(Model, frozen=True):
    created_by: str = ""
    comment: str = ""
    size: int = 0


def documents_in(text: str, of: type[T]) -> Iterator[T]:
    """Yield the documents of this type, one on each line; skip other lines."""
    for line in filter(None, text.split("\n")):
        with suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line.encode("utf-8", "replace"), type=of)


def stored_documents(text: str) -> dict[str, Stored]:
    """Return the documents in lines `HEX:LINE`, by digest."""
    files = grouped((f"sha256:{name}", line) for name, line in _BLOB.findall(text))
    return {digest: each for digest, lines in files.items() for each in documents_in(" ".join(lines), Stored)}


def described(recording: Recording) -> dict[str, Description]:
    """Return every image by id, with those between other images."""
    text = recording.sections(IMAGES).get("images", "").strip()
    found = text if text.startswith(DROPPED) else _list(text)
    return {each.id: each for each in decode(found, list[Description], "docker image inspect")}


def _list(text: str) -> str:
    """Return documents on lines as a list, without removed images."""
    lines = (line for line in text.split("\n") if line and not _GONE.match(line))
    return f"[{','.join(lines)}]"


def stored(recording: Recording) -> dict[str, Stored]:
    """Return the documents of the engine's store, by digest."""
    found = recording.sections(IMAGES)
    text = found.get("stored") or found.get("history") or "{}"
    return decode(text, dict[str, Stored], "the store of images")


def arrivals(recording: Recording) -> dict[str, float]:
    """Return the times at which images came to the target, by id."""
    lines = re.findall("([0-9]+) ([0-9a-f]{64})", recording.sections(IMAGES).get("came", ""))
    return {f"sha256:{digest}": float(seconds) for seconds, digest in lines}


def _without_secrets(found: Description) -> Description:
    config = found.config or Settings()  # that of an image which Nix or Bazel made may have none
    labels = config.labels or {}
    kept = Settings(
        labels={name: secrets.masked(labels[name]) for name in BASE_LABELS if name in labels},
        healthcheck=config.healthcheck and Healthcheck(test=_test(config.healthcheck.test)),
    )
    kinds = tuple(configuration.in_configuration(msgspec.to_builtins(config)))
    return msgspec.structs.replace(found, config=kept, secrets=kinds)


def _test(test: list[str] | None) -> list[str] | None:
    """Return a health check of the same kind, without its command."""
    kind = kind_of_check(test)
    return ["CMD", "true"] if kind == CANNOT_FAIL else test and [test[0] if kind in test else HIDDEN, HIDDEN]


def _kept_images(text: str) -> str:
    kept = kept_as(list[Description], lambda found: list(map(_without_secrets, found)))(_list(text))
    if kept.startswith(DROPPED):
        return kept
    return "\n".join(map(_encoded, msgspec.json.decode(kept)))


def _masked(found: Stored) -> Stored:
    history = found.history and tuple(each.without_secrets() for each in found.history)
    return msgspec.structs.replace(found, history=history)


def _kept_history(text: str) -> str:
    """Return histories in the form of the store, the first step first."""
    found = dict[str, Stored]()
    for line in text.split("\n"):
        identifier, _, document = line.partition(" ")
        for rows in documents_in(document, list[_Row]):
            steps = (Step(each.created_by, each.comment, each.size == 0) for each in reversed(rows))
            found[identifier] = _masked(Stored(history=tuple(steps)))
    return _encoded(found)


def _encoded(found: object) -> str:
    return msgspec.json.encode(found).decode()


IMAGES = Probe.from_file(
    "images",
    InSections(
        images=_kept_images,
        stored=lambda text: _encoded({digest: _masked(each) for digest, each in stored_documents(text).items()}),
        came=LinesLike("[0-9]+ [0-9a-f]{64}"),
        history=_kept_history,
    ),
)
