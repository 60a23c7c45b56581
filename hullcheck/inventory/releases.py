"""The file that `--releases` names: what is known of releases, in place of what this version of hullcheck knows."""

from pathlib import Path

from hullcheck import inputs
from hullcheck.data.releases import KnownReleases
from hullcheck.inventory import InventoryError, yamlfile

LARGEST = inputs.MIB
"""The most bytes of it."""


def load(path: Path) -> tuple[KnownReleases, bytes]:
    """Return what is known by *path*, and its bytes.

    Raises:
        InventoryError: it cannot be read, or is no such file; with the line.
    """
    try:
        content = inputs.read(path, LARGEST)
        document = yamlfile.load(path)  # JSON is YAML, and this reader knows the lines
    except OSError as error:
        raise InventoryError((f"{path}: {error.strerror}",)) from None
    except yamlfile.YamlError as error:
        raise InventoryError((str(error),)) from None
    faults = document.faults("releases.json")
    if faults:
        raise InventoryError(document.messages(faults))
    try:
        return KnownReleases.of(document.data, content), content
    except ValueError as error:
        raise InventoryError((f"{path}: {error}",)) from None
