"""What `hullcheck remedy` writes mends a careless host, harms nothing, and can be taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.remedies.script import PLACE
from selftests.kit.running import Project
from selftests.lab.remedy import careless, proven
from selftests.lab.remedy.left import ALONG, LEFT, OF_THE_MACHINE, UNKNOWN
from selftests.rig import images
from selftests.rig.engines.engine import IMAGE

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

pytestmark = pytest.mark.lab

PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
WAY = "/tmp/hullcheck-remedy-%C"  # short, as the path of a socket has to be
HostFactory = Callable[..., "Host"]
TAKES_AWAY = proven.ASKED_ON_HOST | {"container_has_a_memory_limit", "container_root_is_read_only"}
LIMITS = {"container_has_a_cpu_limit", "container_has_a_process_limit", "container_has_a_memory_limit"}
OPTIONS = {
    *("container_capabilities_are_needed", "container_gains_no_privileges", "container_root_is_read_only")
}
DAEMON = ("-m", "cis", "tests/test_2_daemon.py")
ALL = {"inside": True, "outside": True}


class Playbook:
    """Ansible with the playbook of a folder, for a host."""

    def __init__(self, folder: Path, host: Host, home: Path) -> None:
        """Write an inventory for it."""
        self.folder = folder
        self.inventory = home / "hosts"
        self.inventory.write_text(
            f"{host.name} ansible_ssh_common_args='-F {host.ssh_config}' ansible_user=root\n"
        )
        self.environment = {
            "PATH": PATH,
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_PIPELINING": "True",
        }
        self.environment |= {
            "ANSIBLE_SSH_ARGS": f"-o ControlMaster=auto -o ControlPersist=10s -o ControlPath={WAY}"
        }

    def __call__(self, *words: str) -> str:
        """What it prints."""
        argv = ("ansible-playbook", "-i", str(self.inventory), "playbook.yml", *words)
        done = subprocess.run(
            argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project's own controls."""
    return Project(tmp_path / "suite")


@pytest.fixture
def careless_host(lab_host: HostFactory, lab: Laboratory, certificates: dict[str, str]) -> HostFactory:
    """Make a careless host with two containers, with further settings of its engine."""

    def make(flaws: str = careless.OPEN, *, tls: bool = True, **more: object) -> Host:
        kept = {name: each for name, each in careless.SETTINGS.items() if tls or name not in careless.TLS}
        settings = {name.replace("-", "_"): value for name, value in kept.items()}
        files = careless.files(certificates) if tls else careless.FILES
        made = lab_host(files=files, own_usr=True, **settings, **more)
        careless.workload(made)
        lab.change_setting("/proc/sys/fs/suid_dumpable", "2")
        lab.change_setting("/proc/sys/kernel/randomize_va_space", "1")
        made.exec("sh", "-e", "-c", flaws)
        return made

    return make


def test_shell(careless_host: HostFactory, project: Project) -> None:
    """The commands of the README mend what it says they mend, nothing gets worse, and `back` gives what was before.

    With the containers created again by the options that it names, what it leaves to a person is all that still fails.
    """
    host = careless_host()
    before = careless.audit(project, host)
    made = careless.remedy(project, host, TAKES_AWAY)
    assert {control for control, _ in made.mended} == proven.HOST | LIMITS
    assert {control for control, _ in made.again} == OPTIONS
    every = made.mended | made.again
    assert {before.findings[each][0] for each in every} == {"fail"}
    careless.bring(host, made.folder)
    said = careless.sh(host, "sh apply.sh check")
    assert "would write /etc/docker/daemon.json" in said
    assert not careless.succeeds(host, "test -e /var/backups/hullcheck")
    careless.sh(host, "sh apply.sh apply && sh restart.sh")
    assert (careless.running(host), careless.reaches(host)) == ({"web", "client"}, ALL)
    careless.recreate(host, made.options)
    after = careless.audit(project, host)
    assert {each: after.findings[each] for each in every if after.findings[each][0] != "pass"} == {}
    assert careless.worse(before, after) == {}
    assert before.failing - after.failing == {control for control, _ in every} - LEFT.keys() | ALONG
    assert after.failing - OF_THE_MACHINE == LEFT.keys()
    assert made.left - OF_THE_MACHINE == LEFT.keys() - UNKNOWN | ALONG
    again = careless.sh(host, "sh apply.sh apply")
    assert "wrote" not in again
    careless.sh(host, "sh apply.sh back && sh restart.sh")
    assert (careless.running(host), careless.reaches(host)) == ({"web", "client"}, ALL)
    back = careless.audit(project, host)
    assert {back.findings[each][0] for each in made.mended if each[0] not in proven.LIMITS} == {"fail"}


@pytest.mark.needs("ansible-playbook")
def test_playbook(careless_host: HostFactory, project: Project) -> None:
    """The playbook runs apply.sh: it merges what no recording has, changes nothing by `check`, and takes it back."""
    host = careless_host(careless.FEW, tls=False, registry_mirrors=["https://mirror.example"])
    before = careless.audit(project, host)
    made = careless.remedy(project, host, proven.ASKED_ON_HOST)
    assert {control for control, _ in made.mended} >= proven.PLAYED
    play = Playbook(made.folder, host, project.folder)
    seen = careless.state(host)
    assert "would run" in play()
    assert careless.state(host) == seen
    assert "unreachable=0" in play("-e", "todo=apply")
    host.exec("sh", f"{PLACE}/restart.sh")
    assert (careless.running(host), careless.reaches(host)) == ({"web", "client"}, ALL)
    after = careless.audit(project, host)
    assert {each: after.findings[each] for each in made.mended if after.findings[each][0] != "pass"} == {}
    assert careless.worse(before, after) == {}
    assert "mirror.example" in host.exec("cat", "/etc/docker/daemon.json")
    play("-e", "todo=back")
    assert careless.state(host) == seen


def survives_a_failed_start(host: Host) -> None:
    """An engine that does not start says what to do; when it starts again, so do the containers of before."""
    settings = "/etc/docker/daemon.json"
    host.exec("sh", "-c", f"cp -p {settings} /root/kept && echo '{{\"nonsense\": 1}}' >{settings}")
    assert "does not start; put the files back" in careless.sh(host, "sh restart.sh 2>&1 || true")
    host.exec("cp", "-p", "/root/kept", settings)
    careless.sh(host, "sh restart.sh")
    assert (careless.running(host), careless.reaches(host)) == ({"web", "client"}, ALL)


def test_remedy_that_has_to_be_asked_for(lab_host: HostFactory, project: Project) -> None:
    """userns-remap is in the files if its control is named; the containers of before are there again without it."""
    host = lab_host(debug=False)
    careless.workload(host)
    before = careless.audit(project, host, *DAEMON)
    made = careless.remedy(project, host, proven.ASKED)
    assert {control for control, _ in made.mended} >= proven.ASKED
    careless.bring(host, made.folder)
    survives_a_failed_start(host)
    careless.sh(host, "sh apply.sh apply && sh restart.sh --new-data")
    assert careless.running(host) == set()
    host.docker("import", f"/{images.HOST_BUSYBOX}", IMAGE)
    careless.workload(host)
    after = careless.audit(project, host, *DAEMON)
    assert {each: after.findings[each] for each in made.mended if after.findings[each][0] != "pass"} == {}
    assert careless.worse(before, after) == {}
    host.docker("rm", "--force", "web", "client")
    careless.sh(host, "sh apply.sh back && sh restart.sh --new-data && docker start web client")
    assert careless.reaches(host) == ALL
