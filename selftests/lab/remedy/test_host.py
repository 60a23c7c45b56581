"""What `hullcheck remedy` writes mends a careless host, harms nothing, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.running import Project
from selftests.lab.remedy import careless, proven
from selftests.rig import images
from selftests.rig.engines.engine import IMAGE

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

pytestmark = pytest.mark.lab

HostFactory = Callable[..., "Host"]
ALL = {"inside": True, "outside": True}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project's own controls."""
    return Project(tmp_path / "suite")


@pytest.fixture
def host(lab_host: HostFactory, lab: Laboratory, certificates: dict[str, str]) -> Host:
    """A careless host with two containers."""
    settings = {name.replace("-", "_"): value for name, value in careless.SETTINGS.items()}
    made = lab_host(files=careless.files(certificates), own_usr=True, **settings)
    careless.workload(made)
    lab.change_setting("/proc/sys/fs/suid_dumpable", "2")
    lab.change_setting("/proc/sys/kernel/randomize_va_space", "1")
    made.exec("sh", "-e", "-c", careless.OPEN)
    return made


def test_shell(host: Host, project: Project) -> None:
    """The commands of the README mend what it says they mend, nothing gets worse, and `back` gives what was before."""
    before = careless.audit(project, host)
    folder, mended = careless.remedy(project, host)
    assert {control for control, _ in mended} == proven.HOST
    assert {before.findings[each][0] for each in mended} == {"fail"}
    careless.bring(host, folder)
    said = careless.sh(host, "sh apply.sh check")
    assert "would write /etc/docker/daemon.json" in said
    assert not careless.succeeds(host, "test -e /var/backups/hullcheck")
    careless.sh(host, "sh apply.sh apply && sh restart.sh")
    assert (careless.running(host), careless.reaches(host)) == ({"web", "client"}, ALL)
    after = careless.audit(project, host)
    assert {each: after.findings[each] for each in mended if after.findings[each][0] != "pass"} == {}
    assert careless.worse(before, after) == {}
    again = careless.sh(host, "sh apply.sh apply")
    assert "wrote" not in again
    careless.sh(host, "sh apply.sh back && sh restart.sh")
    assert (careless.running(host), careless.reaches(host)) == ({"web", "client"}, ALL)
    back = careless.audit(project, host)
    assert {back.findings[each][0] for each in mended} == {"fail"}


def test_remedy_that_has_to_be_asked_for(lab_host: HostFactory, project: Project) -> None:
    """userns-remap is in the files if its control is named; the containers of before are there again without it."""
    host = lab_host(debug=False)
    careless.workload(host)
    before = careless.audit(project, host)
    folder, mended = careless.remedy(project, host, "--also", "2.10")
    assert {control for control, _ in mended} >= proven.ASKED
    careless.bring(host, folder)
    careless.sh(host, "sh apply.sh apply && sh restart.sh --new-data")
    assert careless.running(host) == set()
    host.docker("import", f"/{images.HOST_BUSYBOX}", IMAGE)
    careless.workload(host)
    after = careless.audit(project, host)
    assert {each: after.findings[each] for each in mended if after.findings[each][0] != "pass"} == {}
    assert careless.worse(before, after) == {}
    host.docker("rm", "--force", "web", "client")
    careless.sh(host, "sh apply.sh back && sh restart.sh --new-data && docker start web client")
    assert careless.reaches(host) == ALL
