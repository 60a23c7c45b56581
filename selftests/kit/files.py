"""Files of a target by hand."""

from collections.abc import Iterable
from typing import Any

from hullcheck.facts.host.file import FileFact, Node, State

FILE, DIRECTORY, SOCKET_MODE = 0o100644, 0o40755, 0o140660


def at(path: str, mode: int = FILE, **more: Any) -> FileFact:
    """A file that exists."""
    return FileFact(path, State.FOUND, Node(path, mode, 0, more.pop("gid", 0)), **more)


def answer(**sections: Iterable[str]) -> str:
    """What the script says of the files of an engine, with the lines of some sections."""
    names = ("processes", "units", "nodes", "acl", "certificates", "times", "devices")
    return (
        "".join(f"--{each}\n" + "".join(f"{line}\n" for line in sections.get(each, ())) for each in names) + "--end\n"
    )
