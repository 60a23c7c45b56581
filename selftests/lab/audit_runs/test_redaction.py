"""Secrets planted all over a real host: none is in what an audit leaves or says, and its replay says the same."""

from __future__ import annotations

import base64
import gzip
import json
import secrets as random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from hullcheck.secrets.redact import DROPPED
from hullcheck.writers.audit_page import blocks
from selftests.kit.running import Project, Run

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]

BENCH = "/opt/docker-bench-security"
LOG = "/var/log/bench.log.json"
REPORTS = "/var/lib/reports"


class Planted:
    """Secrets by the place where each lies; `{name}` in a text makes one."""

    def __init__(self) -> None:
        self.by_place: dict[str, str] = {}

    def __getitem__(self, place: str) -> str:
        """The secret of this place: a part that says nothing of itself, and what often comes behind."""
        assert place not in self.by_place, place
        self.by_place[place] = random.token_hex(7)
        return f"X{self.by_place[place]}.Qz"

    def login(self, place: str) -> str:
        """A user and a password, as a header or a credentials file has them."""
        return base64.b64encode(f"robot:{self[place]}".encode()).decode()

    def address(self, place: str) -> str:
        """The address of a service with a user and a password."""
        return f"https://robot:{self[place]}@service.example.com/x"

    def found_in(self, text: str) -> list[str]:
        """The places whose secrets are there, as they are or encoded."""
        return [
            place for place, secret in self.by_place.items() if any(form in text for form in _forms(secret))
        ]


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret), secret.encode().hex(), secret[::-1])
    for shift in range(3):  # wherever in what was encoded it stands
        encoded = base64.b64encode(b"-" * shift + secret.encode()).decode()
        yield encoded[4:-4]
        yield encoded[4:-4].replace("+", "-").replace("/", "_")


def settings(planted: Planted) -> dict[str, Any]:
    """A daemon.json with secrets."""
    return {
        "labels": [f"deploy-token={planted['label of the daemon']}"],
        "proxies": {"http-proxy": planted.address("proxy in daemon.json")},
        "insecure-registries": ["registry.example.com:5000"],
        "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 2000, "Soft": 2000}},
    }


def files(planted: Planted) -> dict[str, str]:
    """Files of a host with secrets, in place before it starts."""
    pem = f"-----BEGIN PRIVATE KEY-----\n{planted['key beside a certificate']}\n-----END PRIVATE KEY-----\n"
    trivy = {
        "SchemaVersion": 2,
        "ArtifactType": "container_image",
        "Metadata": {"ImageID": "sha256:" + "ab" * 32},
        "Results": [{"Class": "secret", "Secrets": [{"Match": planted["secret in a scan report"]}]}],
    }
    return {
        "/etc/systemd/system/docker.service.d/local.conf": (
            "[Service]\nEnvironmentFile=/etc/docker/environment\n"
            f"Environment=HTTPS_PROXY={planted.address('environment of the unit')}\n"
            "ExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock"
            f" --log-opt max-size=5m --log-opt tag={planted['log option of the daemon']}\n"
        ),
        "/etc/docker/environment": f"REGISTRY_PASSWORD={planted['environment file of the unit']}\n",
        "/etc/default/docker": f"DOCKER_OPTS='--label x={planted['defaults of docker']}'\n",
        "/root/.docker/config.json": json.dumps(
            {
                "auths": {"registry.example.com": {"auth": planted.login("login at a registry")}},
                "HttpHeaders": {"X-Token": planted["header of the docker command"]},
                "proxies": {"default": {"httpProxy": planted.address("proxy of the docker command")}},
            }
        ),
        "/root/.docker/cert.pem": pem,
        "/etc/sysctl.d/90-ip.conf": (
            f"net.ipv6.conf.*.stable_secret = {planted['key of the network in sysctl.d']}\n"
            f"# ip_forward: ask {planted['comment in sysctl.d']}\nnet.ipv4.ip_forward = 1\n"
        ),
        "/etc/profile.d/registry.sh": (
            f"export REGISTRY_TOKEN={planted['line of a profile']} DOCKER_CONTENT_TRUST=1\n"
            f"DOCKER_CONTENT_TRUST=1 TOKEN={planted['the same line of a profile']} docker pull x\n"
        ),
        "/etc/systemd/system/pull.service": (
            f"[Service]\nEnvironment=DOCKER_CONTENT_TRUST=1 KEY={planted['environment of a job']}\n"
            f"ExecStart=/usr/bin/docker -c x{planted['command of a puller']} pull web\n"
        ),
        f"{BENCH}/docker-bench-security.sh": "#!/bin/sh\n",
        LOG: f"{planted['a log that is none']}\n",
        f"{REPORTS}/web.json": json.dumps(trivy),
        "/etc/audit/rules.d/x.rules": f"# {planted['comment on audit rules']}\n-w /usr/bin/dockerd -k docker\n",
        "/etc/containerd/config.toml": (
            'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry.configs."r".auth]\n'
            f'password = "{planted["login in config.toml"]}"\n'
        ),
    }


