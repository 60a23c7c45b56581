"""Text of a host in the files of a remedy: whoever chose it must not steer a shell, Ansible or a reader."""

import posixpath
import re
import shlex

from hullcheck.lazy import regex
from hullcheck.messages import printable

_SHELL_NAME = regex(r"[\w@%+=:,./-]+", re.ASCII)
_MARKDOWN = regex(r"([\\`*_{}\[\]()#+!|<>~&-])")


def is_plain_path(path: str) -> bool:
    """Return whether *path* begins at the root, has no part that leads back, and none that steers or ends a line."""
    return (
        path.startswith("/")
        and not path.startswith("//")
        and posixpath.normpath(path) == path
        and path != "/"
        and printable(path) == path
        and "\n" not in path
    )


def quoted(word: str) -> str:
    """Return *word* as one word of a shell's command line.

    Raises:
        ValueError: it has a character that a line of a script cannot hold.
    """
    if "\n" in word or "\0" in word or printable(word) != word:
        raise ValueError(f"{word!r} cannot stand in a script")
    return word if _SHELL_NAME.fullmatch(word) else shlex.quote(word)


def comment(text: str) -> str:
    """Return *text* as one line of a comment."""
    return printable(text).replace("\n", " ")


def prose(text: str) -> str:
    """Return *text* as plain words of Markdown, on one line."""
    return _MARKDOWN.sub(r"\\\1", comment(text))


def code(text: str) -> str:
    """Return *text* as code of Markdown, on one line."""
    line = comment(text)
    ticks = "`" * (1 + max((len(each) for each in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"
