"""The bundle of a run: one file with its results, recordings and inventory, to be kept and checked elsewhere."""

from pathlib import Path

from hullcheck.results.run_files import DIGESTS, MANIFEST


class BundleError(Exception):
    """A bundle cannot be made; the message says why, in one line."""


def is_bundle(folder: Path) -> bool:
    """Whether a bundle was unpacked into *folder*."""
    return all((folder / name).exists() for name in (MANIFEST, DIGESTS))


def bundle_around(path: Path) -> Path | None:
    """The unpacked bundle that *path* is or lies in, the innermost one; None where it is in none."""
    return next(filter(is_bundle, (path, *path.parents)), None)
