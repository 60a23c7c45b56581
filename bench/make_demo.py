"""Records the two hosts of the demo: a hardened one and a careless one, started for real.

`tox -e demo-recordings`, or as root `python bench/make_demo.py`: about five minutes, two of them to install the
disk. Each host is a machine of the self-tests' laboratory with a kernel, systemd, sshd, auditd and an engine of
its own. It is asked over ssh as any target is, and what it answers is kept as it came in `inventories/demo/`;
nothing in a recording is edited.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

if TYPE_CHECKING:
    from selftests.rig.hosts.machine import Machine
    from selftests.rig.laboratory import Laboratory

DEMO = ROOT / "inventories" / "demo"
ENGINE = "/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock"
TLS = "/etc/docker/tls"

KERNEL = ("security=apparmor",)
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
    "default-ulimits": {
        "nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096},
        "nproc": {"Name": "nproc", "Soft": 1024, "Hard": 2048},
    },
}
CARELESS: Mapping[str, object] = {
    "hosts": ["fd://", "tcp://0.0.0.0:2375"],
    "tls": False,  # says that no TLS is meant, so that the engine does not wait before it starts
    "debug": True,
    "experimental": True,
    "insecure-registries": ["registry.example.com:5000"],
    "cgroup-parent": "everything.slice",
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

# What the engine stores gets a file system of its own.
OWN_FILE_SYSTEM = """
systemctl stop docker.socket docker.service
rm -r /var/lib/docker
mkdir -m 710 /var/lib/docker
truncate --size 1G /srv/docker.img
mkfs.ext4 -q /srv/docker.img
echo "/srv/docker.img /var/lib/docker ext4 loop 0 2" >>/etc/fstab
modprobe loop
mount /var/lib/docker
"""
WATCHED = """
    /usr/sbin/dockerd /usr/bin/containerd /usr/bin/containerd-shim /usr/bin/containerd-shim-runc-v1
    /usr/bin/containerd-shim-runc-v2 /usr/sbin/runc /var/lib/docker /etc/docker /etc/docker/daemon.json
    /etc/default/docker /etc/containerd/config.toml /usr/lib/systemd/system/docker.service
    /etc/systemd/system/docker.service.d /run/containerd /run/containerd/containerd.sock /run/docker.sock
"""
AUDIT_RULES = "".join(f"-w {path} -p wa -k docker\n" for path in WATCHED.split())

# What a container of the hardened host is run with.
CONFINED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "shop"),
    *("--memory", "64m", "--cpus", "0.5", "--pids-limit", "64", "--restart", "on-failure:5"),
)
WEB, STORE, TOOLS = "shop/web:1.4.2", "shop/store:2.0.1", "tools:3"
BUILD_FILES = {
    WEB: """
FROM scratch
ADD bb.tar /
COPY text /srv/
USER 1000
HEALTHCHECK --interval=10s CMD wget -q -O /dev/null http://127.0.0.1:8443/text
CMD ["httpd", "-f", "-p", "8443", "-h", "/srv"]
""",
    STORE: """
FROM scratch
ADD bb.tar /
COPY --chown=1000 text /data/
USER 1000
HEALTHCHECK --interval=10s CMD test -w /data
CMD ["sleep", "9999"]
""",
    TOOLS: """
