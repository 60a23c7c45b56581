"""The lines of Compose files, for the screen and for annotations. Secrets in them are hidden."""

import os
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hullcheck import inputs, secrets
from hullcheck.lazy import regex
from hullcheck.messages import printable
from hullcheck.remedies import offered
from hullcheck.results import Place
from hullcheck.results.failures import Failure

_LARGEST = 4 * inputs.MIB


_REFUSAL = regex(r"([^\n:]+)(?::([0-9]+))?: (.*)", re.DOTALL)


class Refusal(NamedTuple):
    """Why a project could not be judged; the *path* is None if no file of it is to blame."""

    path: Path | None
    line: int
    said: str


def refusal(reason: str, connect: str) -> Refusal:
    """Return the *reason* of a target that is no evidence in its parts."""
    matched = _REFUSAL.fullmatch(reason)
    path = path_of(matched[1], connect) if matched else None
    if matched is None or path is None or not path.name or not os.path.lexists(path):
        return Refusal(None, 1, reason)
    return Refusal(path, int(matched[2] or 1), matched[3])


def path_of(file: str, connect: str) -> Path:
    """Return the path of a file from the current directory, or as the user wrote it if it is elsewhere."""
    written = connect.partition("://")[2]
    if not Path(written).exists():
        written = written.partition("?")[0].partition("+")[0]
    typed = Path(written).expanduser()
    folder = typed if typed.is_dir() else typed.parent
    return folder / file if os.path.relpath(folder).startswith("..") else Path(file)


@cache
def _lines(path: Path) -> list[str]:
    try:
        return inputs.read(path, _LARGEST).decode("utf-8-sig", "replace").splitlines()
    except OSError:  # it is not there any more
        return []


def line_at(path: Path, place: Place) -> str:
    """Return the line of *place*, or an empty string if the file has no such line."""
    lines = _lines(path)
    return lines[place.line - 1] if place.line <= len(lines) else ""


def shown(text: str, place: Place) -> tuple[str, str, str]:
    """Return a line in three parts, the second is at *place*; what may be a secret is hidden."""
    parts = text[: place.column - 1], text[place.column - 1 : place.end - 1], text[place.end - 1 :]
    before, item, after = (printable(each).replace("\n", " ") for each in parts)
    hidden = printable(secrets.masked(text))
    if hidden == before + item + after:
        return before, item, after
    kept = item if hidden.startswith(before + item) else hidden[len(before) :]
    return before, kept, hidden.removeprefix(before + kept)


def to_write(failure: Failure, connect: str) -> str:
    """Return lines for a service in place of what fails, or a comment with the remedy."""
    item, places = "", failure.finding.places
    if places:
        item = shown(line_at(path_of(places[0].file, connect), places[0]), places[0])[1]
    made = offered.to_write(failure.control.id, item)
    is_name = item.strip("\"'") in ("", failure.finding.subject)
    return f"# {failure.control.remedy}" if is_name and item and made.startswith("# without") else made
