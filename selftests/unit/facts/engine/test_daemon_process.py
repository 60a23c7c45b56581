"""The process of the daemon that was asked, among others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon_process import DaemonProcess, DaemonProcesses, UnixSocket
from hullcheck.parsing.proc.net import Listener
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import answer
from selftests.kit.facts.daemons import (
    Host,
    changed_processes,
)


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        (Host(second=()), "error"),
        (Host(second=("-H=unix:///other",), as_root=False), "error"),
        (Host(endpoint="tcp://10.0.0.1:2376"), "error"),
        (Host(endpoint="ssh://root@web1"), "error"),
        (Host(endpoint="unix:///elsewhere"), "fail"),  # the path that the target resolved counts
    ],
)
def test_daemon_that_is_unknown(host: Host, verdict: str) -> None:
    """It is an error for what only a process shows, and for nothing else."""
    assert (host.judge("2.17")[0], host.judge("2.15")[0]) == (verdict, "fail")


ONE_PROCESS = """\
clock:2026-01-01 12:00:00.000000000 +0000|10800.50
endpoint:unix:///run/docker.sock
endpoint-path:/run/docker.sock
own:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 net -> net:[1]
system-containerd:
dockerd:7
argument:dockerd
argument:--pidfile=X \r
environment:
environment:HOME=/a=b
link:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 7/exe -> /usr/bin/dockerd
link:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 7/cwd -> /srv/engine
link:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 7/ns/net -> net:[2]
link:lrwx------ 1 0 0 64 Jan 1 10:00 9 -> socket:[100]
7/stat:7 (docker) d) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 360000
7/mountinfo:1 0 8:1 / / rw - ext4 /dev/sda1 rw
7/status:Uid:\t1\t2\t3\t4
7/net/unix:Num       RefCount Protocol Flags    Type St Inode Path
7/net/unix:0000: 00000002 00000000 00010000 0001 01 100 /var/run/docker.sock
7/net/unix:0000: 00000002 00000000 00010000 0001 01 101 X.sock
7/net/unix:0000: 00000002 00000000 00010000 0001 01 102 @x
real:/var/run/docker.sock\t/run/docker.sock
7/net/tcp6:  sl  local_address                         remote_address
7/net/tcp6:   0: {0}:0050 {0}:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1 0
identity:1:2
identity:1:2
""".replace("{0}", "0" * 32)


def processes_in(text: str) -> DaemonProcesses:
    """What an answer of the probe for processes tells."""
    answer = Answer("daemon_processes", 0, text, "")
    return DaemonProcesses.of(Recording("host", "local", {answer.name: answer}))


@pytest.mark.parametrize(
    ("endpoint", "pids", "beside"),
    [
        ("unix:///run/docker.sock", "7 8", "8"),
        ("unix:///run/docker.sock", "7", ""),  # the other is that of a host, in whose PID namespace this runs
        ("unix:///run/other.sock", "7 8", "7, 8"),
        ("tcp://10.0.0.1:2376", "7 8", "7, 8"),
        ("", "7 8", ""),
    ],
)
def test_engine_beside_the_one_that_is_asked(endpoint: str, pids: str, beside: str) -> None:
    """A dockerd that is certainly not the one that was asked is told of, and never one that may be."""
    text = ONE_PROCESS.replace("identity:1:2\n", "")
    second = text[text.index("dockerd:7") :].replace("dockerd:7", "dockerd:8").replace("7/", "8/")
    second = second.replace("[100]", "[200]").replace("01 100 /var/run", "01 200 /srv/run")
    head = text.replace("/run/docker.sock\nown", f"{endpoint.removeprefix('unix://')}\nown", 1)
    head = head.replace("endpoint:unix:///run/docker.sock", f"endpoint:{endpoint}")
    present = "".join(f"process {pid}\n" for pid in pids.split())
    answers = {
        "daemon_processes": Answer("daemon_processes", 0, head + second, ""),
        "host": answer("host", presence=f"command docker /usr/bin/docker\n{present}"),
    }
    told = Facts(Recording("host", "local", answers), Policy()).neighbours
    assert ", ".join(each.split()[3] for each in told) == beside


def test_all_that_is_read_of_a_process() -> None:
    """Each value from its own line; when it started is known to a second or better."""
    found = processes_in(ONE_PROCESS)
    (process,) = found.candidates
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
    start = noon - 10800.5 + 3600
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
        tcp_table=(Listener(7, "::", 80, "tcp", "103"),),
        tables_read=frozenset({"unix", "tcp6"}),
        sees_endpoint=True,
    )
    assert replace(found, candidates=()) == DaemonProcesses(
        "unix:///run/docker.sock", "/run/docker.sock", "net:[1]", True, ()
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clock:2026-01-01 12:00:00.000000000 +0000|", "clock:-|"),
        ("|10800.50", "|x"),
        ("clock:2026", "own:2026"),
        (" 360000", ""),
        ("7/stat:", "7/status:"),
    ],
)
def test_start_that_is_not_known(old: str, new: str) -> None:
    """Without the clock, the time since the boot or the line of the process there is none."""
    assert old in ONE_PROCESS
    assert processes_in(ONE_PROCESS.replace(old, new)).candidates[0].started is None


def test_what_is_not_told_of_a_process() -> None:
    """Program and directory are empty then, and a relative path of a socket stays as it is."""
    lines = [line for line in ONE_PROCESS.split("\n") if "/exe" not in line and "/cwd" not in line]
    (process,) = processes_in("\n".join(lines)).candidates
    assert (process.executable, process.unix_table[1]) == ("", UnixSocket("X.sock", "X.sock", "101"))


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (Host(second=()), "more than one dockerd process may be the one at unix:///run/docker.sock: 7, 8"),
        (
            Host(second=(), as_root=False),
            "more than one dockerd process may be the one at unix:///run/docker.sock: 7, 8; root could tell",
        ),
        (
            Host(endpoint="ssh://web1"),
            "the engine runs on another machine (ssh://web1): its process is not seen here",
        ),
        (
            Host(endpoint="tcp://me:s3cret@web1:2376"),
            "the engine runs on another machine (tcp://***@web1:2376): its process is not seen here",
        ),
        (Host(endpoint=""), "the docker command does not say which engine it talks to"),
    ],
)
def test_why_the_daemon_cannot_be_told(host: Host, why: str) -> None:
    """The reason says between which processes, and who could tell."""
    with pytest.raises(EvidenceError) as raised:
        _ = host.facts().daemon.process
    assert str(raised.value) == why


def test_daemon_that_is_starting_a_program() -> None:
    """For a moment there are two of it, with the same sockets; what has other arguments is another daemon."""
    assert Host(flags=("--debug",), second=("--debug",), parent=7).facts().daemon.process.pid == 7
    for other in (
        Host(flags=("--debug",), second=("--debug",), parent=1),
        Host(flags=("--debug",), second=(), parent=7),
    ):
        with pytest.raises(EvidenceError, match="more than one dockerd"):
            _ = other.facts().daemon.process


def test_no_process_at_the_endpoint() -> None:
    """There is none, none holds the socket, or the answer is not understood."""
    address = "unix:///run/docker.sock"
    for text, why in (
        (
            ONE_PROCESS.partition("dockerd:7")[0],
            f"no process called dockerd can be seen here, though an engine answers at {address}",
        ),
        (
            ONE_PROCESS.replace("socket:[100]", "socket:[99]"),
            f"none of the dockerd processes here listens at {address}",
        ),
        ("dockerd:x", "daemon_processes: the answer is damaged: it has a line of another kind"),
    ):
        with pytest.raises(EvidenceError) as raised:
            _ = processes_in(text).daemon
        assert str(raised.value) == why


NETWORK = "lrwxrwxrwx 1 0 0 0 Jan 1 10:00 {} -> net:[{}]"


@pytest.mark.parametrize(
    ("endpoint", "port", "own", "network", "found"),
    [
        ("tcp://127.0.0.1:2376", 2376, "1", "1", True),
        ("tcp://localhost:2376", 2376, "", "1", True),
        ("https://127.0.0.1:2376", 2376, "1", "", True),
        ("tcp://127.0.0.1", 2375, "1", "1", True),
        ("tcp://127.0.0.1:2376", 2375, "1", "1", False),
        ("tcp://127.0.0.1:2376", 2376, "1", "2", False),
    ],
)
def test_daemon_behind_a_port(endpoint: str, port: int, own: str, network: str, found: bool) -> None:
    """It is the process that listens there in the auditor's own network."""
    changes = (
        [(f"endpoint:{endpoint}", f"endpoint:{endpoint}\nown:{NETWORK.format('net', own)}")] if own else []
    )
    if network:
        changes += [("\n7/stat:", f"\nlink:{NETWORK.format('7/ns/net', network)}\n7/stat:")]
    processes = changed_processes(Host(endpoint=endpoint, tcp=(port,)), *changes)
    if found:
        assert processes.daemon.pid == 7
    else:
        with pytest.raises(
            EvidenceError, match=f"^none of the dockerd processes here listens at {endpoint}$"
        ):
            _ = processes.daemon


def test_port_of_another_process() -> None:
    """A socket of the same network that is not the process's own is another's; who may not see that takes it."""
    host = Host(endpoint="tcp://127.0.0.1:2376", tcp=(2376,))
    with pytest.raises(EvidenceError, match=r"^none of the dockerd processes"):
        _ = changed_processes(host, ("socket:[2576]", "socket:[9999]")).daemon
    assert changed_processes(replace(host, as_root=False)).daemon.pid == 7
