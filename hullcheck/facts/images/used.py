"""Which images a container uses: the one that it was made from, and those whose files it mounts."""

from collections.abc import Mapping
from typing import Any

from hullcheck.facts.containers.configuration import Configuration


def used_images(container: Configuration, known: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the ids of the images that a container uses; *known* is the engine's description of each, by id."""
    mounted = {str(each.get("Name")) for each in container.mounts if each.get("Type") == "image"}
    mounted |= {f"{name}:latest" for name in mounted}
    names = {
        each: {each, *(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())}
        for each, image in known.items()
    }
    return {container.image_id, *(each for each in known if mounted & names[each])}
