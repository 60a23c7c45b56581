"""What is wrong with auditd, step by step, and which rule records the starts of a program."""

import pytest

from hullcheck.criteria.auditd import rule_of_starts, step_flaw
from hullcheck.facts.auditd.daemon import STEPS, AuditDaemon
from hullcheck.facts.auditd.rules import parse
from hullcheck.parsing.answer_lines import Words
from hullcheck.verdicts import EvidenceError
from selftests.unit.criteria.auditd.test_coverage import GOOD, AuditSystem

NOW = 100 * 86400
UNIT = ("LoadState=loaded", "UnitFileState=enabled", "ActiveState=active", "Id=auditd.service", "MainPID=700")
LINES = {"unit": UNIT, "log": ("/log",), "last": (str(NOW),)}


def daemon(audit: AuditSystem | None = None, **lines: tuple[str, ...]) -> AuditDaemon:
    """auditd by hand; what is not given is well."""
    texts = "\n".join(f"{word}:{text}" for word, texts in (LINES | lines).items() for text in texts)
    return AuditDaemon(Words(texts), (audit or AuditSystem((GOOD,), (GOOD,))).audit(), NOW)


@pytest.mark.parametrize(
    ("found", "flaws"),
    [
        (daemon(), {}),
        (daemon(unit=("LoadState=not-found", UNIT[-1])), {"unit": "there is no auditd.service (not-found)"}),
        (
            daemon(unit=(*UNIT[:2], "ActiveState=failed", *UNIT[3:])),
            {"unit": "auditd.service is failed"},
        ),
        (
            daemon(AuditSystem((GOOD,), (GOOD,), enabled="0")),
            {"kernel": "auditing is off in the kernel (enabled 0)"},
        ),
        (
            daemon(AuditSystem((GOOD,), (GOOD,), pid="0")),
            {"kernel": "no auditd takes the records from the kernel (pid 0)"},
        ),
        (
            daemon(AuditSystem(("-w /etc/passwd -p wa",))),
            {"rules": "no rule in the kernel names a path of Docker or containerd"},
        ),
        (
            daemon(AuditSystem(("-a always,exit -F path=/usr/bin/docker -F success=0",))),
            {"rules": "no rule in the kernel names a path of Docker or containerd"},
        ),
        *(
            (
                daemon(AuditSystem((never, GOOD), (GOOD,), kinds=(kind, "watch"))),
                {"rules": f"a rule before it that says `never` keeps {GOOD!r} from recording anything"},
            )
            for never, kind in (
                ("-a never,exit -S all", "rule"),
                ("-a never,exit -S all -F dir=/etc", "tree"),
            )
        ),
        *(
            (
                daemon(AuditSystem((*(f"-a never,exit {each}" for each in never), GOOD), (GOOD,))),
                {"rules": f"a rule before it that says `never` keeps {GOOD!r} from recording anything"}
                if hides
                else {},
            )
            for never, hides in (
                (("-F arch=b64 -S all", "-F arch=b32 -S all"), True),
                (("-S all -F perm=w", "-S all -F perm=a"), True),
                (("-F arch=b64 -S all -F perm=w", "-F arch=b32 -S all -F perm=a"), False),
                (("-F arch=b64 -S openat", "-F arch=b32 -S all"), False),
            )
        ),
        (daemon(AuditSystem((GOOD, "-a never,exit -S all"), (GOOD,), kinds=("watch", "rule"))), {}),
        (daemon(AuditSystem(("-a never,exit -S all -F uid=33", GOOD), (GOOD,), kinds=("rule", "watch"))), {}),
        (
            daemon(AuditSystem((GOOD,), (GOOD, "-w /run/docker -p wa"))),
            {"rules": "in a file and not in the kernel: -w /run/docker -p wa"},
        ),
        (
            daemon(AuditSystem((GOOD,), (GOOD,), rate="5")),
            {"losses": "the kernel drops all but 5 records of a second (rate_limit)"},
        ),
        (daemon(last=(str(NOW - 86401),)), {"records": "the last record in /log is of 1970-04-09"}),
    ],
)
def test_flaws_of_steps(found: AuditDaemon, flaws: dict[str, str]) -> None:
    """Each flaw is one of its own step alone."""
    known = {step: step_flaw(found, step) for step in STEPS}
    assert {step: flaw for step, flaw in known.items() if flaw} == flaws


@pytest.mark.parametrize(
    ("step", "lines"), [("unit", {"unit": ()}), ("records", {"last": (str(NOW + 301),)})]
)
def test_step_of_which_nobody_knows(step: str, lines: dict[str, tuple[str, ...]]) -> None:
    """What nothing tells, and a record of the future, is an error."""
    with pytest.raises(EvidenceError):
        step_flaw(daemon(**lines), step)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("-w /runc -p x",), 0),
        (("-w /runc -p wa",), None),
        (("-w /other -p x", "-a always,exit -F arch=b64 -S execve -F key=docker"), 1),
        (("-a always,exit -F arch=b32 -S execve",), None),
        (("-a always,exit -S execve -F auid>=1000", "-w /runc -p x"), 1),
        (("-a never,exit -S execve", "-w /runc -p x"), None),
        (("-a never,exit -S execve -F exit=-2", "-w /runc -p x"), 1),  # keeps failures alone from the log
        (("-a never,exit -S execve -F success=1", "-w /runc -p x"), None),
        (("-a always,exit -S execve -F success=1",), 0),
        (("-a always,exit -S execve -F success=0",), None),
    ],
)
def test_rule_of_starts(lines: tuple[str, ...], found: int | None) -> None:
    """The first rule that can match decides; one that says `never` hides those after it."""
    rules = [rule for rule in (parse(line, {}) for line in lines) if rule]
    rule = rule_of_starts(rules, "/runc")
    assert (rule and rules.index(rule)) == found
