"""The addresses on which the daemon takes commands, and what a client needs there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon_process import DaemonProcesses
from hullcheck.facts.engine.remote_api import RemoteApi
from hullcheck.facts.engine.sockets import (
    Asked,
    address,
    api_paths,
    hosts_of_unit,
    listening,
    socket_path,
    tcp_ports,
)
from hullcheck.parsing.proc.net import Listener
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.containers import containers
from selftests.kit.facts.daemons import AFTER, BEFORE, FILES, PATH, REMOTE, Host, changed_processes
from selftests.kit.judging import judged

SWARM = {"Swarm": {"LocalNodeState": "active"}}
UNIT = "Id=docker.service\nMainPID=7\n\nId=docker.socket\nListen=/run/docker.sock (Stream)"
FD = Host(flags=("-H", "fd://"), unit=UNIT)
USER = Host(as_root=False, tcp=(22,))


def remote_api(host: Host) -> RemoteApi:
    """The TCP addresses of its daemon."""
    found: RemoteApi = host.facts().daemon.endpoints.remote_api
    return found


def published(address: str) -> str:
    """A container whose port 8080 is published at this address."""
    ports = {"80/tcp": [{"HostIp": address, "HostPort": "8080"}], "81/tcp": None}
    return containers({"Ports": ports})


@pytest.mark.parametrize(
    ("host", "verdict", "words"),
    [
        (Host(tcp=(8080,)), "error", "as nothing that is known told it to listen there"),
        (Host(tcp=(2375,)), "fail", "takes commands on 127.0.0.1:2375 (listening) without TLS"),
        (Host(tcp=(8080,), info=SWARM), "not applicable", ""),  # a port of a service
        (Host(tcp=(8080,), containers=published("127.0.0.1")), "not applicable", ""),
        (Host(tcp=(8080,), containers=published("::")), "not applicable", ""),
        (Host(tcp=(8080,), containers=published("10.0.0.1")), "error", ""),
        (Host(flags=("--metrics-addr=0.0.0.0:9323",), tcp=(9323,)), "not applicable", ""),
        (Host(flags=("-H=tcp://:8080",), tcp=(8080,), containers=published("::")), "fail", "without TLS"),
        (Host(flags=("-H=tcp://:2375",)), "error", "was told to listen on tcp://:2375 (command line)"),
        (Host(document='{"hosts": ["tcp://:2375"]}', tcp=(2375,)), "fail", "without TLS"),
        (Host(document='{"hosts": ["tcp://:2375"]}', changed=AFTER), "fail", "restart pending: will take"),
        (Host(document="unread", tcp=(8080,)), "error", "may not be read; are you root?"),
        (FD, "not applicable", ""),
        (replace(FD, tcp=(2377, 7946), info=SWARM), "not applicable", ""),
        (replace(FD, tcp=(2377,)), "error", ""),
        (replace(FD, tcp=(2375,)), "fail", "without TLS"),  # of a unit that was mended, and not restarted
        (replace(FD, tcp=(8080,), unit=f"{UNIT}\nListen=[::]:8080 (Stream)"), "fail", "without TLS"),
        (replace(FD, unit=f"{UNIT}\nListen=[::]:8080 (Stream)"), "fail", "restart pending: will take"),
        (replace(FD, flags=(), unit=f"{UNIT}\nListen=[::]:8080 (Stream)"), "not applicable", ""),
        (replace(FD, unit=f"{UNIT}\nNeedDaemonReload=yes"), "error", "systemctl daemon-reload"),
        (replace(FD, unit="", tcp=(8080,)), "fail", "without TLS"),  # the unit is not known
        (USER, "not applicable", ""),
        (replace(USER, flags=("-H=tcp://0.0.0.0:2375",)), "fail", "tcp://0.0.0.0:2375 (command line)"),
        (replace(USER, flags=("--tlsverify=false",)), "fail", "tcp://localhost:2376"),
        (replace(USER, flags=("-H=fd://",)), "error", "takes sockets of a service manager"),
        (replace(USER, document="unread"), "error", ""),
        (replace(USER, changed=AFTER), "error", ""),
        (REMOTE, "pass", "127.0.0.1:2376 (listening): tlsverify is true (command line), with the CA /ca"),
        (replace(REMOTE, document="unread"), "pass", ""),
        (replace(REMOTE, document="unread", flags=("-H=tcp://:2376", "--tls", *FILES)), "error", ""),
    ],
)
def test_addresses(host: Host, verdict: str, words: str) -> None:
    """2.8: what the daemon was told to listen on, what it listens on, and what the next start opens."""
    found, reason = host.judge("2.8")
    assert (found, words in reason) == (verdict, True), reason


def remote(flags: tuple[str, ...], document: dict[str, Any], **change: Any) -> Host:
    """A daemon with a TCP address, these options and this file."""
    return Host(flags=("-H=tcp://:2376", *flags), document=json.dumps(document), tcp=(2376,), **change)


VERIFYING = {"tlsverify": True, "tlscacert": "/ca"}


@pytest.mark.parametrize(
    ("host", "verdict", "words"),
    [
        (remote((), {}), "fail", "without TLS"),
        (remote(FILES, {}), "fail", "without TLS"),
        (remote(("--tls", *FILES), {}), "pass", "tls is true (command line), with the CA /ca"),
        (remote(("--tls", "--tlsverify=false", *FILES), {}), "fail", "tlsverify is false"),
        (remote(("--tls=false",), {}), "fail", "without TLS"),
        (remote(("--tlsverify=false",), {"tls": True, "tlscacert": "/ca"}), "fail", "tlsverify is false"),
        (remote(("--tlsverify",), {}), "pass", "with the CA /root/.docker/ca.pem"),
        (remote(("--tlsverify",), {}, environment=("DOCKER_CERT_PATH=/p",)), "pass", "the CA /p/ca.pem"),
        (remote((), VERIFYING), "pass", f"tlsverify is true ({PATH}), with the CA /ca"),
        (remote((), {"tlsverify": True}), "fail", "without tlscacert: a certificate of any CA"),
        (remote((), {"tls": True, "tlscacert": "/ca"}), "pass", f"tls is true ({PATH})"),
        (remote((), VERIFYING, changed=AFTER), "fail", "without TLS; restart pending: "),
        (remote((), VERIFYING, changed=AFTER, written=BEFORE), "error", "is unknown"),
        (remote(("--tlsverify", *FILES), {}, changed=AFTER), "pass", ""),
    ],
)
def test_options_of_tls(host: Host, verdict: str, words: str) -> None:
    """2.8: each was tried on engine 26.1.5 with a client without a certificate of the chosen CA."""
    found, reason = host.judge("2.8")
    assert (found, words in reason) == (verdict, True), reason


def test_addresses_that_the_next_start_opens() -> None:
    """Those of a file that changed, or of the unit, on which the daemon does not listen yet."""
    edited = Host(document='{"hosts": ["tcp://0.0.0.0:4243", "unix:///x.sock", "fd://"]}', changed=AFTER)
    unit = "Id=docker.service\nMainPID=7\nExecStart={ path=/d ; argv[]=/d -H tcp://0.0.0.0:2375 ; x=y }"
    told = Host(flags=("-H=unix:///run/docker.sock",), unit=unit)
    for host, pending in (
        (edited, ("tcp://0.0.0.0:4243",)),
        (replace(edited, tcp=(4243,)), ()),
        (told, ("tcp://0.0.0.0:2375",)),
        (replace(told, unit=""), ()),
    ):
        assert remote_api(host).pending == pending
    assert remote_api(told).endpoints == (("*", 2375),)


def test_sockets_of_the_unit() -> None:
    """They stand in the place of `fd://`, and only where systemd started the daemon."""
    host = replace(FD, flags=("-H=fd://", "-H=tcp://a:1"))
    known = Asked(("tcp://a:1", "unix:///run/docker.sock"), "command line")
    assert host.facts().daemon.endpoints.asked == known
    for unit in (UNIT.partition("\n\n")[0], UNIT.partition("\n\n")[2]):
        asked = replace(host, unit=unit).facts().daemon.endpoints.asked
        assert asked == Asked(("tcp://a:1",), "command line", open_ended=True)
    addresses = ("/run/x.sock", "@x", "[::]:1")
    assert hosts_of_unit(addresses) == ("unix:///run/x.sock", "unix://@x", "tcp://[::]:1")


@pytest.mark.parametrize("name", ["unix", "tcp", "tcp6"])
def test_tables_that_were_read(name: str) -> None:
    """A table of sockets without even its head was not read."""
    text = Host().recording().answers["daemon_processes"].stdout
    lines = [(f"{line}\n", "") for line in text.split("\n") if line.startswith(f"7/net/{name}:")]
    (process,) = changed_processes(Host(), *lines).candidates
    assert name not in process.tables_read


def test_endpoint_in_other_files() -> None:
    """A daemon that sees another file at the path of the endpoint is not the one that answers there."""
    recording = Host().recording()
    text = recording.answers["daemon_processes"].stdout

    def judge(*files: str) -> str:
        told = text.replace(
            "dockerd:7\n", "".join(("dockerd:7\n", *(f"identity:{each}\n" for each in files)))
        )
        answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, told, "")}
        ((verdict, _),) = judged("2.17", Facts(replace(recording, answers=answers), Policy())).values()
        return verdict

    assert (judge(), judge("8 1", "8 1"), judge("8 1", "8 2")) == ("fail", "fail", "error")


def test_user_of_a_process() -> None:
    """Without the line that has it there is none."""
    status = "7/status:Uid:\t0\t0\t0\t0"
    found = (
        changed_processes(Host(), (status, each)).candidates[0].uids for each in (status, "7/status:Name:\td")
    )
    assert tuple(found) == ((0, 0, 0, 0), ())


@pytest.mark.parametrize(
    ("host", "path", "ports"),
    [
        ("", "/var/run/docker.sock", ()),
        ("unix://", "/var/run/docker.sock", ()),
        ("unix:///x:5", "/x:5", ()),
        ("fd://", None, ()),
        ("tcp://a", None, (2375, 2376)),
        ("tcp://:5/", None, (5,)),
        ("a:6", None, (6,)),
    ],
)
def test_what_an_address_asks_for(host: str, path: str | None, ports: tuple[int, ...]) -> None:
    """A unix socket, a port, the two usual ports, or neither."""
    assert (socket_path(host), tcp_ports([host])) == (path, frozenset(ports))


def test_listener_in_words() -> None:
    """An address of IPv6 stands in brackets."""
    for text, expected in (("10.0.0.5", "10.0.0.5:80"), ("::", "[::]:80")):
        assert address(Listener(7, text, 80, "tcp", "1")) == expected


def test_sockets_that_may_not_be_seen() -> None:
    """Without them nobody knows where the API is."""
    hidden = changed_processes(Host(as_root=False)).candidates[0]
    for read in (lambda: listening(hidden), lambda: api_paths(hidden, Asked((), ""), ())):
        with pytest.raises(
            EvidenceError, match=r"^the sockets of process 7 could not be read; are you root\?$"
        ):
            read()


def test_tables_of_a_process_are_its_own() -> None:
    """An answer on two processes does not mix them."""
    both = changed_processes(Host(second=("-H=unix:///x",)))
    assert isinstance(both, DaemonProcesses)
    assert [each.pid for each in both.candidates] == [7, 8]
