"""The way of the evidence on real hosts: audited, waived, attested, bundled and verified, and without a secret."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import os
import secrets as random
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hullcheck.secrets.redact import DROPPED
from hullcheck.writers.audit_page import blocks
from selftests import REPOSITORY
from selftests.corpus.description import descriptions
from selftests.corpus.judged import expected, findings_on
from selftests.corpus.record import Builder, record
from selftests.kit.running import Project, Run, clean_environment

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host, Hub
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

INVENTORY = """
targets:
  hardened: {{connect: "ssh://root@{hardened.name}?ssh_config={hardened.ssh_config}"}}
  careless: {{connect: "ssh://root@{careless.name}?ssh_config={careless.ssh_config}"}}
  here: {{connect: "local://", docker_host: "unix://{engine.socket}"}}
waivers:
  container_is_not_privileged:
    - {{reason: "the agent reads the sensors", subjects: [agent], until: 2099-12-31,
       ticket: OPS-118, approved_by: J. Doe}}
    - {{reason: "was needed once", subjects: [web], until: 2020-01-31}}
  default_bridge_isolates_its_containers: {{reason: "old tools", targets: [hardened]}}
attestations:
  - {{control_id: image_comes_from_a_trusted_registry, checked: "looked at the registry's list",
     valid_for: annually, status: passed, on: "{today}", by: J. Doe}}
