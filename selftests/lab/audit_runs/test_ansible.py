"""Real hosts of an inventory of Ansible: the same verdicts as over ssh://."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests import REPOSITORY
from selftests.kit.running import Project, Run
from selftests.needs import stop_if

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

pytestmark = pytest.mark.lab

PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"

HostFactory = Callable[..., "Host"]


@pytest.fixture
def suite(tmp_path: Path) -> Project:
    """The project's own controls, in a project of their own."""
    return Project(tmp_path / "suite")


def _by_target(run: Run) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for each in run.results["results"]:
        found.setdefault(each["target"], {})[each["control"]] = f"{each['verdict']}: {each['reason']}"
    return found


def test_hosts_of_an_inventory_of_ansible(lab_host: HostFactory, suite: Project) -> None:
    """Address, user, sudo, arguments of ssh and policy come from variables; a dead host is an error of its own."""
    host = lab_host()
    host.run("web", "--privileged")
    host.add_user("admin", sudo=True, docker=False)
    suite.write(
        "hosts",
        f"[lab]\nroot ansible_host={host.name}\nadmin ansible_host={host.name} ansible_user=admin ansible_become=yes\n"
        f"dead ansible_host=127.0.0.1 ansible_port=1\n"
        f"[lab:vars]\nansible_ssh_common_args='-F {host.ssh_config}'\n",
    )
    suite.write("group_vars/lab.yml", "hullcheck_policy: {trusted_users: [admin]}\n")
    suite.write(
        "own.yml",
        f"targets:\n  box: {{connect: 'ssh://{host.name}?ssh_config={host.ssh_config}'}}\n"
        "policy:\n  all: {trusted_users: [admin]}\n",
    )
    expected = _by_target(suite.pytest("-m", "cis", "--inventory=own.yml"))["box"]
    found = _by_target(suite.pytest("-m", "cis", "--inventory=hosts", "--targets", "lab"))
    assert found["root"] == found["admin"] == expected
    assert {"pass", "fail"} <= {each.partition(":")[0] for each in expected.values()}
    assert {each.partition(":")[0] for each in found["dead"].values()} == {"error"}


# ---- the collection in contrib/ansible

COLLECTION = REPOSITORY / "contrib/ansible"
CHANGED = (
    "find /root /home /tmp /var/tmp -xdev -newer /run/before ! -name '.sudo*' ! -path /tmp ! -path /var/tmp"
)


class Controller:
    """A machine with ansible-core and the collection."""

    def __init__(self, folder: Path) -> None:
        """Install the collection into *folder*."""
        self.folder = folder
        self.environment = {
            "PATH": PATH,
            "HOME": str(folder),
            "PWD": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": f"{folder}/collections",
            "ANSIBLE_SSH_ARGS": "-C",  # no connection stays open behind it
            "ANSIBLE_REMOTE_TMP": f"{folder}/.ansible/tmp",  # also where the controller is its own target
        }
        self.call("ansible-galaxy", "collection", "install", str(COLLECTION), "-p", "collections")
        (folder / "probe.sh").write_text(self.call("hullcheck", "probe-script").stdout)

    def call(self, *command: str, statuses: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        """Run a command there."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode in statuses, done.stdout + done.stderr
        return done


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    """A controller of its own."""
    stop_if(
        None
        if shutil.which("ansible-playbook", path=PATH)
        else "needs ansible-core, which this machine lacks"
    )
    folder = tmp_path / "controller"
    folder.mkdir()
    return Controller(folder)


def test_what_ansible_gathers_is_judged_as_over_ssh(
    lab_host: HostFactory, suite: Project, controller: Controller
) -> None:
    """The same verdicts on hosts with Docker and without; one that is dead or slow is an error, and not missing.

    Nothing is left on a host, the answers are for the user alone, and nothing of them is printed.
    """
    host, bare = lab_host(), lab_host()
    host.run("web", "--privileged", "--env", "PASSWORD=hunter2")
    host.add_user("admin", sudo=True, docker=False)
    bare.exec("systemctl", "disable", "--now", "docker.service", "docker.socket")
    suite.write(
        "hosts",
        f"[lab]\nroot ansible_host={host.name}\nadmin ansible_host={host.name} ansible_user=admin\n"
        f"bare ansible_host={bare.name} ansible_ssh_common_args='-F {bare.ssh_config}'\n"
        f"slow ansible_host={host.name} gather_seconds=1\n"
        "dead ansible_host=127.0.0.1 ansible_port=1\n"
        f"[lab:vars]\nansible_become=true\nansible_ssh_common_args='-F {host.ssh_config}'\n"
        "hullcheck_policy={'trusted_users': ['admin']}\n",
    )
    expected = _by_target(suite.pytest("-m", "cis", "--inventory=hosts", "--targets", "root,admin,bare"))
    assert "could not be audited" not in str(expected)
    for each in (host, bare):
        each.exec("touch", "/run/before")
    hosts = str(suite.folder / "hosts")
    done = controller.call("ansible-playbook", "-i", hosts, "-vvv", "hullcheck.audit.gather", statuses=(2, 4))
    for each in (host, bare):
        assert each.exec("sh", "-c", CHANGED).split() == []
    answers = controller.folder / "answers"
    assert "hunter2" not in done.stdout + done.stderr
    assert {path.stat().st_mode & 0o777 for path in answers.iterdir()} == {0o600}
    assert answers.stat().st_mode & 0o777 == 0o700
    run = suite.pytest("-m", "cis", "--inventory=hosts", "--hosts", f"recorded://{answers}/*")
    found = _by_target(run)
    for name, verdicts in expected.items():
        assert found[name] == verdicts
    assert sorted(found) == ["admin", "bare", "dead", "root", "slow"]
    for name in ("dead", "slow"):
        assert {each.partition(":")[0] for each in found[name].values()} == {"error"}, name
