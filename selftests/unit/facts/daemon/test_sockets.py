"""The addresses on which the daemon takes commands."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.daemon.flags import parse
from hullcheck.facts.daemon.process import DaemonProcesses
from hullcheck.facts.daemon.sockets import (
    Asked,
    address,
    api_paths,
    hosts_of_unit,
    listening,
    socket_path,
    tcp_ports,
)
from hullcheck.facts.daemon.sockets.tls import Protection, protection
from hullcheck.facts.host.presence import Presence
from hullcheck.parsing.proc.net import Listener
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import (
    AFTER,
    BEFORE,
    FILES,
    PATH,
    REMOTE,
    Host,
    changed_processes,
)
from selftests.kit.judging import judged


def offered(host: Host) -> tuple[str, ...]:
    """The TCP addresses of the API; none of them is doubtful."""
    api = host.facts().daemon.endpoints.remote_api
    assert not api.doubt
    return api.addresses


def test_listener_that_nobody_asked_for() -> None:
    """It may take commands; so is an address that was asked for, and on which nothing is seen to listen."""
    verdict, reason = Host(tcp=(8080,)).judge("2.8")
    assert (verdict, "nothing that is known told it to" in reason) == ("error", True)
    swarm = {"Swarm": {"LocalNodeState": "active"}}
    assert Host(tcp=(8080,), info=swarm).judge("2.8")[0] == "not applicable"  # a port of a service
    for host in (Host(flags=("-H=tcp://:2375",)), Host(document='{"hosts": ["tcp://:2375"]}')):
        assert "was told to listen on tcp://:2375" in host.judge("2.8")[1]
        assert host.judge("2.8")[0] == "error"
        assert replace(host, tcp=(2375,)).judge("2.8")[0] == "fail"


def test_listeners_that_are_not_the_api() -> None:
    """Metrics, swarm and published ports listen too; an unknown port counts where any may be the API's."""
    assert Host(flags=("--metrics-addr=0.0.0.0:9323",), tcp=(9323,)).judge("2.8")[0] == "not applicable"
    assert Host(flags=("-H", "fd://"), tcp=(2375,)).judge("2.8")[0] == "fail"
    swarm = {"Swarm": {"LocalNodeState": "active"}}
    assert Host(flags=("-H", "fd://"), tcp=(2377, 7946), info=swarm).judge("2.8")[0] == "not applicable"
    published = (
        f'container {{"Id":"{"a" * 64}","Name":"/web",'
        + '"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],"81/tcp":null}}'
    )
    host = Host(flags=("-H", "fd://"), tcp=(8080,))
    assert host.judge("2.8")[0] == "fail"
    assert offered(replace(host, containers=published)) == ()
    everywhere, elsewhere = (
        published.replace("127.0.0.1", "0.0.0.0"),
        published.replace("127.0.0.1", "10.0.0.1"),
    )
    assert offered(replace(host, containers=everywhere)) == ()
    assert replace(host, containers=elsewhere).judge("2.8")[0] == "fail"


def test_engine_that_does_not_say_its_default() -> None:
    """2.15: an engine before 23 does not report it; then what it was started with counts."""
    old = Host(info={"ServerVersion": "20.10.24+dfsg1"}, document='{"no-new-privileges": true}')
    assert old.judge("2.15")[0] == "pass"
    assert replace(old, document="{}").judge("2.15")[0] == "fail"
    assert replace(old, info={"ServerVersion": "23.0.0"}).judge("2.15")[0] == "fail"


