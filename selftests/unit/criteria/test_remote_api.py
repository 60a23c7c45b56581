"""What is wrong with the addresses at which a daemon takes commands."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.criteria.remote_api import holders, passed_on, require_all_known, weakness
from hullcheck.facts.daemon.sockets.remote_api import RemoteApi
from hullcheck.facts.daemon.sockets.tls import Protection
from hullcheck.facts.host.services.relays import Relay, Relays
from hullcheck.verdicts import EvidenceError, Manual

VERIFIED, PLAIN = Protection(True, "with the CA /ca"), Protection(False, "without TLS", encrypted=False)
NOW, LATER = ("tcp://a:1",), ("tcp://b:2",)


@pytest.mark.parametrize(
    ("api", "found"),
    [
        (RemoteApi(NOW, (), (VERIFIED,)), ""),
        (RemoteApi(NOW, (), (PLAIN,)), "takes commands on tcp://a:1 without TLS"),
        (
            RemoteApi(NOW, LATER, (VERIFIED, PLAIN), protection_doubt="changed"),
            "takes commands on tcp://a:1 without TLS; restart pending: changed; restart pending: will listen on tcp://b:2",
        ),
        (RemoteApi((), LATER, (PLAIN,)), "restart pending: will take commands on tcp://b:2 without TLS"),
        (RemoteApi((), LATER, (VERIFIED, PLAIN)), ""),
    ],
)
def test_weakness(api: RemoteApi, found: str) -> None:
    """Where an address is open now, the options of both starts count; else those of the next one alone."""
    assert weakness(api) == found


@pytest.mark.parametrize("doubts", [("more may listen", ""), ("", "more may listen")])
def test_doubt_is_no_weakness(doubts: tuple[str, str]) -> None:
    """What may be weak and is not known to be is an error, which names the address."""
    with pytest.raises(EvidenceError, match=r"^tcp://a:1: more may listen$"):
        weakness(RemoteApi(NOW, (), (VERIFIED,), *doubts))


def test_what_may_take_commands_beside_the_daemon() -> None:
    """What names the socket and is silent is for a person."""
    relay = Relay("0.0.0.0:80", 80, ("nginx",))
    require_all_known(Relays((), ()))
    with pytest.raises(Manual, match=r"0\.0\.0\.0:80 \(nginx\) names the engine's socket"):
        require_all_known(Relays((), (), (relay,)))
    elsewhere = Relays((), (), (), ((relay, frozenset({"a" * 64})),))
    with pytest.raises(Manual):
        require_all_known(elsewhere, ["b" * 64])
    require_all_known(elsewhere, ["a" * 64])


def test_relays_beside_the_addresses_of_the_daemon() -> None:
    """What listens at an address of the daemon is the daemon, whatever is said of that address."""
    own, other, containerd = (Relay(each, 80, ("x",)) for each in ("10.0.0.1:2375", "10.0.0.1:80", "[::]:90"))
    api = RemoteApi(("10.0.0.1:2375 (systemd)",), (), ())
    assert passed_on(api, Relays((own, other), (containerd,))) == (other, containerd)


def test_container_with_the_socket_and_ports() -> None:
    """It may pass commands on to whoever reaches its ports; without ports, or without the socket, it does not."""

    def one(
        *,
        running: bool = True,
        published: tuple[str, ...] = ("p",),
        sockets: tuple[str, ...] = ("s",),
        network: str = "bridge",
        companions: tuple[SimpleNamespace, ...] = (),
    ) -> Any:
        ports, reached = SimpleNamespace(published=published), SimpleNamespace(engines=sockets)
        configuration = SimpleNamespace(network_mode=network)
        return SimpleNamespace(
            running=running, ports=ports, sockets=reached, configuration=configuration, companions=companions
        )

    others = {"a": one(running=False), "b": one(published=()), "c": one(sockets=())}
    assert holders([("proxy", one()), *others.items()]) == ("proxy",)
    assert holders([("proxy", one(published=(), network="host"))]) == ("proxy",)
    assert holders([("proxy", one(published=(), network="host", sockets=()))]) == ()
    assert holders([("proxy", one(sockets=(), companions=(one(published=()),)))]) == ("proxy",)
    assert holders([("proxy", one(sockets=(), companions=(one(sockets=()),)))]) == ()
