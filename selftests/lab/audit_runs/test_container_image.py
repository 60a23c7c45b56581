"""The image of contrib/image: built as its README says, on a base that is made here, and run on a real host."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from selftests import REPOSITORY
from selftests.kit.running import clean_environment
from selftests.rig import images, removal

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

pytestmark = pytest.mark.lab

HostFactory = Callable[..., "Host"]
FOLDER = REPOSITORY / "contrib/image"
BASE = "python3 python3-venv openssh-client util-linux"


def _commands() -> list[str]:
    """The commands of the first block of the README, a line each."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    block = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0]
    return str(block).replace("\\\n", "").splitlines()


def _context(folder: Path) -> bytes:
    """What `docker build` is given: the Dockerfile, and the packages that the commands of the README collect."""
    wheel, download, build = _commands()
    assert build == "docker build --tag hullcheck contrib/image"
    for command in (wheel, download):
        here = command.replace("contrib/image/dist", str(folder / "dist"))
        subprocess.run(
            ["/bin/sh", "-e", "-c", f"alias pip='\"$PYTHON\" -m pip'\n{here}"],
            cwd=REPOSITORY,
            env=clean_environment() | {"PYTHON": sys.executable, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            check=True,
            capture_output=True,
            timeout=300,
        )
    (folder / "Dockerfile").write_bytes((FOLDER / "Dockerfile").read_bytes())
    return subprocess.run(
        ["tar", "-C", folder, "-c", "Dockerfile", "dist"], check=True, capture_output=True
    ).stdout


@pytest.mark.needs("mmdebstrap")
def test_image_audits(lab_host: HostFactory, tmp_path: Path) -> None:
    """It audits the demo, a recording and its own host, and refuses a host that it cannot see."""
    host = lab_host()
    with removal.temporary(tmp_path) as tree:
        images.bootstrap("trixie", tree, BASE)
        images.pack(tree, tmp_path / "base.tar")
    host.exec("docker", "import", "-", "base:1", stdin=(tmp_path / "base.tar").read_bytes(), timeout=300)
    (tmp_path / "context").mkdir()
    options = ("--build-arg", "BASE=base:1", "--tag", "hullcheck", "-")
    context = _context(tmp_path / "context")
    host.exec("env", "DOCKER_BUILDKIT=0", "docker", "build", *options, stdin=context, timeout=600)

    def run(*arguments: str, options: tuple[str, ...] = (), status: int = 0) -> str:
        mount = ("--volume", "/srv/out:/audit")
        command = ("docker", "run", "--rm", "--network", "none", *mount, *options, "hullcheck", *arguments)
        return host.exec("sh", "-c", '"$@"; [ $? -eq $0 ]', str(status), *command, timeout=300)

    def results() -> dict[str, Any]:
        return dict(json.loads(host.exec("cat", "/srv/out/reports/latest/results.json")))

    assert "This was a demonstration" in run("audit", "--demo", "--bundle", "-q")
    assert "verified: reports/latest.zip" in run("verify", "reports/latest.zip")

    on_host = ("--privileged", "--pid=host", "--env", "DOCKER_HOST=tcp://127.0.0.1:9")  # of no engine
    run("audit", "--hosts=host://", "-k", "5.5 or 2.3", options=on_host, status=1)
    found = results()
    assert (
        found["targets"]["host"]["engine"]
        == host.exec("docker", "version", "-f", "{{.Server.Version}}").strip()
    )
    verdicts = {each["control"]: each["verdict"] for each in found["results"]}
    assert verdicts == {"container_is_not_privileged": "fail", "daemon_logs_at_level_info": "pass"}
    recording = json.loads(host.exec("cat", "/srv/out/reports/latest/host/recording.json"))
    assert (recording["backend"], recording["failure"]) == ("host", "")

    run("audit", "--hosts=host://", "-k", "5.5", status=1)
    (alone,) = results()["results"]
    assert alone["verdict"] == "error"
    assert "start the container with --privileged --pid=host" in alone["reason"]
