"""Write changed Compose files in place of the old ones, once docker compose accepts them."""

import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from hullcheck import private_files
from hullcheck.compose import command
from hullcheck.compose.command import ComposeError
from hullcheck.compose.source import Project

_BOM = b"\xef\xbb\xbf"


def write(project: Project, paths: Sequence[Path], query: str, texts: Mapping[Path, str]) -> None:
    """Write *texts*, all or none; owners and modes stay.

    Raises:
        ComposeError: docker compose refuses them, or a file is a link, read-only, of another user, or not in the folder
            of the project; all files are as before.
        OSError: a file cannot be written, and is as before.
    """
    with ExitStack() as stack:
        fresh = dict[Path, Path]()
        for path, text in texts.items():
            found = _require_ours(project, path)
            fresh[path] = stack.enter_context(private_files.replacing(path))
            mark = _BOM * path.read_bytes().startswith(_BOM)
            fresh[path].write_bytes(mark + text.encode())
            os.chown(fresh[path], -1, found.st_gid)
            fresh[path].chmod(stat.S_IMODE(found.st_mode))
        _require_accepted(paths, query, fresh)


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


def _require_accepted(paths: Sequence[Path], query: str, fresh: Mapping[Path, Path]) -> None:
    """Raise ComposeError if docker compose refuses the new files."""
    available = command.available(os.environ.get("PATH", ""))
    if available is None:
        raise ComposeError("docker compose is not here to check the new files: nothing was changed")
    named = [fresh.get(Path(os.path.realpath(each)), each) for each in paths]
    try:
        command.merged(available[0], named, command.environment(query))
    except ComposeError as error:
        said = str(error)
        for path, new in fresh.items():
            said = said.replace(str(new), str(path))
        raise ComposeError(f"docker compose refuses the changed files, so nothing was changed: {said}") from None
