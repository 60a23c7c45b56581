"""Which images a container uses: the one that it was made from, and those whose files it mounts."""

from collections.abc import Iterator, Mapping
from typing import Any

from hullcheck.facts.containers.configuration import Configuration


def used_images(container: Configuration, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The ids of the images that a container uses.

    Args:
        known: the engine's description of every image, by id; a mount names one as it was asked for.
    """
    mounted = [
        str(each["Name"]) for each in container.mounts if each.get("Type") == "image" and each.get("Name")
    ]
    others = (each for each, image in known.items() if any(_is_called(name, each, image) for name in mounted))
    yield from dict.fromkeys((container.image_id, *others))


def _is_called(name: str, identifier: str, image: Mapping[str, Any]) -> bool:
    tagged, _, digest = name.partition("@")
    if digest:
        digests = (each.partition("@")[2] for each in image.get("RepoDigests") or ())
        return digest in (identifier, *digests)
    by_tag = {tagged, f"{tagged}:latest"} & {*(image.get("RepoTags") or ())}
    return bool(by_tag) or identifier.removeprefix("sha256:").startswith(tagged.removeprefix("sha256:"))
