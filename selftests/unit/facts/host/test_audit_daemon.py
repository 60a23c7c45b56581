"""What auditd writes down."""

import os
import subprocess
from pathlib import Path

from hullcheck.facts.host.audit_daemon import AUDIT_DAEMON


def test_log(tmp_path: Path) -> None:
    """The log is where auditd.conf names it; its time is that of the last record."""
    log, conf = tmp_path / "audit.log", tmp_path / "auditd.conf"
    conf.write_text(f"log_group = root\nlog_file = {log}\n", encoding="ascii")
    script = AUDIT_DAEMON.script.replace("/etc/audit/auditd.conf", str(conf))

    def printed() -> list[str]:
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
        return [line for line in AUDIT_DAEMON.keep(done.stdout).split("\n") if line.startswith("l")]

    assert printed() == [f"log:{log}"]
    log.write_text("type=EXECVE a0=geheim\n", encoding="ascii")
    os.utime(log, (100, 100))
    assert printed() == [f"log:{log}", "last:100"]