def test_sockets_of_a_unit() -> None:
    """What docker.socket says now counts if the daemon was given as many sockets and listens on them."""
    unit = "Id=docker.service\nMainPID=7\n\nId=docker.socket\nListen=/run/docker.sock (Stream)"
    given = ("HOME=/root", "LISTEN_FDS=1")
    host = Host(flags=("-H", "fd://"), unit=unit, tcp=(8080,), environment=given)
    assert host.judge("2.8")[0] == "error"
    assert replace(host, tcp=()).judge("2.8")[0] == "not applicable"
    assert replace(host, environment=("HOME=/root", "LISTEN_FDS=2")).judge("2.8")[0] == "fail"
    assert replace(host, unit=unit.replace("/run/", "/run/other/")).judge("2.8")[0] == "fail"
    both = replace(host, unit=unit + "\nListen=[::]:8080 (Stream)")
    assert replace(both, environment=("HOME=/root", "LISTEN_FDS=2")).judge("2.8")[0] == "fail"
    assert replace(host, as_root=False).judge("2.8")[0] == "error"


def test_given_socket_of_another_network() -> None:
    """The table of the daemon's network has no line for it."""
    host = Host(flags=("-H", "fd://"), environment=("LISTEN_FDS=1",))
    assert host.judge("2.8")[0] == "not applicable"
    verdict, reason = replace(host, environment=("LISTEN_FDS=2",)).judge("2.8")
    assert (verdict, "was given 2 sockets by its service manager, of which 1 are seen" in reason) == (
        "error",
        True,
    )
    own = ("-H", "fd://", "-H", "unix:///var/run/docker.sock")
    assert replace(host, flags=own).judge("2.8")[0] == "error"
    twice = replace(
        host, flags=own, sockets=("/var/run/docker.sock",)
    )  # of the same name, one of them its own
    assert twice.judge("2.8")[0] == "not applicable"
    assert replace(twice, environment=("LISTEN_FDS=2",)).judge("2.8")[0] == "error"


@pytest.mark.parametrize(
    ("addresses", "given", "expected"),
    [
        (("/run/docker.sock",), 1, True),
        (("/var/run/docker.sock", "[::]:8080"), 2, True),
        (("/var/run/docker.sock", "/run/docker.sock", "0.0.0.0:8080"), 3, True),
        (("8080",), 1, True),
        (("/run/docker.sock",), 2, False),
        (("/other.sock",), 1, False),
        (("[::]:8081",), 1, False),
        (("/run:8080",), 1, False),
    ],
)
def test_sockets_that_were_given(addresses: tuple[str, ...], given: int, expected: bool) -> None:
    """As many as there are, each of which the process holds."""
    host = Host(tcp=(8080,), environment=(f"LISTEN_FDS={given}",))
    assert changed_processes(host).daemon.was_given(addresses) is expected


def test_socket_of_another_process() -> None:
    """What the process does not hold was not given to it."""
    host = Host(tcp=(8080,), environment=("LISTEN_FDS=1",))
    process = changed_processes(host, ("socket:[8280]", "socket:[9999]")).daemon
    assert (process.was_given(("[::]:8080",)), process.was_given(("/run/docker.sock",))) == (False, True)


def test_sockets_of_the_unit_in_words() -> None:
    """They stand in the place of `fd://` where the daemon has them, and only where systemd started it."""
    unit = "Id=docker.socket\nListen=/run/docker.sock (Stream)"
    host = Host(flags=("-H=fd://", "-H=tcp://a:1"), unit=unit, environment=("LISTEN_FDS=1",))
    open_ended = Asked(("tcp://a:1",), "command line", open_ended=True)
    assert host.facts().daemon.endpoints.asked == open_ended
    started = replace(host, unit=f"Id=docker.service\nMainPID=7\n\n{unit}")
    known = Asked(("tcp://a:1", "unix:///run/docker.sock"), "command line")
    assert started.facts().daemon.endpoints.asked == known
    assert replace(started, unit="Id=docker.service\nMainPID=7").facts().daemon.endpoints.asked == open_ended


