"""Runs with an inventory of Ansible."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from selftests.kit.checks import verify
from selftests.kit.projects import site

# the last word is the command, as for the real one
SSH = r"""
case $* in *-G*) exit 1 ;; esac
echo "$@" | sed 's/ exec .*//; 1q' >>$trace
for last; do :; done
case $* in *dead*) echo "ssh: connect to host dead port 22: No route to host" >&2; exit 255 ;; esac
exec /bin/sh -c "$last"
"""
WEB = {
    "ansible_user": "audit",
    "ansible_ssh_common_args": '-o ProxyJump="jump host"',
    "ansible_password": "secret",
    "hullcheck_policy": {"trusted_users": ["al"]},
}
ANSWER = {
    "_meta": {"hostvars": {"web1": WEB, "web2": WEB, "win": {"ansible_connection": "winrm"}}},
    "odd": {"hosts": ["dead"]},
    "web": {"hosts": ["web1", "web2"]},
    "windows": {"hosts": ["win"]},
}


def test_run_with_a_bundle(tmp_path: Path) -> None:
    """Hosts of groups are asked as Ansible would; the bundle has targets and policies, and no other variable."""
    project = site(tmp_path)
    project.write("hosts.ini", "[web]\nweb1\n")
    project.command("ansible-inventory", f"cat <<'END'\n{json.dumps(ANSWER)}\nEND")
    project.command("docker", "exit 1")
    trace = project.command("ssh", SSH)
    run = project.pytest("--inventory=hosts.ini")
    said = "hosts.ini: win: ansible_connection: 'winrm' is not one of ssh, local, docker, podman"
    assert (run.status, len(run.lines(said))) == (4, 1), run.output
    assert not trace.exists()
    run = project.pytest("--inventory=hosts.ini", "--targets=odd,web*", "--bundle")
    assert sorted(run.results["targets"]) == ["dead", "web1", "web2"], run.output
    assert run.results["targets"]["web1"]["connect"] == "ssh://audit@web1"
    asked = trace.read_text().splitlines()
    assert len(asked) == 3
    assert all("-o ProxyJump=jump host" in each and "User=audit" in each for each in asked if "web" in each)
    assert run.lines("inventory: ansible_password of web1 and 1 more: not known to hullcheck, and not used")
    assert run.lines("No route to host")
    bundle = project.folder / "reports/latest.zip"
    with zipfile.ZipFile(bundle) as opened:
        assert [name for name in opened.namelist() if name.startswith("inventory/")] == ["inventory/ansible.json"]
        content = json.loads(opened.read("inventory/ansible.json"))
    assert content["policy"]["targets"]["web1"] == {"trusted_users": ["al"]}
    assert "secret" not in json.dumps(content) + run.output
    done = verify(bundle, cwd=project.folder)
    assert done.returncode == 0, done.stdout
