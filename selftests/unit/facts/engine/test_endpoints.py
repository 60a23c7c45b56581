"""The addresses and sockets at which the daemon and its containerd take commands, and what a client needs there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.endpoints import SYSTEM_CONTAINERD, HostOptions, endpoint, socket_path, tcp_ports
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import AFTER, SOCKET, Host, changed

UNIT = "Id=docker.service\nMainPID=7\n\nId=docker.socket\nListen=/run/docker.sock (Stream)"
FD = Host(flags=("-H", "fd://"), unit=UNIT)


def of(host: Host) -> Daemon:
    """The daemon of this host."""
    found: Daemon = host.facts().daemon
    return found


def test_addresses_that_the_next_start_opens() -> None:
    """Those of the file, on which the daemon does not listen yet."""
    edited = Host(document='{"hosts": ["tcp://0.0.0.0:4243", "unix:///x.sock", "fd://"]}', changed=AFTER)
    assert of(edited).remote_api.pending == ("tcp://0.0.0.0:4243",)
    assert of(edited).remote_api.endpoints == (("*", 4243),)
    assert of(replace(edited, tcp=(4243,))).remote_api.pending == ()


def test_sockets_of_the_unit() -> None:
    """They stand in the place of `fd://`, and only where systemd started the daemon."""
    host = replace(FD, flags=("-H=fd://", "-H=tcp://a:1"), unit=f"{UNIT}\nListen=@x (Stream)\nListen=[::]:1 (Stream)")
    known = ("tcp://a:1", "unix:///run/docker.sock", "unix://@x", "tcp://[::]:1")
    assert of(host).configured == HostOptions(known, "command line")
    for unit in (UNIT.partition("\n\n")[0], UNIT.partition("\n\n")[2]):
        found = of(replace(host, unit=unit)).configured
        assert (found.hosts, "service manager" in found.doubt) == (("tcp://a:1",), True)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp://0.0.0.0:2376", ("*", 2376)),
        ("[::]:2376", ("*", 2376)),
        ("tcp://[fd00::5]:2376", ("fd00::5", 2376)),
        ("tcp://10.0.0.5", ("10.0.0.5", None)),
        ("tcp://host.example:2376/", ("host.example", 2376)),
    ],
)
def test_address_and_port(text: str, expected: tuple[str, int | None]) -> None:
    """Addresses are read in every form in which the daemon takes or shows them."""
    assert endpoint(text) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (Host(sockets=("/var/run/docker/metrics.sock", "/run/docker/libnetwork/x.sock")), (SOCKET,)),
        (Host(flags=("--exec-root=/srv/x",), sockets=("/srv/x/m.sock", "/var/run/docker/m.sock")),
         ("/run/docker/m.sock", SOCKET)),
        (Host(flags=("-H=unix:///run/docker/api.sock",), sockets=("/run/docker/api.sock",)),
         (SOCKET, "/run/docker/api.sock")),
        (Host(sockets=("/srv/api.sock",)), (SOCKET, "/srv/api.sock")),
        (Host(uid=1000, environment=("XDG_RUNTIME_DIR=/run/user/1000",), sockets=("/run/user/1000/docker/m.sock",)),
         (SOCKET,)),
        (Host(as_root=False, flags=("-H=unix:///var/run/own.sock",)), ("/run/own.sock",)),  # no table shows it
    ],
)  # fmt: skip
def test_sockets_of_the_api(host: Host, expected: tuple[str, ...]) -> None:
    """Those below the daemon's own directory are not of the API, unless it was told to take commands there."""
    foreign = "7/net/unix:0000: 00000002 00000000 00010000 0001 01 999 /srv/foreign.sock\n--words"
    found = Facts(changed(host, ("--words", foreign)), Policy()).daemon
    assert set(found.api_sockets) == set(expected)
    if host.uid:
        with pytest.raises(EvidenceError, match="runtime directory"):
            _ = of(replace(host, environment=("HOME=/root",))).api_sockets


OWN, SYSTEMS = "/run/docker/containerd/containerd.sock", SYSTEM_CONTAINERD


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (Host(flags=("--containerd=/srv/c.sock",), sockets=(SYSTEMS,)), ("/srv/c.sock",)),
        (Host(flags=("--containerd=unix:///var/run/c.sock",)), ("/run/c.sock",)),
        (Host(document='{"containerd": "/c.sock"}', changed=AFTER, sockets=(OWN,)), ("/c.sock", OWN)),
        (Host(document='{"containerd": "/c.sock"}', changed=AFTER, sockets=(SYSTEMS,)), ("/c.sock", SYSTEMS)),
        (Host(sockets=(OWN, SYSTEMS)), (OWN,)),
        (Host(sockets=(SYSTEMS,)), (SYSTEMS,)),
        (Host(flags=("--exec-root=/srv/x/",), sockets=("/srv/x/containerd/containerd.sock", SYSTEMS)),
         ("/srv/x/containerd/containerd.sock",)),
        (Host(info={"Containerd": {"Address": "/var/run/c.sock"}}, sockets=(OWN, SYSTEMS),
              flags=("--containerd=/srv/c.sock",)), ("/run/c.sock",)),
        (Host(), ()),
    ],
)  # fmt: skip
def test_containerd_that_the_daemon_uses(host: Host, expected: tuple[str, ...]) -> None:
    """The one that it reports, else the one that it was told, the one that it started, that of the system."""
    if expected:
        assert of(host).containerd_sockets == tuple(sorted(expected))
    else:
        with pytest.raises(EvidenceError, match=r"^the socket of the containerd that the daemon uses was not found$"):
            _ = of(host).containerd_sockets
