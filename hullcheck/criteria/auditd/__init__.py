"""Whether auditd runs and writes down what the kernel reports, step by step."""

import re
from collections.abc import Collection, Iterable

from hullcheck.criteria.auditd.rules import (
    blocking,
    is_hidden,
    keeps_to_failures,
    limits_flaw,
    records_successes,
    takes_each_success,
)
from hullcheck.facts.auditd.daemon import AuditDaemon, Start
from hullcheck.facts.auditd.rules import Rule
from hullcheck.parsing.times import CLOCK_SLACK, DAY, day
from hullcheck.verdicts import EvidenceError

_DOCKER = re.compile(
    r"/(usr/(local/)?)?s?bin/(docker|dockerd|docker-proxy|docker-init|containerd|containerd-shim[\w-]*|runc)"
    r"|/((var/)?run|var/lib|etc|opt|snap|var/snap|(usr/)?lib(exec)?)/(docker|containerd)(/.*)?"
    r"|/(var/)?run/(docker|containerd)\.sock"
    r"|/etc/(default|sysconfig)/(docker|containerd)[\w-]*"
    r"|/(etc|run|(usr/)?lib)/systemd/system/(docker|containerd)\.(service|socket)(\.d(/.*)?)?"
)
"""Where the parts of Docker and containerd lie; a folder elsewhere that is called so is none of them."""


def step_flaw(audit_daemon: AuditDaemon, step: str) -> str:
    """What is wrong with one of STEPS, in words; empty where nothing is.

    Raises:
        EvidenceError: that is unknown.
    """
    return _FLAWS[step](audit_daemon)


def _unit_flaw(audit_daemon: AuditDaemon) -> str:
    unit = audit_daemon.unit
    if unit["LoadState"] != "loaded":
        return f"there is no auditd.service ({unit['LoadState']})"
    if unit.get("UnitFileState") != "enabled":
        return f"auditd.service is {unit.get('UnitFileState') or 'not enabled'}"
    return "" if unit.get("ActiveState") == "active" else f"auditd.service is {unit.get('ActiveState')}"


def _kernel_flaw(audit_daemon: AuditDaemon) -> str:
    """The kernel has to audit, and to give its records to the auditd of the unit and to no other program."""
    loaded = audit_daemon.audit.loaded
    if not loaded.enabled:
        return "auditing is off in the kernel (enabled 0)"
    if not loaded.daemon:
        return "no auditd takes the records from the kernel (pid 0)"
    main = audit_daemon.unit.get("MainPID", "0")
    if main != str(loaded.daemon):
        return (
            f"the kernel gives its records to process {loaded.daemon}, which is not that of the unit ({main})"
        )
    return ""


def _rules_flaw(audit_daemon: AuditDaemon) -> str:
    """Rules on Docker have to be in the kernel, and those on Docker in the files as well."""
    audit = audit_daemon.audit
    loaded = audit.loaded.rules
    if hidden := blocking(loaded):
        return f"records are kept from the log by {hidden!r}"
    named = [rule for rule in loaded if records_successes(rule) and _DOCKER.fullmatch(rule.path)]
    if not named:
        return "no rule in the kernel names a path of Docker or containerd"
    if all(is_hidden(rule, loaded) for rule in named):
        return f"a rule before it that says `never` keeps {named[0].text!r} from recording anything"
    missing = [rule.text for rule in audit.files if _DOCKER.fullmatch(rule.path) and not _has(loaded, rule)]
    return f"in a file and not in the kernel: {', '.join(missing)}" if missing else ""


def _has(loaded: Iterable[Rule], wanted: Rule) -> bool:
    """Whether a rule of a file is in the kernel."""
    return any(
        each.path == wanted.path and each.action == wanted.action and wanted.permissions <= each.permissions
        for each in loaded
    )


def _losses_flaw(audit_daemon: AuditDaemon) -> str:
    lost, backlog, limit = map(audit_daemon.status, ("lost", "backlog", "backlog_limit"))
    if too_few := limits_flaw(audit_daemon.audit):
        return too_few
    if lost:
        return f"the kernel lost {lost} records since its start"
    return f"{backlog} records wait, of {limit} that may" if limit and backlog >= limit else ""


def _records_flaw(audit_daemon: AuditDaemon) -> str:
    last, now = audit_daemon.last_record, audit_daemon.now
    said = f"the last record in {audit_daemon.log} is of {day(last)}"
    if last > now + CLOCK_SLACK:
        raise EvidenceError(f"{said}, after the audit")
    return said if last < now - DAY else ""


_FLAWS = {
    "unit": _unit_flaw,
    "kernel": _kernel_flaw,
    "rules": _rules_flaw,
    "losses": _losses_flaw,
    "records": _records_flaw,
}


def last_start(audit_daemon: AuditDaemon, programs: Collection[str]) -> Start | None:
    """The last start in the log, where it is one of these programs.

    Raises:
        EvidenceError: the log cannot be read, or the record is of the future.
    """
    start = audit_daemon.last_start
    if start is None or start.program not in programs:
        return None
    if start.time > audit_daemon.now + CLOCK_SLACK:
        raise EvidenceError(
            f"the last record of a start in {audit_daemon.log} is of {day(start.time)}, after the audit"
        )
    return start


def rule_of_starts(rules: Iterable[Rule], program: str) -> Rule | None:
    """The rule among these that records each start of a program; None where none does, or one hides it."""
    rules = tuple(rules)
    for rule in () if blocking(rules) else rules:
        if rule.list not in ("exit", "") or not rule.is_about(program):
            continue
        if "x" not in rule.permissions or (rule.calls and "execve" not in rule.calls) or rule.arch == "b32":
            continue
        if rule.action == "never" and not keeps_to_failures(rule):
            return None
        if rule.action == "always" and takes_each_success(rule):
            return rule
    return None
