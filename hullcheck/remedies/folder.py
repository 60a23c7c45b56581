"""Writes the files of remedies to a folder of their own, and touches nothing else."""

from collections.abc import Mapping
from pathlib import Path

from hullcheck import private_files
from hullcheck.messages import WrongUse

MARK = ".hullcheck-remedy"
"""The file that says that a folder is ours: its first line, and then the paths of our files in it."""
_OURS = "made by `hullcheck remedy`; what is listed here is written anew"


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write *files*, each as `TARGET/NAME` in *folder*, in the place of those of an earlier call.

    Raises:
        WrongUse: the folder is another one's, or cannot be written.
    """
    try:
        old = _listed(folder)
        parents = {folder / each.partition("/")[0] for each in (*old, *files)}
        for each in parents:
            if each.is_symlink() or (each.exists() and not each.is_dir()):
                raise WrongUse(f"{each}: is not ours; name a new folder with --output DIR")
        for name in old:
            (folder / name).unlink(missing_ok=True)
        for each in (folder, *parents):
            private_files.make_folder(each)
        private_files.write(folder / MARK, "".join(f"{each}\n" for each in (_OURS, *files)).encode())
        for name, text in files.items():
            private_files.write(folder / name, text.encode("utf-8"))
        for each in parents:
            if not any(each.iterdir()):
                each.rmdir()
    except OSError as error:
        raise WrongUse(f"{error.filename or folder}: cannot be written: {error.strerror}") from None


def _listed(folder: Path) -> list[str]:
    """Return the files of an earlier call.

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
    if not any(folder.iterdir()):
        return []
    mark = folder / MARK
    if mark.is_symlink() or not mark.is_file():
        raise WrongUse(f"{folder}: has files that are not ours; name a new folder with --output DIR")
    first, *listed = mark.read_text(encoding="utf-8").splitlines()
    if first != _OURS or not all(map(_is_plain, listed)):
        raise WrongUse(f"{mark}: damaged; name a new folder with --output DIR")
    return listed


def _is_plain(path: str) -> bool:
    """Return whether *path* is `TARGET/NAME`, so that it cannot lead out of the folder."""
    parts = path.split("/")
    return len(parts) == 2 and not {"", ".", ".."}.intersection(parts)
