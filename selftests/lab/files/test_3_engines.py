"""Section 3 on engines that have their files elsewhere: each control judges those that the daemon really uses."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.policy import Policy
from hullcheck.recording.script import render
from selftests.kit.judging import (
    facts_inside,
    facts_of_engine,
    facts_of_guest,
    judge_engine,
    judged,
)
from selftests.lab.files.judgement import (
    CONTROLS,
    FOLDERS,
    PROBES,
    PROGRAMS,
    SOCKET,
    SOCKET_UNIT,
    facts_from,
    is_place_of_systemd,
    overall,
    verdicts,
)
from selftests.rig import removal

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.rootless import RootlessEngine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

SUPERVISOR = ["sh", "-c", 'trap "kill \\$daemon; wait" TERM; ./run & daemon=$!; wait']
EngineFactory = Callable[..., "Engine"]


def test_unit_by_any_name(lab_host: Callable[..., Host], certificates: dict[str, str]) -> None:
    """The unit that runs the daemon is judged, whatever its name; so are the files TLS takes by default."""
    unit = "/run/systemd/system/engine.service"
    text = (
        "[Service]\nEnvironment=DOCKER_CERT_PATH=/etc/engine\n"
        "ExecStart=/bin/sh -c '/usr/sbin/dockerd --tlsverify -H unix:///run/docker.sock"
        " --containerd=/run/containerd/containerd.sock; true'\n"
    )
    files = {f"/etc/engine/{name}": content for name, content in certificates.items()}
    one = lab_host(files=files)
    one.exec("chmod", "600", "/etc/engine/key.pem")
    facts = facts_inside(one, of="3")
    assert verdicts(facts, ("3.1", "3.9", "3.11", "3.13")) == {
        "3.1": "pass", "3.9": "not applicable", "3.11": "not applicable", "3.13": "not applicable",
    }  # fmt: skip
    one.write(unit, text, 0o666)
    one.exec(
        "sh", "-c", "systemctl stop docker.socket docker; systemctl daemon-reload; systemctl start engine"
    )
    one.exec("sh", "-c", "until docker version; do sleep 0.1; done")
    facts = facts_inside(one, of="3")
    found = {path for path in judged("3.2", facts) if not is_place_of_systemd(path)}
    assert found == {unit, *FOLDERS[:1], "/usr/lib/systemd/system", "/bin/sh", PROGRAMS[0]}
    assert overall("3.2", facts) == "fail"
    assert judged("3.10", facts) == {"/etc/engine/ca.pem": ("fail", "has mode 644, more than 444")}
    assert judged("3.12", facts) == {"/etc/engine/cert.pem": ("fail", "has mode 644, more than 444")}
    assert judged("3.14", facts) == {"/etc/engine/key.pem": ("fail", "has mode 600, more than 400")}
    assert {path for path in judged("3.4", facts) if not is_place_of_systemd(path)} == {SOCKET_UNIT, *FOLDERS}


def test_hosts_in_the_file_beside_an_active_socket_unit(lab_host: Callable[..., Host]) -> None:
    """The daemon holds the socket that systemd gave it, and puts its own in that place: this one is judged."""
    unit = "/etc/systemd/system/docker.service.d/override.conf"
    files = {unit: "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd\n"}
    one = lab_host(files=files, hosts=["unix:///var/run/docker.sock", "tcp://127.0.0.1:2375"])
    one.run("web", "--volume", "data:/data")
    of = "1.1.2 1.1.9 3.15 3.16 4.5 5.32"
    facts = facts_of_guest(one, of=of)
    assert {number: overall(number, facts) for number in of.split() if number != "1.1.9"} == {
        "1.1.2": "pass", "3.15": "pass", "3.16": "pass", "4.5": "fail", "5.32": "pass",
    }  # fmt: skip
    assert SOCKET not in judged("1.1.9", facts)[SOCKET][1]  # no container may ask the kernel for audit rules
    one.exec("chmod", "666", SOCKET)
    assert judged("3.16", facts_of_guest(one, of="3.16")) == {SOCKET: ("fail", "has mode 666, more than 660")}
    another = "import os, socket; os.unlink('{0}'); socket.socket(1).bind('{0}'); os.chmod('{0}', 0o600)"
    one.exec("/usr/bin/python3", "-c", another.format(SOCKET))
    facts = facts_from(one.exec("sh", stdin=render(PROBES, docker_host="tcp://127.0.0.1:2375")))
    assert overall("3.16", facts) == "error"
    assert "another file lies there now" in judged("3.16", facts)[SOCKET][1]


# ---- engines of this machine


def test_configuration_file_in_use(engine: EngineFactory) -> None:
    """The file that --config-file names is judged, with its directory; not the one at the usual place."""
    one = engine(fresh=True)
    facts = facts_of_engine(one.socket, of="3")
    path, folder = str(one.config_path), str(one.directory)
    assert judged("3.17", facts) == {path: ("pass", "0:0")}
    assert judged("3.6", facts)[folder] == ("pass", "mode 711")
    one.config_path.chmod(0o666)
    os.chown(one.config_path, 1000, 0)
    one.directory.chmod(0o733)
    facts = facts_of_engine(one.socket, of="3")
    assert judged("3.17", facts)[path] == ("fail", "belongs to uid 1000")
    assert judged("3.18", facts)[path][0] == judged("3.6", facts)[folder][0] == "fail"


def test_second_socket(engine: EngineFactory) -> None:
    """Every socket on which the API listens counts, and none of the daemon's others."""
    second = f"/tmp/hullcheck-{os.getpid()}.sock"
    one = engine(fresh=True, hosts=[f"unix://{second}"])
    facts = facts_of_engine(one.socket, of="3")
    assert {path: verdict for path, (verdict, _) in judged("3.16", facts).items()} == {
        str(one.socket): "pass", second: "pass",
    }  # fmt: skip
    Path(second).chmod(0o666)
    facts = facts_of_engine(one.socket, of="3")
    assert judged("3.16", facts)[second] == ("fail", "has mode 666, more than 660")
    assert judged("3.16", facts)[str(one.socket)][0] == "pass"
    os.chown(second, 0, 1000)
    assert judge_engine("3.15", one.socket)[second][0] == "fail"


