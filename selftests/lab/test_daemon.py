"""Sections 2 and 5 on running daemons: options, what a daemon has read and what it has not, and what it decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import facts_inside, facts_of_answer, facts_of_engine
from selftests.lab.judgement import differences, verdicts, whole, worst_of
from selftests.lab.test_containers import remove_groups
from selftests.rig.shell import LabError

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]


def audit(engine: Engine, of: str, policy: Policy | None = None) -> Facts:
    """Return what an audit by these controls learns."""
    return facts_of_engine(engine.socket, policy, of=of)


# ---- the command line

FLAGS = {
    "good": (
        "--icc=0 --no-new-privileges --userland-proxy=F --live-restore=t --log-level=debug --log-level INFO"
        " --default-ulimit nofile=1024:2048 --default-ulimit=nproc=9 --cgroup-parent=/docker"
        " --insecure-registry 127.0.0.1:5000 --storage-opt overlay2.size=0",
        dict.fromkeys(["2.2", "2.3", "2.5", "2.9", "2.11", "2.12", "2.15", "2.16", "2.17", "2.19"], "pass"),
    ),
    "bad": (
        "--no-new-privileges=false --icc -Dlinfo --experimental --iptables=f --default-ulimit nofile=-1:-1"
        " --cgroup-parent=/weird --insecure-registry=reg.example --insecure-registry 10.0.0.0/8",
        dict.fromkeys(["2.2", "2.3", "2.4", "2.5", "2.9", "2.11", "2.15", "2.16", "2.17", "2.19"], "fail"),
    ),
}


@pytest.mark.parametrize("kind", FLAGS)
def test_command_line(engine: EngineFactory, kind: str) -> None:
    """Options are read as the daemon reads them: short, joined, repeated, with Go's booleans."""
    flags, wanted = FLAGS[kind]
    facts = audit(engine(flags=flags.split()), "2")
    assert not differences({(key, "local"): verdict for key, verdict in wanted.items()}, facts)
    assert worst_of("daemon_is_configured_by_its_file", facts) == "fail"


# ---- what the daemon has read

GOOD = {
    "icc": False,
    "userland-proxy": False,
    "no-new-privileges": True,
    "live-restore": True,
    "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 2048}},
    "log-opts": {"max-size": "10m", "max-file": "3"},
}
LOGS = "log_files_are_limited"
DEFAULT = "(default of the daemon)"


def test_file_and_daemon(engine: EngineFactory) -> None:
    """A changed daemon.json counts when the daemon has read it, and a container keeps what it was created with."""
    one = engine()
    one.run("old")
    one.create("own", "--log-opt", "max-size=1m", "--log-opt", "max-file=2")
    time.sleep(0.2)
    one.configure(GOOD)
    facts = audit(one, "2")
    pending = {(key, "local"): "fail: restart pending" for key in ("2.2", "2.9", "2.15", "2.16", "2.17")}
    assert not differences(pending | {("2.11", "local"): "error"}, facts)  # the file that was read may have set it

    one.restart()
    one.docker("start", "old")
    one.run("new")
    facts = audit(one, f"2 5.26 {LOGS}")
    assert not differences(dict.fromkeys([*pending, ("2.11", "local")], "pass"), facts)
    assert verdicts("5.26", facts) == {"old": "fail", "own": "fail", "new": "pass"}
    assert verdicts(LOGS, facts) == {DEFAULT: "pass", "old": "fail", "own": "pass", "new": "pass"}

    one.configure({**GOOD, "debug": True, "live-restore": False})
    one.reload()
    time.sleep(0.5)
    facts = audit(one, "2")
    assert [worst_of(key, facts) for key in ("2.3", "2.16")] == ["fail", "fail"]

    time.sleep(3)
    one.config_path.unlink()  # docs/limits.md
    facts = audit(one, "2.2 2.11 2.17")
    assert [worst_of(key, facts) for key in ("2.2", "2.11")] == ["pass", "pass"]


def test_container_that_outlived_its_daemon(engine: EngineFactory) -> None:
    """2.2: the default bridge stays that of the daemon of then."""
    one = engine(live_restore=True, icc=False)
    one.run("old")
    one.stop()
    one.configure({"live-restore": True})
    one.start()
    assert "restart pending" in whole("2.2", audit(one, "2.2"))[1]


