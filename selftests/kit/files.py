"""Files of a target by hand."""

from typing import Any

from hullcheck.facts.host.file import FileFact, Node, State

FILE, DIRECTORY, SOCKET_MODE = 0o100644, 0o40755, 0o140660


def at(path: str, mode: int = FILE, **more: Any) -> FileFact:
    """A file that exists."""
    return FileFact(path, State.FOUND, Node(path, mode, 0, more.pop("gid", 0)), **more)