def test_abstract_socket(lab_host: Callable[..., Host]) -> None:
    """The API on a socket that is no file answers everybody on the host and in containers of its network."""
    drop_in = "/etc/systemd/system/docker.socket.d/abstract.conf"
    one = lab_host(files={drop_in: "[Socket]\nListenStream=@engine\n"})
    connect = (
        "import socket; client = socket.socket(socket.AF_UNIX); client.connect('\\0engine');"
        " client.send(b'GET /_ping HTTP/1.0\\r\\n\\r\\n'); print(client.recv(99))"
    )
    answer = one.exec("setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-c", connect)
    assert "200 OK" in answer
    one.run("host", "--network", "host")
    one.run("joined", "--network", "container:host")
    one.run("own")
    facts = facts_of_guest(one)
    for number in ("1.1.2", "3.15", "3.16"):
        found = {path: verdict for path, (verdict, _) in judged(number, facts).items()}
        assert found == {SOCKET: "pass", "@engine": "fail"}
    found = {name: verdict for name, (verdict, _) in judged("5.32", facts).items()}
    assert found == {"host": "fail", "joined": "fail", "own": "pass"}
    assert [verdict for verdict, _ in judged("2.8", facts).values()] == [
        "manual"
    ]  # what reaches it may pass it on


def test_socket_of_a_relative_path(engine: EngineFactory) -> None:
    """A socket that was named without a directory lies where the daemon runs."""
    one = engine(fresh=True)
    one.stop()
    command = [*one._enter(), "dockerd", *one._options(), "--host", "unix://second.sock"]
    second = one.directory / "second.sock"
    with running_daemon(one, command, one.directory):
        facts = facts_of_engine(one.socket, of="3")
        assert {path: verdict for path, (verdict, _) in judged("3.16", facts).items()} == {
            str(one.socket): "pass", str(second): "pass",
        }  # fmt: skip
        second.chmod(0o666)
        facts = facts_of_engine(one.socket, of="3")
        assert judged("3.16", facts)[str(second)] == ("fail", "has mode 666, more than 660")


def test_group_of_the_socket(engine: EngineFactory, tmp_path: Path) -> None:
    """A group that the daemon is told to give its sockets is right only where the policy names it."""
    second = tmp_path / "second.sock"
    reason = "its group is nogroup (gid 65534)"
    for options in ({"flags": ["--group", "65534"]}, {"group": "nogroup"}):
        one = engine(fresh=True, hosts=[f"unix://{second}"], **options)
        sockets = (str(one.socket), str(second))
        assert judge_engine("3.15", one.socket) == dict.fromkeys(sockets, ("fail", reason))
        allowed = facts_of_engine(one.socket, Policy(socket_groups=("nogroup",)), of="3")
        assert judged("3.15", allowed) == dict.fromkeys(sockets, ("pass", "0:65534, group nogroup"))
        os.chown(second, 0, 0)
        found = judge_engine("3.15", one.socket)
        assert {path: verdict for path, (verdict, _) in found.items()} == {
            sockets[0]: "fail",
            sockets[1]: "pass",
        }


