"""Adds a waiver or an attestation to an inventory, or to the file that it names, as a person would."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from hullcheck import inputs, inventory
from hullcheck.controls import catalog
from hullcheck.controls.catalog import Listed
from hullcheck.inventory import yamlfile
from hullcheck.inventory.acceptance import files as acceptance_files
from hullcheck.inventory.acceptance import names_of, yamledit
from hullcheck.inventory.ansible import is_ansible
from hullcheck.inventory.yamlfile import Way, YamlError
from hullcheck.messages import WrongUse, did_you_mean


def control_of(word: str, places: Sequence[str] = ()) -> Listed:
    """The control that *word* names, by its id or number, among those that come with hullcheck, or those in *places*.

    Raises:
        WrongUse: it names none, or several.
    """
    controls = {each.control.id: each for each in catalog.collect(places)}
    named = [key for key, each in controls.items() if word.lower() in names_of(key, each.control.frameworks)]
    if len(named) == 1:
        return controls[named[0]]
    if named:
        raise WrongUse(f"{word}: names {len(named)} controls; write one of {', '.join(sorted(named))}")
    hint = did_you_mean(word, controls)
    own = "" if places else "; to find one of your own, add PATH"
    raise WrongUse(
        f"{word}: no such control; {hint if hint.endswith('?') else f'hullcheck controls lists them{own}'}"
    )


class Written(Struct, frozen=True):
    """What was written: the entry as text, and its file and line."""

    place: str
    text: str


def add(path: Path, section: str, control: str, entry: Mapping[str, Any]) -> Written:
    """Add *entry* to *section* of the inventory *path*, or to the last file that it names there.

    The file is replaced in one step, and only if it then says what it said before, and the entry.

    Raises:
        WrongUse: the inventory is wrong, or the entry would be, or the file is written in a way that is not known.
    """
    if is_ansible(path):
        raise WrongUse(
            f"{path}: an inventory of Ansible cannot hold {section}; write an inventory of hullcheck for them"
        )
    try:
        site = inventory.load(path)
    except inventory.InventoryError as error:
        raise WrongUse(f"mend the inventory first: {error.faults[0]}") from None
    known = [each.name for each in site.targets]
    for pattern in filter(str.strip, entry.get("targets", ())):
        if known and not any(fnmatchcase(name, pattern) for name in known):
            raise WrongUse(f"--target {pattern}: {path} has no such target; {did_you_mean(pattern, known)}")
    file, way = _destination(path, section)
    if section == acceptance_files.WAIVERS:
        way = (*way, control)
    return _add(file, way, path, section, entry)


def _add(file: Path, way: Way, path: Path, section: str, entry: Mapping[str, Any]) -> Written:
    text = yamledit.block(way, entry)
    before = yamlfile.load(file)
    old = inputs.read(file, yamlfile.LARGEST).decode("utf-8")
    mark = "\ufeff" * old.startswith("\ufeff")
    with contextlib.suppress(yaml.YAMLError, RecursionError):
        new = yamledit.added(old.removeprefix(mark), way, entry)
        with _beside(file, mark + (new or "")) as scratch:
            after = _read(scratch)
            if new and after is not None and after.data == _expected(before.data, way, entry):
                _check(scratch, file, path, section)
                os.replace(scratch, os.path.realpath(file))
                return Written(f"{file}:{after.line(_last(after.data, way))}", text)
    raise WrongUse(f"{file}: is written in a way that cannot be added to; write this there:\n{text}")


def _destination(path: Path, section: str) -> tuple[Path, Way]:
    """Return the file, and the way to the collection in it."""
    names = acceptance_files.paths(yamlfile.load(path).data.get(section))
    if not names:
        return path, (section,)
    file = path.parent / names[-1]
    if file.suffix.lower() == ".csv":
        raise WrongUse(f"{file}: a table; add a line to it, or name a file in YAML behind it in {path}")
    return file, acceptance_files.attestations_way(yamlfile.load(file).data)


def _expected(data: Any, way: Way, entry: Mapping[str, Any]) -> Any:
    """Return *data* with *entry*."""
    if not way:
        return [*(data or []), dict(entry)]
    return {**(data or {}), way[0]: _expected((data or {}).get(way[0]), way[1:], entry)}


def _last(data: Any, way: Way) -> Way:
    """Return the way to the last item of the list at *way*."""
    for step in way:
        data = data[step]
    return *way, len(data) - 1


@contextlib.contextmanager
def _beside(file: Path, text: str) -> Iterator[Path]:
    """A temporary file with *text* beside *file*, with the same owner and mode."""
    real = Path(os.path.realpath(file))
    if not os.access(real, os.W_OK):
        raise WrongUse(f"{file}: cannot be written: it is for reading only")
    try:
        number, name = tempfile.mkstemp(prefix=f".{real.stem}-", suffix=real.suffix, dir=real.parent)
    except OSError as error:
        raise WrongUse(f"{file}: cannot be written: {error.strerror}") from None
    scratch = Path(name)
    try:
        with os.fdopen(number, "wb") as opened:
            opened.write(text.encode("utf-8"))
        old = real.stat()
        with contextlib.suppress(PermissionError):  # who is not root, and not the owner, becomes it
            os.chown(scratch, old.st_uid, old.st_gid)
        scratch.chmod(old.st_mode & 0o777)
        yield scratch
    finally:
        scratch.unlink(missing_ok=True)


def _read(scratch: Path) -> yamlfile.Document | None:
    try:
        return yamlfile.load(scratch)
    except YamlError:
        return None


def _check(scratch: Path, file: Path, path: Path, section: str) -> None:
    """Check that an audit can read it.

    Raises:
        WrongUse: there is something wrong in it.
    """
    if file == path:
        try:
            inventory.load(scratch)
        except inventory.InventoryError as error:
            faults = error.faults
        else:
            return
    else:
        faults = acceptance_files.faults(scratch, section)
    if faults:
        raise WrongUse(faults[0].replace(str(scratch), str(file)))
