"""The process of the daemon that was asked, among others, and the one behind Podman's socket."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon_process import DAEMON, DaemonProcess, DaemonProcesses, UnixSocket
from hullcheck.parsing.proc.net import Listener
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import answer
from selftests.kit.facts.daemons import Host, changed, link, processes, with_answer

EMPTY = Recording("host", "local", {})
ONE = f"""\
--asked
clock:2026-01-01 12:00:00.000000000 +0000|10800.50
endpoint:unix:///run/docker.sock
path:/run/docker.sock
file:1:2 /run/docker.sock
file:1:2 7/root/run/docker.sock
--running
{link("self/ns/net", "net:[1]")}
{link("7/exe", "/usr/bin/dockerd")}
{link("7/cwd", "/srv/engine")}
{link("7/ns/net", "net:[2]")}
{link("7/fd/9", "socket:[100]")}
7/stat:7 (docker) d) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 360000
7/mountinfo:1 0 8:1 / / rw - ext4 /dev/sda1 rw
7/status:Uid:\t1\t2\t3\t4
7/net/unix:Num       RefCount Protocol Flags    Type St Inode Path
7/net/unix:0000: 00000002 00000000 00010000 0001 01 100 /var/run/docker.sock
7/net/unix:0000: 00000002 00000000 00010000 0001 01 101 X.sock
7/net/unix:0000: 00000002 00000000 00010000 0001 01 102 @x
7/net/tcp:  sl  local_address rem_address   st
7/net/tcp6:   0: {"0" * 32}:0050 {"0" * 32}:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1 0
--words
7/cmdline:dockerd
7/cmdline:--pidfile=X \r
7/environ:HOME=/a=b
7/environ:PASSWORD=x
--sockets
/var/run/docker.sock\t/run/docker.sock
--files
--end
"""


def processes_in(text: str) -> DaemonProcesses:
    """What an answer of the probe tells."""
    return DaemonProcesses.of(with_answer(EMPTY, DAEMON.keep(text)))


def test_all_that_is_read_of_a_process() -> None:
    """Each value from its own line; when it started is known to a second or better."""
    found = processes_in(ONE)
    (process,) = found.candidates
    start = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp() - 10800.5 + 3600
    assert process.started == pytest.approx((start - 0.05, start + 1.05), abs=0.001)
    assert replace(process, started=None) == DaemonProcess(
        pid=7,
        executable="/usr/bin/dockerd",
        flags=(("pidfile", "X "),),
        environment={"HOME": "/a=b"},
        uids=(1, 2, 3, 4),
        started=None,
        namespaces={"net": "net:[2]"},
        mountinfo=("1 0 8:1 / / rw - ext4 /dev/sda1 rw",),
        held=frozenset({"100"}),
        unix_table=(
            UnixSocket("/var/run/docker.sock", "/run/docker.sock", "100"),
            UnixSocket("X.sock", "/srv/engine/X.sock", "101"),
            UnixSocket("@x", "@x", "102"),
        ),
        tcp_table=(Listener("::", 80, "tcp", "103"),),
        sees_endpoint=True,
    )
    assert (found.endpoint_path, found.own_network) == ("/run/docker.sock", "net:[1]")
    for old, new in (("clock:2026-01-01 12:00:00.000000000 +0000|", "clock:-|"), ("|10800.50", "|x"), (" 360000", "")):
        assert processes_in(ONE.replace(old, new)).candidates[0].started is None


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("socket:[100]", "socket:[99]", "none of the dockerd processes here listens at unix:///run/d"),
        ("--end\n", "", "the answer is cut off"),
        ("Uid:\t1", "Uid:\tx", "not what /proc documents"),
        ("--files\n", "", "not what /proc documents"),
    ],
)
def test_answers_without_the_daemon(old: str, new: str, why: str) -> None:
    """None holds the socket, or the answer is damaged."""
    with pytest.raises(EvidenceError, match=why):
        _ = processes_in(ONE.replace(old, new)).daemon


def test_daemon_that_is_starting_a_program() -> None:
    """For a moment there are two of it, with the same sockets: the child is none of its own."""
    assert Host(second=(), parent=7).facts().daemon.process.pid == 7


@pytest.mark.parametrize(
    ("endpoint", "pids", "others"),
    [
        ("unix:///run/docker.sock", "7 8", (8,)),
        ("unix:///run/docker.sock", "7", ()),  # the other is that of a host, in whose PID namespace this runs
        ("tcp://10.0.0.1:2376", "7 8", (7, 8)),
        ("", "7 8", ()),
    ],
)
def test_engine_beside_the_one_that_is_asked(endpoint: str, pids: str, others: tuple[int, ...]) -> None:
    """A dockerd that is certainly not the one that was asked is named, and never one that may be."""
    found = changed(
        Host(endpoint=endpoint, second=()),
        ("01 100 /var/run", "01 100 /var/run"),
        (link("8/fd/100", "socket:[100]"), link("8/fd/100", "socket:[200]")),
    )
    present = "".join(f"process {pid}\n" for pid in pids.split())
    presence = answer("host", presence=f"command docker /usr/bin/docker\n{present}")
    recording = replace(found, answers={"daemon": found.answers["daemon"], presence.name: presence})
    assert tuple(pid for each in Facts(recording, Policy()).neighbours for pid in each.pids) == others


@pytest.mark.parametrize(
    ("endpoint", "port", "own", "network", "found"),
    [
        ("tcp://127.0.0.1:2376", 2376, "1", "1", True),
        ("https://localhost", 2375, "1", "", True),
        ("tcp://127.0.0.1:2376", 2375, "1", "1", False),
        ("tcp://127.0.0.1:2376", 2376, "1", "2", False),
    ],
)
def test_daemon_behind_a_port(endpoint: str, port: int, own: str, network: str, found: bool) -> None:
    """It is the process that listens there in the auditor's own network."""
    links = [link(f"{pid}/ns/net", f"net:[{each}]") for pid, each in (("self", own), ("7", network)) if each]
    change = ("--words", "\n".join([*links, "--words"]))
    candidates = processes(Host(endpoint=endpoint, tcp=(port,)), change)
    if found:
        assert candidates.daemon.pid == 7
    else:
        with pytest.raises(EvidenceError, match=f"^none of the dockerd processes here listens at {endpoint}$"):
            _ = candidates.daemon


