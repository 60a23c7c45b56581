"""Write files and folders with answers of hosts: only the owner can read them, and no file is ever half written."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path


def make_folder(path: Path) -> None:
    """Create the folder *path* and its parents; folders that exist keep their permissions.

    Raises:
        OSError: it cannot be made.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        if path.parent == path:
            raise
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def make_run_folder(path: Path) -> None:
    """Create the folder *path* of a run, and a .gitignore in the folder of all runs.

    The answers of hosts do not belong in a repository.

    Raises:
        OSError: it cannot be made.
    """
    make_folder(path)
    if list(path.parent.iterdir()) == [path]:
        write(path.parent / ".gitignore", b"# made by hullcheck\n*\n")


def write(path: Path, content: bytes) -> None:
    """Write *content* to *path*.

    Raises:
        OSError: it cannot be written; `filename` is *path*, and what was there before is there still.
    """
    write_parts(path, (content,))


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Write *parts* to *path* one after the other; raise as `write` does."""
    with replacing(path) as fresh, fresh.open("wb") as file:
        file.writelines(parts)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield an empty file in the same folder, which replaces *path* at the end.

    Raises:
        OSError: it cannot be written; `filename` is *path*, and what was there before is there still.
    """
    fresh = None
    try:
        number, name = tempfile.mkstemp(prefix=".hullcheck-", dir=path.parent)
        os.close(number)
        fresh = Path(name)
        yield fresh
        fresh.replace(path)
    except BaseException as error:
        if fresh:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _about(path, error) from None
        raise


def point(link: Path, name: str) -> None:
    """Make *link* a symbolic link to *name* in the same folder; an old link is replaced in one step.

    Raises:
        OSError: it cannot be made; `filename` is *link*.
    """
    fresh = link.with_name(f".{name}.link")
    try:
        fresh.symlink_to(name)
        fresh.replace(link)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise _about(link, error) from None


def _about(path: Path, error: OSError) -> OSError:
    """Return *error* with the name *path*: the error of a full disk names no file."""
    return OSError(error.errno or errno.EIO, error.strerror or str(error), str(path))
