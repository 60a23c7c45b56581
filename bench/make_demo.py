"""Records the two hosts of the demo: a hardened one and a careless one, started for real.

`tox -e demo-recordings`, or as root `python bench/make_demo.py`: about 20 seconds. Each host is a machine
of the self-tests' laboratory with systemd, sshd and an engine of its own. It is asked over ssh as any target
is, and what it answers is kept as it came in `inventories/demo/`; nothing in a recording is edited.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

if TYPE_CHECKING:
    from selftests.lab.host import Host, Hub

DEMO = ROOT / "inventories" / "demo"
# Recordings show where the data of a host lies, so it should not lie where this machine has something else.
BASE = Path("/srv/docker-lab")
ENGINE = "/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock"
TLS = "/etc/docker/tls"

HARDENED: Mapping[str, object] = {
    "hosts": ["fd://", "tcp://0.0.0.0:2376"],
    "tls": True,
    "tlsverify": True,
    "tlscacert": f"{TLS}/ca.pem",
    "tlscert": f"{TLS}/cert.pem",
    "tlskey": f"{TLS}/key.pem",
    "icc": False,
    "userns-remap": "default",
    "no-new-privileges": True,
    "live-restore": True,
    "userland-proxy": False,
    "authorization-plugins": ["readers"],
    "log-level": "info",
    "log-driver": "syslog",
    "log-opts": {"syslog-address": "udp://192.0.2.10:514"},
    "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}},
}
CARELESS: Mapping[str, object] = {
    "hosts": ["fd://", "tcp://0.0.0.0:2375"],
    "tls": False,  # says that no TLS is meant, so that the engine does not wait before it starts
    "debug": True,
    "experimental": True,
    "insecure-registries": ["registry.example.com:5000"],
    "cgroup-parent": "/everything",
}

# The smallest authorization plugin: it answers the engine on its socket, and lets every request pass.
PLUGIN = """
import http.server, json, os, socketserver

class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = {"Implements": ["authz"]} if self.path == "/Plugin.Activate" else {"Allow": True}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "engine"

    def log_message(self, *message):
        pass

os.makedirs("/run/docker/plugins", exist_ok=True)
socketserver.ThreadingUnixStreamServer("/run/docker/plugins/readers.sock", Answer).serve_forever()
"""
PLUGIN_UNIT = """
[Unit]
Description=Authorization plugin of the Docker engine
Before=docker.service

[Service]
ExecStart=/usr/bin/python3 /opt/readers.py
"""
HARDENED_DROP_IN = f"""
[Unit]
Requires=readers.service
After=readers.service