def test_own_containerd(engine: EngineFactory) -> None:
    """An engine that starts containerd itself uses the socket below its exec-root."""
    one = engine(fresh=True)
    path = one.directory / "exec/containerd/containerd.sock"
    facts = facts_of_engine(one.socket, of="3")
    assert judged("3.23", facts) == {str(path): ("pass", "0:0")}
    assert judged("3.24", facts) == {str(path): ("pass", "mode 660")}
    path.chmod(0o666)
    assert judge_engine("3.24", one.socket) == {str(path): ("fail", "has mode 666, more than 660")}
    path.chmod(0o660)
    os.chown(path, 54321, 54321)
    facts = facts_of_engine(one.socket, of="3")
    assert judged("3.23", facts)[str(path)] == (
        "fail",
        "belongs to uid 54321, its group is UNKNOWN (gid 54321)",
    )


def test_tls_of_the_command_line(
    lab: Laboratory, engine: EngineFactory, certificates: dict[str, str]
) -> None:
    """The files that options name are judged; those that nothing names are not applicable."""
    folder = Path(f"/tmp/hullcheck-tls-{os.getpid()}")
    lab.note("tree", str(folder))
    folder.mkdir(mode=0o755)
    try:
        for name, text in certificates.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o400 if name == "key.pem" else 0o444)
        flags = ["--tlsverify", "--tlscacert", f"{folder}/ca.pem", f"--tlscert={folder}/cert.pem"]
        one = engine(fresh=True, flags=flags, tlskey=f"{folder}/key.pem")
        numbers = CONTROLS[8:14]
        assert verdicts(facts_of_engine(one.socket, of="3"), numbers) == dict.fromkeys(numbers, "pass")
        (folder / "key.pem").chmod(0o404)
        found = judge_engine("3.14", one.socket)
        assert found == {f"{folder}/key.pem": ("fail", "has mode 404, more than 400")}
    finally:
        removal.delete(folder)
    assert verdicts(facts_of_engine(engine().socket, of="3"), numbers) == dict.fromkeys(
        numbers, "not applicable"
    )


def test_path_of_the_daemon_s_own_directory(engine: EngineFactory) -> None:
    """A relative path is taken from where the daemon runs."""
    one = engine(fresh=True)
    one.stop()
    options = [each for each in one._options() if not each.startswith("--config-file")]
    command = [*one._enter(), "dockerd", "--config-file", "daemon.json", *options]
    with running_daemon(one, command, one.directory):
        one.config_path.chmod(0o646)
        facts = facts_of_engine(one.socket, of="3")
        assert judged("3.18", facts) == {str(one.config_path): ("fail", "has mode 646, more than 644")}
        assert judged("3.6", facts)[str(one.directory)] == ("pass", "mode 711")


@pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="of hosts without systemd")
def test_script_of_a_supervisor(engine: EngineFactory, tmp_path: Path) -> None:
    """runit, s6 and daemontools start the daemon by the script in the directory in which they run."""
    one = engine(fresh=True)
    one.stop()
    script = tmp_path / "run"
    words = [*one._enter(), "dockerd", *one._options()]
    script.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
    script.chmod(0o757)
    (tmp_path / "supervise").mkdir()
    tmp_path.chmod(0o755)
    with running_daemon(one, SUPERVISOR, tmp_path):
        facts = facts_of_engine(one.socket, of="3")
        assert judged("3.2", facts)[str(script)] == ("fail", "has mode 757, more than 755")
        assert judged("3.1", facts)[str(script)][0] == "pass"


