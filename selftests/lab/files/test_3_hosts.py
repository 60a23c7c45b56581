"""Section 3 on a whole host: each control judges the files that the daemon and its units really use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.files_answer import FILES
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from hullcheck.recording.script import render
from selftests.kit.judging import (
    facts_inside,
    judged,
)
from selftests.lab.files.judgement import (
    CONTAINERD,
    CONTROLS,
    DROP_IN,
    ENVIRONMENT,
    PROBES,
    PROGRAMS,
    REGISTRY,
    SOCKET,
    SOCKET_UNIT,
    SYSCONFIG,
    TLS,
    UNIT,
    facts_from,
    failing,
    overall,
    verdicts,
)

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host, Hub

Change = Callable[[str, str], Facts]

# ---- a whole host, with every kind of file


@pytest.fixture(scope="module")
def host(hub: Hub, certificates: dict[str, str]) -> Iterator[Host]:
    """A host on which everything that section 3 judges is there, and right."""
    from selftests.rig.hosts.host import Host

    files = {
        DROP_IN: "[Service]\nEnvironmentFile=-/etc/docker-*.env\nEnvironmentFile=-/etc/sysconfig/docker\n",
        "/etc/docker-proxy.env": "A=b\n",
        "/etc/sysconfig/docker": "A=b\n",
        f"{REGISTRY}/ca.crt": certificates["ca.pem"],
        f"{REGISTRY}/client.cert": certificates["cert.pem"],
        f"{REGISTRY}/client.key": certificates["key.pem"],
        **{path: certificates[Path(path).name] for path in TLS.values()},
    }
    one = Host(hub, {"tlsverify": True, **TLS}, files=files, own_usr=True)
    try:
        one.wait()
        one.exec(
            "sh",
            "-c",
            f"chmod 444 {REGISTRY}/* /etc/docker/tls/*; chmod 400 {TLS['tlskey']} {REGISTRY}/client.key",
        )
        yield one
    finally:
        one.down()


@pytest.fixture
def changed(host: Host) -> Iterator[Callable[[str, str], Facts]]:
    """Make a change on the host, give the facts, and take the change back when the test ends."""
    undo: list[str] = []

    def make(change: str, back: str) -> Facts:
        undo.append(back)
        host.exec("sh", "-c", f"set -e; {change}")
        return facts_inside(host, of="3")

    yield make
    for back in reversed(undo):
        host.exec("sh", "-c", f"set -e; {back}")


def test_right_host(host: Host) -> None:
    """Every control passes, and names the files that it judged."""
    facts = facts_inside(host, of="3")
    assert failing(facts) == {}
    subjects = {number: set(judged(number, facts)) for number in CONTROLS}
    assert subjects["3.1"] == subjects["3.2"]
    assert subjects["3.1"] == {UNIT, DROP_IN, *ENVIRONMENT, *PROGRAMS}
    assert subjects["3.3"] == subjects["3.4"] == {SOCKET_UNIT}
    assert subjects["3.5"] == subjects["3.6"] == {"/etc/docker"}
    assert subjects["3.7"] == subjects["3.8"]
    assert subjects["3.8"] == {
        REGISTRY,
        *(f"{REGISTRY}/{name}" for name in ("ca.crt", "client.cert", "client.key")),
    }
    for first, path in zip((9, 11, 13), TLS.values(), strict=True):
        assert subjects[f"3.{first}"] == subjects[f"3.{first + 1}"] == {path}
    assert subjects["3.15"] == subjects["3.16"] == {SOCKET}
    assert subjects["3.17"] == subjects["3.18"] == {"/etc/docker/daemon.json"}
    assert subjects["3.19"] == subjects["3.20"] == {"/etc/default/docker"}
    assert subjects["3.21"] == subjects["3.22"] == {"/etc/sysconfig/docker"}
    assert subjects["3.23"] == subjects["3.24"] == {CONTAINERD}


WRONG = [
    (UNIT, "606", "3.1 3.2"),
    (DROP_IN, "626", "3.1 3.2"),
    ("/etc/docker-proxy.env", "646", "3.1 3.2"),
    (SOCKET_UNIT, "620", "3.3 3.4"),
    (f"{REGISTRY}/ca.crt", "644", "3.7 3.8"),
    (f"{REGISTRY}/client.key", "444", "3.7 3.8"),
    (TLS["tlscacert"], "442", "3.9 3.10"),
    (TLS["tlscert"], "644", "3.11 3.12"),
    (TLS["tlskey"], "440", "3.13 3.14"),
    (SOCKET, "661", "3.15 3.16"),
    ("/etc/docker/daemon.json", "664", "3.17 3.18"),
    ("/etc/default/docker", "666", "3.1 3.2 3.19 3.20"),
    (SYSCONFIG, "606", "3.1 3.2 3.21 3.22"),
    (CONTAINERD, "662", "3.23 3.24"),
    (REGISTRY, "757", "3.7 3.8"),
    ("/etc/docker", "775", " ".join(f"3.{each}" for each in (*range(5, 15), 17, 18))),
]


@pytest.mark.parametrize(("path", "mode", "fails"), WRONG)
def test_owner_and_mode(changed: Change, path: str, mode: str, fails: str) -> None:
    """A file of another user, or with a bit too many, fails its controls and no other."""
    right = "root:docker" if path == SOCKET else "root:root"
    facts = changed(
        f"stat -c %a '{path}' >/run/mode; chown 1000 '{path}'; chmod {mode} '{path}'",
        f"chown {right} '{path}'; chmod $(cat /run/mode) '{path}'",
    )
    assert list(failing(facts)) == fails.split()
    reasons = {failing(facts)[number][path][1] for number in fails.split()[:2]}
    assert {reason.partition(", more")[0] for reason in reasons} == {
        "belongs to uid 1000",
        f"has mode {mode}",
    }


# ---- the way of a file


@pytest.mark.parametrize(
    ("number", "change", "reason"),
    [
        ("3.17", "chown 1000 /opt/d", "the directory /opt/d on its way belongs to uid 1000"),
        ("3.18", "chmod 775 /opt", "others may write to /opt on its way (mode 775)"),
    ],
)
def test_link(changed: Change, number: str, change: str, reason: str) -> None:
    """A link is followed; its own directories, and those of the file, decide as well as the file."""
    move = "mkdir /opt/d; mv /etc/docker/daemon.json /opt/d/d.json; ln -s ../../opt/x /etc/docker/daemon.json"
    back = "chmod 755 /opt; mv /opt/d/d.json /etc/docker/daemon.json; rm -r /opt/d /opt/x"
    mend = "chown root:root /opt/d/d.json; chmod 644 /opt/d/d.json"
    facts = changed(f"{move}; ln -s /opt/d/d.json /opt/x", f"{mend}; {back}")
    assert judged("3.17", facts) == {"/etc/docker/daemon.json": ("pass", "0:0 (/opt/d/d.json)")}
    assert failing(facts) == {}
    facts = changed(change, "true")
    assert judged(number, facts) == {"/etc/docker/daemon.json": ("fail", reason)}


def test_socket_after_the_next_start(changed: Change) -> None:
    """A changed socket unit says nothing of the socket that is there, but of the next one."""
    text = "[Socket]\\nSocketMode=0666\\nSocketUser=daemon\\nSocketGroup=users\\n"
    folder = "/run/systemd/system/docker.socket.d"
    facts = changed(
        f"mkdir {folder}; printf '{text}' >{folder}/x.conf; systemctl daemon-reload",
        f"rm -r {folder}; systemctl daemon-reload",
    )
    for number, coming in (("3.15", "owner daemon, group users"), ("3.16", "mode 666")):
        verdict, reason = judged(number, facts)[SOCKET]
        assert (verdict, reason.partition("; ")[2]) == ("pass", f"restart pending: its unit says {coming}")


# ---- access control lists


@pytest.mark.needs("setfacl")
def test_access_control_list(changed: Change) -> None:
    """A list that lets somebody in fails a socket whose mode is right; its mask may take that back."""
    facts = changed(f"setfacl -m u:1000:rw {SOCKET}", f"setfacl -b {SOCKET}; chmod 660 {SOCKET}")
    assert judged("3.16", facts) == {SOCKET: ("fail", "its access control list lets in uid 1000")}
    facts = changed(f"setfacl -m u:1000:rw,m::--- {SOCKET}", "true")
    assert overall("3.16", facts) == "pass"
    facts = changed(f"setfacl -b -m g:5:rw {CONTAINERD}", f"setfacl -b {CONTAINERD}; chmod 660 {CONTAINERD}")
    assert judged("3.24", facts) == {CONTAINERD: ("fail", "its access control list lets in gid 5")}
    facts = changed("setfacl -m u:1000:rw /etc/docker/daemon.json", "setfacl -b /etc/docker/daemon.json")
    assert judged("3.18", facts) == {"/etc/docker/daemon.json": ("fail", "has mode 664, more than 644")}


@pytest.mark.needs("setfacl")
def test_access_control_list_without_getfacl(changed: Change) -> None:
    """Where the list cannot be read, ls tells whether there is one, and then the control cannot."""
    hide = "mv /usr/bin/getfacl /usr/bin/getfacl.away"
    facts = changed(hide, "mv /usr/bin/getfacl.away /usr/bin/getfacl")
    assert failing(facts) == {}
    facts = changed(f"setfacl -m u:1000:rw {SOCKET}", f"setfacl -b {SOCKET}; chmod 660 {SOCKET}")
    assert (overall("3.16", facts), overall("3.24", facts)) == ("error", "pass")


# ---- files that are not there, and others


def test_absent_files(changed: Change) -> None:
    """What does not exist is not applicable, and the reason says so."""
    facts = changed(
        "mkdir /x; mv /etc/docker/certs.d /etc/docker/daemon.json /etc/default/docker /etc/sysconfig /x",
        "cd /x; mv certs.d daemon.json /etc/docker; mv docker /etc/default; mv sysconfig /etc; rmdir /x",
    )
    for number, reason in {
        "3.7": "/etc/docker/certs.d does not exist", "3.8": "/etc/docker/certs.d does not exist",
        "3.17": "/etc/docker/daemon.json does not exist", "3.18": "/etc/docker/daemon.json does not exist",
        "3.19": "/etc/default/docker does not exist", "3.20": "/etc/default/docker does not exist",
        "3.21": "/etc/sysconfig/docker does not exist", "3.22": "/etc/sysconfig/docker does not exist",
    }.items():  # fmt: skip
        ((verdict, said),) = judged(number, facts).values()
        assert (verdict, said) == ("not applicable", reason)
    assert overall("3.1", facts) == "pass"  # its other files are there
    facts = changed("mkdir -p /etc/docker/certs.d/empty", "rm -r /etc/docker/certs.d")
    assert judged("3.8", facts) == {"/etc/docker/certs.d/empty": ("pass", "mode 755")}


def test_user_who_is_not_root(host: Host, changed: Change) -> None:
    """A user of the group docker gets true verdicts where directories let them look, and errors elsewhere."""
    host.exec("useradd", "--groups", "docker", "plain")
    user = ("setpriv", "--reuid", "plain", "--regid", "plain", "--init-groups")
    facts = facts_inside(host, *user, of="3")
    assert verdicts(facts) == dict.fromkeys(CONTROLS, "pass")
    changed(f"chmod 744 {REGISTRY}", f"chmod 755 {REGISTRY}")
    found = verdicts(facts_inside(host, *user, of="3"))
    assert [number for number, verdict in found.items() if verdict == "error"] == ["3.7", "3.8"]
    changed(
        "chmod 700 /etc/docker; chmod 666 /etc/default/docker",
        "chmod 755 /etc/docker; chmod 644 /etc/default/docker",
    )
    found = verdicts(facts_inside(host, *user, of="3"))
    unknown = ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.17", "3.18")
    assert [number for number, verdict in found.items() if verdict == "error"] == list(unknown)
    assert found["3.20"] == "fail"


def test_busybox_alone(host: Host) -> None:
    """Busybox has all that the probe needs; only an access control list is not seen with it."""
    full = facts_inside(host, of="3")
    applets = "sh cat ls stat sed grep awk tr id"
    links = f"for name in {applets}; do ln -s /usr/bin/busybox /opt/bb/$name; done"
    host.exec("sh", "-c", f"mkdir -p /opt/bb; {links}; ln -s /usr/bin/systemctl /opt/bb")
    script = f"daemons=$(pidof dockerd) null=/dev/null\nPATH=/opt/bb\nexport PATH\n{FILES.script}"
    said = FILES.keep(host.exec("/usr/bin/busybox", "sh", "-c", script))
    answer = Answer(FILES.name, 0, said, "")
    recording = replace(full.recording, answers={**full.recording.answers, FILES.name: answer})
    facts = Facts(recording, Policy())
    assert verdicts(facts) == dict.fromkeys(CONTROLS, "pass") | dict.fromkeys(("3.16", "3.24"), "error")


# ---- units


def test_socket_unit_of_another_name(changed: Change) -> None:
    """Each socket unit that starts the daemon is asked for, whatever its name."""
    unit = "/etc/systemd/system/docker-api.socket"
    text = "[Socket]\\nListenStream=/run/api.sock\\nSocketGroup=docker\\nSocketMode=0660\\nService=docker.service\\n"
    again = "systemctl stop docker.service docker.socket docker-api.socket; systemctl reset-failed"
    facts = changed(
        f"printf '{text}' >{unit}; chmod 666 {unit}; systemctl daemon-reload; {again};"
        " systemctl start docker-api.socket docker.socket docker.service",
        f"{again}; rm {unit}; systemctl daemon-reload; systemctl start docker.socket docker.service",
    )
    assert judged("3.4", facts)[unit] == ("fail", "has mode 666, more than 644")
    assert list(failing(facts)) == ["3.4"]


def test_systemd_that_is_hidden(host: Host) -> None:
    """Where its folder is not seen from the auditor's mounts, nothing says that the host runs without it."""
    script, hide = render(PROBES), "mount -t tmpfs none /run/systemd && exec sh"
    facts = facts_from(host.exec("unshare", "--mount", "sh", "-c", hide, stdin=script))
    assert [overall(number, facts) for number in ("3.1", "3.3", "3.4")] == ["error"] * 3