FROM scratch
ADD bb.tar /
ADD text /etc/motd
ENV DB_PASSWORD=a-password-of-nobody
RUN chmod u+s /bin/busybox
CMD ["sshd"]
""",
}


def main() -> None:
    """Start the hosts one after the other, ask them, and write what they answered."""
    from selftests.rig import laboratory
    from selftests.rig.hosts import machine

    if reason := laboratory.obstacle() or machine.obstacle():
        raise SystemExit(f"no recording without real hosts: {reason}")
    lab = laboratory.Laboratory()
    try:
        disk = machine.disk(lab)
        for start in (hardened, careless):
            host = start(lab, disk)
            record(host)
            host.down()
    finally:
        lab.close()


def hardened(lab: Laboratory, disk: Path) -> Machine:
    """A host on which somebody took care."""
    from selftests.rig.hosts.machine import Machine

    host = Machine(lab, disk, KERNEL, "hardened")
    host.exec("sh", "-e", stdin=OWN_FILE_SYSTEM)
    host.write("/opt/readers.py", PLUGIN)
    host.write("/etc/systemd/system/readers.service", PLUGIN_UNIT)
    certificates = _certificates()
    for name, text in certificates.items():
        host.write(f"{TLS}/{name}", text, 0o400 if name == "key.pem" else 0o444)
    host.write("/etc/docker/certs.d/registry.example.com/ca.crt", certificates["ca.pem"], 0o444)
    _configure(host, HARDENED, HARDENED_DROP_IN)
    host.docker("network", "create", "shop")
    for tag in (WEB, STORE):
        _build(host, tag)
    host.run("web", *CONFINED, "--publish", "127.0.0.1:8443:8443", image=WEB, command=())
    host.run("store", *CONFINED, "--volume", "store:/data", image=STORE, command=())
    _until_healthy(host, "web", "store")
    host.write("/etc/environment", "DOCKER_CONTENT_TRUST=1\n")
    host.write("/etc/audit/rules.d/docker.rules", AUDIT_RULES)
    host.exec("augenrules", "--load")  # a watch on a directory covers what is in it if the directory is there
    return host


def careless(lab: Laboratory, disk: Path) -> Machine:
    """A host on which everything was made to work, and nothing was taken away again."""
    from selftests.rig.hosts.machine import Machine

    host = Machine(lab, disk, KERNEL, "careless")
    _configure(host, CARELESS, CARELESS_DROP_IN, mode=0o666)
    host.exec("useradd", "--home-dir", "/srv/intern", "--groups", "docker", "intern")
    host.exec("chmod", "666", "/run/docker.sock")
    for tag in ("agent:latest", "panel:2.1"):
        host.docker("tag", "bb:1", tag)
    host.docker("image", "rm", "bb:1")
    _build(host, TOOLS)
    shared = ("--privileged", "--pid", "host", "--network", "host")
    host.run("agent", *shared, "--restart", "always", image="agent:latest")
    socket = "/var/run/docker.sock:/var/run/docker.sock"
    host.run("panel", "--volume", socket, "--publish", "80:80", image="panel:2.1")
    host.docker("exec", "--detach", "--privileged", "panel", "sleep", "9999")
    unconfined = ("--cap-add", "NET_ADMIN", "--security-opt", "seccomp=unconfined")
    host.run("quirky_euler", *unconfined, image=TOOLS, command=())
    host.docker("create", "--name", "backup", "--volume", "/:/host", "--ipc", "host", TOOLS, "true")
    return host


def _configure(host: Machine, settings: Mapping[str, object], drop_in: str, mode: int = 0o644) -> None:
    """Start the engine of *host* anew with these settings, in a file of this mode, and a drop-in of its unit."""
    host.write("/etc/docker/daemon.json", json.dumps(settings, indent=2) + "\n", mode)
    host.write(f"/etc/systemd/system/docker.service.d/{host.name}.conf", drop_in)
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "restart", "docker.socket", "docker.service")


def _build(host: Machine, tag: str) -> None:
    """Build an image on *host* from its build file, busybox and a text."""
    host.write("/srv/build/Dockerfile", BUILD_FILES[tag])
    host.write("/srv/build/text", "open all day\n")
    host.exec("cp", "/root/bb.tar", "/srv/build")
    host.docker("build", "--quiet", "--tag", tag, "/srv/build")


def record(host: Machine) -> None:
    """Ask *host* as an audit does, over ssh, and keep its recording."""
    from hullcheck import facts
    from hullcheck.gather import arriving
    from hullcheck.gather.transport import Connection
    from hullcheck.inventory import Target

    target = Target(host.name, f"ssh://root@{host.name}")
    way = Connection(ssh_config=str(host.ssh_config), timeout=300)
    (recording,) = arriving([target], facts.PROBES, way, probe_timeout=120)  # the machine is slow
    if recording.failure:
        raise SystemExit(recording.failure)
    path = recording.save(DEMO / host.name)
    path.chmod(0o644)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def _until_healthy(host: Machine, *names: str) -> None:
    from selftests.rig.waiting import until

    def healthy() -> bool:
        states = host.docker("inspect", "--format", "{{json .State.Health.Status}}", *names).split()
        return {json.loads(state) for state in states} == {"healthy"}

    until(healthy, "the containers do not become healthy", 60)


def _certificates() -> dict[str, str]:
    """An authority and a certificate of the host, by the names of their files."""
    from selftests.rig import removal
    from selftests.rig.shell import call

    with removal.temporary() as folder:

        def openssl(*words: str) -> None:
            call("openssl", *words, cwd=folder)

        new = ("-newkey", "ed25519", "-nodes", "-days", "3650")
        openssl("req", "-x509", *new, "-subj", "/CN=demo authority", "-keyout", "ca.key", "-out", "ca.pem")
        own = ("-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "key.pem", "-out", "cert.pem")
        openssl("req", "-x509", *new, "-subj", "/CN=hardened", *own)
        return {each: (folder / each).read_text() for each in ("ca.pem", "cert.pem", "key.pem")}


if __name__ == "__main__":
    main()
