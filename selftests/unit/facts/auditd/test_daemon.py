"""What auditd writes down."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts.auditd.daemon import AUDIT_DAEMON, AuditDaemon, Execution, Start
from hullcheck.parsing.answer_lines import Words
from hullcheck.verdicts import EvidenceError

RECORDS = {
    'a0="docker" a1="exec" a2="--privileged" a3="-it" a4="web" a5="sh"': "p - web",
    'a0="/usr/bin/docker" a1="-H" a2="unix:///x" a3="exec" a4="-itu" a5="0:0" a6="db" a7="sh"': "- 0:0 db",
    'a0="docker" a1="container" a2="exec" a3="-e" a4=413D622063 a5="-uroot" a6="db" a7="sh"': "- root db",
    'a0="docker" a1="exec" a2="--user=app" a3="--env" a4="--privileged" a5="db" a6="id"': "- app db",
    'a0="docker" a1="exec" a2="-w" a3="/u" a4="--user" a5="0" a6="--" a7="db" a8="id"': "- 0 db",
    'a0="docker" a1="exec" a2="db" a3="--privileged" a4="-u" a5="root"': "- - db",
    'a0="docker" a1="exec" a2="--privileged=false" a3="db" a4="exec"': "- - db",
    'a0="docker" a1="run" a2="exec" a3="exec"': "",
    'a0="kubectl" a1="exec" a2="--user=root" a3="db"': "",
}


def daemon(*lines: str) -> AuditDaemon:
    """auditd of which the probe says this."""
    audit: Any = None
    return AuditDaemon(Words("\n".join(("log:/log", *lines))), audit, 0)


def test_last_start() -> None:
    """The log may have records and none of a start."""
    assert daemon("last:100").last_start is None
    assert daemon("last:100", "started:90 docker /usr/bin/a b").last_start == Start(
        90, "docker", "/usr/bin/a b"
    )


@pytest.mark.parametrize("lines", [(), ("last:100", "unread:/log"), ("last:100", "write:No")])
def test_log_without_a_record(lines: tuple[str, ...]) -> None:
    """Then neither the last record nor the last start is known."""
    for question in ("last_record", "last_start"):
        with pytest.raises(EvidenceError):
            getattr(daemon(*lines), question)


@pytest.mark.parametrize(
    ("setting", "writes"),
    [
        ("write_logs = yes", True),
        ("write_logs = No", False),
        ("log_format = ENRICHED", True),
        (" log_format=NOLOG", False),
        ("#log_format = NOLOG", True),
    ],
)
def test_settings_that_keep_the_log_empty(tmp_path: Path, setting: str, writes: bool) -> None:
    """There are two, and the older one is still taken."""
    conf = tmp_path / "auditd.conf"
    conf.write_text(f"log_file = {tmp_path}/audit.log\n{setting}\n", encoding="ascii")
    script = AUDIT_DAEMON.script.replace("/etc/audit/auditd.conf", str(conf))
    printed = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert daemon(*AUDIT_DAEMON.keep(printed).split("\n")).writes_log is writes


def test_arguments_are_not_kept() -> None:
    """Of the unit only what is judged stays."""
    kept = AUDIT_DAEMON.keep("unit:MainPID=7\nunit:Environment=A=geheim\nargv:geheim")
    assert ("unit:MainPID=7" in kept, "geheim" in kept) == (True, False)


@pytest.mark.parametrize(("arguments", "told"), RECORDS.items())
def test_records_of_docker_exec(tmp_path: Path, arguments: str, told: str) -> None:
    """Of each the probe prints what is judged, with options before and behind the command, joined or apart."""
    log, conf = tmp_path / "audit.log", tmp_path / "auditd.conf"
    log.write_text(f"node=h type=EXECVE msg=audit(1764200000.123:45): argc=9 {arguments}\n", encoding="ascii")
    conf.write_text(f"log_file = {log}\n", encoding="ascii")
    script = AUDIT_DAEMON.script.replace("/etc/audit/auditd.conf", str(conf))
    printed = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout
    lines = [line for line in AUDIT_DAEMON.keep(printed).split("\n") if line.startswith("executed:")]
    assert lines == ([f"executed:1764200000 {told}"] if told else [])


def test_executions() -> None:
    """A container is named by its name, its id or the beginning of that."""
    (found,) = daemon("last:100", "executed:90 p 0:0 db").executions
    assert (found, found.as_root) == (Execution(90, True, "db", "0:0"), True)
    assert not Execution(90, False, "db", "app").as_root
    assert found.is_in("db", "ff")
    assert not found.is_in("db2", "ff")
    assert Execution(90, False, "fe0", "-").is_in("db", "fe01")