def test_remote_api_without_a_look_at_the_sockets() -> None:
    """Who may not see the sockets judges by what the daemon was told; what may be more is an error."""
    user = Host(as_root=False, tcp=(22,))
    assert user.judge("2.8")[0] == "not applicable"
    assert replace(user, flags=("-H=tcp://0.0.0.0:2375",)).judge("2.8")[0] == "fail"
    assert (
        replace(user, flags=("--tlsverify=false",)).judge("2.8")[0] == "fail"
    )  # localhost:2376 is the default
    assert replace(user, flags=("-H=fd://",)).judge("2.8")[0] == "error"
    assert replace(user, flags=("-H=fd://",), tcp=()).judge("2.8")[0] == "not applicable"
    assert replace(user, document="unread").judge("2.8")[0] == "error"
    assert replace(user, changed=AFTER).judge("2.8")[0] == "error"


def test_port_of_a_swarm_that_is_off() -> None:
    """It is nothing special then."""
    assert Host(flags=("-H", "fd://"), tcp=(2377,)).judge("2.8")[0] == "fail"


def test_address_that_the_next_start_opens() -> None:
    """It is told where the file has it and the daemon does not listen there yet."""
    edited = Host(document='{"hosts": ["tcp://0.0.0.0:2375"]}', changed=AFTER)
    assert edited.facts().daemon.endpoints.remote_api.pending == ("tcp://0.0.0.0:2375",)
    assert replace(edited, tcp=(2375,)).facts().daemon.endpoints.remote_api.pending == ()
    other = replace(edited, document='{"hosts": ["tcp://0.0.0.0:4243", "unix:///x.sock", "fd://"]}')
    assert other.facts().daemon.endpoints.remote_api.pending == ("tcp://0.0.0.0:4243",)
    assert replace(other, tcp=(4243,)).facts().daemon.endpoints.remote_api.pending == ()
    unit = "Id=docker.service\nMainPID=7\nExecStart={ path=/d ; argv[]=/d -H tcp://0.0.0.0:2375 ; x=y }"
    own = Host(flags=("-H=unix:///run/docker.sock",), unit=unit)
    assert own.facts().daemon.endpoints.remote_api.pending == ("tcp://0.0.0.0:2375",)
    assert replace(own, unit="").facts().daemon.endpoints.remote_api.pending == ()
    told = replace(
        own,
        as_root=False,
        tcp=(4243,),
        flags=("-H=tcp://0.0.0.0:4243",),
        unit=unit.replace(":2375", ":4243 -H tcp://b:1"),
    )
    assert told.facts().daemon.endpoints.remote_api.pending == ("tcp://b:1",)


def test_listeners_that_may_be_the_api() -> None:
    """Where the file may name addresses and may not be read, each listener that has no other use is doubtful."""
    host = Host(document="unread", flags=("--metrics-addr=127.0.0.1:9323",), tcp=(9323, 8080, 8081))
    why = f"{PATH}, the daemon's configuration, may not be read; are you root?"
    listeners = "127.0.0.1:8080, 127.0.0.1:8081"
    api = host.facts().daemon.endpoints.remote_api
    assert (api.addresses, api.doubt) == (
        (),
        f"the daemon listens on {listeners}, and whether for commands is unknown: {why}",
    )
    assert replace(host, tcp=(9323,)).facts().daemon.endpoints.remote_api.doubt == ""
    known = replace(host, document="{}").facts().daemon.endpoints.remote_api.doubt
    assert known.startswith(f"the daemon listens on {listeners}, and whether for commands is unknown, as")


def by_ca(ca: str) -> Protection:
    """Of clients with a certificate of a CA."""
    return Protection(True, f"tlsverify is on, with the CA {ca}")


VERIFIED, PLAIN = by_ca("/ca"), Protection(False, "without TLS", encrypted=False)


UNVERIFIED = Protection(False, "with TLS, but tlsverify is false: clients need no certificate")


ANY_CA = Protection(
    False, "with tlsverify but without tlscacert: a certificate of any CA that the host trusts will do"
)


