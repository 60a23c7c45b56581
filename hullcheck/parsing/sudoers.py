"""Rules of sudoers(5) and doas.conf(5): who may run which programs, as whom."""

import fnmatch
import posixpath
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

_ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.*)")
_DEFINITION = re.compile(r"\s*([A-Z][A-Z0-9_]*)\s*=\s*(.*)")
_COMMENT = re.compile(r'("[^"]*")|(?<!\\)#(?![0-9]).*')  # or a name in quotes, which may have its sign
_RUNAS = re.compile(r"\(([^):]*)(?::([^)]*))?\)")
_BEFORE = re.compile(r"\s*(?:\([^)]*\)|sha\d+\s*:\s*\S+)\s*")
_TAG = re.compile(
    r"\b(?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT)\s*:"
    r"|\b(?:ROLE|TYPE|PRIVS|LIMITPRIVS|CWD|CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER|APPARMOR_PROFILE)"
    r"\s*=\s*(?:\"[^\"]*\"|[^\s,\"]+)"
    r"|\bsha\d+\s*:\s*[^\s,]+"
)
"""What stands before a command and does not say which it is."""
_LIST = re.compile(r" ?(?<!\\):(?![^(]{0,999}\))[^=(]{0,999}=")
"""What begins another list of hosts; no such list is longer."""
_WORD = re.compile(r'(?:"[^"]*"|\\.|[^\s\\"])+')
_WILDCARD = re.compile(r"[*?\[]|^\^")


_DOAS = re.compile(
    r"\s*permit\s+(?:(?:nopass|nolog|persist|keepenv|setenv\s*\{[^}]*\})\s+)*(?P<who>\S+)"
    r"(?:\s+as\s+(?P<user>\S+))?(?:\s+cmd\s+(?P<path>\S+)(?P<arguments>\s+args\b.*)?)?\s*"
)


_FOLDERS = ("/usr/bin", "/usr/local/bin", "/usr/sbin", "/bin")

_CLASSES = {
    "alnum": "A-Za-z0-9",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "A-Fa-f0-9",
}
"""The classes of characters of POSIX, which Python's regular expressions do not know."""
_STRANGE = re.compile(r"\[:|\[[^]]*\[[.=]")


class Command(NamedTuple):
    """A command that a rule allows.

    Attributes:
        path: as it is written: a path, a pattern of paths, or `ALL`.
        arguments: those that it may have; None where any will do.
    """

    path: str
    arguments: str | None

    def may_be(self, name: str) -> bool:
        """Whether a program of this name in some directory may be meant, as more than one of all."""
        last = posixpath.basename(self.path)
        if self.path.startswith("^"):
            return name in self.path or self._may_find(name)
        return bool(last.strip("*?")) and fnmatch.fnmatchcase(name, last)

    def _may_find(self, name: str) -> bool:
        """Whether it is a regular expression that finds this name in a usual directory, and not each name.

        One that Python does not understand as sudo does may be one.
        """
        text = re.sub(r"\[:([a-z]+):]", lambda found: _CLASSES.get(found[1], found[0]), self.path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                pattern = re.compile(text)
        except (re.error, OverflowError, RecursionError, Warning):
            return True
        named, each = ([f"{folder}/{last}" for folder in _FOLDERS] for last in (name, "0"))
        return bool(_STRANGE.search(text) or any(map(pattern.search, named))) and not any(
            map(pattern.search, each)
        )

    @property
    def is_open(self) -> bool:
        """Whether who runs it chooses arguments."""
        return self.arguments is None or self.path.startswith("^") or bool(_WILDCARD.search(self.arguments))


class Rule(NamedTuple):
    """What somebody may run.

    Attributes:
        who: a user, `%group`, `#uid` or `ALL`.
        users: as whom; root where nothing is said.
        groups: with which groups, where they are named.
    """

    who: str
    users: tuple[str, ...]
    groups: tuple[str, ...]
    command: Command


def rules(text: str) -> Iterator[Rule]:
    """The rules in the text of sudoers files, with aliases resolved; what is taken away again by `!` is none."""
    aliases: dict[str, dict[str, list[str]]] = {"User": {}, "Runas": {}, "Host": {}, "Cmnd": {}}
    specifications = list[str]()
    for line in _lines(text):
        if match := _ALIAS.match(line):
            kind = aliases["Cmnd" if match[1] == "Cmd" else match[1]]
            for each in re.split(r"\s*:\s*(?=[A-Z][A-Z0-9_]*\s*=)", match[2]):
                if definition := _DEFINITION.match(each):
                    kind.setdefault(definition[1], []).extend(_items(definition[2]))
        else:
            specifications.append(line)
    for line in specifications:
        yield from _of_specification(line, aliases)


def _lines(text: str) -> Iterable[str]:
    joined = re.sub(r"\\\n", "", text)
    plain = (re.sub(r"\s+", " ", _COMMENT.sub(r"\1", line)).strip() for line in joined.split("\n"))
    return (line for line in plain if line and not re.match(r"@|Defaults\b", line))


def _items(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"(?<!\\),(?![^(]*\))", text) if each.strip()]


