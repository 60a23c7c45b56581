"""What audit rules do together with the changes of a file, in the kernel or in files."""

import itertools
import operator
import posixpath
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hullcheck.facts.auditd import Audit
from hullcheck.facts.auditd.rules import Rule
from hullcheck.facts.registry import Later
from hullcheck.parsing.proc.mountinfo import Mount, is_below, location

_CALLS = {
    "w": frozenset(("openat", "truncate", "ftruncate", "unlinkat", "renameat2")),
    "a": frozenset(("fchmod", "fchmodat", "fchown", "fchownat", "setxattr")),
}
"""What a rule with system calls must have among them; auditctl prints all that perm and arch stand for."""
_OLD_CALLS = {
    "w": frozenset(("open", "rename", "unlink")),
    "a": frozenset(("chmod", "chown", "lchown")),
}
"""Those that the older architectures have as well."""
_CHANGING_CALL = re.compile(
    r"all|open(at2?|_by_handle_at)?|creat|f?truncate(64)?|rename(at2?)?|(un|sym)?link(at)?|mk(dir|nod)(at)?"
    r"|rmdir|f?chmod(at2?)?|[fl]?chown(32|at)?|[fl]?(set|remove)xattr(at)?|f?utimes?(at)?|utimensat(_time64)?"
)
"""The system calls that write to files or change their attributes, by all names on all architectures."""

_CHANGES = re.compile(r"success(=[1-9][0-9]*|!=0)|exit(>=0|!=-.+)")
"""Limits that leave out failures alone, which change nothing."""
_FAILURES = re.compile(r"success(=0|!=[1-9][0-9]*)|exit(<0|=-.+)")
"""Limits that leave out every change, and keep to calls that failed."""
_FILE_TYPES = {"file": stat.S_IFREG, "socket": stat.S_IFSOCK} | {
    str(kind): kind for kind in (stat.S_IFREG, stat.S_IFSOCK)
}
"""What auditctl lists as a number; people write a word."""
_OF_A_CALL = re.compile(r"(a[0-3]|arch)\W.*")
"""Limits that no process meets when it starts, for it makes no system call yet."""

_KINDS = {"SYSCALL": 1300, "PATH": 1302}
"""The records that tell of a change of a file."""
_OPERATORS: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_KERNELS_OWN = frozenset(
    f"fstype={each}"
    for name, number in (("tracefs", 0x74726163), ("debugfs", 0x64626720))
    for each in (name, str(number), hex(number))
)
"""What rules of the list `filesystem` usually leave out, as auditctl and people write it."""


_FEWEST = 25
"""Of records in a second: one change makes about seven of them, and another may come in the same second."""


def limits_flaw(audit: Audit) -> str:
    """Why the kernel drops records of a change, by its limits on them (auditctl -r, -b); empty where it does not."""
    rate, waiting = _number(audit, "rate_limit"), _number(audit, "backlog_limit")
    if 0 < rate < _FEWEST:
        return f"the kernel drops all but {rate} records of a second (rate_limit)"
    # by default a process that is to be recorded waits until there is room
    if 0 < waiting < _FEWEST and audit.status.get("backlog_wait_time", "").strip() == "0":
        return (
            f"the kernel drops records while more than {waiting} wait (backlog_limit; backlog_wait_time is 0)"
        )
    return ""


def _number(audit: Audit, name: str) -> int:
    """A number of `auditctl -s`; 0, which is no limit, where it does not say that."""
    value = audit.status.get(name, "").strip()
    return int(value) if value.isdigit() else 0


@dataclass(frozen=True)
class Coverage:
    """What a list of rules does with the changes of one file or directory.

    Attributes:
        by: the rules that record them.
        flaws: what is not recorded, and why; empty where all is.
    """

    by: tuple[Rule, ...]
    flaws: tuple[str, ...]