@pytest.mark.parametrize(
    ("change", "protection", "doubt"),
    [
        ({}, (VERIFIED,), ""),
        ({"changed": AFTER}, (VERIFIED, PLAIN), f"{PATH} was changed after the daemon started"),
        (
            {"changed": AFTER, "written": BEFORE},
            (VERIFIED,),
            f"{PATH} was changed after the daemon started",
        ),
        ({"changed": AFTER, "document": "{}"}, (PLAIN,), ""),
        ({"document": "unread"}, (), f"{PATH}, the daemon's configuration, may not be read; are you root?"),
        ({"document": "unread", "flags": ("--tlsverify", "--tlscacert=/ca")}, (VERIFIED,), ""),
        (
            {"flags": ("--tlsverify",), "document": "{}", "environment": ("DOCKER_CERT_PATH=/c",)},
            (Protection(True, "tlsverify is on, with the CA /c/ca.pem"),),
            "",
        ),
        (
            {"flags": ("--tlsverify",), "document": "unread", "environment": ("DOCKER_CERT_PATH=/c",)},
            (Protection(True, "tlsverify is on, with the CA /c/ca.pem"),),
            "",
        ),
    ],
)
def test_protection_of_the_remote_api(
    change: dict[str, Any], protection: tuple[Protection, ...], doubt: str
) -> None:
    """A file that was changed since the start may have said nothing then; one of which the mode changed may not."""
    host = replace(Host(document='{"tlsverify": true, "tlscacert": "/ca"}'), **change)
    api = host.facts().daemon.endpoints.remote_api
    assert (api.protection, api.protection_doubt) == (protection, doubt)


def test_verification_that_the_command_line_tells() -> None:
    """Where the file may not be read, a flag that the file cannot take back is enough; no other is."""
    assert replace(REMOTE, document="unread").judge("2.8")[0] == "pass"
    assert (
        replace(REMOTE, document="unread", flags=("-H=tcp://:2376", "--tls", *FILES)).judge("2.8")[0]
        == "error"
    )


@pytest.mark.parametrize("name", ["unix", "tcp", "tcp6"])
def test_tables_that_were_read(name: str) -> None:
    """A table of sockets without even its head was not read."""
    recording = Host().recording()
    text = recording.answers["daemon_processes"].stdout
    without = "\n".join(line for line in text.split("\n") if not line.startswith(f"7/net/{name}:"))
    answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, without, "")}
    (process,) = DaemonProcesses.of(replace(recording, answers=answers)).candidates
    assert name not in process.tables_read


def test_endpoint_in_other_files() -> None:
    """A daemon that sees another file at the path of the endpoint is not the one that answers there."""
    recording = Host().recording()
    text = recording.answers["daemon_processes"].stdout

    def judge(*files: str) -> str:
        told = text.replace(
            "dockerd:7\n", "\n".join(("dockerd:7", *(f"identity:{each}" for each in files), ""))
        )
        answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, told, "")}
        ((verdict, _),) = judged("2.17", Facts(replace(recording, answers=answers), Policy())).values()
        return verdict

    assert (judge(), judge("8 1", "8 1"), judge("8 1", "8 2")) == ("fail", "fail", "error")


def test_user_of_a_process() -> None:
    """It is read from the line that has it, wherever that stands; without it there is none."""
    recording = Host(uid=5).recording()
    text = recording.answers["daemon_processes"].stdout
    status = next(line for line in text.split("\n") if line.startswith("7/status:Uid:"))
    for instead, expected in ((f"7/status:Name:\td\n{status}", (5, 5, 5, 5)), ("7/status:Name:\td", ())):
        told = Answer("daemon_processes", 0, text.replace(status, instead), "")
        answers = {**recording.answers, "daemon_processes": told}
        (process,) = DaemonProcesses.of(replace(recording, answers=answers)).candidates
        assert process.uids == expected