def test_daemon_of_no_unit(host: Host) -> None:
    """A daemon that nobody's unit runs is none of docker.service, as long as that runs another one."""
    start = (
        "mkdir -p /opt/own; setsid dockerd --config-file= -H unix:///opt/own/d.sock --data-root /opt/own/data"
        " --exec-root /opt/own/exec --pidfile /opt/own/pid --bridge=own0 --iptables=false"
        " --storage-driver vfs --containerd /run/containerd/containerd.sock >/opt/own/log 2>&1 &"
    )
    host.exec("sh", "-c", f"ip link add own0 type bridge; ip address add 10.99.0.1/24 dev own0; {start}")
    try:
        host.exec(
            "sh",
            "-c",
            "for n in $(seq 200); do docker -H unix:///opt/own/d.sock version && exit; sleep 0.1; done",
        )
        script = render(PROBES, docker_host="unix:///opt/own/d.sock")
        facts = facts_from(host.exec("sh", stdin=script))
        assert judged("3.1", facts) == {"host": ("not applicable", "systemd does not start this daemon")}
        no_file = {"host": ("not applicable", "the daemon was started without a configuration file")}
        assert judged("3.17", facts) == judged("3.18", facts) == no_file
        assert set(judged("3.16", facts)) == {"/opt/own/d.sock"}
        assert set(judged("3.6", facts)) == {"/etc/docker"}
    finally:
        host.exec("sh", "-c", "kill $(cat /opt/own/pid); while [ -e /opt/own/pid ]; do sleep 0.1; done")
        host.exec("ip", "link", "delete", "own0")
