"""2.8 on real engines: programs before the socket of the engine, whatever they are called."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import facts_of_engine, facts_of_guest, judged
from selftests.lab.daemon import turns
from selftests.needs import need
from selftests.rig.shell import call
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]
_RELAY = """
import socket, sys, threading
def copy(one, two):
    while data := one.recv(4096):
        two.sendall(data)
    two.shutdown(socket.SHUT_WR)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        client, _ = server.accept()
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(sys.argv[2])
        for pair in ((client, engine), (engine, client)):
            threading.Thread(target=copy, args=pair, daemon=True).start()
"""
_HAPROXY = """
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen relay
  bind 127.0.0.1:{port}
  server engine unix@{path}
"""


def free_port() -> int:
    """A port of the loopback address at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def relaying(command: Sequence[str | Path], port: int) -> Iterator[None]:
    """Run a relay, until the end of the block."""
    with turns.with_a_relay():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: _connects(port), "the relay listens")
            yield
        finally:
            process.terminate()
            process.wait(10)


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listens(pid: int) -> bool:
    """Whether anything listens in the network of a process."""
    return " 0A " in Path(f"/proc/{pid}/net/tcp").read_text()


def verdict(engine: Engine) -> tuple[str, str]:
    """Of 2.8."""
    (found,) = judged("2.8", facts_of_engine(engine.socket, of="2.8")).values()
    return found


def test_relay_of_any_name_fails_while_it_runs(engine: EngineFactory, tmp_path: Path) -> None:
    """A program that no list names, at a port that says nothing, with the engine's path nowhere in its name."""
    relay, link, port = tmp_path / "quiet", tmp_path / "s", free_port()
    interpreter = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    shutil.copy(interpreter, relay)
    link.symlink_to((docker := engine()).socket)
    assert verdict(docker)[0] == "not applicable"
    with relaying((relay, "-c", _RELAY, str(port), link), port):
        found, reason = verdict(docker)
        assert (found, f"127.0.0.1:{port} (quiet)" in reason) == ("fail", True), reason
    assert verdict(docker)[0] == "not applicable"