def test_addresses_of_a_unit() -> None:
    """A path is a unix socket, all else is TCP."""
    addresses = ("/run/x.sock", "@x", "[::]:1")
    assert hosts_of_unit(addresses) == ("unix:///run/x.sock", "unix://@x", "tcp://[::]:1")


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
    assert tcp_ports([host, "tcp://:7"]) == {*ports, 7}


def test_listener_in_words() -> None:
    """An address of IPv6 stands in brackets."""
    for text, expected in (("10.0.0.5", "10.0.0.5:80"), ("::", "[::]:80")):
        assert address(Listener(7, text, 80, "tcp", "1")) == expected


def test_sockets_that_may_not_be_seen() -> None:
    """Without them nobody knows where the API is."""
    for process in (
        changed_processes(Host(as_root=False)).candidates[0],
        changed_processes(Host(), ("7/net/tcp:", "7/stat:")).candidates[0],
    ):
        with pytest.raises(EvidenceError) as raised:
            listening(process)
        assert str(raised.value) == "the sockets of process 7 could not be read; are you root?"
    with pytest.raises(EvidenceError) as raised:
        api_paths(changed_processes(Host(as_root=False)).candidates[0], Asked((), ""), ())
    assert str(raised.value) == "the sockets of process 7 could not be read; are you root?"


@pytest.mark.parametrize("published", ["127.0.0.1", "0.0.0.0", "::", ""])
def test_ports_of_containers(published: str) -> None:
    """One that is published on every address, however that is written, is on each."""
    described = json.dumps(
        {"Id": "a" * 64, "Name": "/web", "Ports": {"80/tcp": [{"HostIp": published, "HostPort": "8080"}]}}
    )
    host = Host(flags=("-H", "fd://"), tcp=(8080,), containers=f"container {described}")
    assert offered(host) == ()
    assert replace(host, flags=("-H=tcp://:8080",)).judge("2.8")[0] == "fail"


def test_port_of_a_routed_network() -> None:
    """It has no port of the host."""
    described = json.dumps(
        {"Id": "a" * 64, "Name": "/web", "Ports": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}}
    )
    assert (
        Host(flags=("-H", "fd://"), tcp=(8080,), containers=f"container {described}").judge("2.8")[0]
        == "fail"
    )


def test_signs_of_an_engine() -> None:
    """Commands by their names, sockets by their paths, and processes of this machine by their numbers."""
    text = "command docker /usr/bin/docker\nsocket /run/docker.sock\nprocess 7"
    for more, pids in (("", (7,)), ("\nforeign", ())):
        answer = Answer("engine_presence", 0, text + more, "")
        found = Presence.of(Recording("host", "local", {answer.name: answer}))
        assert (found.commands, found.sockets) == (("docker",), ("/run/docker.sock",))
        assert found.client == "/usr/bin/docker"
        assert found.daemon_pids == pids


TLS = [
    (("--tlsverify", *FILES), {}, {}, True),
    (("--tls", *FILES), {}, {}, True),
    (("--tls",), {}, {"HOME": "/root"}, True),
    (("--tls", "--tlsverify=false", *FILES), {}, {}, False),
    (("--tls=false",), {}, {}, False),
    (("--tls=false",), {}, {"DOCKER_TLS_VERIFY": "1"}, True),
    ((), {}, {"DOCKER_TLS_VERIFY": "1"}, False),
    ((), {"tlsverify": True, "tlscacert": "/ca"}, {}, True),
    ((), {"tlsverify": True}, {}, False),
    ((), {"tlsverify": False, "tlscacert": "/ca"}, {"DOCKER_TLS_VERIFY": "1"}, False),
    ((), {"tls": True, "tlscacert": "/ca"}, {}, True),
    ((), {"tls": True}, {}, False),
    ((), {"tls": True, "tlsverify": False, "tlscacert": "/ca"}, {}, False),
    ((), {"tls": False, "tlsverify": True, "tlscacert": "/ca"}, {}, True),
    ((), {"tls": False}, {"DOCKER_TLS_VERIFY": "1"}, False),
    (("--tlsverify",), {"tlscacert": "/ca"}, {}, True),
    (("--tlsverify=false",), {"tls": True, "tlscacert": "/ca"}, {}, False),
]


