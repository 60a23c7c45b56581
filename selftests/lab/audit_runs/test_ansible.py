"""Real hosts of an inventory of Ansible: the same verdicts as over ssh://."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.running import Project, Run

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

pytestmark = pytest.mark.lab

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