def test_unit_whose_daemon_was_not_started_again(lab_host: Callable[..., Host]) -> None:
    """2.8: the options of the process count, not those of its unit; a socket of docker.socket is pending."""
    host = lab_host(icc=False)

    def found() -> list[str]:
        facts = facts_inside(host, of="2.8 daemon_is_configured_by_its_file")
        return [whole(each, facts)[0] for each in ("2.8", "daemon_is_configured_by_its_file")]

    assert found() == ["not applicable", "pass"]
    command = "ExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2375 --icc=true\n"
    host.write("/etc/systemd/system/docker.service.d/x.conf", f"[Service]\n{command}")
    host.exec("systemctl", "daemon-reload")
    assert found() == ["not applicable", "pass"]
    host.exec("rm", "-r", "/etc/systemd/system/docker.service.d")
    host.write("/etc/systemd/system/docker.socket.d/x.conf", "[Socket]\nListenStream=0.0.0.0:2375\n")
    host.exec("systemctl", "daemon-reload")
    pending = "restart pending: will take commands on tcp://0.0.0.0:2375 without TLS"
    assert whole("2.8", facts_inside(host, of="2.8")) == ("fail", pending)
    host.exec("sh", "-c", "systemctl stop docker docker.socket; systemctl start docker.socket docker")
    host.exec("rm", "-r", "/etc/systemd/system/docker.socket.d")
    host.exec("systemctl", "daemon-reload")
    listening = "takes commands on 0.0.0.0:2375 (listening) without TLS"
    assert whole("2.8", facts_inside(host, of="2.8")) == ("fail", listening)


# ---- TLS

TLS_CONTROLS = ("client_ca_is_in_date", "server_certificate_is_in_date", "server_key_fits_its_certificate")
# Flags, settings, whether the three files are given, and what a client without a certificate gets over HTTPS.
TLS_CASES = [
    ((), {"tls": True}, "000", "pass"),
    (("--tls", "--tlsverify=false"), {}, "200", "fail"),
    ((), {"tls": True, "tlsverify": False}, "200", "fail"),
    (
        (),
        {"tlsverify": True, "tlscacert": None},
        "000",
        "fail",
    ),  # whoever has any certificate that the host trusts
]


def tls(certificates: Path) -> dict[str, object]:
    """Return the three files as settings."""
    files = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
    return {name: str(certificates / file) for name, file in files.items()}


@pytest.mark.parametrize(("flags", "settings", "served", "verdict"), TLS_CASES)
def test_tls(
    engine: EngineFactory,
    certificates: Path,
    flags: tuple[str, ...],
    settings: dict[str, object],
    served: str,
    verdict: str,
) -> None:
    """2.8: it fails where a client without a certificate of the site's authority may be served."""
    every = {name: value for name, value in {**tls(certificates), **settings}.items() if value is not None}
    one = engine(flags=flags, hosts=["tcp://127.0.0.1:2376"], **every)
    status = "000"
    with suppress(LabError):
        status = one.nsenter(
            *[
                "curl",
                "-sk",
                "-m",
                "5",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "https://127.0.0.1:2376/_ping",
            ]
        )
    assert status == served
    assert whole("2.8", audit(one, "2.8"))[0] == verdict


def test_files_of_tls(engine: EngineFactory, certificates: Path, tmp_path: Path) -> None:
    """They pass as they are; those that changed since the start are an error until it starts again."""
    for file in certificates.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    one = engine(tlsverify=True, hosts=["tcp://127.0.0.1:2376"], **tls(tmp_path))

    def found() -> list[str]:
        facts = audit(one, " ".join(TLS_CONTROLS))
        assert not [each for each in facts.recording.answers.values() if "PRIVATE KEY" in each.stdout]
        return [whole(key, facts)[0] for key in TLS_CONTROLS]

    assert found() == ["pass"] * 3
    time.sleep(0.2)
    (tmp_path / "key.pem").chmod(0o400)
    assert found() == ["pass", "pass", "error"]
    one.restart()
    assert found() == ["pass"] * 3


# ---- what the daemon decides


def test_settings_that_containers_inherit(engine: EngineFactory) -> None:
    """5.14, 5.19, 5.22, 5.25: what the daemon gives to all counts where a container has nothing of its own."""
    ulimits = {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 2048}}
    one = engine(default_ulimits=ulimits, ip="127.0.0.1", cgroup_parent="/lab-hc-site")
    for name, options in {
        "default": "",
        "same": "--ulimit nofile=1024:2048",
        "other": "--ulimit nofile=1024:4096",
        "published": "-p 80",
        "built-in": "--cgroup-parent /docker",
    }.items():
        one.create(f"{name}-created", *options.split())
        one.run(f"{name}-runs", *options.split())
    facts = audit(one, "5")
    one.docker("rm", "--force", *one.docker("ps", "--all", "--quiet").split())
    remove_groups("lab-hc-site")
    wanted = {
        ("5.19", "default"): "pass",
        ("5.19", "same"): "pass",
        ("5.19", "other"): "fail: overrides nofile=1024:4096",
        ("5.14", "published"): "pass",
        ("5.25", "default"): "pass",
        ("5.25", "built-in"): "fail",
    }
    both = {(key, f"{name}-{at}"): each for (key, name), each in wanted.items() for at in ("created", "runs")}
    assert not differences(both, facts)