def coverage(
    rules: Iterable[Rule],
    target: str,
    *,
    mode: int,
    architectures: tuple[str, ...] = ("b64",),
    has_old_calls: bool = True,
    may_leave_out: Callable[[str], bool] = lambda path: False,
) -> Coverage:
    """What *rules* do with each write to *target* and each change of attributes, in a directory as well.

    Args:
        mode: what *target* is, as in st_mode.
        architectures: the kinds of programs that the kernel runs.
        has_old_calls: whether it has the system calls without `at` in their names.
        may_leave_out: whether the changes below a directory in *target* need not be recorded.
    """
    kept = [rule for rule in rules if rule.list in ("exit", "")]
    near = [
        rule for rule in kept if _concerns(rule, target, stat.S_ISDIR(mode)) and not may_leave_out(rule.path)
    ]
    results = list[Rule | str]()
    for arch in architectures:
        for permission in ("w", "a"):
            met = _that_meet(near, target, permission)
            found = _decide(met, mode, arch, permission, has_old_calls)
            is_watch = isinstance(found, Rule) and found.is_watch_of(target)
            results.append((is_watch and _overruled(met, target, arch, permission)) or found)
    by = dict.fromkeys(result for result in results if isinstance(result, Rule))
    flaws = dict.fromkeys(result for result in results if isinstance(result, str))
    return Coverage(tuple(by), tuple(flaws))


def _concerns(rule: Rule, target: str, is_directory: bool) -> bool:
    inside = is_directory and rule.action == "never" and bool(rule.path) and is_below(rule.path, target)
    return inside or rule.is_about(target) or _hides_names(rule, target)


def _hides_names(rule: Rule, target: str) -> bool:
    """Whether it records nothing on the directory alone in which *target* is, where renaming and removing write."""
    return rule.action == "never" and not rule.is_about(target) and rule.path == posixpath.dirname(target)


def _overruled(met: Iterable[Rule], target: str, arch: str, permission: str) -> str:
    """Why a watch of *target* does not record a kind of change though no rule before it says so; else empty.

    Of rules on single files and directories the kernel tries those on the directory of a change first, and when a
    file is replaced it turns the order of those on it.
    """
    for rule in met:
        alone = rule.is_watch_of(target) or _hides_names(rule, target)
        if alone and rule.action == "never" and rule.matches(arch, permission) and _can_hide(rule):
            return f"left out by {rule.text!r}, which may overrule those before it"
    return ""


def _that_meet(near: Iterable[Rule], target: str, permission: str) -> list[Rule]:
    return [rule for rule in near if permission == "w" or not _hides_names(rule, target)]


def _decide(near: Iterable[Rule], mode: int, arch: str, permission: str, has_old_calls: bool) -> Rule | str:
    """The rule that records a kind of change, or why none does."""
    needed = _CALLS[permission] | (_OLD_CALLS[permission] if has_old_calls else frozenset())
    partial: list[str] = []
    for rule in near:
        if not rule.matches(arch, permission):
            partial += _lacking(rule, permission) if rule.action == "always" else []
        elif rule.action == "never" and _can_hide(rule):
            return f"left out by {rule.text!r}"
        elif rule.action == "always" and (limits := _limits(rule, mode)):
            partial += [f"{rule.text!r} records only {' '.join(limits)}"] if rule.path else []
        elif rule.action == "always" and rule.calls and not needed <= rule.calls:
            partial += (
                [f"{rule.text!r} leaves out {', '.join(sorted(needed - rule.calls))}"] if rule.path else []
            )
        elif rule.action == "always" and stat.S_ISDIR(mode) and rule.tree is False and rule.path:
            partial.append(f"{rule.text!r} watches the directory alone, not what lies in it")
        elif rule.action == "always":
            return rule
    return "; ".join(dict.fromkeys(partial)) or "no rule covers it"


def _lacking(rule: Rule, permission: str) -> list[str]:
    """Why a rule on the target does not record a kind of change."""
    if not rule.path:
        return []
    if permission not in rule.permissions:
        what = "writes" if permission == "w" else "changes of attributes"
        return [f"{rule.text!r} does not record {what}"]
    other = "b32" if rule.arch == "b64" else "b64"
    return [f"{rule.text!r} records programs of {rule.arch} alone: add the same rule with arch={other}"]


