"""A registry: whether an engine trusts it, what that knows of its images, and who pulls unsigned ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from hullcheck.policy import Policy
from selftests.kit.judging import judge_guest
from selftests.rig.shell import CommandError
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]

PACKAGES = "docker-registry openssl skopeo"
CONFIG = "/etc/docker/registry/config.yml"
PLAIN = (
    "version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/docker-registry}}\nhttp:\n  addr: :5000\n"
)
KEYS = "/var/lib/docker-registry"
TLS = f"{PLAIN}  tls: {{certificate: {KEYS}/certificate, key: {KEYS}/key}}\n"
CERTIFICATE = """openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=registry -addext subjectAltName=IP:"$1" \
-keyout "$2/key" -out "$2/certificate" && chown docker-registry "$2/key"
"""
# How the registry serves, the settings of the engine, and whether an image gets there: where it does so over TLS that
# nobody verified, 2.5 fails.
WAYS: tuple[tuple[str, Mapping[str, object], bool, str], ...] = (
    (PLAIN, {}, False, "pass"),
    (PLAIN, {"insecure-registries": ["ADDRESS:5000"]}, True, "fail"),
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
    host = product_host(packages=PACKAGES, docker=False)
    host.exec("sh", "-c", CERTIFICATE, "make", host.address, KEYS)
    yield host
    host.down()


def serve(registry: Host, config: str) -> None:
    """Let it serve by this configuration."""
    registry.write(CONFIG, config)
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
    """Whether a command ends well there."""
    try:
        host.exec(*command)
    except CommandError:
        return False
    return True


@pytest.mark.product("docker-registry 2.8")
def test_registry_over_tls_and_without(product_host: HostFactory, registry: Host) -> None:
    """2.5: it fails where the engine gives an image to a registry that it did not verify, and nowhere else."""
    host = product_host(packages=PACKAGES)
    name = f"{registry.address}:5000/app:1"
    host.docker("tag", "bb:1", name)
    for config, settings, expected, verdict in WAYS:
        serve(registry, config)
        configure(host, registry, settings)
        came = succeeds(host, "docker", "push", name)
        found = judge_guest("2.5", host)[host.name]
        assert (came, found[0]) == (expected, verdict), (config, settings, found)


@pytest.mark.product("docker-registry 2.8", "skopeo 1.18")
def test_image_of_a_registry(product_host: HostFactory, registry: Host) -> None:
    """4.2 and pins: what was pulled is known by the registry's digest; what was loaded, or copied past it, is not."""
    serve(registry, TLS)
    host = product_host(packages=PACKAGES)
    configure(host, registry, {"certificate": True})
    place = f"{registry.address}:5000"
    name = f"{place}/app:1"
    policy, other = (Policy(allowed_registries=(each,)) for each in (place, "elsewhere.example"))

    def origin(of: Policy) -> str:
        return judge_guest("4.2", host, of)[name][0]

    host.docker("tag", "bb:1", name)
    assert (origin(policy), origin(other)) == ("manual", "fail")
    host.docker("push", name)
    host.docker("image", "rm", name, "bb:1")
    host.docker("pull", name)
    assert (origin(policy), origin(other), origin(Policy())) == ("pass", "fail", "manual")
    (digest,) = json.loads(host.docker("image", "inspect", "--format", "{{json .RepoDigests}}", name))
    pinned = f"{name}@{digest.partition('@')[2]}"
    for container, image in {"tagged": name, "pinned": pinned}.items():
        host.run(container, image=image)
    found = judge_guest("container_image_is_pinned", host)
    assert [found[each][0] for each in ("tagged", "pinned")] == ["fail", "pass"]
    host.docker("swarm", "init", "--advertise-addr", host.address)
    for service, option in {"resolved": "--detach", "unresolved": "--no-resolve-image"}.items():
        host.docker("service", "create", "--detach", option, "--name", service, name, "sleep", "99")
    found = judge_guest("service_image_is_pinned", host)
    assert [found[each][0] for each in ("resolved", "unresolved")] == ["pass", "fail"]
    host.docker("swarm", "leave", "--force")
    host.exec("sh", "-c", "docker rm --force $(docker ps --all --quiet) && docker image prune --all --force")
    host.exec("skopeo", "copy", "--src-tls-verify=false", f"docker://{name}", f"docker-daemon:{name}")
    assert (origin(policy), origin(other)) == ("manual", "fail")


@pytest.mark.product("docker-registry 2.8")
def test_unsigned_image(product_host: HostFactory, registry: Host) -> None:
    """4.5: it fails where root gets an image without a signature at a login, and nowhere else."""
    serve(registry, TLS)
    host = product_host(packages=PACKAGES)
    configure(host, registry, {"certificate": True})
    name = f"{registry.address}:5000/app:1"
    host.docker("tag", "bb:1", name)
    host.docker("push", name)
    plain = {"/etc/environment": "", "/etc/profile.d/trust.sh": "", "/root/.profile": ""}
    for files, expected in TRUST:
        for path, text in (plain | files).items():
            host.write(path, text)
        came = succeeds(host, "su", "-", "root", "-c", f"docker pull {name}")
        found = judge_guest("4.5", host)[host.name]
        assert (came, found[0] == "fail") == (expected, expected), (files, found)
