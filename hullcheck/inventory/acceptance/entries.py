"""Adds a waiver or an attestation to an inventory, or to the file that it names, and keeps the rest as it is."""

import contextlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from hullcheck import inventory, private_files
from hullcheck.controls import catalog
from hullcheck.controls.catalog import Listed
from hullcheck.inventory import ansible, yamlfile
from hullcheck.inventory.acceptance import files as acceptance_files
from hullcheck.inventory.acceptance import names_of
from hullcheck.inventory.yamlfile import Document, Way, YamlError
from hullcheck.lazy import regex
from hullcheck.messages import WrongUse, did_you_mean

_PLAIN = regex(r"[A-Za-z][A-Za-z0-9_.-]*|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def matching(word: str, listed: Sequence[Listed]) -> list[Listed]:
    """Return the controls with this id or number, or else of this section, or else with this word."""
    word = word.lower()
    named = [each for each in listed if word in names_of(each.control.id, each.control.frameworks)]
    section = [each for each in listed if any(number.startswith(f"{word}.") for number in each.numbers())]
    texts = ((each, each.control) for each in listed)
    return (
        named
        or section
        or [each for each, one in texts if word in f"{one.id} {one.title} {one.rationale} {one.remedy}".lower()]
    )


def control_of(word: str, places: Sequence[str] = ()) -> str:
    """Return the id of the one control with the id or number *word*, or raise WrongUse.

    It is one of those that come with hullcheck or of those in *places*.
    """
    controls = {each.control.id: each for each in catalog.collect(places)}
    found = [key for key, each in controls.items() if word.lower() in names_of(key, each.control.frameworks)]
    if len(found) == 1:
        return found[0]
    if found:
        raise WrongUse(f"{word}: names {len(found)} controls; write one of {', '.join(sorted(found))}")
    own = "" if places else "; one of your own needs --path PATH"
    raise WrongUse(f"{word}: no such control; {did_you_mean(word, controls, f'`hullcheck explain` lists them{own}')}")


def add(path: Path, section: str, names: Way, entry: Mapping[str, Any], files: Sequence[str] = ()) -> tuple[str, str]:
    """Add *entry* to *section* of the inventory *path*, or to the last file that it names; return its place and text.

    A waiver is added below its *names*: a control, or `causes` and a cause. It may hold for targets of the inventory,
    and for *files*, which are named on the command line.

    The file is replaced in one step, and only if it then says what it said before, and the entry; else WrongUse.
    """
    if ansible.is_ansible(path):
        raise WrongUse(
            f"{path}: an inventory of Ansible cannot hold {section}; write an inventory of hullcheck for them"
        )
    try:
        site = inventory.load(path)
    except inventory.InventoryError as error:
        raise WrongUse(f"fix the inventory first: {error.faults[0]}") from None
    known = [*(each.name for each in site.targets), *files]
    for pattern in filter(str.strip, entry.get("targets", ())):
        if not any(fnmatchcase(name, pattern) for name in known):
            raise WrongUse(f"--target {pattern}: {path} has no such target; {did_you_mean(pattern, known)}")
    before, way = _destination(path, section)
    way = (*way, *names)
    text, after = "\n".join(_block(way, entry, 0)), None
    with contextlib.suppress(YamlError):
        new = _added(yamlfile.read_text(before.path), way, entry)
        after = yamlfile.parse(new, before.path)
    if after is None or after.data != _expected(before.data, way, entry):
        raise WrongUse(f"{before.path}: is written in a way that cannot be added to; write this there:\n{text}")
    if before.path == path:
        inventory.read(after)
    elif faults := acceptance_files.faults(after, section):
        raise WrongUse(faults[0])
    _replace(before.path, new)
    return f"{before.path}:{after.line((*way, 0))}", text


def _destination(path: Path, section: str) -> tuple[Document, Way]:
    """Return the file and the way to its list of entries."""
    document = yamlfile.load(path)
    names = acceptance_files.paths(document.data.get(section))
    if not names:
        return document, (section,)
    file = path.parent / names[-1]
    document = yamlfile.load(file)
    return document, acceptance_files.way_to_list(document.data, section)


def _expected(data: Any, way: Way, entry: Mapping[str, Any]) -> Any:
    """Return *data* with *entry*."""
    if not way:
        return [dict(entry), *(data or [])]
    return {**(data or {}), way[0]: _expected((data or {}).get(way[0]), way[1:], entry)}


def _replace(file: Path, text: str) -> None:
    """Write *text* to *file*, through a link; owner and mode stay."""
    real = Path(os.path.realpath(file))
    if not os.access(real, os.W_OK):
        raise WrongUse(f"{file}: cannot be written: it is for reading only")
    try:
        with private_files.replacing(real) as fresh:
            fresh.write_bytes(text.encode())
            with contextlib.suppress(PermissionError):  # who is not root, and not the owner, becomes it
                os.chown(fresh, real.stat().st_uid, real.stat().st_gid)
            shutil.copymode(real, fresh)
    except OSError as error:
        raise WrongUse(f"{file}: cannot be written: {error.strerror}") from None


# ---- the text of a YAML file


def _added(text: str, way: Way, entry: Mapping[str, Any]) -> str:
    """Return *text* with *entry* first in the list at *way*, below the last key that is there; the others are made.

    The caller has to check the result: YAML can be written in more ways than in lines.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    node, missing, column = yaml.compose(text, Loader=yaml.SafeLoader), way, 0
    place = len(text) if way or node is None else node.start_mark.index
    while missing and isinstance(node, yaml.MappingNode):
        found = next((each for each in node.value if each[0].value == missing[0]), None)
        if found is None:
            break
        name, node = found
        missing, column, place = missing[1:], node.start_mark.column, text.find("\n", name.end_mark.index) + 1
    if not isinstance(node, yaml.CollectionNode):
        missing, column, place = way, 0, len(text)
    before = text[:place]
    if before and not before.endswith("\n"):
        before += end
    return before + end.join(_block(missing, entry, column)) + end + text[place:]


def _block(way: Way, entry: Mapping[str, Any], column: int) -> list[str]:
    """Return the lines of *entry* in a list below the keys of *way*."""
    lines = [f"{' ' * (column + 2 * depth)}{_scalar(str(key))}:" for depth, key in enumerate(way)]
    indent = " " * (column + 2 * len(way))
    fields = [f"{name}: {_value(value)}" for name, value in entry.items()]
    return [*lines, f"{indent}- {fields[0]}", *(f"{indent}  {each}" for each in fields[1:])]


def _value(value: str | list[str]) -> str:
    return _scalar(value) if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())
