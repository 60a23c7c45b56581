"""Which recordings a `recorded://` specification names: one, those that fit a pattern, or all in a folder."""

import glob
from pathlib import Path

from hullcheck.recording import why_not_a_recording
from hullcheck.results import run_files


class NoRecordingError(Exception):
    """There is none; the message says what is there instead."""


def named(written: str) -> list[Path]:
    """The paths that *written*, the part after `recorded://`, stands for, in the order of their names.

    Of several, each counts as a recording that was meant, so that one that is missing, empty or damaged is an error
    of its own target and not passed over. What else a run leaves beside its recordings is none.

    Raises:
        NoRecordingError: not one of them is a recording.
    """
    path = Path(written)
    if not written:
        raise NoRecordingError("there is no such file or folder")
    if path.exists():
        fault = why_not_a_recording(path)
        there = list(path.iterdir()) if fault and path.is_dir() else [path]
    else:
        there = [Path(each) for each in glob.glob(written)]
        fault = "nothing there is a recording" if there else "there is no such file or folder"
    visible = [each for each in there if each == path or not each.name.startswith(".")]
    meant = sorted(each for each in visible if each.name not in run_files.NAMES or each == path)
    if all(map(why_not_a_recording, meant)):
        raise NoRecordingError(fault)
    return meant
