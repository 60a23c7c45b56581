"""Audit rules as auditctl(8) writes them, in its list of loaded rules and in files.

auditctl lists each rule on a path and permissions, and on nothing else, as if it had been made with -w.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hullcheck.parsing.proc.mountinfo import is_below

_OPTION = re.compile(r"(?:^|\s)-([a-zA-Z])\s+(\S+)")
_FIELD = re.compile(r"([a-z0-9_]+)(!=|>=|<=|&=|=|>|<|&)(.*)")
_NO_LIMITS = ("key", "perm", "path", "dir", "arch")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        text: as auditctl prints it, or the file has it.
        list: `exit`, `task`, `exclude`, ...
        action: `always` or `never`.
        path: what it names, with the links on the way resolved; empty for everything.
        tree: whether that stands for all that lies below it too; so it is for every watch (-w).
        permissions: of `rwxa`; where it names system calls instead, `x` or none.
        calls: the system calls to which it is limited; empty for all.
        limits: its other conditions, such as `auid>=1000`.
        key: of its records.
    """

    text: str
    list: str = "exit"
    action: str = "always"
    path: str = ""
    tree: bool = True
    permissions: frozenset[str] = frozenset("rwxa")
    calls: frozenset[str] = frozenset()
    limits: tuple[str, ...] = ()
    key: str = ""

    def covers(self, path: str, *, is_directory: bool = False) -> bool:
        """Return whether the rule names *path*, with what lies in it, or a directory above it."""
        if not self.path or not self.tree:
            return self.path == path and not is_directory
        return is_below(path, self.path)

    def records(self, path: str, permission: str, *, is_directory: bool = False) -> bool:
        """Return whether the rule records each access to *path* that *permission* stands for."""
        if (
            self.action != "always"
            or self.list != "exit"
            or self.limits
            or permission not in self.permissions
        ):
            return False
        starts = permission == "x" and "execve" in self.calls
        return self.covers(path, is_directory=is_directory) or (starts and not self.path)

    def hides(self, path: str, permission: str) -> bool:
        """Return whether the rule keeps each access to *path* of this kind from being recorded by a later one."""
        never = self.action == "never" and self.list == "exit" and not self.limits
        return never and self.covers(path) and permission in self.permissions

    @property
    def stops_all(self) -> bool:
        """Whether the rule keeps every process from being recorded."""
        return self.action == "never" and self.list == "task" and not self.limits


def parse(text: str, resolved: Mapping[str, str]) -> Rule | None:
    """Parse a line, or return None if it is not a rule.

    Args:
        resolved: paths of rules, with the links on the way to them resolved.
    """
    options = _OPTION.findall(text)
    if not options or options[0][0] not in "waA":
        return None
    last, (letter, first) = dict(options), options[0]
    fields = [match.groups() for name, value in options if name == "F" and (match := _FIELD.match(value))]
    equal = {name: value for name, operator, value in fields if operator == "="}
    limits = [name + operator + value for name, operator, value in fields if name not in _NO_LIMITS]
    path = first if letter == "w" else equal.get("dir") or equal.get("path") or ""
    words = [] if letter == "w" else first.split(",")
    calls = frozenset(call for name, value in options if name == "S" for call in value.split(",")) - {"all"}
    usual = "rwxa" if not calls else "x" if "execve" in calls else ""
    return Rule(
        text,
        list=next((word for word in words if word not in ("always", "never", "possible")), "exit"),
        action="never" if "never" in words else "always",
        path=_resolved(path, resolved),
        tree=letter == "w" or "dir" in equal,
        permissions=frozenset(last.get("p", "rwxa") if letter == "w" else equal.get("perm", usual)),
        calls=calls,
        limits=(*limits, *(f"-C {value}" for name, value in options if name == "C")),
        key=last.get("k") or equal.get("key", ""),
    )


def _resolved(path: str, resolved: Mapping[str, str]) -> str:
    path = path.rstrip("/") or path[:1]
    return posixpath.normpath(resolved.get(path, path)) if path else ""
