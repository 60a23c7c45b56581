"""Section 3 on real engines and hosts: each control judges the files that the daemon really uses."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts, registry
from hullcheck.facts.files.probe import ENGINE_FILES
from hullcheck.messages import printable
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.recording.script import render
from hullcheck.verdicts import EvidenceError, NotApplicable, Verdict, worst
from selftests.kit.judging import (
    Verdicts,
    facts_inside,
    facts_of_engine,
    facts_of_guest,
    judge_engine,
    judged,
)
from selftests.rig import removal

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.rootless import RootlessEngine
    from selftests.rig.hosts.host import Host, Hub
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
Change = Callable[[str, str], Facts]
NEEDED = registry.evidence_of(("clock", "os_name", "engine_files"), "host")
PROBES = tuple(each for each in registry.probes() if each.name in NEEDED)
CONTROLS = [f"3.{number}" for number in range(1, 25)]
UNIT = "/usr/lib/systemd/system/docker.service"
SOCKET_UNIT = "/usr/lib/systemd/system/docker.socket"
FOLDERS = ("/etc/systemd/system", "/run/systemd/system")
DROP_IN = "/etc/systemd/system/docker.service.d/override.conf"
SYSCONFIG = "/etc/sysconfig/docker"
ENVIRONMENT = (
    "/etc/default/docker",
    "/etc/docker-proxy.env",
    SYSCONFIG,
)  # the first one by Debian's own unit
REGISTRY = "/etc/docker/certs.d/reg.example:5000"
TLS = {
    "tlscacert": "/etc/docker/tls/ca.pem",
    "tlscert": "/etc/docker/tls/cert.pem",
    "tlskey": "/etc/docker/tls/key.pem",
}
SOCKET, CONTAINERD = "/run/docker.sock", "/run/containerd/containerd.sock"


def facts_from(output: str) -> Facts:
    """The facts in what the probe script printed."""
    recording = Recording.from_output(output, PROBES, target="host", backend="local", asked=time.time())
    return Facts(recording, Policy())


def verdicts(facts: Facts, numbers: Sequence[str] = CONTROLS) -> dict[str, str]:
    """The verdict of each control over all its files."""
    return {number: overall(number, facts) for number in numbers}


def overall(number: str, facts: Facts) -> str:
    """The verdict of one control; also where its files could not be told."""
    try:
        return str(worst(Verdict(verdict) for verdict, _ in judged(number, facts).values()))
    except EvidenceError:
        return "error"
    except NotApplicable:
        return "not applicable"


def failing(facts: Facts) -> dict[str, Verdicts]:
    """Of each control that does not pass, the files that do not."""
    found = {number: judged(number, facts) for number in CONTROLS}
    bad = {
        number: {path: each for path, each in files.items() if each[0] != "pass"}
        for number, files in found.items()
    }
    return {number: files for number, files in bad.items() if files}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of ca.pem, cert.pem and key.pem."""
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=lab"]
    signed = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca-key.pem")]
    for out, private, others in (("ca.pem", "ca-key.pem", []), ("cert.pem", "key.pem", signed)):
        files = ["-keyout", str(folder / private), "-out", str(folder / out)]
        subprocess.run(["openssl", "req", "-x509", *key, *others, *files], check=True, capture_output=True)
    return {name: (folder / name).read_text() for name in ("ca.pem", "cert.pem", "key.pem")}


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
        one.exec("sh", "-c", f"chmod 444 {REGISTRY}/* /etc/docker/tls/*; chmod 400 {TLS['tlskey']}")
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
    assert (
        subjects["3.1"]
        == subjects["3.2"]
        == {UNIT, DROP_IN, *ENVIRONMENT, *FOLDERS, str(Path(DROP_IN).parent)}
    )
    assert subjects["3.3"] == subjects["3.4"] == {SOCKET_UNIT, *FOLDERS}
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
    ("3.8", f"{REGISTRY}/client.key", "666 600", "400", "3.8"),
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
        assert (verdict, f"mode {mode} has more than" in reason) == ("fail", True)
        assert [each for each in failing(facts) if each in fails.split()] == list(failing(facts))
        assert number in failing(facts)
    for mode in right.split():
        facts = changed(f"chmod {mode} '{path}'", "true")
        assert judged(number, facts)[path] == ("pass", f"mode {mode}")
        assert failing(facts) == {}


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
        ("3.18", "chmod 666 /opt/d/d.json", "mode 666 has more than 644 (/opt/d/d.json)"),
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
    text = "[Socket]\\nSocketMode=0666\\nSocketGroup=users\\n"
    folder = "/run/systemd/system/docker.socket.d"
    facts = changed(
        f"mkdir {folder}; printf '{text}' >{folder}/x.conf; systemctl daemon-reload",
        f"rm -r {folder}; systemctl daemon-reload",
    )
    for number, coming in (("3.15", "group users"), ("3.16", "mode 666")):
        verdict, reason = judged(number, facts)[SOCKET]
        assert (verdict, reason.partition("; ")[2]) == ("pass", f"restart pending: its unit says {coming}")


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
    assert judged("3.18", facts) == {"/etc/docker/daemon.json": ("fail", "mode 664 has more than 644")}


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
    reason = "mode 666 has more than 444 (/opt/one/client.key)"
    assert failing(facts) == {"3.8": {f"{REGISTRY}/client.key": ("fail", reason)}}


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
    script = f"PATH=/opt/bb\nexport PATH\n{ENGINE_FILES.script}"
    answer = Answer(ENGINE_FILES.name, 0, host.exec("/usr/bin/busybox", "sh", "-c", script), "")
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
    ],
)
def test_directory_in_which_a_unit_finds_more(
    changed: Change, change: str, back: str, number: str, path: str
) -> None:
    """Where others may put a drop-in or the environment file that is missing, root's next start is theirs."""
    assert judged(number, changed(change, back))[path][0] == "fail"


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
    assert set(judged("3.2", facts)) == {unit, *FOLDERS[:1]}
    assert overall("3.2", facts) == "fail"
    assert judged("3.10", facts) == {"/etc/engine/ca.pem": ("fail", "mode 644 has more than 444")}
    assert judged("3.12", facts) == {"/etc/engine/cert.pem": ("fail", "mode 644 has more than 444")}
    assert judged("3.14", facts) == {"/etc/engine/key.pem": ("fail", "mode 600 has more than 400")}
    assert set(judged("3.4", facts)) == {SOCKET_UNIT, *FOLDERS}


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
    assert judged("3.16", facts)[second] == ("fail", "mode 666 has more than 660")
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
    assert [verdict for verdict, _ in judged("2.8", facts).values()] == ["not applicable"]


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
        assert judged("3.16", facts)[str(second)] == ("fail", "mode 666 has more than 660")


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
    assert judge_engine("3.24", one.socket) == {str(path): ("fail", "mode 666 has more than 660")}
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
        assert found == {f"{folder}/key.pem": ("fail", "mode 404 has more than 400")}
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
        assert judged("3.18", facts) == {str(one.config_path): ("fail", "mode 646 has more than 644")}
        assert judged("3.6", facts)[str(one.directory)] == ("pass", "mode 711")


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
    assert judged("3.16", facts)[str(one.socket)] == ("fail", "mode 666 has more than 660")
    assert "/etc/docker" not in judged("3.5", facts)
    one.socket.chmod(0o660)


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
        assert judged("3.1", facts) == {unit: ("pass", f"{uid}:{uid}")}
        assert overall("3.2", facts) == "pass"
        assert {path: each[0] for path, each in judged("3.15", facts).items()} == {socket: "pass"}
        assert judged("3.16", facts) == {socket: ("pass", "mode 660")}
        containerd = f"/run/user/{uid}/docker/containerd/containerd.sock"
        assert judged("3.24", facts) == {containerd: ("pass", "mode 660")}
    one.exec("chmod", "666", unit)
    assert judged("3.2", facts_from(one.exec("sh", stdin=script)))[unit][0] == "fail"