def test_service_of_the_distribution_is_left_alone(engine: EngineFactory) -> None:
    """What root runs from its packages, and is known to pass nothing on, gets no request."""
    docker, port = engine(), free_port()
    once = ("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-nocert", "-naccept", "1")
    process = subprocess.Popen(once, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        until(lambda: f":{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text(), "it listens")
        assert verdict(docker)[0] == "not applicable"
        assert process.poll() is None
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.mark.parametrize("program", ["socat", "haproxy"])
def test_relay_of_a_real_product(engine: EngineFactory, tmp_path: Path, program: str) -> None:
    """Each fails the control while it passes commands on."""
    need(program)
    docker, port, configuration = engine(), free_port(), tmp_path / "relay.cfg"
    configuration.write_text(_HAPROXY.format(port=port, path=docker.socket), encoding="ascii")
    command = {
        "socat": (
            "socat",
            f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr",
            f"UNIX-CONNECT:{docker.socket}",
        ),
        "haproxy": ("haproxy", "-db", "-f", configuration),
    }[program]
    with relaying(command, port):
        found, reason = verdict(docker)
    assert (found, f"127.0.0.1:{port} ({program}" in reason) == ("fail", True), reason


@pytest.mark.needs("socat")
def test_relay_to_containerd(engine: EngineFactory) -> None:
    """Who reaches it starts containers as well; it speaks no HTTP, so a person has to say what the relay is for."""
    docker, port = engine(), free_port()
    containerd = f"UNIX-CONNECT:{docker.socket.parent}/exec/containerd/containerd.sock"
    with relaying(("socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork", containerd), port):
        found, reason = verdict(docker)
    assert (found, f"127.0.0.1:{port} (socat" in reason) == ("manual", True), reason


_CONTAINERD = """
version = 2
root = "{folder}/root"
state = "{folder}/state"
imports = []
[plugins."io.containerd.grpc.v1.cri"]
  disable_tcp_service = false
[grpc]
  address = "{folder}/c"
"""
_SERVERS = {
    "a key in capitals": '  TCP_ADDRESS = "127.0.0.1:{port}"',
    "metrics": '[metrics]\n  address = "127.0.0.1:{port}"',
    "a plugin": '[plugins."io.containerd.server.v1.grpc-tcp"]\n  address = "127.0.0.1:{port}"',
}


@pytest.mark.parametrize("server", _SERVERS)
def test_containerd_at_a_port(engine: EngineFactory, tmp_path: Path, server: str) -> None:
    """It takes commands there, however that is written; at the port of its metrics it takes none."""
    docker, port, configuration = engine(), free_port(), tmp_path / "c.toml"
    text = _CONTAINERD + _SERVERS[server]
    configuration.write_text(text.format(folder=tmp_path, port=port), encoding="ascii")
    program = shutil.which("containerd", path=docker.version.path)
    version = call(str(program), "--version")
    if server == "a plugin" and not _has_plugins_for_servers(version):
        pytest.skip(f"its servers are no plugins: {version}")
    with relaying((str(program), "--config", configuration), port):
        found, reason = verdict(docker)
    expected = "not applicable" if server == "metrics" else "fail"
    assert (found, f"127.0.0.1:{port} (containerd)" in reason) == (expected, expected == "fail"), reason


def _has_plugins_for_servers(version: str) -> bool:
    """Whether a containerd is 2.3 or later."""
    found = re.search(r" v?(\d+)\.(\d+)\.", version)
    return found is not None and (int(found[1]), int(found[2])) >= (2, 3)


_NGINX = """
daemon off;
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
  access_log off;
  include {folder}/sites/*.conf;
}}
"""
_SITE = "server {{ listen 127.0.0.1:{port}; location /api/ {{ proxy_pass http://unix:{path}:/; }} }}"
_REFUSES = "  tcp-request connection reject if { src 127.0.0.0/8 }\n"


@pytest.mark.parametrize("program", ["socat", "haproxy", "nginx"])
def test_relay_that_does_not_answer_the_auditor(engine: EngineFactory, tmp_path: Path, program: str) -> None:
    """One for other clients, or at another path, names the socket all the same: a person has to say who may use it."""
    need(program)
    docker, port, configuration = engine(), free_port(), tmp_path / "relay.cfg"
    relay = _HAPROXY.format(port=port, path=docker.socket)
    (tmp_path / "sites").mkdir()
    site = _SITE.format(port=port, path=docker.socket)
    (tmp_path / "sites/a.conf").write_text(site, encoding="ascii")
    nginx = _NGINX.format(folder=tmp_path)
    configuration.write_text(nginx if program == "nginx" else relay + _REFUSES, encoding="ascii")
    command = {
        "socat": (
            "socat",
            f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,range=10.0.0.0/8",
            f"UNIX-CONNECT:{docker.socket}",
        ),
        "haproxy": ("haproxy", "-db", "-f", configuration),
        "nginx": ("nginx", "-p", tmp_path, "-c", configuration),
    }[program]
    with relaying(command, port):
        found, reason = verdict(docker)
    assert (found, f"127.0.0.1:{port} ({program}" in reason) == ("manual", True), reason


def test_web_server_that_names_no_socket(engine: EngineFactory, tmp_path: Path) -> None:
    """It is none that passes commands on, whatever its comments say."""
    need("nginx")
    docker, port, configuration = engine(), free_port(), tmp_path / "relay.cfg"
    (tmp_path / "sites").mkdir()
    site = f"# proxy_pass http://unix:{docker.socket}:/;\nserver {{ listen 127.0.0.1:{port}; }}\n"
    (tmp_path / "sites/a.conf").write_text(site, encoding="ascii")
    configuration.write_text(_NGINX.format(folder=tmp_path), encoding="ascii")
    with relaying(("nginx", "-p", tmp_path, "-c", configuration), port):
        assert verdict(docker)[0] == "not applicable"


def test_sockets_of_systemd_before_the_engine(lab_host: Callable[..., Host]) -> None:
    """systemd listens in the place of what passes commands on, started once or for each connection."""
    need("socat")
    host = lab_host()
    units = {
        "once.socket": "[Socket]\nListenStream=127.0.0.1:7001",
        "once.service": "[Service]\nExecStart=/usr/lib/systemd/systemd-socket-proxyd /run/docker.sock",
        "each.socket": "[Socket]\nListenStream=7002\nAccept=yes",
        "each@.service": "[Service]\nStandardInput=socket\nExecStart=socat STDIO UNIX-CONNECT:/run/docker.sock",
    }
    for name, text in units.items():
        host.write(f"/etc/systemd/system/{name}", text + "\n")
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "start", "once.socket", "each.socket")
    (found,) = judged("2.8", facts_of_guest(host, of="2.8")).values()
    assert (found[0], "127.0.0.1:7001" in found[1], ":7002" in found[1]) == ("fail", True, True), found
    host.exec("systemctl", "stop", "once.socket", "once.service", "each.socket")
    (found,) = judged("2.8", facts_of_guest(host, of="2.8")).values()
    assert found[0] == "not applicable", found


def test_listeners_that_cannot_be_asked(engine: EngineFactory, tmp_path: Path) -> None:
    """Those of a user's systemd would start a service, those of the kernel have no process: none is the daemon's."""
    docker, port = engine(), free_port()
    shutil.copy(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}", tmp_path / "systemd")
    with socket.create_server(("127.0.0.1", 0)) as server:
        one, two = socket.socketpair()
        socket.send_fds(one, [b"x"], [server.fileno()])  # and now it is in no table of descriptors
    with one, two, relaying((tmp_path / "systemd", "-m", "http.server", "-b", "127.0.0.1", str(port)), port):
        assert verdict(docker) == ("not applicable", "the daemon takes commands on no TCP address")


def test_relay_in_another_network(engine: EngineFactory) -> None:
    """It cannot be asked from here: what names the socket and listens there is left to a person."""
    one = engine()
    program = (sys.executable, "-c", _RELAY, "2375", str(one.socket))
    start = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *program)
    process = subprocess.Popen(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: Path(f"/proc/{process.pid}/exe").resolve().name.startswith("python"), "the relay runs")
        until(lambda: listens(process.pid), "the relay listens")
        found, reason = verdict(one)
        assert (found, f"process {process.pid} in another network (python" in reason) == ("manual", True), (
            reason
        )
    finally:
        process.terminate()
        process.wait(10)
