"""Writes the files of remedies to a folder of their own, and touches nothing else."""

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from hullcheck import private_files
from hullcheck.messages import WrongUse

MARK = ".hullcheck-remedy"
"""The file that says that a folder is ours: its first line, and then the paths of our files in it."""
_OURS = "made by `hullcheck remedy`; what is listed here is written anew"


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write *files*, by their paths in *folder*, in the place of those of an earlier call.

    Raises:
        WrongUse: the folder is another one's, or cannot be written.
    """
    try:
        old = _listed(folder)
        private_files.make_folder(folder)
        for path in {each.rpartition("/")[0] for each in (*old, *files)} - {""}:
            _require_folder(folder / path, make=any(each.startswith(f"{path}/") for each in files))
        for each in old:
            (folder / each).unlink(missing_ok=True)
        listed = "\n".join((_OURS, *files))
        private_files.write(folder / MARK, f"{listed}\n".encode())
        for path, text in files.items():
            private_files.write(folder / path, text.encode("utf-8"))
        _drop_empty(folder, {each.rpartition("/")[0] for each in old} - {""})
    except OSError as error:
        raise WrongUse(f"{error.filename or folder}: cannot be written: {error.strerror}") from None


def _listed(folder: Path) -> list[str]:
    """The files of an earlier call.

    Raises:
        WrongUse: the folder is a link, or there is something in it that is not ours.
        OSError: it cannot be read.
    """
    if folder.is_symlink():
        raise WrongUse(f"{folder}: is a link; name a folder with --output DIR")
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise WrongUse(f"{folder}: is no folder; name another one with --output DIR")
    mark = folder / MARK
    if not any(folder.iterdir()):
        return []
    if mark.is_symlink() or not mark.is_file():
        raise WrongUse(f"{folder}: has files that are not ours; name a new folder with --output DIR")
    first, *listed = mark.read_text(encoding="utf-8").splitlines()
    if first != _OURS or any(_leaves(each) for each in listed):
        raise WrongUse(f"{folder / MARK}: damaged; name a new folder with --output DIR")
    return listed


def _leaves(path: str) -> bool:
    """Whether *path* may lead out of the folder."""
    parts = path.split("/")
    return len(parts) > 2 or any(each in ("", ".", "..") for each in parts)


def _require_folder(path: Path, *, make: bool) -> None:
    """Have the folder *path*, which is no link.

    Raises:
        WrongUse: something else is there.
        OSError: it cannot be made.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        if make:
            path.mkdir(mode=0o700)
        return
    if not stat.S_ISDIR(mode):
        raise WrongUse(f"{path}: is not ours; name a new folder with --output DIR")


def _drop_empty(folder: Path, names: Iterable[str]) -> None:
    for each in names:
        path = folder / each
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