@pytest.mark.needs_engine(">=23", "a profile of the daemon called unconfined")
def test_seccomp_profile_of_the_daemon(engine: EngineFactory) -> None:
    """2.18, 5.22: the daemon's profile counts where a container has none of its own."""
    one = engine(seccomp_profile="unconfined")
    one.run("runs")
    one.create("created")
    facts = audit(one, "2.18 5.22")
    assert worst_of("2.18", facts) == "fail"
    assert verdicts("5.22", facts) == {"runs": "fail", "created": "fail"}


@pytest.mark.needs_engine(">=28", "earlier ones know no gateway modes")
def test_network_without_protection(engine: EngineFactory) -> None:
    """5.14: in the gateway mode nat-unprotected a container opens what it listens on."""
    one = engine()
    mode = "com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected"
    one.docker("network", "create", "--opt", mode, "open")
    one.create("created", "--network", "open")
    one.run("runs", "--network", "open", command=("httpd", "-f", "-p", "5432"))
    assert verdicts("5.14", audit(one, "5.14")) == {"runs": "fail", "created": "manual"}


PLUGIN = """
import http.server, json, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"Implements": ["authz"]} if "Activate" in self.path else {"Allow": True}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self): return ""
    def log_message(self, *_): pass
with socketserver.ThreadingUnixStreamServer(sys.argv[1], Handler) as server:
    print(1, flush=True); server.serve_forever()
"""


@contextmanager
def authorization_plugin() -> Iterator[str]:
    """A plugin that allows everything, where every engine looks for some; yields its name."""
    folder, name = Path("/run/docker/plugins"), f"hcauthz{os.getpid()}"
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", PLUGIN, str(folder / f"{name}.sock")], stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield name
        finally:
            process.kill()
            (folder / f"{name}.sock").unlink(missing_ok=True)
            if made:
                folder.rmdir()


def test_authorization_plugin(engine: EngineFactory) -> None:
    """2.13: a plugin needs a manual check; one that the policy names passes, and no other."""
    with authorization_plugin() as name:
        one = engine(authorization_plugins=[name])
        facts = audit(one, "2.13")
        one.down()
    policies = {
        "manual": Policy(),
        "pass": Policy(authorization_plugins=(name,)),
        "fail": Policy(authorization_plugins=("x",)),
    }
    assert {verdict: whole("2.13", Facts(facts.recording, each))[0] for verdict, each in policies.items()} == {
        verdict: verdict for verdict in policies
    }


# ---- the way to the engine


def test_context_and_address(engine: EngineFactory, tmp_path: Path) -> None:
    """The engine of the current context is audited, and a loopback address leads to the daemon in its network."""
    from hullcheck.facts import PROBES
    from hullcheck.recording.script import render

    one = engine(hosts=["tcp://127.0.0.1:2375"])
    one.run("web", "--privileged", "-v", "own:/x")
    client = {"DOCKER_CONFIG": str(tmp_path), "PATH": one.version.path, "HOME": "/root"}
    create = ("docker", "context", "create", "lab", "--docker", f"host=unix://{one.socket}")
    for command in (create, ("docker", "context", "use", "lab")):
        subprocess.run(command, env=client, check=True, capture_output=True)
    formats = ("psFormat", "imagesFormat", "volumesFormat", "networksFormat", "servicesFormat")
    config = json.loads((tmp_path / "config.json").read_text()) | dict.fromkeys(formats, "table {{.ID}}x")
    (tmp_path / "config.json").write_text(json.dumps(config))
    asked = {"input": render(PROBES), "capture_output": True, "text": True, "check": True}
    by_context = facts_of_answer(subprocess.run(["sh"], env=client, **asked).stdout, "local", time.time())
    by_address = facts_of_answer(
        one.nsenter("sh", stdin=render(PROBES, docker_host="tcp://127.0.0.1:2375")), "local", time.time()
    )
    expected = facts_of_engine(one.socket)
    for key in [f"2.{number}" for number in range(2, 20)] + [f"5.{number}" for number in range(1, 33)]:
        assert verdicts(key, by_context) == verdicts(key, by_address) == verdicts(key, expected), key
    assert verdicts("5.5", by_context) == {"web": "fail"}
