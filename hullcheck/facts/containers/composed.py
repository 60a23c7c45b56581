"""The Compose project of a container, by labels that anybody can set."""

from collections.abc import Mapping

from msgspec import Struct

from hullcheck.data import labels
from hullcheck.lazy import regex

_NAME = regex("[A-Za-z0-9_.-]{1,255}")


class Composed(Struct, frozen=True):
    """A service, with absolute paths as far as known."""

    project: str
    service: str
    files: tuple[str, ...]
    folder: str

    @classmethod
    def read(cls, said: Mapping[str, str | None]) -> "Composed | None":
        """Return what the labels say, or None without a project or a service."""
        project, service = (said.get(each) or "" for each in (labels.PROJECT, labels.SERVICE))
        if not (_NAME.fullmatch(project) and _NAME.fullmatch(service)):
            return None
        files, folder = (paths_kept(said).get(each, "") for each in labels.PATHS)
        return cls(project, service, tuple(each for each in files.split(",") if each.startswith("/")), folder)


def paths_kept(said: Mapping[str, str | None]) -> dict[str, str]:
    """Return the labels with paths that Compose may have set."""
    found = ((each, said.get(each) or "") for each in labels.PATHS)
    return {name: text for name, text in found if text[:1] == "/" and text.isprintable() and len(text) <= 4096}