[Service]
ExecStart=
ExecStart={ENGINE}
"""
CARELESS_DROP_IN = f"""
[Service]
ExecStart=
ExecStart={ENGINE}
"""

# What a container of the hardened host is run with.
CONFINED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "1000"),
    *("--memory", "64m", "--cpus", "0.5", "--pids-limit", "64", "--restart", "on-failure:5"),
    *("--network", "shop", "--health-cmd", "true", "--health-interval", "1s"),
)
APPROVED = ("shop/web:1.4.2", "shop/store:2.0.1")


def main() -> None:
    """Start the hosts, ask them, and write what they answered."""
    from selftests.lab.laboratory import Laboratory, obstacle

    if reason := obstacle():
        raise SystemExit(f"no recording without real hosts: {reason}")
    laboratory = Laboratory(BASE)
    try:
        hub = _hub(laboratory)
        record(hub, hardened(hub))
        record(hub, careless(hub))
        hub.down()
    finally:
        laboratory.close()
    for leftover in BASE.iterdir():  # locks of the laboratory
        leftover.unlink()
    BASE.rmdir()


def _hub(laboratory: object) -> Hub:
    """A hub whose hosts have the names that the demo gives them."""
    from selftests.lab.host import Hub
    from selftests.lab.laboratory import Laboratory

    class Named(Hub):
        """Its hosts are not called h1 and h2."""

        names = iter(("hardened", "careless"))

        def name(self) -> str:
            """The name of the next host."""
            return next(self.names)

    assert isinstance(laboratory, Laboratory)
    return Named(laboratory)


def hardened(hub: Hub) -> Host:
    """A host on which somebody took care."""
    from selftests.lab.host import Host

    files = {
        "/opt/readers.py": PLUGIN,
        "/etc/systemd/system/readers.service": PLUGIN_UNIT,
        "/etc/systemd/system/docker.service.d/hardened.conf": HARDENED_DROP_IN,
        **{f"{TLS}/{name}": text for name, text in _certificates().items()},
    }
    host = Host(hub, HARDENED, files=files)
    host.wait()
    host.exec("chmod", "400", f"{TLS}/key.pem")
    host.exec("chmod", "444", f"{TLS}/ca.pem", f"{TLS}/cert.pem")
    host.docker("network", "create", "shop")
    for tag in APPROVED:
        host.docker("tag", "bb:1", tag)
    host.docker("image", "rm", "bb:1")
    web, store = APPROVED
    server = ["httpd", "-f", "-p", "8443"]
    host.run("web", *CONFINED, "--publish", "127.0.0.1:8443:8443", image=web, command=server)
    host.run("store", *CONFINED, "--volume", "store:/data", image=store)
    _until_healthy(host, "web", "store")
    return host


def careless(hub: Hub) -> Host:
    """A host on which everything was made to work, and nothing was taken away again."""
    from selftests.lab.host import Host

    host = Host(hub, CARELESS, files={"/etc/systemd/system/docker.service.d/careless.conf": CARELESS_DROP_IN})
    host.wait()
    for tag in ("agent:latest", "panel:2.1", "tools:3"):
        host.docker("tag", "bb:1", tag)
    host.docker("image", "rm", "bb:1")
    shared = ("--privileged", "--pid", "host", "--network", "host")
    host.run("agent", *shared, "--restart", "always", image="agent:latest")
    socket = "/var/run/docker.sock:/var/run/docker.sock"
    host.run("panel", "--volume", socket, "--publish", "80:80", image="panel:2.1")
    host.docker("exec", "--detach", "--privileged", "panel", "sleep", "9999")
    unconfined = ("--cap-add", "NET_ADMIN", "--security-opt", "seccomp=unconfined")
    host.run("quirky_euler", *unconfined, image="tools:3", command=["sshd"])
    host.docker("create", "--name", "backup", "--volume", "/:/host", "--ipc", "host", "tools:3", "true")
    return host


def record(hub: Hub, host: Host) -> None:
    """Ask *host* as an audit does, over ssh, and keep its recording."""
    from hullcheck import facts
    from hullcheck.gather import gather
    from hullcheck.inventory import Target
    from hullcheck.transport import Connection

    target = Target(host.name, f"ssh://root@{host.name}")
    (recording,) = gather([target], facts.PROBES, Connection(ssh_config=str(host.ssh_config))).values()
    if recording.failure:
        raise SystemExit(recording.failure)
    path = recording.save(DEMO / host.name)
    path.chmod(0o644)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def _until_healthy(host: Host, *names: str) -> None:
    from selftests.lab.host import _until

    def healthy() -> bool:
        states = host.docker("inspect", "--format", "{{json .State.Health.Status}}", *names).split()
        return {json.loads(state) for state in states} == {"healthy"}

    _until(healthy, "the containers do not become healthy")


def _certificates() -> dict[str, str]:
    """An authority and a certificate of the host, by the names of their files."""
    from selftests.lab.shell import call

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def openssl(*words: str) -> None:
            call("openssl", *words, cwd=folder)

        new = ("-newkey", "ed25519", "-nodes", "-days", "3650")
        openssl("req", "-x509", *new, "-subj", "/CN=demo authority", "-keyout", "ca.key", "-out", "ca.pem")
        own = ("-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "key.pem", "-out", "cert.pem")
        openssl("req", "-x509", *new, "-subj", "/CN=hardened", *own)
        return {each: (folder / each).read_text() for each in ("ca.pem", "cert.pem", "key.pem")}


if __name__ == "__main__":
    main()