"""
REPORTS = {"results.json", "junit.xml", "audit.html", "findings.csv"}


def test_evidence_of_real_hosts(lab_host: HostFactory, engine: EngineFactory, tmp_path: Path) -> None:
    """What was accepted shows in every output, each machine is named, and the bundle can be checked in both ways."""
    hosts = {
        "hardened": lab_host(icc=False, **{"live-restore": True, "no-new-privileges": True}),
        "careless": lab_host(debug=True),
    }
    hosts["careless"].run("agent", "--privileged")
    hosts["careless"].run("web", "--privileged")
    project, today = Project(tmp_path), time.strftime("%Y-%m-%d", time.gmtime())
    project.write("fleet.yml", INVENTORY.format(**hosts, engine=engine(), today=today))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    kind, key, *_ = (tmp_path / "key.pub").read_text().split()
    project.write("allowed_signers", f"auditor@example.com {kind} {key}\n")
    run = project.pytest("-m", "cis", "--inventory=fleet.yml", "--sign=key", timeout=300)
    assert run.status == 1, run.output
    by_control = [
        (result["control"], result["target"], each) for result in run.results["results"] for each in result["findings"]
    ]
    found = {
        (target, each["subject"]): each
        for control, target, each in by_control
        if control == "container_is_not_privileged"
    }
    assert (found["careless", "agent"]["verdict"], found["careless", "web"]["verdict"]) == ("waived", "fail")
    assert "2020-01-31" in found["careless", "web"]["reason"]
    images = {
        result["verdict"]
        for result in run.results["results"]
        if result["control"] == "image_comes_from_a_trusted_registry"
    }
    assert images == {"attested"}
    assert sorted(each["state"] for each in run.results["waivers"]) == ["expired", "in force", "not needed"]
    files = dict(_bundled(tmp_path / "reports/latest.zip"))
    for name in REPORTS:
        assert "OPS-118" in files[name], name
    assert {each["target"] for each in csv.DictReader(io.StringIO(files["findings.csv"]))} == {*hosts, "here"}
    _check_identities(json.loads(files["manifest.json"])["targets"], hosts)
    _check_as_a_stranger(tmp_path)
    code = "import sys; from hullcheck.cli import main; sys.exit(main())"
    command = ["verify", "reports/latest.zip", "--allowed-signers", "allowed_signers"]
    environment = clean_environment() | {"PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-P", "-c", code, *command], cwd=tmp_path, env=environment, check=True)


def _bundled(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the files of a bundle, unpacked."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            yield name, (gzip.decompress(content) if name.endswith(".gz") else content).decode()


def _check_as_a_stranger(folder: Path) -> None:
    """With nothing of ours: unpacked, the digests by coreutils, the signature by OpenSSH."""
    place = folder / "unpacked"
    with zipfile.ZipFile(folder / "reports/latest.zip") as archive:
        archive.extractall(place)
    check = ["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt"]
    subprocess.run(check, cwd=place, check=True)
    verify = ["ssh-keygen", "-Y", "verify", "-f", folder / "allowed_signers", "-I", "auditor@example.com"]
    command = [*verify, "-n", "hullcheck-bundle", "-s", "manifest-sha256.txt.sig"]
    with (place / "manifest-sha256.txt").open("rb") as signed:
        subprocess.run(command, cwd=place, stdin=signed, check=True)


def _check_identities(said: dict[str, Any], hosts: dict[str, Host]) -> None:
    for name, host in hosts.items():
        assert said[name]["machine_id"] == host.exec("cat", "/etc/machine-id").strip()
        assert said[name]["engine_id"] == host.docker("info", "--format", "{{.ID}}").strip()
        keys = host.exec("sh", "-c", "for each in /etc/ssh/ssh_host_*.pub; do ssh-keygen -lf $each; done")
        assert said[name]["host_key"].split()[-1] in keys
    assert len({each["machine_id"] for each in said.values()}) == 3


def test_host_of_the_corpus_that_is_built_again(lab: Laboratory, hub: Hub) -> None:
    """Description, laboratory and script of the day give what the table of expected verdicts says."""
    description = descriptions()["careless-26.1"]
    with Builder(lab, hub).host(description) as guest:
        found = findings_on(description, record(guest, description))
    said = {place: str(each.verdict) for place, each in found.items()}
    assert said == {place: each for place, each in expected(said).items() if place[1] == description.name}


# ---- secrets

BENCH, REPORT_FOLDER = "/opt/docker-bench-security", "/var/lib/reports"


class Planted:
    """Secrets by the place where each lies; `planted[PLACE]` makes one."""

    def __init__(self) -> None:
        """Begin with none."""
        self.by_place: dict[str, str] = {}

    def __getitem__(self, place: str) -> str:
        """Return a new secret: a part that says nothing of itself, and what often comes behind."""
        assert place not in self.by_place, place
        self.by_place[place] = random.token_hex(7)
        return f"X{self.by_place[place]}.Qz"

    def login(self, place: str) -> str:
        """Return a user and a password, as a header or a credentials file has them."""
        return base64.b64encode(f"robot:{self[place]}".encode()).decode()

    def address(self, place: str) -> str:
        """Return the address of a service with a user and a password."""
        return f"https://robot:{self[place]}@service.example.com/x"

    def found_in(self, text: str) -> list[str]:
        """Return the places whose secrets are there, as they are or encoded."""
        every = self.by_place.items()
        return [place for place, secret in every if any(form in text for form in _forms(secret))]


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret), secret.encode().hex(), secret[::-1])
    for shift in range(3):  # wherever in what was encoded it stands
        encoded = base64.b64encode(b"-" * shift + secret.encode()).decode()
        yield encoded[4:-4]
        yield encoded[4:-4].replace("+", "-").replace("/", "_")


def _files(planted: Planted) -> dict[str, str]:
    """Return files of a host with secrets, in place before it starts."""
    key = planted["key beside a certificate"]
    trivy = {
        "SchemaVersion": 2,
        "ArtifactType": "container_image",
        "Metadata": {"ImageID": "sha256:" + "ab" * 32},
        "Results": [{"Class": "secret", "Secrets": [{"Match": planted["secret in a scan report"]}]}],
    }
    client = {
        "auths": {"registry.example.com": {"auth": planted.login("login at a registry")}},
        "HttpHeaders": {"X-Token": planted["header of the docker command"]},
        "proxies": {"default": {"httpProxy": planted.address("proxy of the docker command")}},
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
        "/root/.docker/config.json": json.dumps(client),
        "/root/.docker/cert.pem": f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n",
        "/etc/sysctl.d/90-ip.conf": (
            f"net.ipv6.conf.*.stable_secret = {planted['key of the network in sysctl.d']}\n"
            f"# ip_forward: ask {planted['comment in sysctl.d']}\nnet.ipv4.ip_forward = 1\n"
        ),
        "/etc/profile.d/registry.sh": (
            f"export REGISTRY_TOKEN={planted['line of a profile']} DOCKER_CONTENT_TRUST=1\n"
            f"DOCKER_CONTENT_TRUST=1 TOKEN={planted['the same line of a profile']} docker pull x\n"
        ),
        f"{BENCH}/docker-bench-security.sh": "#!/bin/sh\n",
        f"{BENCH}/log": f"{planted['a log that is none']}\n",
        f"{REPORT_FOLDER}/web.json": json.dumps(trivy),
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


def _build(host: Host, planted: Planted) -> None:
    """Build an image with secrets in all of its instructions."""
    names = ("variable", "label", "export", "netrc", "health", "later", "command")
    words = {name: planted[f"{name} of an image"] for name in names}
    words |= {"basic": planted.login("header in a build"), "address": planted.address("address in a build")}
    host.write("/root/build/Dockerfile", DOCKERFILE.format(**words))
    argument = f"BUILD_SECRET={planted['argument of a build']}"
    build = ("docker", "build", "-q", "-t", "app:1", "--build-arg", argument, "/root/build")
    host.exec("env", "DOCKER_BUILDKIT=0", *build)


def _run(host: Host, planted: Planted) -> None:
    """Make containers, volumes and networks with secrets, and processes and rules of the host."""
    share = f"o=username=u,password={planted['mount option of a volume']},addr=192.0.2.1"
    host.docker("volume", "create", "--opt=type=cifs", "--opt=device=//nas/x", f"--opt={share}", "share")
    host.docker("network", "create", "--opt", f"com.example.key={planted['option of a network']}", "net")
    check = f"wget --header 'Authorization: Bearer {planted['health check of a container']}' x"
    host.run(
        "web",
        *("--env", f"DB_PASSWORD={planted['variable of a container']}"),
        *("--env", f"DATABASE_URL={planted.address('address in a variable')}"),
        *("--label", f"traefik.users=bob:{planted['label of a container']}"),
        *("--log-opt", f"tag={planted['log option of a container']}"),
        *("--network", "net", "--health-cmd", check),
        command=("sh", "-c", f"sleep 9999; : -p{planted['command of a container']}"),
    )
    host.docker("exec", "-d", "web", "sleep", "9999", planted["command beside a container"])
    stopped = ("create", "--name", "old", "-v", "share:/s", "bb:1", "login", planted["stopped command"])
    host.docker(*stopped)
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "x": planted["seccomp profile"]}
    host.write("/root/seccomp.json", json.dumps(profile))
    host.run("profiled", "--security-opt", "seccomp=/root/seccomp.json")
    host.exec("mount", "-t", "tmpfs", planted.address("source of a mount"), "/mnt")
    comment = ("-m", "comment", "--comment", planted["comment of a rule"])
    host.exec("iptables", "-A", "DOCKER-USER", *comment, "-j", "RETURN")
    host.exec("usermod", "-c", planted["remark on a user"], "root")


def _swarm(host: Host, planted: Planted) -> None:
    """Make a swarm with a service that has secrets in the wrong places, and one in the right place."""
    host.docker("swarm", "init", "--advertise-addr", host.address, "--autolock")
    for role in ("worker", "manager"):
        token = host.docker("swarm", "join-token", "-q", role).strip()
        planted.by_place[f"join token of a {role}"] = token[-25:]
    planted.by_place["unlock key"] = host.docker("swarm", "unlock-key", "-q").strip()[-43:]
    host.docker("secret", "create", "db", "-", stdin=planted["secret of a swarm"])
    host.docker("config", "create", "db_password", "-", stdin=planted["config of a swarm"])
    volume = f"volume-opt=o=password={planted['volume of a service']}"
    host.docker(
        *("service", "create", "--detach", "--name", "api", "--secret", "db", "--config", "db_password"),
        *("--env", f"API_KEY={planted['variable of a service']}"),
        *("--label", f"x.token={planted['label of a service']}"),
        *("--container-label", f"y.token={planted['label of a task']}"),
        *("--log-driver", "json-file", "--log-opt", f"tag={planted['log option of a service']}"),
        *("--health-cmd", f"wget --header 'X-Api-Key: {planted['health check of a service']}' x"),
        *("--mount", f"type=volume,dst=/x,volume-driver=local,{volume}"),
        *("bb:1", "sleep", "9999", f"--password={planted['command of a service']}"),
    )


def _findings(run: Run) -> list[Any]:
    names = ("target", "control", "verdict", "reason", "findings")
    return [{name: each[name] for name in names} for each in run.results["results"]]


def test_planted_secrets(lab_host: HostFactory, suite: Project) -> None:
    """None is in a file of the run, in what it prints, or in a replay, which says what the audit said."""
    planted = Planted()
    settings = {
        "labels": [f"deploy-token={planted['label of the daemon']}"],
        "proxies": {"http-proxy": planted.address("proxy in daemon.json")},
    }
    host = lab_host(files=_files(planted), **settings)
    for fill in (_build, _run, _swarm):
        fill(host, planted)
    policy = {"docker_bench": {"log": f"{BENCH}/log"}, "scan_reports": {"folder": REPORT_FOLDER}}
    away = f"paramiko://root:{planted['password in the inventory']}@127.0.0.1:1"
    targets = {
        "host": {"connect": f"ssh://root@{host.name}?ssh_config={host.ssh_config}"},
        "away": {"connect": away},
    }
    suite.write("fleet.yml", json.dumps({"targets": targets, "policy": {"all": policy}}))
    first = suite.pytest("-v", "--inventory=fleet.yml", "--bundle", timeout=300)
    assert len(planted.by_place) > 45
    folder = (suite.folder / "reports/latest").resolve()
    told = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    told["audit.html"] = blocks.opened(told["audit.html"])
    told |= {f"in the bundle: {name}": text for name, text in _bundled(Path(f"{folder}.zip"))}
    assert {
        *REPORTS,
        "host/recording.json",
        "away/recording.json",
        "in the bundle: inventory/fleet.yml",
    } <= told.keys()
    assert {name: places for name, text in told.items() if (places := planted.found_in(text))} == {}
    assert planted.found_in(first.output) == []
    again = suite.pytest("-v", "--inventory=fleet.yml", f"--hosts=recorded://{folder}/host,recorded://{folder}/away")
    assert _findings(again) == _findings(first)
    assert planted.found_in(again.output + json.dumps(again.results)) == []

    # nothing was dropped that a real host says, but for remarks of its distribution on itself
    answers = json.loads((folder / "host/recording.json").read_text())["answers"]
    assert {each["name"] for each in answers if DROPPED in each["stdout"].split("\n")} <= {"host"}
    reasons = {each["control"]: each["reason"] for each in first.results["results"] if each["target"] == "host"}
    for place in ("variable API_KEY", "label x.token", "label y.token", "health check", "command"):
        assert place in reasons["service_gets_secrets_as_secrets"]
    assert "variable DATABASE_URL: a password in an address" in reasons["container_environment_holds_no_secret"]
