"""The inventory of a run with the files that it names, safe to give away."""

import json
import os
from pathlib import Path

from hullcheck import bundle, inputs
from hullcheck.bundle.archive import unsafe
from hullcheck.inventory import Inventory
from hullcheck.inventory.specs import plain
from hullcheck.messages import hide_passwords
from hullcheck.results import run_files

OF_ANSIBLE = "ansible.json"
"""The file that replaces an inventory of Ansible in a bundle."""
LARGEST = 8 * inputs.MIB
"""The most bytes of a YAML file."""


def files(inventory: Inventory) -> dict[str, bytes]:
    """Return the inventory and the files that it names, by their names in a bundle, or raise BundleError.

    Passwords in addresses are hidden; all else stays byte for byte, so that lines keep their numbers. Of an inventory
    of Ansible, which may hold secrets, only the targets and policies are written.
    """
    if inventory.is_of_ansible:
        from hullcheck.inventory import ansible

        content = json.dumps(ansible.as_written(inventory), indent=1) + "\n"
        return {f"{run_files.INVENTORY}/{OF_ANSIBLE}": content.encode()}
    if inventory.document is None:
        return {}
    from hullcheck.inventory.acceptance.files import named  # late: it needs a YAML parser

    folder = inventory.path.resolve().parent
    found = {}
    for path in (inventory.path, *inventory.further):
        name = os.path.relpath(path.parent.resolve() / path.name, folder)
        if unsafe(name):
            raise bundle.BundleError(f"{path}: a bundle needs it below the folder of the inventory, with a plain name")
        try:
            found[f"{run_files.INVENTORY}/{name}"] = _without_passwords(inputs.read(path, LARGEST), inventory)
        except OSError as error:
            raise bundle.BundleError(f"{path}: {error.strerror}") from None
    for name in named(inventory.document.data):
        if f"{run_files.INVENTORY}/{os.path.normpath(name)}" not in found:
            raise bundle.BundleError(
                f"{inventory.path}: names {name}; a bundle needs it as seen from there, so that it is found elsewhere"
            )
    _check(inventory.path, next(iter(found.values())))
    return found


def _without_passwords(content: bytes, inventory: Inventory) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    for target in inventory.targets:
        text = text.replace(target.connect, plain(target.connect))
    return hide_passwords(text).encode("utf-8", "surrogateescape")


def _check(path: Path, content: bytes) -> None:
    """Raise BundleError if a password is left because it is written with escapes."""
    from hullcheck.inventory import yamlfile

    for name, entry in yamlfile.parse(content.decode("utf-8-sig"), path).data["targets"].items():
        if plain(entry["connect"]) != entry["connect"]:
            raise bundle.BundleError(f"{path}: the password of {name} cannot be hidden; write its `connect` plainly")
