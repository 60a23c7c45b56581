"""The audit rules that `hullcheck remedy` writes are loaded as they are, and record what their controls demand."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.remedies import AuditRule
from hullcheck.remedies.changes import Rule, change
from hullcheck.remedies.script import rules_file
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import Control, Finding
from hullcheck.results.failures import Failure
from hullcheck.verdicts import Verdict
from selftests.kit.judging import control, facts_of_guest, judged
from selftests.lab.host.kernel import Kernel, now
from selftests.lab.remedy import proven
from selftests.needs import need
from selftests.rig import audit_rules
from selftests.rig.shell import call
from selftests.rig.state import audit_system

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

pytestmark = pytest.mark.lab

FILE = "/root/docker.rules"


@pytest.fixture
def kernel(lab: Laboratory) -> Iterator[Kernel]:
    """The machine's audit system, on and without rules, for this test alone."""
    need("auditctl")
    with audit_rules.turn(lab):
        if obstacle := audit_system.obstacle():
            pytest.skip(obstacle)
        with contextlib.closing(Kernel(lab)) as heard:
            yield heard


def rules(facts: Facts) -> list[Rule]:
    """The rules for what fails for want of one."""
    found = []
    for name in sorted(proven.RULES):
        remedy = REMEDIES[name]
        assert isinstance(remedy, AuditRule)
        assert remedy.files in inspect.signature(control(name)).parameters
        for path, (verdict, reason) in judged(name, facts).items():
            assert (verdict, reason) == ("fail", "no rule covers it"), (name, path, reason)
            finding = Finding("file", path, Verdict.FAIL, reason)
            failure = Failure(Control(name, "", "", "", "", {}), "host", "", finding)
            made = change(failure, remedy, facts)
            assert isinstance(made, Rule)
            found.append(made)
    return found


def test_rules(kernel: Kernel, lab: Laboratory, lab_host: Callable[..., Host]) -> None:
    """Every control on audit rules fails on a host without rules, and passes as soon as the file is loaded there.

    A host of the laboratory may not load any: a command of the machine that sees its files does.
    """
    host = lab_host(files={"/etc/sysconfig/docker": "A=b\n"}, debug=False)
    facts = facts_of_guest(host, of="1")
    made = rules(now(facts))
    host.write(FILE, rules_file(made), 0o640)
    for rule in dict.fromkeys(each.line for each in made):
        lab.machine.borrow(f"{lab.holder} audit", "audit rule", rule)
    pid = host.hub.engine.docker("inspect", "--format", "{{.State.Pid}}", host.name).strip()
    call("nsenter", f"--mount=/proc/{pid}/ns/mnt", "auditctl", "-R", FILE)
    verdicts = {name: judged(name, now(facts)) for name in proven.RULES}
    assert {
        name: each for name, each in verdicts.items() if {found[0] for found in each.values()} != {"pass"}
    } == {}
