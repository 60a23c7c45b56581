"""The steps of docs/fleet.md, on a host that nobody has prepared: at their end it is audited with root rights."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests import REPOSITORY
from selftests.kit.running import Project

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

pytestmark = pytest.mark.lab

HostFactory = Callable[..., "Host"]
NAMES = ("web1.example.com", "web2.example.com")


def _blocks(language: str) -> list[str]:
    """Those of the steps; what follows them is another way."""
    page = (
        (REPOSITORY / "docs/fleet.md")
        .read_text(encoding="utf-8")
        .partition("\n## With an Ansible inventory")[0]
    )
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.mark.needs("ssh", "ssh-keygen", "ssh-keyscan")
def test_steps_of_the_page(lab_host: HostFactory, tmp_path: Path) -> None:
    """A key, a user, a known host, an inventory: every command as it stands there, but for names and the home."""
    host = lab_host()
    make_key, make_user, learn, ask_host, check, _, _ = _blocks("sh")
    (config,) = _blocks("text")
    (inventory,) = _blocks("yaml")
    config_path = tmp_path / ".ssh/config"

    def here(text: str) -> str:
        """Lead a part of the page to this host: a program of OpenSSH looks up the home where HOME does not count."""
        for name in NAMES:
            text = text.replace(name, host.address)
        return text.replace("~/", f"{tmp_path}/").replace("ssh -o", f"ssh -F {config_path} -o")

    def run(script: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", here(script)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    public_key = run(make_key).strip()
    assert public_key.endswith(" audit")
    host.exec("/bin/sh", "-e", stdin=re.sub(r"key='[^']+'", f"key='{public_key}'", make_user))
    learned = run(learn)
    fingerprint = host.exec("/bin/sh", "-e", stdin=ask_host).split()[1]
    assert fingerprint in learned

    known_hosts = f"    UserKnownHostsFile {tmp_path}/.ssh/known_hosts\n"
    config_path.write_text(here(config) + known_hosts)
    assert run(check).startswith("uid=0(root)")

    project = Project(tmp_path / "audits")
    project.write("inventories/fleet.yml", here(inventory.replace("  web2:", "  other:")))
    run_of_page = project.pytest(
        "-k", "privileged and web1", "--inventory=inventories/fleet.yml", f"--ssh-config={config_path}"
    )
    assert run_of_page.status == 0, run_of_page.output
    assert run_of_page.results["targets"]["web1"]["kind"] == "host"
    assert {each["verdict"] for each in run_of_page.results["results"]} <= {"pass", "not applicable"}
