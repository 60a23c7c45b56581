"""Audit rules as auditctl and files write them, and the log of auditd."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.facts.host.audit import AUDIT, Rule, parse


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


def test_keys_that_may_be_secrets() -> None:
    """A key is any text, of which words are kept; the rule behind it is."""
    text = "rule:-w /a -p wa -k docker\nrule:-w /b -k pass:x9 -p wa\n"
    kept = AUDIT.keep(f"--kernel\n{text}--files\n--log\n--end\n")
    assert kept.startswith("--kernel\nrule:-w /a -p wa -k docker\nrule:-w /b -k *** -p wa\n")


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
