"""Audit rules as auditctl and files write them, and what the guide asks of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts.host.accounts import Accounts, Group, User
from hullcheck.facts.host.audit import AUDIT, Rule, parse
from hullcheck.facts.subjects import Subjects
from selftests.controls.test_1_host import verdict
from selftests.controls.test_guide_1_host import ON, RULE, RUNC, audited
from selftests.kit.facts.hosts import only
from selftests.kit.files import DIRECTORY, at
from selftests.kit.judging import but, judged
from selftests.unit.criteria.test_auditd import audit_of


@pytest.mark.parametrize(
    ("step", "options", "verdict", "words"),
    [
        ("daemon", {}, "pass", ""),
        ("daemon", {"active": "inactive"}, "fail", "is inactive"),
        ("daemon", {"status": (ON[0], "pid 0", *ON[2:])}, "fail", "no auditd"),
        ("rule", {}, "pass", RUNC),
        ("rule", {"rules": ("-w /usr/bin/runc -p x -k docker",)}, "fail", "no rule covers it"),
        ("rule", {"rules": (RUNC, "-a never,task")}, "fail", "nothing is recorded"),
        ("record", {}, "manual", "ausearch -x /usr/sbin/runc"),
        ("record", {"status": (*ON[:2], "lost 2")}, "fail", "lost 2 records"),
    ],
)
def test_record_of_a_start(step: str, options: dict[str, Any], verdict: str, words: str) -> None:
    """auditd receives the records, a rule records each start, and a person looks into the log."""
    programs = Subjects("file", (("/usr/sbin/runc", at("/usr/sbin/runc")),))
    facts = but(audited(**options), runc_program=programs)
    found = judged("starts_of_containers_are_recorded", facts)[step]
    assert (found[0], words in found[1]) == (verdict, True), found


@pytest.mark.parametrize(
    ("options", "verdict", "words"),
    [
        ({}, "pass", RULE),
        ({"status": ("enabled 0",)}, "fail", "auditing is off"),
        ({"rules": (RUNC,)}, "fail", "no rule covers it; restart pending"),
        ({"files": (RUNC,)}, "fail", "is lost at the next start"),
        ({"rules": ("-w /usr/bin/docker -p rwxa -k client",)}, "fail", "has the key client"),
        ({"rules": ("-w /usr/bin/docker -p wa -k docker",)}, "fail", "does not record every start"),
    ],
)
def test_rule_on_the_docker_command(options: dict[str, Any], verdict: str, words: str) -> None:
    """The rule is in the kernel, with the key, and in a file."""
    found = only(judged("docker_command_is_audited", audited(**options)))
    assert (found[0], words in found[1]) == (verdict, True), found


# ---- access


def test_access_that_is_reviewed() -> None:
    """A person sees who may control the engine, and by which way."""
    accounts = Accounts((User("ann", 1000, 1000, "/bin/sh"),), (Group("docker", 999, ("ann",)),))
    socket = at("/run/docker.sock", 0o140660, gid=999, grants=())
    found = verdict("access_to_the_engine_is_reviewed", api_socket=socket, accounts=accounts)
    assert (found[0], "may control the engine: ann (group docker (gid 999))" in found[1]) == ("manual", True)


def test_access_to_data() -> None:
    """Without auditing nothing is recorded; with it a person sees which rules record reads and which writes."""
    root, data = at("/var/lib/docker", DIRECTORY), "-w /var/lib/docker/volumes/health -p rwa -k data"
    rules = ("-w /var/lib/docker -p wa -k docker", data, "-w /etc -p rwa")
    name, shown = "access_to_data_is_audited", f"reads in /var/lib/docker: {data}; writes alone: {rules[0]};"
    assert verdict(name, data_root=root, audit=audit_of(*rules, status=("enabled 0",)))[0] == "fail"
    found = verdict(name, data_root=root, audit=audit_of(*rules))
    assert (found[0], shown in found[1]) == ("manual", True)


# ---- rules and log


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-w /srv/X/ -p wa -k a", Rule("", path="/srv/X", permissions=frozenset("wa"), key="a")),
        ("-w /var/run/docker.sock", Rule("", path="/run/docker.sock")),
        (
            "-a always,exit -F arch=b64 -S open -S creat -F dir=/srv/ -F perm=w -F key=k",
            Rule("", path="/srv", permissions=frozenset("w"), calls=frozenset({"open", "creat"}), key="k"),
        ),
        ("-A exit,always -S all -F path=/a", Rule("", path="/a", tree=False)),
        ("-a never,task -F uid=0", Rule("", list="task", action="never", tree=False, limits=("uid=0",))),
    ],
)
def test_forms_of_rules(text: str, expected: Rule) -> None:
    """What a line leaves out has the meaning that auditctl gives it."""
    found = parse(text, {"/var/run/docker.sock": "/run/docker.sock"})
    assert found is not None
    assert replace(found, text="") == expected
    assert [parse(line, {}) for line in ("-D", "No rules", "-b 8192", "-e 2", "")] == [None] * 5


def test_log(tmp_path: Path) -> None:
    """The log is where auditd.conf names it; its time is that of the last record."""
    log, conf = tmp_path / "audit.log", tmp_path / "auditd.conf"
    conf.write_text(f"log_group = root\nlog_file = {log}\n", encoding="ascii")
    script = "line_feed='\n'\n" + AUDIT.script.replace("/etc/audit/auditd.conf", str(conf))

    def printed() -> str:
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
        return AUDIT.keep(done.stdout).partition("--log\n")[2]

    assert printed() == f"log:{log}\n--end\n"
    log.write_text("type=EXECVE a0=geheim\n", encoding="ascii")
    os.utime(log, (100, 100))
    assert printed() == f"log:{log}\nlast:100\n--end\n"
