"""Section 3 on a whole host: each control judges the files that the daemon and its units really use."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import PROBES, Facts
from hullcheck.recording.probe import Answer
from hullcheck.recording.script import common, render
from selftests.kit.judging import Verdicts, facts_inside, facts_of_answer, judged
from selftests.lab.judgement import findings, verdicts, with_answer, worst_of

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host, Hub

CONTROLS = [f"3.{number}" for number in range(1, 25)]
UNIT, SOCKET_UNIT = "/usr/lib/systemd/system/docker.service", "/usr/lib/systemd/system/docker.socket"
DROP_IN = "/etc/systemd/system/docker.service.d/override.conf"
ENVIRONMENT = ("/etc/default/docker", "/etc/docker-proxy.env", "/etc/sysconfig/docker")
REGISTRY = "/etc/docker/certs.d/reg.example:5000"
TLS = {
    f"tls{name}": f"/etc/docker/tls/{file}.pem" for name, file in {"cacert": "ca", "cert": "cert", "key": "key"}.items()
}
SOCKET, CONTAINERD = "/run/docker.sock", "/run/containerd/containerd.sock"
BUSYBOX = "sh cat ls stat sed grep awk tr id"

# By control and the one after it, about owner and mode: the files that they judge.
JUDGED = {
    1: {UNIT, DROP_IN, *ENVIRONMENT, "/usr/sbin/dockerd", "/bin/kill"},
    3: {SOCKET_UNIT},
    5: {"/etc/docker"},
    7: {REGISTRY, *(f"{REGISTRY}/{name}" for name in ("ca.crt", "client.cert", "client.key"))},
    **dict(zip((9, 11, 13), ({path} for path in TLS.values()), strict=True)),
    15: {SOCKET},
    17: {"/etc/docker/daemon.json"},
    19: {"/etc/default/docker"},
    21: {"/etc/sysconfig/docker"},
    23: {CONTAINERD},
}
# A wrong mode for each of these, which a user owns then, and the controls that it fails.
WRONG = {
    UNIT: ("606", [1, 2]),
    DROP_IN: ("626", [1, 2]),
    "/etc/docker-proxy.env": ("646", [1, 2]),
    SOCKET_UNIT: ("620", [3, 4]),
    f"{REGISTRY}/ca.crt": ("644", [7, 8]),
    f"{REGISTRY}/client.key": ("444", [7, 8]),
    TLS["tlscacert"]: ("442", [9, 10]),
    TLS["tlscert"]: ("644", [11, 12]),
    TLS["tlskey"]: ("440", [13, 14]),
    SOCKET: ("661", [15, 16]),
    "/etc/docker/daemon.json": ("664", [17, 18]),
    "/etc/default/docker": ("666", [1, 2, 19, 20]),
    "/etc/sysconfig/docker": ("606", [1, 2, 21, 22]),
    CONTAINERD: ("662", [23, 24]),
}


@pytest.fixture(scope="module")
def host(hub: Hub, certificates: Path) -> Iterator[Host]:
    """A host on which everything that section 3 judges is there, and right."""
    from selftests.rig.hosts.host import Host

    texts = {name: (certificates / f"{name}.pem").read_text() for name in ("ca", "cert", "key")}
    files = {
        DROP_IN: "[Service]\nEnvironmentFile=-/etc/docker-*.env\nEnvironmentFile=-/etc/sysconfig/docker\n",
        "/etc/docker-proxy.env": "A=b\n",
        "/etc/sysconfig/docker": "A=b\n",
        f"{REGISTRY}/ca.crt": texts["ca"],
        f"{REGISTRY}/client.cert": texts["cert"],
        f"{REGISTRY}/client.key": texts["key"],
        **{path: texts[Path(path).stem] for path in TLS.values()},
    }
    one = Host(hub, {"tlsverify": True, **TLS}, files=files, own_usr=True)
    try:
        one.wait()
        _do(one, f"chmod 444 {REGISTRY}/* /etc/docker/tls/*; chmod 400 {TLS['tlskey']} {REGISTRY}/client.key")
        yield one
    finally:
        one.down()


def _do(host: Host, script: str) -> None:
    host.exec("sh", "-e", stdin=script)


def failing(facts: Facts) -> dict[str, Verdicts]:
    """Return the files that do not pass, of each control that has some."""
    found = {key: findings(key, facts) for key in CONTROLS}
    bad = {key: {name: each for name, each in of.items() if each[0] != "pass"} for key, of in found.items()}
    return {key: each for key, each in bad.items() if each}


def test_right_host(host: Host) -> None:
    """Every control passes, and names the files that it judged."""
    facts = facts_inside(host, of="3")
    assert failing(facts) == {}
    for number, files in JUDGED.items():
        for key in (f"3.{number}", f"3.{number + 1}"):
            assert set(judged(key, facts)) == files, key


def test_owners_and_modes(host: Host) -> None:
    """A file of another user, or with a bit too many, fails its controls and no other."""
    every = shlex.join(WRONG)
    wrong = "".join(f"chown 1000 {path}\nchmod {mode} {path}\n" for path, (mode, _) in WRONG.items())
    _do(host, f"stat -c 'chown %U:%G %n; chmod %a %n' {every} >/run/back\n{wrong}")
    found = failing(facts_inside(host, of="3"))
    _do(host, ". /run/back")
    owner, mode = "belongs to uid 1000", "has mode {}, more"
    for path, (bits, numbers) in WRONG.items():
        reasons = {number: found[f"3.{number}"].pop(path)[1].partition(" than")[0] for number in numbers}
        assert {*reasons.values()} == {owner, mode.format(bits)}, path
    assert {key: each for key, each in found.items() if each} == {}


def test_way_of_a_link(host: Host) -> None:
    """A link is followed; its own folders, and those of the file, decide as well as the file."""
    move = "mkdir /opt/d; mv /etc/docker/daemon.json /opt/d/d.json; ln -s ../../opt/x /etc/docker/daemon.json"
    _do(host, f"{move}; ln -s /opt/d/d.json /opt/x")
    facts = facts_inside(host, of="3.17")
    _do(host, "chown 1000 /opt/d; chmod 775 /opt")
    bad = facts_inside(host, of="3.17")
    _do(host, "chmod 755 /opt; mv /opt/d/d.json /etc/docker/daemon.json; rm -r /opt/d /opt/x")
    assert judged("3.17", facts) == {"/etc/docker/daemon.json": ("pass", "owner 0:0 (/opt/d/d.json)")}
    assert [worst_of(key, bad) for key in ("3.17", "3.18")] == ["fail", "fail"]
    assert "/opt/d in its path belongs to uid 1000" in judged("3.17", bad)["/etc/docker/daemon.json"][1]


def test_unit_of_a_socket_that_is_there(host: Host) -> None:
    """A changed unit says nothing of the socket that is there, but of the next one."""
    folder = "/run/systemd/system/docker.socket.d"
    text = "[Socket]\\nSocketMode=0666\\nSocketUser=daemon\\nSocketGroup=users\\n"
    _do(host, f"mkdir {folder}; printf '{text}' >{folder}/x.conf; systemctl daemon-reload")
    facts = facts_inside(host, of="3.15 3.16")
    _do(host, f"rm -r {folder}; systemctl daemon-reload")
    for key, coming in (("3.15", "owner daemon, group users"), ("3.16", "mode 666")):
        verdict, reason = judged(key, facts)[SOCKET]
        assert (verdict, reason.partition("; ")[2]) == ("pass", f"restart pending: its unit sets {coming}")


@pytest.mark.needs("setfacl")
def test_access_control_lists(host: Host) -> None:
    """A list may let in whom the mode does not; where getfacl is missing, that cannot be known."""
    _do(host, f"setfacl -m u:1000:rw {SOCKET}; setfacl -m g:5:rw {CONTAINERD}")
    facts = facts_inside(host, of="3")
    _do(host, f"mv /usr/bin/getfacl /usr/bin/away; setfacl -b {CONTAINERD}; chmod 660 {CONTAINERD}")
    blind = facts_inside(host, of="3")
    _do(host, f"mv /usr/bin/away /usr/bin/getfacl; setfacl -b {SOCKET}; chmod 660 {SOCKET}")
    assert judged("3.16", facts) == {SOCKET: ("fail", "its access control list gives access to uid 1000")}
    assert judged("3.24", facts) == {CONTAINERD: ("fail", "its access control list gives access to gid 5")}
    assert [worst_of(key, blind) for key in ("3.16", "3.24")] == ["error", "pass"]


def test_member_of_the_docker_group(host: Host) -> None:
    """Verdicts are true where folders let the user look, and errors elsewhere."""
    host.exec("useradd", "--groups", "docker", "plain")
    user = ("setpriv", "--reuid", "plain", "--regid", "plain", "--init-groups")
    facts = facts_inside(host, *user, of="3")
    _do(host, "chmod 700 /etc/docker; chmod 666 /etc/default/docker")
    blind = facts_inside(host, *user, of="3")
    _do(host, "chmod 755 /etc/docker; chmod 644 /etc/default/docker")
    assert failing(facts) == {}
    unknown = [f"3.{number}" for number in (*range(7, 15), 17, 18)]
    assert [key for key in CONTROLS if worst_of(key, blind) == "error"] == unknown
    assert worst_of("3.20", blind) == "fail"


def test_host_with_busybox(host: Host) -> None:
    """Busybox has all that the question needs; only an access control list is not seen with it."""
    links = f"for name in {BUSYBOX}; do ln -sf /usr/bin/busybox /opt/bb/$name; done"
    _do(host, f"mkdir -p /opt/bb; {links}; ln -sf /usr/bin/systemctl /usr/bin/setsid /opt/bb")
    (files,) = (each for each in PROBES if each.name == "files")
    known = "daemons=$(pidof dockerd) unix=/proc/self/net/unix data_root=/var/lib/docker line_feed='\n'"
    script = f"{known}\nPATH=/opt/bb\nexport PATH\n{common('functions')}{files.script}"
    said = files.keep(host.exec("/usr/bin/busybox", "sh", "-c", script))
    facts = with_answer(facts_inside(host, of="3"), Answer(files.name, 0, said, ""))
    expected = dict.fromkeys(CONTROLS, "pass") | dict.fromkeys(("3.16", "3.24"), "error")
    assert {key: worst_of(key, facts) for key in CONTROLS} == expected


def test_systemd_that_is_hidden(host: Host) -> None:
    """Where its folder is not seen from the auditor's mounts, nothing says that the host runs without it."""
    hide = "mount -t tmpfs none /run/systemd && exec sh"
    facts = facts_of_answer(host.exec("unshare", "--mount", "sh", "-c", hide, stdin=render(PROBES)), "host")
    assert [worst_of(key, facts) for key in ("3.1", "3.3", "3.4")] == ["error"] * 3


def test_unit_of_another_name(host: Host) -> None:
    """The unit that runs the daemon is judged, whatever its name."""
    unit = "/run/systemd/system/engine.service"
    command = f"/usr/sbin/dockerd -H unix://{SOCKET} --containerd={CONTAINERD}"
    host.write(unit, f"[Service]\nExecStart={command}\n", 0o666)
    _do(
        host,
        "systemctl stop docker.socket docker; systemctl daemon-reload; systemctl start engine\n"
        "until docker version; do sleep 0.1; done",
    )
    facts = facts_inside(host, of="3")
    assert verdicts("3.2", facts)[unit] == "fail"
    assert UNIT not in verdicts("3.2", facts)