def _resolved(items: Iterable[str], aliases: Mapping[str, list[str]], depth: int = 5) -> Iterator[str]:
    for each in items:
        each = re.sub(r"^(?:!\s*!\s*)+", "", each)
        if each in aliases and depth:
            yield from _resolved(aliases[each], aliases, depth - 1)
        elif not each.startswith("!"):
            yield each


def _of_specification(line: str, aliases: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Rule]:
    left, equals, right = re.sub(r"\s*,\s*", ",", line).partition("=")
    people = _WORD.match(left)
    who = _plain(_resolved(_items(people[0]), aliases["User"])) if people else ()
    lists = _LIST.split(_TAG.sub(" ", right)) if equals else ()
    for allowed in lists:  # one of each list of hosts
        yield from _of_list(allowed, who, aliases)


def _of_list(
    text: str, who: tuple[str, ...], aliases: Mapping[str, Mapping[str, list[str]]]
) -> Iterator[Rule]:
    """What a list of commands lets people run; as whom counts for all that follow."""
    users: tuple[str, ...] = ("root",)
    groups: tuple[str, ...] = ()
    for item in _items(text):
        if runas := _RUNAS.match(item):
            users = _plain(_resolved(_items(runas[1]), aliases["Runas"])) or (() if runas[2] else ("root",))
            groups = _plain(_resolved(_items(runas[2] or ""), aliases["Runas"]))
        for command in _commands(item, aliases["Cmnd"]):
            yield from (Rule(each, users, groups, command) for each in who)


def _plain(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(re.sub(r'["\\]', "", each) for each in names)


def _commands(item: str, aliases: Mapping[str, list[str]]) -> Iterator[Command]:
    for each in _resolved([_without_tags(item)], aliases):
        path, _, arguments = _without_tags(each).replace("\\", "").partition(" ")
        if path and not path.startswith("!"):
            yield Command(path, arguments.strip() or None)


def _without_tags(command: str) -> str:
    while match := _BEFORE.match(command):
        command = command[match.end() :]
    return command


def rule_of_doas(line: str) -> Rule | None:
    """The rule in a line of doas.conf that permits something; arguments in it are the only ones, word by word."""
    match = _DOAS.fullmatch(re.sub(r'["\\]', "", re.sub(r'("[^"]*")|#.*', r"\1", line)))
    if not match:
        return None
    who = re.sub("^:", "%", match["who"])
    arguments = match["arguments"] and (match["arguments"].replace("args", "", 1).strip() or '""')
    user = re.sub(r"^(?=\d+$)", "#", match["user"] or "root")
    return Rule(who, (user,), (), Command(match["path"] or "ALL", arguments))
