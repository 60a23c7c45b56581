"""Check that audit rules record changes of a file or starts of a program, and that the records are kept."""

from collections.abc import Iterable
from typing import NamedTuple

from hullcheck.facts.host.audit import Audit, AuditDaemon, Rule
from hullcheck.lazy import regex
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.times import CLOCK_SLACK, DAY, day
from hullcheck.verdicts import EvidenceError, Manual

_KINDS = {"w": "every write", "a": "every change of attributes", "x": "every start"}
_CHANGING_CALL = regex("all|exec|open|creat|truncat|renam|link|mk|rmdir|chmod|chown|xattr")
_OTHER_RECORD = regex(r"msgtype=(?!SYSCALL$|PATH$|EXECVE$|130[029]$)\w+")
_KERNELS_OWN = regex("fstype=(tracefs|debugfs|0x74726163|0x64626720)")
_DOCKER = regex(r"/(?:docker|containerd|runc)")


class Coverage(NamedTuple):
    """The rules that record accesses to a path, why some are not recorded, and rules that may hide some."""

    by: tuple[Rule, ...] = ()
    flaw: str = ""
    doubts: tuple[str, ...] = ()


def coverage(
    rules: Iterable[Rule],
    path: str,
    permissions: str = "wa",
    *,
    is_directory: bool = False,
    excluding: Iterable[str] = (),
) -> Coverage:
    """Return what *rules*, in their order, record of accesses to *path*, except below the directories *excluding*."""
    near, by = [rule for rule in rules if not any(is_below(rule.path, each) for each in excluding)], list[Rule]()
    for permission in permissions:
        recording = [rule for rule in near if rule.records(path, permission, is_directory=is_directory)]
        before = near[: near.index(recording[0])] if recording else near
        if hiding := [rule.text for rule in before if rule.hides(path, permission)]:
            return Coverage(flaw=f"is excluded by {hiding[0]!r}")
        if not recording:
            partial = [rule.text for rule in near if rule.action == "always" and rule.covers(path)]
            short = "; ".join(f"{each!r} does not record {_KINDS[permission]}" for each in partial)
            return Coverage(flaw=short or f"no audit rule covers {path if permissions == 'x' else 'it'}")
        by.append(recording[0])
    return Coverage(
        tuple(dict.fromkeys(by)), "", tuple(rule.text for rule in near if _may_hide(rule, path, permissions))
    )


def _may_hide(rule: Rule, path: str, permissions: str) -> bool:
    """Return whether a rule may keep accesses to *path* out of the log."""
    if rule.list == "exclude":
        return not any(map(_OTHER_RECORD.fullmatch, rule.limits))
    if rule.list == "filesystem":
        return not any(map(_KERNELS_OWN.fullmatch, rule.limits))
    if rule.action != "never" or rule.list == "user":
        return False
    if rule.calls and not any(map(_CHANGING_CALL.search, rule.calls)):
        return False
    is_near = not rule.path or is_below(path, rule.path) or is_below(rule.path, path)
    return is_near and bool(rule.calls or rule.permissions & {*permissions})


def loaded_flaw(audit: Audit) -> str:
    """Return why the kernel records nothing at all, or an empty string."""
    if not audit.is_installed:
        return "auditctl is not installed, so no audit rules are loaded"
    if not audit.number("enabled"):
        return "auditing is off in the kernel (enabled 0)"
    stops = [rule.text for rule in audit.rules if rule.stops_all]
    return f"the rule {stops[0]!r} stops all recording" if stops else ""


def require_recorded(
    audit: Audit, path: str, permissions: str = "wa", *, is_directory: bool = False, excluding: Iterable[str] = ()
) -> str:
    """Return the rules that record each access to *path*, and whether the next boot loads them; fail without any."""
    flaw = loaded_flaw(audit)
    found, stored = (
        coverage(rules, path, permissions, is_directory=is_directory, excluding=excluding)
        for rules in (() if flaw else audit.rules, audit.files)
    )
    pending = "" if stored.flaw else "; restart pending: a rule in /etc/audit covers it"
    assert not found.flaw, f"{flaw or found.flaw}{pending}"
    by = ", ".join(rule.text for rule in found.by)
    if found.doubts:
        raise Manual(f"{by}; check that these rules hide no record: {', '.join(found.doubts)}")
    return f"{by}; in no file of /etc/audit, so it is lost at the next boot" if stored.flaw else by


def recording_flaw(audit_daemon: AuditDaemon) -> str:
    """Return why some of the kernel's records do not reach auditd, or an empty string."""
    audit, unit = audit_daemon.audit, audit_daemon.unit
    if flaw := loaded_flaw(audit):
        return flaw
    if unit.load != "loaded":
        return f"there is no auditd.service ({unit.load})"
    if unit.file != "enabled":
        return f"auditd.service is {unit.file or 'not enabled'}"
    if unit.active != "active":
        return f"auditd.service is {unit.active}"
    if not (receiver := audit.number("pid")):
        return "auditd does not receive the kernel's records (pid 0)"
    if unit.main_pid != receiver:
        return f"process {receiver} receives the kernel's records instead of auditd.service ({unit.main_pid})"
    lost = audit.number("lost")
    return f"the kernel has lost {lost} records since boot" if lost else ""


def rules_flaw(audit: Audit) -> str:
    """Return which rules on Docker are not loaded, or an empty string."""
    loaded = {rule.path for rule in audit.rules if rule.action == "always" and _DOCKER.search(rule.path)}
    missing = [rule.text for rule in audit.files if _DOCKER.search(rule.path) and rule.path not in loaded]
    if not loaded:
        return "no loaded rule names a path of Docker or containerd"
    return f"rules in files are not loaded: {', '.join(missing)}" if missing else ""


def log_flaw(audit_daemon: AuditDaemon) -> str:
    """Return that auditd wrote nothing to its log on the last day, or an empty string."""
    last, now = audit_daemon.last, audit_daemon.now
    if last is None:
        raise EvidenceError(f"{audit_daemon.log} does not exist or cannot be read")
    words = f"the last record in {audit_daemon.log} is from {day(last)}"
    if last > now + CLOCK_SLACK:
        raise EvidenceError(f"{words}, which is after the audit")
    return words if last < now - DAY else ""
