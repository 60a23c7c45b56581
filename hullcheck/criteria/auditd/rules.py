"""What audit rules do together with the changes of a file, in the kernel or in files."""

import itertools
import operator
import posixpath
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hullcheck.facts.auditd import Audit
from hullcheck.facts.auditd.rules import Rule
from hullcheck.facts.registry import Later
from hullcheck.parsing.proc.mountinfo import Mount, is_below, location

_CALLS = {
    "w": frozenset(("openat", "openat2", "truncate", "ftruncate", "unlinkat", "renameat2")),
    "a": frozenset(
        (
            *("fchmod", "fchmodat", "fchown", "fchownat"),
            *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
        )
    ),
}
"""What a rule with system calls must have among them; auditctl prints all that perm and arch stand for."""
_OLD_CALLS = {
    "w": frozenset(("open", "creat", "rename", "renameat", "unlink")),
    "a": frozenset(("chmod", "chown", "lchown")),
}
"""Those that the older architectures have as well."""
_NAMING_CALLS = frozenset(("linkat", "symlinkat", "mkdirat", "mknodat"))
_OLD_NAMING_CALLS = frozenset(("link", "symlink", "mkdir", "mknod", "rmdir"))
"""Those that put something new into a directory, or take a directory out of it."""
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


@dataclass(frozen=True)
class _Change:
    """A kind of change of a file or directory.

    Attributes:
        arch: of the program that makes it.
        permission: `w` or `a`.
        mode: what is changed, as in st_mode.
        calls: the system calls that make it, of which a rule with calls has to name all.
        is_native: whether the names of calls in a rule without arch are those of `arch`.
    """

    arch: str
    permission: str
    mode: int
    calls: frozenset[str]
    is_native: bool

    @property
    def of_directory(self) -> bool:
        """Whether it is one of what lies in a directory as well."""
        return stat.S_ISDIR(self.mode)


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
    by, flaws = list[Rule](), list[str]()
    for arch, permission in itertools.product(architectures, "wa"):
        calls = _needed(permission, stat.S_ISDIR(mode), has_old_calls)
        change = _Change(arch, permission, mode, calls, arch == architectures[0])
        met = _that_meet(near, target, permission)
        found = _decide(met, target, change)
        if not isinstance(found, str) and any(rule.is_watch_of(target) for rule in found):
            found = _overruled(met, target, change) or _forgotten(met, target, change) or found
        if isinstance(found, str):
            flaws.append(found)
        else:
            by += found
    return Coverage(tuple(dict.fromkeys(by)), tuple(dict.fromkeys(flaws)))


def _concerns(rule: Rule, target: str, is_directory: bool) -> bool:
    inside = is_directory and rule.action == "never" and bool(rule.path) and is_below(rule.path, target)
    return inside or rule.is_about(target) or _is_about_names(rule, target)


def _is_about_names(rule: Rule, target: str) -> bool:
    """Whether it is on the directory alone in which *target* is, where renaming and removing write."""
    return not rule.is_about(target) and rule.path == posixpath.dirname(target)


def _overruled(met: Sequence[Rule], target: str, change: _Change) -> str:
    """Why a watch of *target* does not record a kind of change though no rule before it says so; else empty.

    Of rules on single files and directories the kernel tries those on the directory of a change first, and no other
    where one of them matches. When a file is replaced it turns the order of those on it.
    """
    hiding = [
        rule
        for rule in met
        if rule.action == "never" and rule.matches(change.arch, change.permission) and _can_hide(rule)
    ]
    for rule in hiding:
        if rule.is_watch_of(target) or _is_about_names(rule, target):
            return f"left out by {rule.text!r}, which may overrule those before it"
    for place, rule in enumerate(met):
        before = [other for other in met[:place] if other in hiding]
        is_tried = rule.action == "always" and rule.matches(change.arch, change.permission)
        if before and is_tried and _is_about_names(rule, target):
            return f"left out by {before[0].text!r}, as {rule.text!r} is tried in the place of the watch"
    return ""


def _forgotten(met: Sequence[Rule], target: str, change: _Change) -> str:
    """Why a kind of change is not recorded when *target* was replaced; empty where it is.

    Of watches that name the same file in several ways, as through a link, the kernel takes one alone to the new file.
    """
    watches = [rule for rule in met if rule.action == "always" and rule.is_watch_of(target)]
    for name in dict.fromkeys(rule.name for rule in watches):
        others = [rule for rule in watches if rule.name != name]
        found = _decide([rule for rule in met if rule not in others], target, change)
        if isinstance(found, str):
            return f"when the file is replaced, {others[0].text!r} may stay with the old one: {found}"
    return ""


def _that_meet(near: Iterable[Rule], target: str, permission: str) -> list[Rule]:
    return [rule for rule in near if permission == "w" or not _is_about_names(rule, target)]


def _needed(permission: str, in_directory: bool, has_old_calls: bool) -> frozenset[str]:
    """The system calls that a rule has to be about."""
    calls = _CALLS[permission] | (_OLD_CALLS[permission] if has_old_calls else frozenset())
    if permission == "a" or not in_directory:
        return calls
    return calls | _NAMING_CALLS | (_OLD_NAMING_CALLS if has_old_calls else frozenset())


def _decide(met: Iterable[Rule], target: str, change: _Change) -> tuple[Rule, ...] | str:
    """The rules that together record a kind of change, or why they do not."""
    by, partial, left = list[Rule](), list[str](), change.calls
    for rule in met:
        if rule.action == "always" and _is_about_names(rule, target):
            continue
        if not rule.matches(change.arch, change.permission):
            partial += _lacking(rule, change.permission) if rule.action == "always" else []
        elif rule.action == "never" and _can_hide(rule):
            return f"left out by {rule.text!r}"
        elif rule.action == "always":
            flaw = _part(rule, change)
            if not flaw and (not rule.calls or left & rule.calls):
                by.append(rule)
                left -= rule.calls or left
                if not left:
                    return tuple(by)
            flaw = flaw or f"leaves out {', '.join(sorted(left - rule.calls))}"
            partial += [f"{rule.text!r} {flaw}"] if rule.path else []
    return "; ".join(dict.fromkeys(partial)) or "no rule covers it"


def _part(rule: Rule, change: _Change) -> str:
    """To which part of a kind of change a rule keeps, whatever its calls, in words; empty where to all."""
    if limits := _limits(rule, change.mode):
        return f"records only {' '.join(limits)}"
    if rule.calls and not rule.arch and not change.is_native:
        return f"names system calls without an arch, which are others for programs of {change.arch}"
    if change.of_directory and rule.tree is False and rule.path:
        return "watches the directory alone, not what lies in it"
    return ""


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
