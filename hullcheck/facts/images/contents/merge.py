"""The layers of an image laid over each other, and what there is to see in the result."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from hullcheck.facts.images.contents import names as names
from hullcheck.facts.images.contents.layer import LINK, Entry, Layer

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
    listed = {path: _owner(path, layers).packages for path in real if names.database(path)}
    held = {path for layer in layers for path, entry in layer.notable.items() if entry.is_file}
    return {
        "Special": [[path, f"{entry.mode:04o}"] for path, entry in real.items() if entry.has_special_bits],
        "Capable": [[path, list(entry.capabilities)] for path, entry in real.items() if entry.capabilities],
        "Packages": sorted({*filter(None, map(names.package, real)), *chain(*listed.values())}),
        "Databases": sorted({names.database(path) for path, found in listed.items() if not found}),
        "Tools": [path for path, entry in real.items() if names.is_tool(path) and entry.mode & _RUNS],
        "Keys": sorted(filter(names.looks_like_key, held)),
    }


def _owner(path: str, layers: Sequence[Layer]) -> Layer:
    """The layer whose file is seen at *path*."""
    return next(layer for layer in reversed(layers) if path in layer.paths)
