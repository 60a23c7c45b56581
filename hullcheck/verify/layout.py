"""The layout of a bundle: a zip as hullcheck writes it, or the folder of an unpacked one."""

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import NoReturn

from msgspec import Struct

from hullcheck import inputs, unpacked
from hullcheck.bundle import archive
from hullcheck.lazy import regex
from hullcheck.messages import WrongUse
from hullcheck.recording import PACKED
from hullcheck.results import run_files
from hullcheck.writers.formats import BUNDLED
from hullcheck.writers.run_folder import WRITERS

LARGEST = 512 * inputs.MIB
"""The most bytes of a bundle; one of 1,000 hosts has about 400 MiB."""
_RECORDING = regex(rf"([A-Za-z0-9][A-Za-z0-9._-]*)/{re.escape(PACKED)}")
ALWAYS = (run_files.MANIFEST, run_files.DIGESTS, run_files.POLICY, *WRITERS)
_KNOWN = {*ALWAYS, *BUNDLED, run_files.JUNIT, run_files.RELEASES, run_files.SIGNATURE}


class Step(Struct, frozen=True):
    """One check."""

    name: str
    said: str = ""  # the result in words
    faults: tuple[str, ...] = ()  # each begins with the name of a file of the bundle, or with a target
    differs: bool = False  # whether another version of hullcheck may cause the faults
    other: str = ""  # the program that made the bundle, if it is another one


def read(path: Path) -> tuple[dict[str, bytes], Step]:
    """Return the files of the bundle at *path* and their faults, or raise WrongUse if *path* is not a bundle."""
    try:
        files, faults = _folder(path) if path.is_dir() else _zip(path)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise WrongUse(f"{error.filename or path}: {error.strerror}") from None
        files, faults = {}, [f"{path}: {error.strerror}"]
    faults += _names(files)
    return files, Step("layout", f"{len(files)} files", tuple(faults))


def recordings(files: Collection[str]) -> dict[str, str]:
    """Return the names of the recordings among *files*, by target."""
    matches = map(_RECORDING.fullmatch, files)
    return {match[1]: match[0] for match in matches if match and match[1] not in run_files.NAMES}


def inventory(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the inventory among *files*, with the files that it names."""
    return {name: content for name, content in files.items() if name.startswith(f"{run_files.INVENTORY}/")}


def _zip(path: Path) -> tuple[dict[str, bytes], list[str]]:
    whole = inputs.read(path, LARGEST)
    try:
        entries = archive.unpack(whole)
    except archive.ArchiveError as error:
        return {}, [f"{path.name}: {error}"]
    files, counts = dict(entries), Counter(name for name, _ in entries)
    faults = [f"{name}: is in the zip more than once" for name, count in counts.items() if count > 1]
    if not faults and archive.pack(files) != whole:
        faults.append(
            f"{path.name}: has bytes that are not of its files: a checksum, a date, a mode, their order,"
            " or data before, between or after them"
        )
    return files, faults


def _folder(path: Path) -> tuple[dict[str, bytes], list[str]]:
    if not unpacked.is_bundle(path):
        raise WrongUse(f"{path}: not a bundle; name the .zip from --bundle, or the folder into which it was unpacked")
    files, faults = dict[str, bytes](), list[str]()
    for folder, folders, names in os.walk(path, onerror=_unreadable):
        here = Path(folder)
        if not folders and not names:
            faults.append(f"{here.relative_to(path)}: an empty folder")
        for each in (here / name for name in (*folders, *names)):
            kind, shown = each.lstat().st_mode, each.relative_to(path).as_posix()
            if stat.S_ISREG(kind):
                files[shown] = inputs.read(each, LARGEST)
            elif not stat.S_ISDIR(kind):
                faults.append(f"{shown}: a link, or not a file")
    return files, faults


def _unreadable(error: OSError) -> NoReturn:
    raise error


def _names(files: Collection[str]) -> list[str]:
    known = _KNOWN | set(recordings(files).values())
    faults = [f"{name}: is missing" for name in ALWAYS if name not in files]
    for name in sorted(files):
        if archive.unsafe(name):
            faults.append(f"{name}: no bundle has such a name")
        elif name not in known and not name.startswith(f"{run_files.INVENTORY}/"):
            faults.append(f"{name}: there is no such file in a bundle")
    folders = {str(folder) for name in files for folder in PurePosixPath(name).parents}
    return faults + [f"{name}: is a file and a folder" for name in sorted(folders & set(files))]