DOCKERFILE = """
FROM bb:1
ARG BUILD_SECRET
ENV API_TOKEN={variable}
LABEL vendor.secret={label}
RUN export DB_PASSWORD={export} && wget -q --header="Authorization: Basic {basic}" http://127.0.0.1:1/ || true
RUN echo "machine example.com login bot password {netrc}" > /root.netrc; : {address}
HEALTHCHECK CMD wget --header "Authorization: Bearer {health}" http://127.0.0.1/
ONBUILD ENV LATER_TOKEN={later}
CMD ["httpd", "-f", "--api-key={command}"]
"""


def build(host: Host, planted: Planted) -> None:
    """An image with secrets in all of its instructions."""
    text = DOCKERFILE.format(
        variable=planted["variable of an image"],
        label=planted["label of an image"],
        export=planted["command in a build"],
        basic=planted.login("header in a build"),
        netrc=planted["netrc in a build"],
        address=planted.address("address in a build"),
        health=planted["health check of an image"],
        later=planted["instruction for later builds"],
        command=planted["command of an image"],
    )
    host.write("/root/build/Dockerfile", text)
    argument = f"BUILD_SECRET={planted['argument of a build']}"
    host.exec(
        "env",
        "DOCKER_BUILDKIT=0",
        "docker",
        "build",
        "-q",
        "-t",
        "app:1",
        "--build-arg",
        argument,
        "/root/build",
    )


def run(host: Host, planted: Planted) -> None:
    """Containers, volumes and networks with secrets."""
    share = f"o=username=u,password={planted['mount option of a volume']},addr=192.0.2.1"
    host.docker("volume", "create", "--opt=type=cifs", "--opt=device=//nas/x", f"--opt={share}", "share")
    device = planted.address("device of a volume")
    host.docker("volume", "create", "--opt=type=davfs", f"--opt=device={device}", "--opt=o=ro", "dav")
    host.docker("network", "create", "--opt", f"com.example.key={planted['option of a network']}", "net")
    host.run(
        "web",
        *("--env", f"DB_PASSWORD={planted['variable of a container']}"),
        *("--env", f"DATABASE_URL={planted.address('address in a variable')}"),
        *("--label", f"traefik.users=bob:{planted['label of a container']}"),
        *("--log-opt", f"tag={planted['log option of a container']}"),
        *("--network", "net"),
        *(
            "--health-cmd",
            f"wget --header 'Authorization: Bearer {planted['health check of a container']}' x",
        ),
        command=("sh", "-c", f"sleep 9999; : -p{planted['command of a container']}"),
    )
    host.exec("docker", "exec", "-d", "web", "sleep", "9999", f"{planted['command beside a container']}")
    host.docker(
        "create",
        "--name",
        "old",
        "-v",
        "share:/s",
        "-v",
        "dav:/d",
        "bb:1",
        "login",
        planted["stopped command"],
    )
    host.run("profiled", "--security-opt", "seccomp=/root/seccomp.json")


def swarm(host: Host, planted: Planted) -> None:
    """A swarm with a service that has secrets in the wrong places, and one in the right place."""
    host.docker("swarm", "init", "--advertise-addr", host.address, "--autolock")
    for role in ("worker", "manager"):
        planted.by_place[f"join token of a {role}"] = host.docker("swarm", "join-token", "-q", role).strip()[
            -25:
        ]
    planted.by_place["unlock key"] = host.docker("swarm", "unlock-key", "-q").strip()[-43:]
    host.docker("secret", "create", "db", "-", stdin=planted["secret of a swarm"])
    host.docker("config", "create", "db_password", "-", stdin=planted["config of a swarm"])
    host.docker(
        *("service", "create", "--detach", "--name", "api", "--secret", "db", "--config", "db_password"),
        *("--env", f"API_KEY={planted['variable of a service']}"),
        *("--label", f"x.token={planted['label of a service']}"),
        *("--container-label", f"y.token={planted['label of a task']}"),
        *("--log-driver", "json-file", "--log-opt", f"tag={planted['log option of a service']}"),
        *("--health-cmd", f"wget --header 'X-Api-Key: {planted['health check of a service']}' x"),
        *("--mount", f"type=volume,dst=/x,volume-driver=local,volume-opt=o=password={planted['volume of a service']}"),
        *("bb:1", "sleep", "9999", f"--password={planted['command of a service']}"),
    )  # fmt: skip


