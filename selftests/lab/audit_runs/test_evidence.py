"""The whole way of the evidence on real hosts: audited, waived, attested, bundled, signed and checked by a stranger."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from selftests import REPOSITORY
from selftests.kit.running import Project, Run, clean_environment

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

pytestmark = pytest.mark.lab

INVENTORY = """
targets:
  hardened: {{connect: "ssh://root@{hardened.name}?ssh_config={hardened.ssh_config}"}}
  careless: {{connect: "ssh://root@{careless.name}?ssh_config={careless.ssh_config}"}}
  here: {{connect: "local://", docker_host: "unix://{engine.socket}"}}
waivers:
  container_is_not_privileged:
    - {{justification: "the agent reads the sensors", subjects: [agent], last_day: 2099-12-31,
       ticket: OPS-118, approved_by: J. Doe}}
    - {{justification: "was needed once", subjects: [web], last_day: 2020-01-31}}
  default_bridge_isolates_its_containers: {{justification: "old tools", targets: [hardened]}}
attestations:
  - {{control_id: image_comes_from_a_trusted_registry, explanation: "looked at the registry's list",
     frequency: annually, status: passed, updated: "{today}", updated_by: J. Doe}}
"""


@pytest.fixture
def audited(
    lab_host: Callable[..., Host], engine: Callable[..., Engine], tmp_path: Path
) -> tuple[Project, Run, dict[str, Host]]:
    """The project of an auditor after an audit of three targets, two of them over ssh."""
    hosts = {
        "hardened": lab_host(icc=False, **{"live-restore": True, "no-new-privileges": True}),
        "careless": lab_host(debug=True),
    }
    hosts["careless"].run("agent", "--privileged")
    hosts["careless"].run("web", "--privileged", "-e", "DB_PASSWORD=geheim7")
    here = engine()
    here.run("web")
    project = Project(tmp_path)
    today = hosts["careless"].exec("date", "-u", "+%Y-%m-%d").strip()
    project.write("fleet.yml", INVENTORY.format(**hosts, engine=here, today=today))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    key = (tmp_path / "key.pub").read_text().split()
    project.write("allowed_signers", f"auditor@example.com {key[0]} {key[1]}\n")
    run = project.pytest("-m", "cis", "--inventory=fleet.yml", "--sign=key", timeout=300)
    return project, run, hosts


def test_evidence_of_real_hosts(audited: tuple[Project, Run, dict[str, Host]]) -> None:
    """What was accepted shows in every output, each machine is named, and the bundle can be checked in both ways."""
    project, run, hosts = audited
    assert run.status == 1, run.output
    findings = {
        (result["target"], each["subject"]): each
        for result in run.results["results"]
        if result["control"] == "container_is_not_privileged"
        for each in result["findings"]
    }
    assert findings["careless", "agent"]["verdict"] == "waived"
    assert "OPS-118" in findings["careless", "agent"]["reason"]
    assert findings["careless", "web"]["verdict"] == "fail"
    assert "2020-01-31" in findings["careless", "web"]["reason"]
    images = [
        each for each in run.results["results"] if each["control"] == "image_comes_from_a_trusted_registry"
    ]
    assert {each["verdict"] for each in images} == {"attested"}
    states = {(each["control"], each["reason"]): each["state"] for each in run.results["waivers"]}
    assert sorted(states.values()) == ["expired", "in force", "not needed"]
    _check_as_a_stranger(project.folder)
    files = _unpacked(project.folder / "reports/latest.zip")
    _check_identities(json.loads(files["manifest.json"]), hosts)
    for name in ("results.json", "findings.csv", "junit.xml", "audit.html"):
        assert b"OPS-118" in files[name], name
    assert not [name for name, content in files.items() if b"geheim7" in content]
    rows = list(csv.DictReader(io.StringIO(files["findings.csv"].decode())))
    assert {each["target"] for each in rows} == {"hardened", "careless", "here"}
    verified = _verify(project.folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _check_as_a_stranger(folder: Path) -> None:
    """With nothing of ours: unpacked, the digests by coreutils, the signature by OpenSSH."""
    place = folder / "unpacked"
    with zipfile.ZipFile(folder / "reports/latest.zip") as archive:
        archive.extractall(place)
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt"], cwd=place, check=True
    )
    command = ["ssh-keygen", "-Y", "verify", "-f", folder / "allowed_signers", "-I", "auditor@example.com"]
    with (place / "manifest-sha256.txt").open("rb") as signed:
        subprocess.run(
            [*command, "-n", "hullcheck-bundle", "-s", "manifest-sha256.txt.sig"],
            cwd=place,
            stdin=signed,
            check=True,
        )


def _check_identities(manifest: Any, hosts: dict[str, Host]) -> None:
    for name, host in hosts.items():
        said = manifest["targets"][name]
        assert said["machine_id"] == host.exec("cat", "/etc/machine-id").strip()
        assert said["engine_id"] == host.exec("docker", "info", "--format", "{{.ID}}").strip()
        keys = host.exec("sh", "-c", "for each in /etc/ssh/ssh_host_*.pub; do ssh-keygen -lf $each; done")
        assert said["host_key"].split()[-1] in keys
    assert len({each["machine_id"] for each in manifest["targets"].values()}) == 3


def _unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {each: archive.read(each) for each in archive.namelist()}


def _verify(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from hullcheck.cli import main; sys.exit(main())"
    command = ["verify", "reports/latest.zip", "--allowed-signers", "allowed_signers"]
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *command],
        cwd=folder,
        env=clean_environment() | {"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
