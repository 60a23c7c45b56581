"""Whom the probe of users and groups asks."""

import os
import subprocess
from pathlib import Path

from hullcheck.facts.host import accounts

GETENT = """\
#!/bin/sh
case "$*" in
  passwd) echo ann:x:1000:1000::/home/ann:/bin/bash ;;
  "-s sss group"*) echo docker:*:999:ann ;;
  *group*) echo docker:x:999: ;;
esac
"""


def test_members_in_a_directory_of_the_network(tmp_path: Path) -> None:
    """A login gives their group to them too where a file has the same one, which is all that getent(1) tells."""
    sources = tmp_path / "nsswitch.conf"
    sources.write_text("passwd: files\ngroup:\tfiles [SUCCESS=continue] sss\n")
    getent = tmp_path / "getent"
    getent.write_text(GETENT)
    getent.chmod(0o755)
    script = Path(accounts.__file__).with_name("accounts.sh").read_text()
    script = script.replace("/etc/nsswitch.conf", str(sources))
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, env={"PATH": path}, check=True
    )
    groups = [line for line in done.stdout.splitlines() if line.startswith("group:docker:")]
    assert set(groups) == {"group:docker:999:", "group:docker:999:ann"}
