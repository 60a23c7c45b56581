"""The bundle of a run: one file with all that it found and all that it was told, to be kept and checked elsewhere."""

from pathlib import Path

RESULTS = "results.json"
JUNIT = "junit.xml"
INVENTORY = "inventory"
"""The folder with the inventory, and with the files that it names."""
POLICY = "policy.json"
MANIFEST = "manifest.json"
DIGESTS = "manifest-sha256.txt"
"""Of every file but itself and the two below, as sha256sum reads and writes it; BagIt names it so."""
SIGNATURE = f"{DIGESTS}.sig"
STATEMENT = "statement.dsse.json"

NAMES = (
    *(RESULTS, JUNIT, "report.html", "audit.html", "findings.csv", "requirements.csv"),
    *(INVENTORY, POLICY, MANIFEST, DIGESTS, SIGNATURE, STATEMENT),
)
"""What lies in the folder of a run or in its bundle, beside the folder of each target."""


class BundleError(Exception):
    """A bundle cannot be made; the message says why, in one line."""


def is_bundle(folder: Path) -> bool:
    """Whether a bundle was unpacked into *folder*."""
    return all((folder / name).exists() for name in (MANIFEST, DIGESTS))


def bundle_around(path: Path) -> Path | None:
    """The unpacked bundle that *path* is or lies in, the innermost one; None where it is in none."""
    return next(filter(is_bundle, (path, *path.parents)), None)
