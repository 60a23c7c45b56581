"""Which files an Ansible inventory is read from: one, or a directory of them, and group_vars and host_vars beside."""

import os
from collections.abc import Iterator
from pathlib import Path

from hullcheck.inventory import yamlfile
from hullcheck.inventory.ansible import documents, ini, shape, trees
from hullcheck.inventory.ansible.groups import AnsibleError, Site, Variables
from hullcheck.inventory.yamlfile import YamlError

_PASSED_OVER = (
    *(".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"),
)
_GROUP_VARS, _HOST_VARS = "group_vars", "host_vars"
_NO_SOURCES = (_GROUP_VARS, _HOST_VARS, "vars_plugins")
_ENDINGS = ("", ".yml", ".yaml", ".json")
_PLUGIN = (
    "is of a plugin, which only Ansible runs; write `ansible-inventory --list >hosts.json` and name that file"
)
_SCRIPT = (
    "is a program, which only Ansible runs; write `ansible-inventory --list >hosts.json` and name that file"
)
_ELSE = "is no inventory of Ansible in INI, YAML or JSON"


def read(path: Path) -> Site:
    """Read the inventory *path*, a file or a directory.

    Raises:
        AnsibleError: it cannot be used.
    """
    site = Site()
    for source in _sources(path):
        _read(source, site)
    beside = path if path.is_dir() else path.parent
    for folder, entities in ((_GROUP_VARS, site.groups), (_HOST_VARS, site.hosts)):
        if (beside / folder).is_dir():
            for name, entity in entities.items():
                entity.beside.update(_variables(beside / folder, name, site))
    return site


def _sources(path: Path) -> Iterator[Path]:
    """*path*, or the files in it and below it that Ansible would take, in its order."""
    if not path.is_dir():
        yield path
        return
    for name in sorted(os.listdir(path)):
        if not name.startswith(".") and not name.endswith(_PASSED_OVER) and name not in _NO_SOURCES:
            yield from _sources(path / name)


def _read(path: Path, site: Site) -> None:
    text = _text(path)
    match shape.kind(text, path):
        case "ini":
            ini.read(text, path, site)
        case "tree":
            trees.read(documents.parse(text, path), path, site)
        case "plugin":
            raise AnsibleError(f"{path}:1: {_PLUGIN}")
        case "script":
            raise AnsibleError(f"{path}:1: {_SCRIPT}")
        case _:
            raise AnsibleError(f"{path}:1: {_ELSE}")


def _text(path: Path) -> str:
    try:
        return yamlfile.read_text(path)
    except YamlError as error:
        raise AnsibleError(str(error)) from None


def _variables(folder: Path, name: str, site: Site) -> Variables:
    """The variables of a group or a host in *folder*."""
    found: Variables = {}
    for file in _files_of(folder, name):
        text = _text(file)
        if text.startswith(documents.ENCRYPTED):
            site.notes.append(f"{file}: is encrypted; the variables in it are not known")
            continue
        root = documents.parse(text, file)
        if root.value is not None and not isinstance(root.value, dict):
            raise AnsibleError(f"{file}:1: is no mapping of variables")
        found |= root.variables(file)
    return found


def _files_of(folder: Path, name: str) -> list[Path]:
    """The file of this name, with or without an ending, or all files in the folder of this name."""
    if "/" in name:
        return []
    there = next(
        (each for each in (folder / f"{name}{ending}" for ending in _ENDINGS) if each.exists()), None
    )
    if there is None:
        return []
    return list(_below(there)) if there.is_dir() else [there]


def _below(folder: Path) -> Iterator[Path]:
    for name in sorted(os.listdir(folder)):
        path = folder / name
        if name.startswith(".") or name.endswith("~"):
            continue
        if path.is_dir() and not path.suffix:
            yield from _below(path)
        elif path.is_file() and path.suffix in _ENDINGS:
            yield path
