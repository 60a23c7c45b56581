"""Removes the oldest runs in the folder of reports: what a run has left there, and nothing else."""

from pathlib import Path

from hullcheck.recording import FILE_NAME
from hullcheck.results import run_files


def remove_older(newest: Path, keep: int) -> None:
    """Remove the runs beside *newest* but the last *keep*, that itself included; a bundle goes with its run.

    Only runs that have ended count. A file that no run writes stays, and so does its folder.

    Raises:
        OSError: something cannot be removed.
    """
    names = sorted(each.name for each in newest.parent.iterdir() if run_files.FOLDER.fullmatch(each.name))
    ended = [name for name in names if (newest.parent / name / run_files.RESULTS).is_file()]
    for name in ended[:-keep]:
        folder = newest.with_name(name)
        if folder != newest and not folder.is_symlink():
            _remove(folder)
            newest.with_name(f"{name}.zip").unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    """Remove the files of a run by their names, results last, so that one that is cut short can go on."""
    for target in [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()]:
        (target / FILE_NAME).unlink(missing_ok=True)
        if not any(target.iterdir()):
            target.rmdir()
    for name in reversed(run_files.NAMES):
        if (folder / name).is_file():
            (folder / name).unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
