"""By which rules of nftables the networks of a swarm are encrypted."""

import pytest

from hullcheck.facts.engine.networks import Encryption, Network
from hullcheck.verdicts import EvidenceError

SETS, OUT, IN = "elements = { 0xfff, 0x1001 }", "-A OUTPUT @encrypted-vnis", "-A INPUT @encrypted-vnis"


def lacks(*rules: str, daemon: int = 7) -> str:
    """What is missing for a network with the number 4097, where a daemon has these rules."""
    found = Encryption(
        frozenset((7, each) for each in rules),
        frozenset({(7, "10.0.0.2")}),
        frozenset({(7, "nft"), (7, "xfrm")}),
    )
    options = {"com.docker.network.driver.overlay.vxlanid_list": "4097"}
    return found.lacks(Network("n", "i", "overlay", ingress=False, options=options, peers=2), daemon)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ((SETS, OUT, IN), ""),
        ((SETS.replace("0x1001", "0x1002"), OUT, IN), "sent in clear"),
        ((SETS, IN), "sent in clear"),
        ((SETS, OUT), "drops packets in clear"),
    ],
)
def test_rules_for_a_set_of_networks(rules: tuple[str, ...], words: str) -> None:
    """They are for all networks whose numbers are in the set."""
    assert words in lacks(*rules)
    assert bool(words) == bool(lacks(*rules))


def test_rules_without_a_set() -> None:
    """Where there is none, and iptables did not list its rules, nothing is known."""
    with pytest.raises(EvidenceError, match="neither iptables nor nft"):
        lacks(OUT, IN)
    with pytest.raises(EvidenceError, match="neither iptables nor nft"):
        lacks(SETS, OUT, IN, daemon=8)
