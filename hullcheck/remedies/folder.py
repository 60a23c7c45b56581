"""Writes the files of remedies to a folder of their own, and touches nothing else."""

from collections.abc import Mapping
from pathlib import Path

from hullcheck import private_files
from hullcheck.lazy import regex
from hullcheck.messages import WrongUse

MARK = ".hullcheck-remedy"
"""The file that says that a folder is ours: its first line, and then the paths of our files in it."""
_OURS = "made by `hullcheck remedy`; what is listed here is written anew"
_PATH = regex(r"(?!\.\.?/)[^/]+/(?!\.\.?$)[^/]+")  # TARGET/NAME, which cannot lead out of the folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write *files*, each as `TARGET/NAME` in *folder*, in the place of those of an earlier call."""
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
    """Return the files of an earlier call; WrongUse where something is there that is not ours."""
    if not folder.is_symlink() and (not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))):
        return []
    mark = folder / MARK
    is_ours = not folder.is_symlink() and mark.is_file() and not mark.is_symlink()
    first, *listed = mark.read_text(encoding="utf-8").splitlines() if is_ours else [""]
    if first != _OURS or not all(map(_PATH.fullmatch, listed)):
        raise WrongUse(f"{folder}: was not made by `hullcheck remedy`; name a new folder with --output DIR")
    return listed
