"""Whether each change of a file is recorded by the audit system."""

import posixpath

from hullcheck.criteria.auditd.rules import Coverage, blocking, coverage, is_blind, limits_flaw
from hullcheck.facts.auditd import Audit
from hullcheck.facts.auditd.rules import Rule
from hullcheck.facts.host.file import FileFact
from hullcheck.parsing.proc.mountinfo import is_below, location, mount_of
from hullcheck.verdicts import EvidenceError

_VOLATILE = "/run"
_NEWER = frozenset({"fchmodat2", "452"})
"""What the kernel counts among the changes of attributes, and auditctl 4.0 not where it is told an arch."""

_WIDE = frozenset({"chown32", "truncate64"})
"""The same of 32-bit programs: auditctl takes the names of 64-bit calls for theirs as well."""


def gap(audit: Audit, file: FileFact, *may_leave_out: str) -> str:
    """Why not every change of *file* is recorded, in words; empty where it is.

    Args:
        may_leave_out: directories in it whose changes need no record.

    Raises:
        NotApplicable: there is no such file.
        EvidenceError: that is unknown.
    """
    path, loaded = file.node.path, audit.loaded
    if not loaded.enabled:
        return "auditing is off in the kernel (enabled 0)" + _after_restart(audit, file, may_leave_out)
    if too_few := limits_flaw(audit):
        return too_few
    if hidden := blocking(loaded.rules):
        return f"changes are kept from the record by {hidden!r}"
    found = _coverage(audit, loaded.rules, file, may_leave_out)
    if found.flaws:
        beside = _beside(audit, path) + _below(audit, file)
        return "; ".join(found.flaws) + beside + _after_restart(audit, file, may_leave_out)
    for rule in found.by:
        _require_reach(audit, rule, file)
    return ""


def note(audit: Audit, file: FileFact, *may_leave_out: str) -> str:
    """Which rules record the changes of *file*, and what there is to know of them."""
    node, by = file.node, _coverage(audit, audit.loaded.rules, file, may_leave_out).by
    parts = [", ".join(rule.text for rule in by)]
    if any(rule.path not in ("", node.path) for rule in by):
        parts.append("a directory above is watched with all below it")
    if any(rule.tree is None and rule.path and node.is_directory for rule in by):
        parts.append("taken for a watch of all below it, which auditctl does not show")
    if not node.is_directory and all(rule.tree and rule.path == node.path for rule in by):
        parts.append("a rule on a tree, which the kernel drops when the file is replaced")
    if node.is_directory and _is_another_file_system(audit, node.path):
        parts.append("holds if the rule was loaded after the file system there was mounted")
    if any(rule.calls and not rule.calls & _NEWER for rule in by):
        parts.append(
            "leaves out fchmodat2, with which kernels from 6.6 on change modes; a rule without arch does not"
        )
    if any(rule.calls and rule.arch == "b32" and not rule.calls & _WIDE for rule in by):
        parts.append(
            "leaves out chown32 and truncate64, with which 32-bit programs change owners and lengths; a rule without"
            " arch does not"
        )
    if not _will_be(audit, file, may_leave_out):
        parts.append("in no file that the next start loads, so that it is lost then")
    if not audit.loaded.daemon:
        parts.append("no auditd takes the records, which go to the kernel's log")
    return "; ".join(parts)


def _coverage(
    audit: Audit, rules: tuple[Rule, ...], file: FileFact, may_leave_out: tuple[str, ...]
) -> Coverage:
    return coverage(
        [rule for rule in rules if not _is_blind(audit, rule, file)],
        file.node.path,
        mode=file.node.mode,
        architectures=audit.architectures,
        has_old_calls=audit.has_old_calls,
        may_leave_out=lambda path: any(is_below(path, each) for each in may_leave_out),
    )


def _beside(audit: Audit, target: str) -> str:
    """The rules that name a link to *target*, or to a directory above it, in words; else empty."""
    rules = (rule for rule in audit.loaded.rules if rule.path in audit.links)
    named = [rule.text for rule in rules if is_below(target, audit.links[rule.path])]
    return f"; {', '.join(map(repr, named))} watches a link and not where it leads" if named else ""


def _is_blind(audit: Audit, rule: Rule, file: FileFact) -> bool:
    return not file.node.is_directory and is_blind(rule, file.node.path, audit.mounts)


def _below(audit: Audit, file: FileFact) -> str:
    """The rules that watch what lies below *file*, in words; else empty."""
    blind = [rule.text for rule in audit.loaded.rules if _is_blind(audit, rule, file)]
    return f"; {', '.join(map(repr, blind))} watches what lies below the mount there" if blind else ""


def _after_restart(audit: Audit, file: FileFact, may_leave_out: tuple[str, ...]) -> str:
    """What the files will change."""
    pending = _will_be(audit, file, may_leave_out)
    return "; restart pending: a rule in /etc/audit covers it" if pending else ""


def _will_be(audit: Audit, file: FileFact, may_leave_out: tuple[str, ...]) -> bool:
    """Whether the rules of the next start will record every change."""
    lost = audit.goes_off or blocking(audit.files)
    return not lost and not _coverage(audit, audit.files, file, may_leave_out).flaws


def _require_reach(audit: Audit, rule: Rule, file: FileFact) -> None:
    """Make sure that a rule on a directory reaches *file*.

    Raises:
        EvidenceError: that is unknown.
    """
    target = file.node.path
    if rule.tree is None and file.node.is_directory and is_below(target, _VOLATILE):
        raise EvidenceError(
            f"{rule.text!r} covers what lies in {target} only if that existed when the rule was loaded,"
            " which auditctl does not show; the kernel tells where there is perl"
        )
    if rule.path in ("", target):
        return
    above, here = location(rule.path, audit.mounts.get()), location(target, audit.mounts.get())
    if above[0] != here[0] or not is_below(here[1], above[1]):
        raise EvidenceError(
            f"{rule.text!r} covers {target}, which is on another file system, only if that was mounted"
            f" when the rule was loaded; a rule on {target} itself would tell"
        )


def _is_another_file_system(audit: Audit, path: str) -> bool:
    """Whether one is mounted there; what is mounted over itself is the same."""
    mounts = audit.mounts.get()
    there = [each.device for each in mounts if each.point == path]
    return any(device != mount_of(posixpath.dirname(path), mounts).device for device in there)
