"""The unix sockets at which the daemon and its containerd take commands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon import Endpoints
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import AFTER, SOCKET, Host


def of(host: Host) -> Endpoints:
    """Those of the daemon of this host."""
    endpoints: Endpoints = host.facts().daemon.endpoints
    return endpoints


@pytest.mark.parametrize(
    ("flags", "sockets", "expected"),
    [
        ((), ("/var/run/docker/metrics.sock", "/run/docker/libnetwork/x.sock"), ()),
        (("--exec-root=/srv/x",), ("/srv/x/m.sock", "/var/run/docker/m.sock"), ("/run/docker/m.sock",)),
        (("-H=unix:///run/docker/api.sock",), ("/run/docker/api.sock",), ("/run/docker/api.sock",)),
        ((), ("/srv/api.sock",), ("/srv/api.sock",)),
    ],
)
def test_own_sockets_of_the_daemon(
    flags: tuple[str, ...], sockets: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """Those below its own directory are not of the API, unless it was told to take commands there."""
    host = Host(flags=flags, sockets=sockets)
    recording = host.recording()
    text = recording.answers["daemon_processes"].stdout
    text += "".join(f"\nreal:{each}\t{each.removeprefix('/var')}" for each in sockets)
    text += "\n7/net/unix:0000: 00000002 00000000 00010000 0001 01 999 /srv/foreign.sock"
    answers = {**recording.answers, "daemon_processes": Answer("daemon_processes", 0, text, "")}
    found = Facts(replace(recording, answers=answers), Policy()).daemon.endpoints.api_sockets
    assert found == tuple(sorted((SOCKET, *expected)))


OWN, SYSTEMS = "/run/docker/containerd/containerd.sock", "/run/containerd/containerd.sock"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (Host(flags=("--containerd=/srv/c.sock",), sockets=(SYSTEMS,)), ("/srv/c.sock",)),
        (Host(flags=("--containerd=unix:///var/run/c.sock",)), ("/run/c.sock",)),
        (Host(document='{"containerd": "/c.sock"}', changed=AFTER, sockets=(OWN,)), ("/c.sock", OWN)),
        (Host(document='{"containerd": "/c.sock"}', changed=AFTER, sockets=(SYSTEMS,)), ("/c.sock", SYSTEMS)),
        (Host(sockets=(OWN,)), (OWN,)),
        (Host(sockets=(OWN, SYSTEMS)), (OWN,)),
        (Host(sockets=(SYSTEMS,)), (SYSTEMS,)),
        (Host(flags=("--exec-root=/srv/x/",), sockets=("/srv/x/containerd/containerd.sock", SYSTEMS)),
         ("/srv/x/containerd/containerd.sock",)),
        (Host(info={"Containerd": {"Address": "/var/run/c.sock"}}, sockets=(OWN, SYSTEMS),
              flags=("--containerd=/srv/c.sock",)), ("/run/c.sock",)),
        (Host(info={"Containerd": {"Address": "unix:///c.sock"}}, document='{"containerd": "/d.sock"}',
              changed=AFTER), ("/c.sock",)),
        (Host(), ()),
    ],
)  # fmt: skip
def test_containerd_that_the_daemon_uses(host: Host, expected: tuple[str, ...]) -> None:
    """The one that it reports, else the one that it was told, the one that it started, that of the system."""
    if expected:
        assert of(host).containerd_sockets == tuple(sorted(expected))
    else:
        with pytest.raises(
            EvidenceError, match=r"^the socket of the containerd that the daemon uses was not found$"
        ):
            _ = of(host).containerd_sockets


def test_socket_that_no_table_shows() -> None:
    """Its path is the one that the daemon was told, without the link that is everywhere."""
    user = Host(as_root=False, flags=("-H=unix:///var/run/own.sock",))
    assert of(user).api_sockets == ("/run/own.sock",)
