"""What audit rules record of a file and of a program, and what is wrong with auditd, step by step."""

from __future__ import annotations

from typing import Any

import pytest
from hullcheck.parsing.answer_lines import Unit
from msgspec.structs import replace

from hullcheck.criteria.auditd import STEPS, coverage, require_recorded, step_flaw
from hullcheck.facts.host.audit import Audit, AuditDaemon, Rule, audit, parse
from hullcheck.verdicts import EvidenceError, Manual
from selftests.kit.facts.hosts import target

JSON, TREE = "/etc/docker/daemon.json", "/etc/docker"
GOOD = f"-w {JSON} -p wa -k docker"
FIELD = f"-a always,exit -S all -F path={JSON}"
ON = ("enabled 1", "pid 700", "lost 0")


def answer_of(
    *rules: str, files: tuple[str, ...] = (), status: tuple[str, ...] = ON, failed: str = ""
) -> dict[str, str]:
    """Return what is said of an audit system with these rules in the kernel and in files."""
    lines = [*(f"status:{line}" for line in status), *(f"rule:{rule}" for rule in rules or ("No rules",))]
    stored = [f"file:/etc/audit/rules.d/docker.rules:{rule}" for rule in files]
    return {"kernel": f"failed:{failed}" if failed else "\n".join(lines), "files": "\n".join(stored)}


def audit_of(*rules: str, **said: Any) -> Audit:
    """Return that audit system."""
    return audit(target(audit=answer_of(*rules, **said)).recording)


def parsed(*lines: str) -> list[Rule]:
    """Return the rules in these lines."""
    return [rule for rule in (parse(line, {}) for line in lines) if rule]


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ((), "no rule covers it"),
        ((GOOD,), ""),
        (("-a always,exit -F arch=b64 -S open,chmod -F dir=/etc/docker -F perm=wa",), ""),
        ((f"-w {JSON} -p r",), f"'-w {JSON} -p r' does not record every write"),
        ((f"{FIELD} -F perm=wa -F auid>=1000",), f"'{FIELD} -F perm=wa -F auid>=1000' does not record every write"),
        ((f"-w {JSON}.bak -p wa", "-w /etc/dock -p wa"), "no rule covers it"),
        (("-a never,exit -S all -F dir=/etc", GOOD), "left out by '-a never,exit -S all -F dir=/etc'"),
        ((GOOD, f"-A never,exit -S all -F path={JSON}"), f"check: -A never,exit -S all -F path={JSON}"),
        (("-a never,exit -S all -F uid=33", GOOD), "check: -a never,exit -S all -F uid=33"),
        (("-a always,exclude -F msgtype=PATH", GOOD), "check: -a always,exclude -F msgtype=PATH"),
        (("-a never,exit -F arch=b64 -S adjtimex", "-a always,exclude -F msgtype=CWD", GOOD), ""),
        (("-a never,exit -S all -F dir=/srv", f"-a never,exit -S all -F path={JSON} -F perm=r", GOOD), ""),
    ],
)  # fmt: skip
def test_changes_of_a_file(rules: tuple[str, ...], found: str) -> None:
    """The first rule that covers the file decides; other `never` rules are to be checked."""
    given = coverage(parsed(*rules), JSON)
    assert (given.flaw or (given.doubts and f"check: {', '.join(given.doubts)}") or "") == found


@pytest.mark.parametrize(
    ("rules", "flaw"),
    [
        ((f"-w {TREE} -p wa",), ""),
        (
            (f"-a always,exit -F path={TREE} -F perm=wa",),
            f"'-a always,exit -F path={TREE} -F perm=wa' does not record every write",
        ),
        (("-a never,exit -S all -F dir=/etc/docker/certs.d", f"-w {TREE} -p wa"), ""),
    ],
)
def test_changes_in_a_directory(rules: tuple[str, ...], flaw: str) -> None:
    """A rule on the directory alone does not count, and one that leaves out a part is to be checked."""
    found = coverage(parsed(*rules), TREE, is_directory=True)
    assert (found.flaw, len(found.doubts)) == (flaw, len(rules) - 1)
    assert coverage(parsed(*rules), TREE, is_directory=True, apart=[f"{TREE}/certs.d"]).doubts == ()


@pytest.mark.parametrize(
    ("rules", "flaw"),
    [
        (("-w /runc -p x",), ""),
        (("-a always,exit -F arch=b64 -S execve -k exec",), ""),
        (("-w /runc -p wa",), "'-w /runc -p wa' does not record every start"),
        (("-a always,exit -F arch=b64 -S execve -F auid>=1000",), "no rule covers it"),
    ],
)
def test_starts_of_a_program(rules: tuple[str, ...], flaw: str) -> None:
    """A rule on the program counts, and one on execve that names no path."""
    assert coverage(parsed(*rules), "/runc", "x").flaw == flaw


