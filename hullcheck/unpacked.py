"""Find unpacked bundles: pytest must not run files from them."""

import os
from pathlib import Path

MANIFEST = "manifest.json"

DIGESTS = "manifest-sha256.txt"
"""Of every file but itself and those that sign it, as sha256sum reads and writes it; BagIt names it so."""


def is_bundle(folder: Path) -> bool:
    """Return whether a bundle was unpacked into *folder*; False if the folder cannot be entered."""
    return all(os.path.exists(folder / name) for name in (MANIFEST, DIGESTS))


def bundle_around(path: Path) -> Path | None:
    """Return the innermost unpacked bundle that contains *path* or is *path*, or None."""
    return next(filter(is_bundle, (path, *path.parents)), None)
