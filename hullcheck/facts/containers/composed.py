"""The Compose project of a container, as its labels have it: anybody who can start a container can set them."""

import re
from collections.abc import Mapping

from msgspec import Struct

from hullcheck.data import labels
from hullcheck.lazy import regex

_NAME = regex(r"[\w.-]{1,255}", re.ASCII)
_LONGEST = 4096  # characters, as of one path


class Composed(Struct, frozen=True):
    """The project and the service, and the absolute paths of the files and the folder, as far as known."""

    project: str
    service: str
    files: tuple[str, ...]
    folder: str

    @classmethod
    def read(cls, said: Mapping[str, str | None]) -> "Composed | None":
        """Return what the labels say, or None of a container that no service of a project has."""
        project, service = (said.get(each) or "" for each in (labels.PROJECT, labels.SERVICE))
        if not (_NAME.fullmatch(project) and _NAME.fullmatch(service)):
            return None
        paths = paths_kept(said)
        files = tuple(each for each in paths.get(labels.FILES, "").split(",") if each.startswith("/"))
        return cls(project, service, files, paths.get(labels.FOLDER, ""))


def paths_kept(said: Mapping[str, str | None]) -> dict[str, str]:
    """Return the labels with paths, but for values that cannot be what Compose has set."""
    found = {each: said.get(each) or "" for each in (labels.FILES, labels.FOLDER)}
    return {
        name: text
        for name, text in found.items()
        if text.startswith("/") and text.isprintable() and len(text) <= _LONGEST
    }
