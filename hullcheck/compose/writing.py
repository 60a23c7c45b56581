"""Write changed Compose files in place of the old ones, which come back if docker compose refuses them."""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from hullcheck import private_files
from hullcheck.compose import command
from hullcheck.compose.command import ComposeError
from hullcheck.compose.source import Project

_BOM = b"\xef\xbb\xbf"


def write(project: Project, paths: Sequence[Path], query: str, texts: Mapping[Path, str]) -> None:
    """Write *texts*, all or none, if docker compose accepts them; owners and modes stay.

    Raises:
        ComposeError: docker compose refuses them, or a file is a link, read-only, of another user, or not in the folder
            of the project; all files are as before.
        OSError: a file cannot be written, and is as before.
    """
    before = {path: (_require_ours(project, path), path.read_bytes()) for path in texts}
    if changed := [path for path, (_, old) in before.items() if old.decode("utf-8-sig") != project.texts[path]]:
        raise ComposeError(f"{changed[0]}: changed just now: nothing was changed")
    done = list[Path]()
    try:
        for path, text in texts.items():
            state, old = before[path]
            _replace(path, state, _BOM * old.startswith(_BOM) + text.encode())
            done.append(path)
        _require_accepted(paths, query)
    except BaseException:
        for path in done:
            _replace(path, *before[path])
        raise


def _replace(path: Path, state: os.stat_result, content: bytes) -> None:
    """Write a file in one step, with its group and mode."""
    with private_files.replacing(path) as fresh:
        fresh.write_bytes(content)
        os.chown(fresh, -1, state.st_gid)
        fresh.chmod(stat.S_IMODE(state.st_mode))


def _require_ours(project: Project, path: Path) -> os.stat_result:
    """Return the state of a file that may be written, or raise ComposeError."""
    found = path.lstat()
    faults = {
        "is not in the folder of the project": not path.is_relative_to(project.folder),
        "is no plain file, or has several names": not stat.S_ISREG(found.st_mode) or found.st_nlink > 1,
        "belongs to another user": found.st_uid != os.geteuid(),
        "is read-only": not found.st_mode & stat.S_IWUSR,
    }
    for said, is_so in faults.items():
        if is_so:
            raise ComposeError(f"{path}: {said}: nothing was changed")
    return found


def _require_accepted(paths: Sequence[Path], query: str) -> None:
    """Raise ComposeError if docker compose refuses the files as they are now."""
    available = command.available(os.environ.get("PATH", ""))
    if available is None:
        raise ComposeError("docker compose is not here to check the new files: nothing was changed")
    try:
        command.merged(available[0], paths, command.environment(query))
    except ComposeError as error:
        raise ComposeError(f"docker compose refuses the changed files, so nothing was changed: {error}") from None