def programs(host: Host, planted: Planted) -> None:
    """Programs of well-known names that run with secrets, mounts and rules of the packet filter with some."""
    host.exec("sh", "-c", "mkdir -p /opt/falco && cp /usr/bin/busybox /opt/falco/falco")
    option = f"-o http_output.url={planted.address('option of Falco')}"
    # a shell of busybox with this name; what follows its script are only words
    script = f"(exec -a sh /opt/falco/falco -c 'sleep 9999; :' x {option}) &"
    host.exec(
        "systemd-run", "--unit=tools", "-p", "KillMode=none", "-p", "Type=forking", "bash", "-c", script
    )
    host.exec("mount", "-t", "tmpfs", planted.address("source of a mount"), "/mnt")
    host.exec(
        "iptables",
        "-A",
        "DOCKER-USER",
        "-m",
        "comment",
        "--comment",
        planted["comment of a rule"],
        "-j",
        "RETURN",
    )
    host.exec("usermod", "-c", planted["remark on a user"], "root")


@pytest.fixture
def audited(lab_host: HostFactory, tmp_path: Path) -> tuple[Planted, Project, Run]:
    """A host full of secrets, the project of an auditor, and the run of an audit."""
    planted = Planted()
    host = lab_host(files=files(planted), **settings(planted))
    host.write(
        "/root/seccomp.json", json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "x": planted["seccomp profile"]})
    )
    # only now, as systemd would wait for the device
    host.write(
        "/etc/crypttab", f"data UUID=1 {planted['passphrase in crypttab']} luks,keyscript=decrypt_echo\n"
    )
    build(host, planted)
    run(host, planted)
    swarm(host, planted)
    programs(host, planted)
    project = Project(tmp_path)
    policy = {"docker_bench": {"log": LOG}, "scan_reports": {"folder": REPORTS}}
    connect = f"ssh://root@{host.name}?ssh_config={host.ssh_config}"
    away = f"paramiko://root:{planted['password in the inventory']}@127.0.0.1:1"
    targets = {"host": {"connect": connect}, "away": {"connect": away}}
    project.write("fleet.yml", json.dumps({"targets": targets, "policy": {"all": policy}}))
    return planted, project, project.pytest("-v", "--inventory=fleet.yml", "--bundle", timeout=300)


def _text(path: Path) -> str:
    return blocks.opened(path.read_text()) if path.name == "audit.html" else path.read_text()


def _bundled(path: str) -> Iterator[tuple[str, str]]:
    """The files of a bundle, unpacked."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            yield name, (gzip.decompress(content) if name.endswith(".gz") else content).decode()


def findings(run: Run) -> list[Any]:
    """All that was found, by target and control."""
    return [
        {name: each[name] for name in ("target", "control", "verdict", "reason", "findings")}
        for each in run.results["results"]
    ]


def test_no_planted_secret_is_told(audited: tuple[Planted, Project, Run]) -> None:
    """Not in a file of the run, not in what it prints, not in a replay of it, and that says what the audit said.

    What a control needs of a secret is told: where it is, and of which kind.
    """
    planted, project, first = audited
    assert len(planted.by_place) > 50
    folder = (project.folder / "reports/latest").resolve()
    paths = [each for each in folder.rglob("*") if each.is_file()]
    told = {str(each.relative_to(folder)): planted.found_in(_text(each)) for each in paths}
    told |= {f"in the bundle: {name}": planted.found_in(text) for name, text in _bundled(f"{folder}.zip")}
    recordings = {"host/recording.json", "away/recording.json"}
    reports = {"results.json", "junit.xml", "report.html", "audit.html", "findings.csv", "requirements.csv"}
    assert {*reports, *recordings, "in the bundle: inventory/fleet.yml"} <= told.keys()
    assert planted.found_in(first.output) == []
    assert {name: places for name, places in told.items() if places} == {}

    recorded = f"recorded://{folder}/host,recorded://{folder}/away"
    again = project.pytest("-v", "--inventory=fleet.yml", "--hosts", recorded)
    assert findings(again) == findings(first)
    assert planted.found_in(again.output + json.dumps(again.results)) == []

    # nothing was dropped that a real host says, but for remarks of its distribution on itself
    answers = json.loads((folder / "host/recording.json").read_text())["answers"]
    assert {each["name"] for each in answers if DROPPED in each["stdout"].split("\n")} == {"host"}

    by_control = {each["control"]: each for each in first.results["results"] if each["target"] == "host"}
    image = by_control["image_holds_no_secret"]
    services = by_control["service_gets_secrets_as_secrets"]
    variables = by_control["container_environment_holds_no_secret"]
    assert {each["verdict"] for each in (image, services, variables)} == {"fail"}
    for place in ("variable API_KEY", "label x.token", "label y.token", "health check", "command"):
        assert place in services["reason"]
    assert "variable DATABASE_URL: a password in an address" in variables["reason"]
