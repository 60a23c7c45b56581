"""Section 3 on a whole host: each control judges the files that the daemon and its units really use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.files.probe import ENGINE_FILES
from hullcheck.messages import printable
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
    FOLDERS,
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
    is_place_of_systemd,
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
    of_the_unit = {UNIT, DROP_IN, *ENVIRONMENT, *FOLDERS, str(Path(DROP_IN).parent), *PROGRAMS}
    assert {each for each in subjects["3.1"] if not is_place_of_systemd(each)} == of_the_unit
    assert subjects["3.3"] == subjects["3.4"]
    assert {each for each in subjects["3.3"] if not is_place_of_systemd(each)} == {SOCKET_UNIT, *FOLDERS}
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


OWNERS = [
    ("3.1", UNIT, "3.1"), ("3.1", DROP_IN, "3.1"), ("3.1", "/etc/docker-proxy.env", "3.1"),
    ("3.3", SOCKET_UNIT, "3.3"),
    *(("3.7", f"{REGISTRY}/{name}", "3.7") for name in ("ca.crt", "client.cert", "client.key")),
    ("3.9", TLS["tlscacert"], "3.9"), ("3.11", TLS["tlscert"], "3.11"), ("3.13", TLS["tlskey"], "3.13"),
    ("3.15", SOCKET, "3.15"), ("3.17", "/etc/docker/daemon.json", "3.17"),
    ("3.19", "/etc/default/docker", "3.1 3.19"),
    ("3.22", SYSCONFIG, "3.1 3.22"), ("3.23", CONTAINERD, "3.23"),
    # of a directory all that lies below it is judged as well
    ("3.7", REGISTRY, "3.7"), ("3.5", "/etc/docker", "3.5 3.7 3.9 3.11 3.13 3.17"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "path", "fails"), OWNERS)
def test_owner(changed: Change, number: str, path: str, fails: str) -> None:
    """A file of another user fails its controls and no other; so does one of another group."""
    right = "root:docker" if path == SOCKET else "root:root"
    facts = changed(f"chown 1000 '{path}'", f"chown {right} '{path}'")
    assert judged(number, facts)[path] == ("fail", "belongs to uid 1000")
    assert list(failing(facts)) == fails.split()
    facts = changed(f"chown root:1000 '{path}'", "true")
    verdict, reason = judged(number, facts)[path]
    assert (verdict, reason[:13], reason[-10:]) == ("fail", "its group is ", "(gid 1000)")


MODES = [
    ("3.2", UNIT, "666 606 646 622 4644", "644 640 600", "3.2"),
    ("3.2", DROP_IN, "666 606 626", "644 444", "3.2"),
    ("3.2", "/etc/docker-proxy.env", "646", "644", "3.2"),
    ("3.4", SOCKET_UNIT, "666 606 620", "644 600", "3.4"),
    ("3.8", f"{REGISTRY}/ca.crt", "644 402 442 446 555", "444 400", "3.8"),
    ("3.8", f"{REGISTRY}/client.cert", "646 422", "444", "3.8"),
    ("3.8", f"{REGISTRY}/client.key", "666 600 444", "400", "3.8"),
    ("3.10", TLS["tlscacert"], "644 402 422 442 466", "444 440", "3.10"),
    ("3.12", TLS["tlscert"], "644 446", "444 400", "3.12"),
    ("3.14", TLS["tlskey"], "600 440 404 402", "400", "3.14"),
    ("3.16", SOCKET, "666 606 626 646 661", "660 600 640", "3.16"),
    ("3.18", "/etc/docker/daemon.json", "606 622 626 602 664", "644 600 400", "3.18"),
    ("3.20", "/etc/default/docker", "666 646", "644 600", "3.2 3.20"),
    ("3.21", SYSCONFIG, "666 606", "644", "3.2 3.21"),
    ("3.24", CONTAINERD, "666 606 662", "660 600", "3.24"),
    ("3.8", REGISTRY, "757 775", "755 700", "3.8"),
    ("3.6", "/etc/docker", "707 727 737 777 775", "755 700 711", "3.6 3.8 3.10 3.12 3.14 3.18"),
]


@pytest.mark.parametrize(("number", "path", "wrong", "right", "fails"), MODES)
def test_mode(
    changed: Change, host: Host, number: str, path: str, wrong: str, right: str, fails: str
) -> None:
    """A mode is a set of bits: any bit too many fails its controls and no other; any smaller set passes."""
    before = host.exec("stat", "-c", "%a", path).strip()
    for mode in wrong.split():
        facts = changed(f"chmod {mode} '{path}'", f"chmod {before} '{path}'")
        verdict, reason = judged(number, facts)[path]
        assert (verdict, f"has mode {mode}, more than" in reason) == ("fail", True)
        assert [each for each in failing(facts) if each in fails.split()] == list(failing(facts))
        assert number in failing(facts)
    for mode in right.split():
        facts = changed(f"chmod {mode} '{path}'", "true")
        assert judged(number, facts)[path] == ("pass", f"mode {mode}")
        assert failing(facts) == {}


@pytest.mark.parametrize(("number", "name"), [("3.10", "tlscacert"), ("3.12", "tlscert")])
def test_private_key_beside_a_certificate(changed: Change, number: str, name: str) -> None:
    """A file that holds a key beside its certificates is one of a key; without others' rights it passes."""
    path, key = TLS[name], TLS["tlskey"]
    facts = changed(f"cat {key} >>{path}", f"sed -i '/-BEGIN.*PRIVATE/,$d' {path}; chmod 444 {path}")
    assert failing(facts) == {number: {path: ("fail", "has mode 444, more than 400")}}
    assert failing(changed(f"chmod 400 {path}", "true")) == {}