@pytest.mark.parametrize(("flags", "document", "environment", "verified"), TLS)
def test_tls_rules(
    flags: tuple[str, ...], document: dict[str, Any], environment: dict[str, str], verified: bool
) -> None:
    """Each line was tried on engine 26.1.5 with a client without a certificate of the site's CA."""
    assert protection(parse(flags), document, environment, "26.1.5").verified is verified


def test_tls_rules_of_old_engines() -> None:
    """Before 20.10 --tls alone did not verify, and DOCKER_TLS_VERIFY did; 20.10 serves whoever asks then."""
    variable = {"DOCKER_TLS_VERIFY": "1", "HOME": "/root"}
    for engine, old in (("19.03.15", True), ("20.10.24+dfsg1", False), ("20.10.0", False), ("22.06", False)):
        assert protection(parse(("--tls", *FILES)), {}, {}, engine).verified is not old
        assert protection((), {}, variable, engine).verified is old
        assert protection((), {}, variable, engine).encrypted is old
        assert protection((), {"tls": True}, {}, engine).encrypted


@pytest.mark.parametrize(
    ("flags", "document", "environment", "engine", "expected"),
    [
        ((), {}, {}, "26", PLAIN),
        (
            (),
            {},
            {"DOCKER_TLS_VERIFY": "1"},
            "26",
            replace(
                PLAIN, text="without TLS (DOCKER_TLS_VERIFY in its environment turns nothing on by itself)"
            ),
        ),
        ((), {"tlsverify": False}, {}, "26", UNVERIFIED),
        ((), {"tls": True}, {}, "26", ANY_CA),
        (("--tlsverify", "--tlscacert=/ca"), {"tlscacert": "/other"}, {}, "26", VERIFIED),
        (("--tlsverify",), {"tlscacert": "/ca"}, {"HOME": "/root"}, "26", VERIFIED),
        (("--tlsverify",), {}, {"HOME": "/root"}, "26", by_ca("/root/.docker/ca.pem")),
        (("--tlsverify",), {}, {"HOME": "/h", "DOCKER_CONFIG": "/c"}, "26", by_ca("/c/ca.pem")),
        (("--tlsverify",), {}, {"DOCKER_CERT_PATH": "/p", "DOCKER_CONFIG": "/c"}, "26", by_ca("/p/ca.pem")),
        (("--tlsverify",), {}, {}, "26", by_ca("/.docker/ca.pem")),
        (("--tlsverify",), {}, None, "26", by_ca("the CA of the daemon's default directory")),
        (("--tls", "--tlscacert=/ca"), {}, {}, "23.0.1", VERIFIED),
        (("--tls", "--tlscacert=/ca"), {}, {}, "19.03.15", UNVERIFIED),
        (("--tls", "--tlscacert=/ca"), {}, {}, "dev", VERIFIED),
        ((), {"tls": True, "tlscacert": "/ca"}, {}, "19.03.15", UNVERIFIED),
        ((), {"tlsverify": True, "tlscacert": "/ca"}, {}, "19.03.15", VERIFIED),
        ((), {"tlsverify": False}, {}, "19.03.15", PLAIN),
        ((), {"tlsverify": False}, {}, "20.10.24", UNVERIFIED),
    ],
)
def test_protection_in_words(
    flags: tuple[str, ...],
    document: dict[str, Any],
    environment: dict[str, str] | None,
    engine: str,
    expected: Protection,
) -> None:
    """Why, and with which CA: that of the command line before that of the file before the default one."""
    assert protection(parse(flags), document, environment, engine) == expected
