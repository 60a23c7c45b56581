"""The interfaces of a swarm's addresses."""

import pytest

from hullcheck.facts.swarm.planes import Planes, cards_of
from hullcheck.verdicts import EvidenceError

ROUTES = (
    "Iface Destination Gateway Flags RefCnt Use Metric Mask",
    "eth0 0000000A 00000000 0001 0 0 0 000000FF",  # 10.0.0.0/8
    "eth1 0001000A 00000000 0001 0 0 0 00FFFFFF",  # 10.0.1.0/24
    "eth2 00000000 0101000A 0003 0 0 0 00000000",
)
V6 = ("fd000000000000000000000000000001 02 40 00 80 eth3",)


@pytest.mark.parametrize(
    ("address", "cards"),
    [("10.0.1.9", {"eth1"}), ("10.9.9.9", {"eth0"}), ("192.0.2.1", set()), ("fd00::1", {"eth3"})],
)
def test_interface_of_an_address(address: str, cards: set[str]) -> None:
    """It is the one with the smallest network around it; routes by a gateway and the default are none."""
    assert cards_of(address, (), (), V6, ROUTES) == cards


@pytest.mark.parametrize(
    ("address", "cards"),
    [("10.0.1.9", {"eth0"}), ("10.0.1.8", {"eth1"}), ("10.9.9.9", set()), ("fd00::1", {"eth0"})],
)
def test_interface_that_has_an_address(address: str, cards: set[str]) -> None:
    """What ip(8) tells of addresses goes before networks; macvlan is upon a card, and in its network."""
    told = ("eth0 10.0.1.9", "eth1 10.0.1.8", "mv0 fd00:0::1")
    assert cards_of(address, told, ("mv0 eth0",), V6, ROUTES) == cards
    with pytest.raises(EvidenceError, match="damaged"):
        cards_of(address, ("eth0 10.0",), (), V6, ROUTES)


def test_planes_apart() -> None:
    """Two addresses of one interface are not apart; where that is unknown, it is an error."""
    one, two, none = frozenset({"eth0"}), frozenset({"eth1"}), frozenset[str]()
    assert Planes("10.0.0.1", "10.0.1.1", one, two).apart
    assert not Planes("10.0.0.1", "10.0.0.2", one, one).apart
    assert not Planes("10.0.0.1", "10.0.0.1", none, none).apart
    for cards in (none, one | two):
        with pytest.raises(EvidenceError):
            _ = Planes("10.0.0.1", "10.0.1.1", one, cards).apart
