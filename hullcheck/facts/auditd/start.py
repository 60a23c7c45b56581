"""Which audit rules the next start loads, from what stands in files.

augenrules(8) puts the files of /etc/audit/rules.d together in an order of its own: `-D` first, and the last `-e` at the
end. auditctl(8) then goes through the result line by line: rules are added and deleted as on its command line, and
after `-e 2` no line counts any more, nor after one that it refuses, unless `-i` or `-c` stood before. It refuses a rule
that is there already, one that is to be deleted and is not there, and one on a path in a directory that does not exist,
as most of those in /run do not when a host starts.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hullcheck.facts.auditd.rules import Rule, parse
from hullcheck.secrets.redact import HIDDEN

MERGED = "/etc/audit/rules.d"
_DELETE_ALL = re.compile(r"-D(?:\s+-k\s*(?P<key>\S+))?\s*")
_SWITCH = re.compile(r"-e\s*(\S+)")
LOCKED = "2"
# Words are separated by blanks alone, and nothing but an option stands behind a rule.
_NO_RULE = re.compile(r".*(?:\t| #| -F \w+ [=!<>&]).*|.* -p(?:| (?:[rwxa]*[^rwxa\s]\S*)(?: .*)?)")
_MADE_LATER = re.compile(r"/run/(?!systemd/|udev/)[^/]+/.+")


@dataclass(frozen=True)
class AtStart:
    """What a start loads.

    Attributes:
        rules: in the order in which they are tried.
        enabled: the last value for the switch of all auditing; empty where nothing sets it.
    """

    rules: tuple[Rule, ...]
    enabled: str = ""

    @classmethod
    def of(cls, lines: Iterable[str], resolved: Mapping[str, str]) -> "AtStart":
        """What auditctl makes of the lines of a file."""
        rules, enabled, goes_on = list[Rule](), "", False
        for line in map(str.strip, lines):
            if enabled == LOCKED or not (line.startswith("-") or goes_on):
                break
            if switch := _SWITCH.fullmatch(line):
                enabled = switch[1]
            elif line in ("-i", "-c"):
                goes_on = True
            elif not _apply(line, rules, resolved) and not goes_on:
                break
        return cls(tuple(rules), enabled)


def merged(lines: Iterable[str]) -> list[str]:
    """The lines of all files of the directory, as augenrules puts them together."""
    texts = [line.strip() for line in lines]
    moved = [line for line in texts if line == "-D"], [line for line in texts if line.startswith("-e")]
    first, last = moved
    return [*first[-1:], *(line for line in texts if line not in {*first, *last}), *last[-1:]]


def _apply(line: str, rules: list[Rule], resolved: Mapping[str, str]) -> bool:
    """Do with *rules* what a line says; returns whether auditctl does not refuse it."""
    if every := _DELETE_ALL.fullmatch(line):
        rules[:] = [rule for rule in rules if every["key"] and rule.key != every["key"]]
    elif line.startswith(("-d", "-W")):
        gone = parse(f"-{'a' if line[1] == 'd' else 'w'}{line[2:]}", resolved)
        kept = [rule for rule in rules if gone is None or not _is_same(rule, gone)]
        is_there, rules[:] = len(kept) < len(rules), kept
        return is_there
    elif rule := parse(line, resolved):
        is_there = any(_is_same(each, rule) and _is_called_the_same(each, rule) for each in rules)
        if _NO_RULE.fullmatch(line) or is_there or _has_no_folder(rule, resolved):
            return False
        rules.insert(0 if line.startswith("-A") else len(rules), rule)
    return True


def _is_called_the_same(rule: Rule, other: Rule) -> bool:
    return (rule.name, rule.key) == (other.name, other.key) and HIDDEN not in rule.key


def _has_no_folder(rule: Rule, resolved: Mapping[str, str]) -> bool:
    """Whether what it watches lies in a directory that does not exist, or is made after the rules are loaded."""
    if not rule.path or posixpath.dirname(rule.path) == "/":
        return False
    is_known = rule.name.rstrip("/") in resolved or not resolved
    return not is_known or bool(_MADE_LATER.fullmatch(rule.path))


def _is_same(rule: Rule, other: Rule) -> bool:
    """Whether deleting the one may delete the other; keys may be hidden, and -w does not say what a path is."""
    trees = {rule.tree, other.tree}
    same = all(
        getattr(rule, name) == getattr(other, name)
        for name in ("list", "action", "path", "permissions", "arch", "calls")
    )
    return same and (None in trees or len(trees) == 1) and sorted(rule.limits) == sorted(other.limits)
