"""Section 3 on engines that have their files elsewhere: each control judges those that the daemon really uses."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.recording.script import render
from selftests.kit.judging import (
    facts_inside,
    facts_of_engine,
    judge_engine,
    judged,
)
from selftests.lab.files.judgement import (
    CONTROLS,
    PROBES,
    PROGRAMS,
    SOCKET_UNIT,
    facts_from,
    overall,
    verdicts,
)
from selftests.rig import removal

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.rootless import RootlessEngine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

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
    assert set(judged("3.2", facts)) == {unit, "/bin/sh"}
    assert overall("3.2", facts) == "fail"
    assert judged("3.10", facts) == {"/etc/engine/ca.pem": ("fail", "has mode 644, more than 444")}
    assert judged("3.12", facts) == {"/etc/engine/cert.pem": ("fail", "has mode 644, more than 444")}
    assert judged("3.14", facts) == {"/etc/engine/key.pem": ("fail", "has mode 600, more than 400")}
    assert set(judged("3.4", facts)) == {SOCKET_UNIT}


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
        assert set(owned) == {PROGRAMS[1], f"{contrib}/dockerd-rootless.sh"}
        assert overall("3.2", facts) == "pass"
        assert {path: each[0] for path, each in judged("3.15", facts).items()} == {socket: "pass"}
        assert judged("3.16", facts) == {socket: ("pass", "mode 660")}
        containerd = f"/run/user/{uid}/docker/containerd/containerd.sock"
        assert judged("3.24", facts) == {containerd: ("pass", "mode 660")}
    one.exec("chmod", "666", unit)
    assert judged("3.2", facts_from(one.exec("sh", stdin=script)))[unit][0] == "fail"