PENDING = "; restart pending: a rule in /etc/audit covers it"


@pytest.mark.parametrize(
    ("audit", "raised", "words"),
    [
        (audit_of(GOOD, files=(GOOD,)), None, GOOD),
        (audit_of(GOOD), None, f"{GOOD}; in no file of /etc/audit, so that it is lost at the next start"),
        (audit_of(files=(GOOD,)), AssertionError, f"no rule covers it{PENDING}"),
        (audit_of(GOOD, status=("enabled 0",)), AssertionError, "auditing is off in the kernel (enabled 0)"),
        (audit_of(GOOD, "-a never,task"), AssertionError, "nothing is recorded because of '-a never,task'"),
        (audit_of(GOOD, "-a never,exit -S all -F uid=33"), Manual, "out of the log: -a never,exit -S all -F uid=33"),
        (audit_of(GOOD, failed="no"), EvidenceError, "no"),
        (audit_of(GOOD, status=("failure 1",)), EvidenceError, "auditctl -s does not print enabled"),
    ],
)  # fmt: skip
def test_what_is_in_force(audit: Audit, raised: type[Exception] | None, words: str) -> None:
    """The kernel decides; the files say what the next start changes."""
    if raised is None:
        assert require_recorded(audit, JSON) == words
    else:
        with pytest.raises(raised) as error:
            require_recorded(audit, JSON)
        assert words in str(error.value)


NOW = 100 * 86400
UNIT = Unit("loaded", "active", "enabled", 700)
THE_RECORDS = "the records of the kernel, and not auditd.service"
GOODS, UNHEARD, OTHER = audit_of(GOOD), (ON[0], "pid 0", ON[2]), "-w /run/docker -p wa"


@pytest.mark.parametrize(
    ("flaws", "audit", "known"),
    [
        ({}, audit_of(GOOD, files=(GOOD,)), {}),
        ({"unit": "there is no auditd.service (not-found)"}, audit_of(GOOD), {"load": "not-found"}),
        ({"unit": "auditd.service is disabled"}, audit_of(GOOD), {"file": "disabled"}),
        ({"unit": "auditd.service is failed"}, audit_of(GOOD), {"active": "failed"}),
        ({"kernel": f"process 700 receives {THE_RECORDS} (1)"}, GOODS, {"main_pid": 1}),
        ({"kernel": "auditing is off in the kernel (enabled 0)"}, audit_of(GOOD, status=("enabled 0", *ON[1:])), {}),
        ({"kernel": "no auditd receives the records of the kernel (pid 0)"}, audit_of(GOOD, status=UNHEARD), {}),
        ({"rules": "no rule in the kernel names a path of Docker or containerd"}, audit_of("-w /etc/passwd -p wa"), {}),
        ({"rules": f"in a file and not in the kernel: {OTHER}"}, audit_of(GOOD, files=(OTHER,)), {}),
        ({"rules": "nothing is recorded because of '-a never,task'"}, audit_of(GOOD, "-a never,task"), {}),
        ({"losses": "the kernel lost 3 records since its start"}, audit_of(GOOD, status=(*ON[:2], "lost 3")), {}),
        ({"records": "the last record in /log is of 1970-04-09"}, audit_of(GOOD), {"last": NOW - 86401}),
    ],
)  # fmt: skip
def test_flaws_of_steps(flaws: dict[str, str], audit: Audit, known: dict[str, Any]) -> None:
    """Each flaw is one of its own step alone."""
    last = known.pop("last", NOW)
    daemon = AuditDaemon(audit, replace(UNIT, **known), "/log", last, NOW)
    found = {step: step_flaw(daemon, step) for step in STEPS}
    assert {step: flaw for step, flaw in found.items() if flaw} == flaws


@pytest.mark.parametrize(("step", "last"), [("unit", NOW), ("records", NOW + 301), ("records", None)])
def test_step_that_is_unknown(step: str, last: float | None) -> None:
    """Without systemd or a log, and with a record of the future, nothing is known."""
    with pytest.raises(EvidenceError):
        step_flaw(AuditDaemon(audit_of(GOOD), None, "/log", last, NOW), step)


def test_without_auditctl() -> None:
    """Where the package is not installed, nothing loads rules."""
    none = audit(target(audit={"kernel": "missing:", "files": ""}).recording)
    missing = "auditctl is not installed, so no audit rules are loaded"
    assert step_flaw(AuditDaemon(none, UNIT, "/log", None, NOW), "records") == missing
    with pytest.raises(AssertionError, match=missing):
        require_recorded(none, JSON)