def _limits(rule: Rule, mode: int) -> list[str]:
    """What leaves out changes of a file like this; in a directory there are files of all types."""
    kept = [limit for limit in rule.limits if not _CHANGES.fullmatch(limit)]
    return [limit for limit in kept if _FILE_TYPES.get(limit.removeprefix("filetype=")) != stat.S_IFMT(mode)]


def _can_hide(rule: Rule) -> bool:
    """Whether a rule that records nothing can match a change of a file."""
    if keeps_to_failures(rule):
        return False
    return not rule.calls or any(map(_CHANGING_CALL.fullmatch, rule.calls))


def records_successes(rule: Rule) -> bool:
    """Whether it records anything, and not only what was refused."""
    return rule.action == "always" and not keeps_to_failures(rule)


def keeps_to_failures(rule: Rule) -> bool:
    """Whether it is about calls alone that were refused."""
    return any(map(_FAILURES.fullmatch, rule.limits))


def takes_each_success(rule: Rule) -> bool:
    """Whether it leaves out nothing but calls that were refused."""
    return all(map(_CHANGES.fullmatch, rule.limits))


def is_blind(rule: Rule, path: str, mounts: Later[tuple[Mount, ...]]) -> bool:
    """Whether a rule on a file watches what lies below another one that is mounted there.

    Whenever it was loaded: the kernel takes the last part of such a path from its directory.
    """
    if not rule.is_watch_of(path):
        return False
    folder, name = posixpath.split(path)
    device, place = location(folder, mounts.get())
    return location(path, mounts.get()) != (device, posixpath.join(place, name))


def is_hidden(rule: Rule, rules: Iterable[Rule]) -> bool:
    """Whether those of *rules* that are tried before *rule* leave out all that this would record of its path."""
    before = itertools.takewhile(lambda each: each != rule, rules)
    hiding = [each for each in before if each.is_about(rule.path) and _leaves_out_all(each)]
    kinds = itertools.product((rule.arch,) if rule.arch else ("b64", "b32"), rule.permissions)
    return all(any(each.matches(arch, permission) for each in hiding) for arch, permission in kinds)


def _leaves_out_all(rule: Rule) -> bool:
    """Whether nothing of what it matches is recorded."""
    return rule.action == "never" and rule.list in ("exit", "") and not rule.limits and not rule.calls


def blocking(rules: Iterable[Rule]) -> str:
    """The rule that keeps records of every change from being made or kept; empty where there is none.

    `never,task` lets the processes that it matches at their start, under whatever rights they go on, run without
    audit at all, `never,filesystem` whatever they do on file systems of
    a type. What `exclude` matches is dropped with any action.
    """
    for rule in rules:
        if rule.list == "task" and rule.action == "never" and _can_match_a_start(rule):
            return rule.text
        if rule.list == "filesystem" and rule.action == "never" and not _spares_files(rule):
            return rule.text
        if rule.list == "exclude" and rule.limits and all(map(_drops_changes, rule.limits)):
            return rule.text
    return ""


def _can_match_a_start(rule: Rule) -> bool:
    """Whether a rule of the list `task` can match a process that starts."""
    return not rule.arch and not any(map(_OF_A_CALL.fullmatch, rule.limits))


def _spares_files(rule: Rule) -> bool:
    """Whether a rule of the list `filesystem` is about the kernel's own file systems alone."""
    return any(limit in _KERNELS_OWN for limit in rule.limits)


def _drops_changes(limit: str) -> bool:
    """Whether a field of `exclude` can match the records that tell of a change of a file."""
    match = re.fullmatch(r"msgtype([!<>]?=|[<>])(\w+)", limit)
    if not match:
        return True
    number = int(match[2]) if match[2].isdigit() else _KINDS.get(match[2])
    if number is None:  # a kind of another name
        return match[1] != "="
    return any(_OPERATORS[match[1]](kind, number) for kind in _KINDS.values())
