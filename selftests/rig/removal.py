"""The one way in which self-tests and benchmarks remove a tree: never through a mount into what lies behind it.

`rm --one-file-system` is no protection: it goes through a bind mount of the same file system. A volume with
`device=/etc` is such a mount, and what it would remove is the machine's own /etc.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from selftests.rig import processes
from selftests.rig.shell import CommandError, LabError, call


def delete(path: Path) -> None:
    """Remove *path* with all that is in it, unless something is mounted at or below it; it may be gone already.

    What is mounted there in the mount namespace of a process that works in the tree, such as an engine with a
    namespace of its own, counts too. A mount that was detached lazily does not: no path leads to it any more.

    Raises:
        LabError: something is mounted there, or cannot be removed.
    """
    if still := mounts(path):
        raise LabError(f"{path} is not removed, as {_listed(still)} is mounted: unmount it first")
    for pid in processes.everyone():
        if processes.mentions(pid, path) and processes.is_elsewhere(pid, "mnt") and (still := mounts(path, pid)):
            raise LabError(f"{path} is not removed, as process {pid} has {_listed(still)} mounted: end it first")
    call("rm", "--recursive", "--force", "--one-file-system", "--", str(path))


def unmount(directory: Path) -> None:
    """Unmount everything at and below *directory*, the innermost first.

    Raises:
        LabError: something stays mounted; the message has the words of `umount`.
    """
    words = []
    for target in reversed(mounts(directory)):
        try:
            call("umount", "--lazy", "--no-canonicalize", target)
        except CommandError as error:  # or it is gone together with another one
            words.append(error.stderr.strip())
    if still := mounts(directory):
        raise LabError(f"{_listed(still)} stays mounted, so nothing there is removed: {'; '.join(words)}")


def mounts(directory: Path, process: int | str = "self") -> list[str]:
    """The mount points at and below *directory* that *process* sees, in the order in which they were made."""
    place = directory.parent.resolve() / directory.name
    try:
        lines = Path(f"/proc/{process}/mountinfo").read_text(errors="surrogateescape").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        if process == "self":
            raise
        return []  # it has ended
    points = [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]) for line in lines]
    return [point for point in points if Path(point).is_relative_to(place)]


@contextlib.contextmanager
def temporary(parent: Path | None = None, prefix: str = "hullcheck-") -> Iterator[Path]:
    """A new directory, below *parent* if one is given, that is removed at the end of the block."""
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield path
    finally:
        delete(path)


def _listed(points: list[str]) -> str:
    return ", ".join(dict.fromkeys(points))