PODMAN = [
    "--asked",
    "path:/run/podman/podman.sock",
    "--podman",
    "70/task/72/net/unix:0000000000000000: 00000002 00000000 00010000 0001 01 5 /var/run/podman/podman.sock",
    link("70/fd/6", "socket:[5]"),
    *(link(f"70/task/{n}/ns/net", f"net:[{1 + (n == 71)}]") for n in (71, 72, 73)),
    link("70/task/72/ns/mnt", "mnt:[3]"),
    "70/mountinfo:21 1 8:1 / / rw - ext4 /dev/sda1 rw",
    "--end",
]


def podman(text: str) -> Facts:
    """The facts of a host that answers this."""
    return Facts(with_answer(EMPTY, DAEMON.keep(text)), Policy())


def test_process_behind_the_socket_of_podman() -> None:
    """It is known by the socket that it holds; its namespaces are those of most of its threads."""
    text = "\n".join(PODMAN)
    found = podman(text).podman_service
    assert (found.pid, found.namespaces) == (70, {"net": "net:[1]", "mnt": "mnt:[3]"})
    assert [each.source for each in found.mounts] == ["/dev/sda1"]
    second = "\n".join(PODMAN[3:-1]).replace("70/", "80/")
    for other, why in (
        (text.replace("[5]", "[6]"), "no process of Podman is seen"),
        (text.replace("/podman.sock", "/other.sock", 1), "no process of Podman is seen"),
        (text.replace("--end", f"{second}\n--end"), "one of 70, 80"),
    ):
        with pytest.raises(EvidenceError, match=why):
            podman(other).get("podman_service")
