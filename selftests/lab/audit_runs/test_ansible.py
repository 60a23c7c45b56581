"""Real hosts of an inventory of Ansible: the same verdicts as over ssh://."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
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
    """The project's own controls, in a project of their own, with ansible-inventory."""
    found = Project(tmp_path / "suite")
    found.environment["PATH"] = PATH
    return found


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
CHANGED = "find /root /home /tmp /var/tmp -xdev -newer /run/before ! -path /tmp ! -path /var/tmp"


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
            "ANSIBLE_TIMEOUT": "5",  # to connect
            "ANSIBLE_FORKS": "11",
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


PORTS = (2201, 2202, 2203)  # of further ssh servers of a host, which are targets as any other
PORT_OF_SLOW, PORT_OF_SLEEP = 2298, 2299
ASLEEP_BUT_FOR_A_GREETING = 'case "$SSH_ORIGINAL_COMMAND" in *"exit 0"*) ;; *) sleep 600 ;; esac'
DEAD, SLOW, ASLEEP = "dead", "slow", "asleep"


def _ten(host: Host, bare: Host) -> str:
    """An inventory of ten targets: five ways to a host, three to one without Docker, a dead one and a slow one.

    The slow one takes connections and says nothing. One more lets in, and sleeps when it is asked more than a greeting.
    """
    host.add_user("ops", sudo=True, docker=False)
    for port in PORTS:
        host.exec("/usr/sbin/sshd", "-o", "PidFile=none", "-p", str(port))
    host.exec("/usr/sbin/sshd", "-o", "PidFile=/run/slow", "-p", str(PORT_OF_SLOW))
    host.exec("sh", "-c", "kill -STOP $(cat /run/slow)")
    host.exec(
        "/usr/sbin/sshd",
        "-o",
        "PidFile=none",
        "-p",
        str(PORT_OF_SLEEP),
        "-o",
        f"ForceCommand={ASLEEP_BUT_FOR_A_GREETING}",
    )
    for port in PORTS[:2]:
        bare.exec("/usr/sbin/sshd", "-o", "PidFile=none", "-p", str(port))
    bare.exec("systemctl", "disable", "--now", "docker.service", "docker.socket")
    at = f"ansible_host={host.name}"
    return "\n".join(
        (
            *("[lab]", f"root {at}", f"ops {at} ansible_user=ops"),
            *(f"port{port} {at} ansible_port={port}" for port in PORTS),
            f"{SLOW} {at} ansible_port={PORT_OF_SLOW}",
            f"{DEAD} ansible_host=127.0.0.1 ansible_port=1",
            "[without]",
            *(f"bare{port} ansible_host={bare.name} ansible_port={port}" for port in (22, *PORTS[:2])),
            *("[late]", f"{ASLEEP} {at} ansible_port={PORT_OF_SLEEP} gather_seconds=5"),
            *("[all:vars]", "ansible_become=true", "hullcheck_policy={'trusted_users': ['ops']}"),
            *("[without:vars]", f"ansible_ssh_common_args='-F {bare.ssh_config}'"),
            *(f"[{each}:vars]\nansible_ssh_common_args='-F {host.ssh_config}'" for each in ("lab", "late")),
            "",
        )
    )


def _asked(run: Run, name: str) -> float:
    """When a target was asked; of one that gave no answer, when that was clear."""
    recording = json.loads((run.folder / "reports/latest" / name / "recording.json").read_text())
    return float(recording["asked"])


def _take_bad(run: Run, found: dict[str, dict[str, str]], why: Mapping[str, str]) -> None:
    """Take those out of what was found that gave no answer: each is an error by name, in a line that says why."""
    for name, reason in why.items():
        verdicts = found.pop(name)
        assert {each.partition(":")[0] for each in verdicts.values()} == {"error"}, name
        assert all(reason in each for each in verdicts.values()), (name, verdicts.popitem())
        (line,) = run.lines(f"not audited: {name}: ")
        assert reason in line


def test_what_ansible_gathers_is_judged_as_over_ssh(
    lab_host: HostFactory, suite: Project, controller: Controller
) -> None:
    """Of ten ssh servers, hosts with Docker and without have the same verdicts, and a dead or slow one says why not.

    Nothing is left on a host, the answers are for the user alone, and nothing of them is printed.
    """
    host, bare = lab_host(), lab_host()
    host.run("web", "--privileged", "--env", "PASSWORD=hunter2")
    suite.write("hosts", _ten(host, bare))
    for each in (host, bare):
        each.exec("touch", "/run/before")
    run = suite.pytest("-m", "cis", "--inventory=hosts", "--targets=lab,without")
    expected = _by_target(run)
    assert len(expected) == 10
    _take_bad(run, expected, {DEAD: "Connection refused", SLOW: "timed out"})
    assert "could not be audited" not in str(expected)
    assert max(_asked(run, name) for name in expected) < _asked(run, SLOW), "the slow one kept others waiting"
    for name, verdicts in expected.items():
        assert verdicts == expected["bare22" if name.startswith("bare") else "root"], name
    assert expected["bare22"] != expected["root"]

    hosts = str(suite.folder / "hosts")
    done = controller.call("ansible-playbook", "-i", hosts, "-vvv", "hullcheck.audit.gather", statuses=(2, 4))
    for each in (host, bare):
        assert each.exec("sh", "-c", CHANGED).split() == []
    answers = controller.folder / "answers"
    assert "hunter2" not in done.stdout + done.stderr
    bad = {DEAD: "Connection refused", SLOW: "timed out", ASLEEP: "no answer: Task failed: Timed out"}
    for name, why in bad.items():
        told = [each for each in done.stdout.split("fatal: ") if each.startswith(f"[{name}]")]
        assert any(why in each for each in told), told
    assert {path.stat().st_mode & 0o777 for path in answers.iterdir()} == {0o600}
    assert answers.stat().st_mode & 0o777 == 0o700
    run = suite.pytest("-m", "cis", "--inventory=hosts", "--hosts", f"recorded://{answers}/*")
    found = _by_target(run)
    _take_bad(run, found, dict.fromkeys(bad, "empty: whatever asked this host brought no answer"))
    assert found == expected
