"""The layers of an image laid over each other, and what there is to see in the result."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from hullcheck.facts.images import content_names as names
from hullcheck.facts.images.layer import LINK, SYMLINK, Entry, Layer

_RUNS = 0o111


def merged(layers: Sequence[Layer]) -> Mapping[str, Entry]:
    """The notable files of the image with these layers, the lowest first."""
    seen = dict[str, Entry]()
    for layer in layers:
        below = seen
        seen = {path: entry for path, entry in below.items() if not layer.hides(path)}
        seen |= {path: _followed(entry, layer, below) for path, entry in layer.notable.items()}
    return seen


def _followed(entry: Entry, layer: Layer, below: Mapping[str, Entry]) -> Entry:
    """A hard link with the bits and capabilities of the file that it is a name of: an archive may say something
    else of it."""
    if entry.kind != LINK:
        return entry
    target = (layer.notable if entry.target in layer.paths else below).get(entry.target)
    if target is None:
        return entry
    given = tuple(sorted({*entry.capabilities, *target.capabilities}))
    return replace(entry, mode=entry.mode | target.mode, capabilities=given)


def summary(files: Mapping[str, Entry], layers: Sequence[Layer]) -> dict[str, Any]:
    """What is kept of an image: its setuid and setgid files, those with capabilities, packages, tools, and what looks
    like a private key.

    A key that a later layer deletes is still in the image, for whoever has it.
    """
    real = {path: entry for path, entry in sorted(files.items()) if entry.is_file}
    listed = {path: _owner(path, layers).packages for path in sorted(files) if names.database(path)}
    held = {path for layer in layers for path, entry in layer.notable.items() if entry.is_file}
    packages = {*filter(None, map(names.package, real)), *chain(*listed.values())}
    databases = {names.database(path) for path, found in listed.items() if not found}
    if any(path.startswith(names.DPKG) and names.package(path) for path in real):
        databases.discard("dpkg")
    if not (packages or databases) and any(_is_there(path, layers) for path in names.RELEASES):
        databases.add(names.DISTRIBUTION)  # its release file is from a package, too
    return {
        "Special": [[path, f"{entry.mode:04o}"] for path, entry in real.items() if entry.has_special_bits],
        "Capable": [[path, list(entry.capabilities)] for path, entry in real.items() if entry.capabilities],
        "Packages": sorted(packages),
        "Databases": sorted(databases),
        "Tools": [path for path in sorted(files) if names.is_tool(path) and _runs(path, files[path], layers)],
        "Keys": sorted(filter(names.looks_like_key, held)),
    }


def _runs(path: str, entry: Entry, layers: Sequence[Layer]) -> bool:
    """Whether it is a program: a file that may be started, or a link to one that is none by its own name."""
    if entry.is_file:
        return bool(entry.mode & _RUNS)
    name = posixpath.basename(entry.target)
    return entry.kind == SYMLINK and not names.kind(name) and _is_anywhere(f"/{name}", layers)


def _is_anywhere(ending: str, layers: Sequence[Layer]) -> bool:
    """Whether any file whose path ends so is to be seen."""
    paths = {path for layer in layers for path in layer.paths if path.endswith(ending)}
    return any(_is_there(path, layers) for path in paths)


def _is_there(path: str, layers: Sequence[Layer]) -> bool:
    """Whether a file is to be seen at *path*."""
    return any(
        path in layer.paths and not any(each.hides(path) for each in layers[number:])
        for number, layer in enumerate(layers, start=1)
    )


def _owner(path: str, layers: Sequence[Layer]) -> Layer:
    """The layer whose file is seen at *path*."""
    return next(layer for layer in reversed(layers) if path in layer.paths)