# ---- the way of a file


@pytest.mark.parametrize(
    ("number", "change", "reason"),
    [
        ("3.17", "chown 1000 /opt/d", "the directory /opt/d on its way belongs to uid 1000"),
        (
            "3.17",
            "chown -h 1000 /etc/docker/daemon.json",
            "the link /etc/docker/daemon.json on its way belongs to uid 1000",
        ),
        ("3.17", "chown 1000 /opt/d/d.json", "belongs to uid 1000 (/opt/d/d.json)"),
        ("3.18", "chmod 666 /opt/d/d.json", "has mode 666, more than 644 (/opt/d/d.json)"),
        ("3.18", "chmod 777 /opt/d", "others may write to /opt/d on its way (mode 777)"),
        ("3.18", "chmod 775 /opt", "others may write to /opt on its way (mode 775)"),
        ("3.18", "chmod 1777 /opt/d; chown 1000 /opt/d", "others may write to /opt/d on its way (mode 777)"),
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


def test_files_that_systemd_has_not_read_yet(changed: Change) -> None:
    """A drop-in, or a unit in the place of another one, counts from the next daemon-reload on."""
    late = "/etc/systemd/system/docker.service.d/late.conf", "/etc/systemd/system/docker.socket"
    text = "printf '[Unit]\\n' >{0}; chmod 646 {0}"
    facts = changed("; ".join(map(text.format, late)), f"rm {' '.join(late)}; systemctl daemon-reload")
    reason = ("fail", "has mode 646, more than 644")
    assert failing(facts) == {"3.2": {late[0]: reason}, "3.4": {late[1]: reason}}


def test_masked_drop_in_and_socket_unit(changed: Change) -> None:
    """A link to /dev/null takes a drop-in, or the whole socket unit, away: everybody may write there."""
    folder, unit = "/run/systemd/system/docker.service.d", "/etc/systemd/system/docker.socket"
    facts = changed(
        f"mkdir {folder}; ln -s /dev/null {folder}/x.conf; ln -s /dev/null {unit}; systemctl daemon-reload",
        f"rm -r {folder} {unit}; systemctl daemon-reload",
    )
    assert judged("3.2", facts)[f"{folder}/x.conf"][0] == "pass"
    assert judged("3.4", facts)[unit][0] == "pass"
    assert failing(facts) == {}


def test_sticky_directory(changed: Change) -> None:
    """In a sticky directory of root's others cannot replace a file of root's."""
    facts = changed(
        "mv /etc/docker/daemon.json /tmp/d.json; ln -s /tmp/d.json /etc/docker/daemon.json",
        "rm -f /etc/docker/daemon.json; mv /tmp/d.json /etc/docker/daemon.json",
    )
    assert failing(facts) == {}


def test_link_that_leads_nowhere(changed: Change) -> None:
    """A link to nothing is no file, and one that leads to itself cannot be judged."""
    away = "mv /etc/default/docker /etc/default/away; ln -s /nothing/here /etc/default/docker"
    facts = changed(away, "mv /etc/default/away /etc/default/docker")
    nothing = ("not applicable", "/etc/default/docker does not exist")
    assert judged("3.19", facts) == judged("3.20", facts) == {"/etc/default/docker": nothing}
    facts = changed("ln -sfn docker /etc/default/docker", "true")
    assert overall("3.19", facts) == overall("3.20", facts) == "error"
    assert overall("3.17", facts) == "pass"


@pytest.mark.parametrize(
    ("path", "numbers"), [("/etc/docker/daemon.json", ["3.18"]), (SYSCONFIG, ["3.2", "3.21"])]
)
def test_missing_file_that_others_may_make(changed: Change, path: str, numbers: list[str]) -> None:
    """Where a link leads to nothing in a directory of all, the next one who likes writes the file."""
    facts = changed(f"mv {path} /opt/away; ln -s /tmp/nothing {path}", f"rm {path}; mv /opt/away {path}")
    assert [number for number in CONTROLS if overall(number, facts) == "fail"] == numbers
    for number in numbers:
        reason = "does not exist, others may write to /tmp on its way (mode 777)"
        assert judged(number, facts)[path] == ("fail", reason)


@pytest.mark.parametrize(
    ("make", "number", "reason"),
    [
        ("chown 1000 /srv/from", "3.17", "the directory /srv/from on its way belongs to uid 1000"),
        ("chmod 777 /srv/from", "3.18", "others may write to /srv/from on its way (mode 777)"),
        ("true", "", ""),
    ],
)
def test_file_that_is_mounted_from_elsewhere(changed: Change, make: str, number: str, reason: str) -> None:
    """Who may replace it there decides what it is at the next start, though its inode is right now."""
    path = "/etc/docker/daemon.json"
    facts = changed(
        f"mkdir /srv/from; cp {path} /srv/from/d.json; mount --bind /srv/from/d.json {path}; {make}",
        f"umount {path}; rm -r /srv/from",
    )
    assert list(failing(facts)) == ([number] if number else [])
    assert not number or judged(number, facts)[path] == ("fail", reason)


def test_file_of_an_overlay(changed: Change) -> None:
    """Who may write to the directory that an overlay keeps its changes in decides what is seen in it."""
    mount = (
        "mount -t overlay overlay -o lowerdir=/etc/docker,upperdir=/run/up/u,workdir=/run/up/w /etc/docker"
    )
    facts = changed(
        f"mkdir -p /run/up/u /run/up/w; chmod 757 /run/up; chown 1000 /run/up; {mount}",
        "umount /etc/docker; rm -r /run/up",
    )
    belongs = "the directory /run/up on its way belongs to uid 1000"
    opens = "others may write to /run/up on its way (mode 757)"
    for path, owner, writer in (("/etc/docker", "3.5", "3.6"), ("/etc/docker/daemon.json", "3.17", "3.18")):
        assert judged(owner, facts)[path] == ("fail", belongs)
        assert judged(writer, facts)[path] == ("fail", opens)


def test_directory_of_a_registry_without_a_file(changed: Change) -> None:
    """Where others may put a certificate, the first one is theirs."""
    facts = changed(
        "mv /etc/docker/certs.d /opt/certs; mkdir -p /etc/docker/certs.d/empty; chmod 777 /etc/docker/certs.d/empty",
        "rm -r /etc/docker/certs.d; mv /opt/certs /etc/docker/certs.d",
    )
    assert judged("3.8", facts) == {"/etc/docker/certs.d/empty": ("fail", "has mode 777, more than 755")}


def test_socket_that_was_moved(changed: Change) -> None:
    """What somebody listens on and is not at its path may be open elsewhere."""
    facts = changed(
        f"mv {CONTAINERD} /run/moved; chmod 666 /run/moved",
        f"mv /run/moved {CONTAINERD}; chmod 660 {CONTAINERD}",
    )
    assert (overall("3.23", facts), overall("3.24", facts)) == ("error", "error")


@pytest.mark.needs("socat")
@pytest.mark.parametrize("socket", ["/var/run/docker.sock", CONTAINERD])
def test_socket_that_passes_commands_on(changed: Change, socket: str) -> None:
    """A program that listens in the place of the engine is known by its command line, not by its path."""
    facts = changed(
        f"setsid socat UNIX-LISTEN:/srv/api,fork,mode=666 UNIX-CONNECT:{socket} >/dev/null 2>&1 &"
        " echo $! >/run/socat; until [ -S /srv/api ]; do sleep 0.1; done",
        "kill $(cat /run/socat); rm -f /srv/api /run/socat",
    )
    assert judged("3.16", facts)["/srv/api"][0] == "manual"
    assert list(failing(facts)) == ["3.16"]


@pytest.mark.needs("haproxy")
def test_socket_that_passes_commands_on_by_a_file(changed: Change) -> None:
    """One that its configuration binds is known as well; a socket for its own administration is none."""
    lines = (
        "global",
        " stats socket /srv/admin mode 666",
        "defaults",
        " mode tcp",
        " timeout connect 5s",
        " timeout client 5s",
        " timeout server 5s",
        "listen relay",
        " bind unix@/srv/api mode 666",
        " server engine unix@/var/run/docker.sock",
    )
    text = "\\n".join(lines)
    facts = changed(
        f"printf '{text}\\n' >/srv/relay.cfg; setsid haproxy -db -f /srv/relay.cfg >/dev/null 2>&1 &"
        " echo $! >/run/haproxy.pid; until [ -S /srv/api ]; do sleep 0.1; done",
        "kill $(cat /run/haproxy.pid); rm -f /srv/api /srv/admin /srv/relay.cfg /run/haproxy.pid",
    )
    found = judged("3.16", facts)
    assert (found["/srv/api"][0], "/srv/admin" in found) == ("manual", False)


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
    assert judged("3.8", facts)["host"] == ("not applicable", "there is no file below /etc/docker/certs.d")


def test_directory_that_is_a_link(changed: Change) -> None:
    """certs.d may lie elsewhere, and so may the directory of one registry."""
    name = Path(REGISTRY).name
    facts = changed(
        "mv /etc/docker/certs.d /opt/certs; ln -s /opt/certs /etc/docker/certs.d;"
        f" mv /opt/certs/{name} /opt/one; ln -s ../one /opt/certs/{name}; chmod 666 /opt/one/client.key",
        f"chmod 400 /opt/one/client.key; rm /etc/docker/certs.d /opt/certs/{name};"
        f" mv /opt/certs /etc/docker/certs.d; mv /opt/one {REGISTRY}",
    )
    reason = "has mode 666, more than 400 (/opt/one/client.key)"
    assert failing(facts) == {"3.8": {f"{REGISTRY}/client.key": ("fail", reason)}}


HOSTS = """\
server = "https://reg.example/v2"
ca = ["/opt/tls/ca.pem", "../../x.pem"]
client = [["/opt/tls/c.pem", '/opt/tls/k.pem']]
"""


def test_files_that_a_hosts_toml_names(host: Host, changed: Change) -> None:
    """Certificates and keys for a registry may lie elsewhere; an address is none."""
    host.write(f"{REGISTRY}/hosts.toml", HOSTS)
    others = ("/opt/tls/ca.pem", "/opt/tls/c.pem", "/opt/tls/k.pem", "/etc/docker/x.pem")
    facts = changed(
        f"chmod 444 {REGISTRY}/hosts.toml; mkdir /opt/tls; touch {' '.join(others)};"
        " echo '-----BEGIN PRIVATE KEY-----' > /opt/tls/k.pem; chmod 600 /opt/tls/k.pem",
        f"rm -r /opt/tls {REGISTRY}/hosts.toml /etc/docker/x.pem",
    )
    assert failing(facts) == {}
    assert {each for each in judged("3.8", facts) if "certs.d" not in each} == {*others}
    facts = changed(f"chmod 646 {' '.join(others[1:])}; chown 1000 {others[0]}", "true")
    assert {path for found in failing(facts).values() for path in found} == {*others}
    assert list(failing(facts)) == ["3.7", "3.8"]


def test_hostile_names(changed: Change) -> None:
    """A name forges nothing: a line feed or what the probe itself prints stays a part of the name."""
    nonce = "0" * 32
    names = [
        "a b",
        ".hidden",
        "..more",
        "-rf",
        "*",
        "\n",
        f"x\n{nonce} stat 8100:0:0:root:y",
        f"z\n{nonce} complete",
        "q\"\\'",
        "\x1b[2J",
        "é",
    ]
    folder = f"{REGISTRY}/"
    quoted = [folder + name.replace("'", "'\\''") for name in names]
    make = "; ".join(f"printf x > '{each}'; chmod 666 '{each}'" for each in quoted)
    facts = changed(make, "; ".join(f"rm '{each}'" for each in quoted))
    wrong = {path for path, (verdict, _) in judged("3.8", facts).items() if verdict == "fail"}
    assert wrong == {printable(folder + name) for name in names}
    assert list(failing(facts)) == ["3.8"]


def test_user_who_is_not_root(host: Host, changed: Change) -> None:
    """A user of the group docker gets true verdicts where directories let them look, and errors elsewhere.

    Which sockets systemd gave to the daemon at its start they cannot see.
    """
    host.exec("useradd", "--groups", "docker", "plain")
    user = ("setpriv", "--reuid", "plain", "--regid", "plain", "--init-groups")
    sockets = ("3.15", "3.16")
    facts = facts_inside(host, *user, of="3")
    assert verdicts(facts) == dict.fromkeys(CONTROLS, "pass") | dict.fromkeys(sockets, "error")
    path = TLS["tlscert"]
    for mode in ("440", "400"):
        changed(f"chmod {mode} {path}", f"chmod 444 {path}")
        found = judged("3.12", facts_inside(host, *user, of="3"))
        assert found[path][0] == ("error" if mode == "440" else "pass")
        host.exec("chmod", "444", path)
    changed(f"chmod 744 {REGISTRY}", f"chmod 755 {REGISTRY}")
    found = verdicts(facts_inside(host, *user, of="3"))
    assert [number for number, verdict in found.items() if verdict == "error"] == ["3.7", "3.8", *sockets]
    changed(
        "chmod 700 /etc/docker; chmod 666 /etc/default/docker",
        "chmod 755 /etc/docker; chmod 644 /etc/default/docker",
    )
    found = verdicts(facts_inside(host, *user, of="3"))
    unknown = ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", *sockets, "3.17", "3.18")
    assert [number for number, verdict in found.items() if verdict == "error"] == list(unknown)
    assert found["3.20"] == "fail"


def test_busybox_alone(host: Host) -> None:
    """Busybox has all that the probe needs; only an access control list is not seen with it."""
    full = facts_inside(host, of="3")
    applets = "sh cat ls stat readlink sed grep tr od sort xargs head tail id"
    links = f"for name in {applets}; do ln -s /usr/bin/busybox /opt/bb/$name; done"
    host.exec("sh", "-c", f"mkdir -p /opt/bb; {links}; ln -s /usr/bin/systemctl /opt/bb")
    script = f"daemons=$(pidof dockerd)\nPATH=/opt/bb\nexport PATH\n{ENGINE_FILES.script}"
    said = ENGINE_FILES.keep(host.exec("/usr/bin/busybox", "sh", "-c", script))
    answer = Answer(ENGINE_FILES.name, 0, said, "")
    recording = replace(full.recording, answers={**full.recording.answers, ENGINE_FILES.name: answer})
    facts = Facts(recording, Policy())
    assert verdicts(facts) == dict.fromkeys(CONTROLS, "pass") | dict.fromkeys(("3.16", "3.24"), "error")


# ---- units


@pytest.mark.parametrize(
    ("change", "back", "number", "path"),
    [
        (f"mkdir -m 777 {UNIT}.d", f"rmdir {UNIT}.d", "3.2", f"{UNIT}.d"),
        (
            f"mkdir -m 775 /run{SOCKET_UNIT[8:]}.d",
            f"rmdir /run{SOCKET_UNIT[8:]}.d",
            "3.4",
            f"/run{SOCKET_UNIT[8:]}.d",
        ),
        ("chmod 775 /etc/systemd/system", "chmod 755 /etc/systemd/system", "3.2", "/etc/systemd/system"),
        (
            "mkdir -m 777 /etc/systemd/system/service.d",
            "rmdir /etc/systemd/system/service.d",
            "3.2",
            "/etc/systemd/system/service.d",
        ),
        (
            f"mv {SYSCONFIG} /opt/away; chmod 777 /etc/sysconfig",
            f"chmod 755 /etc/sysconfig; mv /opt/away {SYSCONFIG}",
            "3.2",
            "/etc/sysconfig",
        ),
        # those that systemd names beside the usual ones, and other names of a unit
        (
            "install -d -m 777 /usr/local/lib/systemd/system/docker.service.d",
            "rm -r /usr/local/lib/systemd",
            "3.2",
            "/usr/local/lib/systemd/system/docker.service.d",
        ),
        ("chmod 777 /usr/local/lib", "chmod 755 /usr/local/lib", "3.4", "/usr/local/lib"),
        (
            "install -d -m 775 /etc/systemd/system.control/docker.socket.d",
            "rm -r /etc/systemd/system.control",
            "3.4",
            "/etc/systemd/system.control/docker.socket.d",
        ),
        (
            f"ln -s {UNIT} /etc/systemd/system/our-engine.service; systemctl daemon-reload;"
            " systemctl show our-engine.service; mkdir -m 777 /run/systemd/system/our-.service.d",
            "rm -r /etc/systemd/system/our-engine.service /run/systemd/system/our-.service.d; systemctl daemon-reload",
            "3.2",
            "/run/systemd/system/our-.service.d",
        ),
    ],
)
def test_directory_in_which_a_unit_finds_more(
    changed: Change, change: str, back: str, number: str, path: str
) -> None:
    """Where others may put a drop-in or the environment file that is missing, root's next start is theirs."""
    assert judged(number, changed(change, back))[path][0] == "fail"


@pytest.mark.parametrize(
    "use",
    [
        "ExecStartPre=-/opt/prepare now",
        "ExecStartPost=-/bin/sh -c '. /opt/prepare;true'",
        "ExecStartPost=-/bin/sh -c 'cd /opt && ./prepare'",
        'WorkingDirectory=/opt" "ExecStartPre=-/bin/sh prepare',
        "Environment=A=b LD_PRELOAD=/opt/prepare",
    ],
)
def test_script_of_a_unit(changed: Change, use: str) -> None:
    """What the unit runs as root, or gives to a shell to run, is a part of it."""
    other = f"{UNIT.replace('usr/lib', 'run')}.d"
    facts = changed(
        f"printf '#!/bin/sh\\n' >/opt/prepare; chmod 755 /opt/prepare; mkdir {other};"
        f' printf "%s\\n" "[Service]" "{use}" >{other}/x.conf; systemctl daemon-reload',
        f"rm -r /opt/prepare {other}; systemctl daemon-reload",
    )
    assert judged("3.2", facts)["/opt/prepare"] == ("pass", "mode 755")
    assert failing(facts) == {}
    facts = changed("chmod 757 /opt/prepare; chown 1000 /opt/prepare", "true")
    assert judged("3.2", facts)["/opt/prepare"] == ("fail", "has mode 757, more than 755")
    assert judged("3.1", facts)["/opt/prepare"] == ("fail", "belongs to uid 1000")


def test_directory_in_which_a_unit_looks_for_programs(changed: Change) -> None:
    """Who may put a program into a directory of the unit's PATH has the daemon run it as root."""
    other = f"{UNIT.replace('usr/lib', 'run')}.d"
    facts = changed(
        f"mkdir -m 757 /opt/tools; mkdir {other}; systemctl daemon-reload;"
        f' printf "%s\\n" "[Service]" "Environment=PATH=/opt/tools:/usr/sbin SECRET=/opt/hidden" >{other}/x.conf;'
        " systemctl daemon-reload",
        f"rm -r /opt/tools {other}; systemctl daemon-reload",
    )
    assert judged("3.2", facts)["/opt/tools"] == ("fail", "has mode 757, more than 755")
    assert "/opt/hidden" not in facts.recording.answers["engine_files"].stdout


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


def test_socket_unit_that_waits_for_the_next_start(changed: Change) -> None:
    """One that is enabled and that systemd has not loaded yet starts the daemon after the next boot."""
    unit, wants = "/etc/systemd/system/docker-late.socket", "/etc/systemd/system/sockets.target.wants"
    text = "[Socket]\\nListenStream=/run/late.sock\\nService=docker.service\\n[Install]\\nWantedBy=sockets.target\\n"
    facts = changed(
        f"mkdir -p {wants}; printf '{text}' >{unit}; chmod 666 {unit}; ln -s {unit} {wants}/docker-late.socket",
        f"rm {unit} {wants}/docker-late.socket; systemctl daemon-reload",
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
