"""Which images a container uses: the one that it was made from, and those whose files it mounts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hullcheck.facts.containers.configuration import Configuration

_DEFAULT_REGISTRY = re.compile(r"^(?:index\.)?docker\.io/(?:library/)?(?=.)")


def used_images(container: Configuration, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The ids of the images that a container uses.

    Args:
        known: the engine's description of every image, by id; a mount names one as it was asked for.
    """
    mounted = [
        str(each["Name"]) for each in container.mounts if each.get("Type") == "image" and each.get("Name")
    ]
    others = (each for name in mounted for each in _called(name, known))
    yield from dict.fromkeys((container.image_id, *others))


def _called(name: str, known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The ids of the images of a name; only where none is called so it may be the beginning of an id."""
    name = _DEFAULT_REGISTRY.sub("", name)
    named = [each for each, image in known.items() if _is_called(name, each, image)]
    beginning = name.removeprefix("sha256:")
    return named or [each for each in known if each.removeprefix("sha256:").startswith(beginning)]


def _is_called(name: str, identifier: str, image: Mapping[str, Any]) -> bool:
    tagged, _, digest = name.partition("@")
    if digest:
        digests = (each.partition("@")[2] for each in image.get("RepoDigests") or ())
        return digest in (identifier, *digests)
    return bool({tagged, f"{tagged}:latest"} & {*(image.get("RepoTags") or ())})