@contextlib.contextmanager
def running_daemon(one: Engine, command: list[str], folder: Path) -> Iterator[None]:
    """A daemon at the socket of an engine that was stopped."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(Exception):
                one.docker("version", timeout=20)
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_remapped_users(engine: EngineFactory) -> None:
    """Remapped users own none of these files."""
    facts = facts_of_engine(engine(userns_remap="default").socket, of="3")
    numbers = ("3.15", "3.16", "3.17", "3.18", "3.23", "3.24")
    assert verdicts(facts, numbers) == dict.fromkeys(numbers, "pass")


# ---- rootless


def test_rootless(rootless_engine: RootlessEngine) -> None:
    """The user of a rootless engine may own its files, nobody else may; root may."""
    one = rootless_engine
    user = pwd.getpwnam(one.user)
    home = Path(one.directory / "home")
    certificate = home / ".config/docker/certs.d/reg/ca.crt"
    certificate.parent.mkdir(parents=True)
    certificate.write_text("x")
    certificate.chmod(0o444)
    subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", home], check=True)
    found = {number: judge_engine(number, one.socket) for number in ("3.7", "3.15", "3.16", "3.17", "3.23")}
    assert found["3.7"][str(certificate)] == ("pass", f"{user.pw_uid}:{user.pw_gid}")
    assert found["3.15"][str(one.socket)][0] == found["3.16"][str(one.socket)][0] == "pass"
    assert found["3.17"] == {str(one.config_path): ("pass", "0:0")}
    assert [verdict for verdict, _ in found["3.23"].values()] == ["pass"]
    assert set(found["3.16"]) == {str(one.socket)}
    os.chown(certificate, user.pw_uid + 1, user.pw_gid)
    one.socket.chmod(0o666)
    facts = facts_of_engine(one.socket, of="3")
    assert judged("3.7", facts)[str(certificate)] == ("fail", f"belongs to uid {user.pw_uid + 1}")
    assert judged("3.16", facts)[str(one.socket)] == ("fail", "has mode 666, more than 660")
    assert "/etc/docker" not in judged("3.5", facts)
    one.socket.chmod(0o660)


@pytest.mark.needs_engine(">=23", "a set-up that waits until the engine answers")
def test_rootless_engine_of_a_user_s_systemd(lab_host: Callable[..., Host]) -> None:
    """The unit of a rootless engine is that of its user's systemd, whether root asks or the user."""
    one = lab_host()
    one.add_user("plain")
    one.exec("sh", "-c", "chmod 666 /dev/net/tun; loginctl enable-linger plain; mount --make-rshared /")
    uid = one.exec("id", "-u", "plain").strip()
    contrib = "/usr/share/docker.io/contrib"
    path = f"PATH=$PATH:/usr/sbin:{contrib}"
    setup = f"{path} {contrib}/dockerd-rootless-setuptool.sh install --force --skip-iptables"
    # it starts the engine and then looks for the docker command beside itself, where Debian does not have it
    wait = f"docker -H unix:///run/user/{uid}/docker.sock version"
    one.exec(
        "su", "plain", "-c", f"export XDG_RUNTIME_DIR=/run/user/{uid} HOME=/home/plain; {setup} || {wait}"
    )
    socket = f"/run/user/{uid}/docker.sock"
    unit = "/home/plain/.config/systemd/user/docker.service"
    for who in ((), ("setpriv", "--reuid", "plain", "--regid", "plain", "--init-groups")):
        script = render(PROBES, docker_host=f"unix://{socket}")
        facts = facts_from(one.exec(*who, "sh", stdin=script))
        owned = judged("3.1", facts)
        assert owned.pop(unit) == ("pass", f"{uid}:{uid}")
        assert {each[0] for each in owned.values()} == {"pass"}
        programs = {PROGRAMS[1], f"{contrib}/dockerd-rootless.sh"}
        assert programs <= set(owned)
        (searched,) = re.findall('^Environment="?PATH=([^"\n]+)', one.exec("cat", unit), re.MULTILINE)
        assert set(owned) - programs == {*searched.split(":")}
        assert overall("3.2", facts) == "pass"
        assert {path: each[0] for path, each in judged("3.15", facts).items()} == {socket: "pass"}
        assert judged("3.16", facts) == {socket: ("pass", "mode 660")}
        containerd = f"/run/user/{uid}/docker/containerd/containerd.sock"
        assert judged("3.24", facts) == {containerd: ("pass", "mode 660")}
    one.exec("chmod", "666", unit)
    assert judged("3.2", facts_from(one.exec("sh", stdin=script)))[unit][0] == "fail"


def test_socket_in_whose_place_another_lies(engine: EngineFactory) -> None:
    """The file at the path of a socket is that on which the daemon listens, or says nothing of it."""
    one = engine(fresh=True, hosts=["unix:///tmp/hullcheck-kept.sock"])
    kept = Path("/tmp/hullcheck-kept.sock")
    facts = facts_of_engine(kept, of="3")
    assert overall("3.15", facts) == overall("3.16", facts) == "pass"
    one.socket.chmod(0o666)
    one.socket.rename(one.socket.with_name("open.sock"))  # all may go on using it
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as decoy:
        decoy.bind(str(one.socket))
    one.socket.chmod(0o600)
    facts = facts_of_engine(kept, of="3")
    for number in ("3.15", "3.16"):
        found = judged(number, facts)
        assert found[str(kept)][0] == "pass"
        assert found[str(one.socket)][0] == "error"
        assert "another file lies there now than that of the socket" in found[str(one.socket)][1]
