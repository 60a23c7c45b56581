"""Runs with an inventory of Ansible."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from selftests.kit.checks import verify
from selftests.kit.projects import careless, site
from selftests.kit.running import Project

# the last word is the command, as for the real one
SSH = r"""
case $* in *-G*) exit 1 ;; esac
echo "$@" | sed 's/ exec .*//; 1q' >>$trace
for last; do :; done
case $* in *dead*) echo "ssh: connect to host dead port 22: No route to host" >&2; exit 255 ;; esac
exec /bin/sh -c "$last"
"""
HOSTS = """
[web]
web[1:2] ansible_user=audit
[odd]
dead
[windows]
win ansible_connection=winrm
[web:vars]
ansible_ssh_common_args='-o ProxyJump="jump host"'
ansible_password=secret
hullcheck_policy={'trusted_users': ['al']}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with an inventory of Ansible and a stand-in for ssh."""
    found = site(tmp_path)
    found.write("hosts.ini", HOSTS)
    found.command("docker", "exit 1")
    return found


def test_hosts_of_groups_are_asked_as_ansible_would(project: Project) -> None:
    """`--targets` takes groups and patterns; others are not asked; what is not used is said."""
    trace = project.command("ssh", SSH)
    run = project.pytest("--inventory=hosts.ini", "--targets", "odd,web*")
    assert sorted(run.results["targets"]) == ["dead", "web1", "web2"], run.output
    assert run.results["targets"]["web1"]["connect"] == "ssh://audit@web1"
    asked = trace.read_text().splitlines()
    assert len(asked) == 3
    assert all("-o ProxyJump=jump host" in each and "User=audit" in each for each in asked if "web" in each)
    assert run.lines("inventory: ansible_password of web1 and 1 more: not known to hullcheck, and not used")
    assert "secret" not in run.output
    assert run.lines("No route to host")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "hosts.ini:7: ansible_connection of win: 'winrm' is no way that hullcheck knows"),
        (["--targets", "wbe"], "--targets wbe: no target and no group has this name; did you mean 'web'?"),
    ],
)
def test_what_cannot_be_asked_stops_the_run(project: Project, arguments: list[str], said: str) -> None:
    """In one line, before any host is asked."""
    trace = project.command("ssh", SSH)
    run = project.pytest("--inventory=hosts.ini", *arguments)
    assert (run.status, len(run.lines(said))) == (4, 1), run.output
    assert not trace.exists()


def test_bundle_has_targets_and_policies_and_no_variables(project: Project) -> None:
    """It is verified with what counted for each target; the files of Ansible stay where they are."""
    project.command("ssh", SSH)
    run = project.pytest("--inventory=hosts.ini", "--targets=web", "--bundle")
    bundle = project.folder / "reports/latest.zip"
    with zipfile.ZipFile(bundle) as opened:
        assert [name for name in opened.namelist() if name.startswith("inventory/")] == [
            "inventory/ansible.json"
        ]
        content = json.loads(opened.read("inventory/ansible.json"))
    assert content["policy"]["targets"]["web1"] == {"trusted_users": ["al"]}
    assert "secret" not in json.dumps(content)
    done = verify(bundle, cwd=project.folder)
    assert done.returncode == 0, done.stdout
    assert run.status == 1


def test_recording_has_the_policy_of_its_name(project: Project) -> None:
    """`--hosts` replaces the hosts, not the policy; a host that cannot be reached does not matter then."""
    run = project.pytest("--inventory=hosts.ini", "--hosts", careless(project))
    assert run.results["targets"], run.output
