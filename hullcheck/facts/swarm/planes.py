"""The addresses at which a node of a swarm manages, and at which it sends data, and their interfaces."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class Planes:
    """The addresses at which this node manages and at which it sends the data of its services.

    Attributes:
        management_cards: the interfaces that may have the management address; empty where none is known.
        data_cards: the same of the data address.
    """

    management: str
    data: str
    management_cards: frozenset[str]
    data_cards: frozenset[str]

    @property
    def apart(self) -> bool:
        """Whether they are addresses of two interfaces.

        Raises:
            EvidenceError: the addresses differ, and the interface of one cannot be told.
        """
        if self.management == self.data:
            return False
        for address, cards in ((self.management, self.management_cards), (self.data, self.data_cards)):
            if not cards:
                raise EvidenceError(f"no interface was found with the address {address}, or in its network")
        apart = self.management_cards.isdisjoint(self.data_cards)
        if not apart and len(self.management_cards | self.data_cards) > 1:
            raise EvidenceError(f"{self.management} and {self.data} may be addresses of the same interface")
        return apart

    def __str__(self) -> str:
        """Both, as `10.0.0.1 (eth0)`."""
        management = _with_cards(self.management, self.management_cards)
        return f"management on {management}, data on {_with_cards(self.data, self.data_cards)}"


def _with_cards(address: str, cards: frozenset[str]) -> str:
    return f"{address} ({', '.join(sorted(cards))})" if cards else address


def cards_of(
    address: str, told: Iterable[str], upon: Iterable[str], addresses: Iterable[str], routes: Iterable[str]
) -> frozenset[str]:
    """The interfaces that may have this address; of one that is upon another, in its network, that other.

    Args:
        told: interfaces and their addresses, `eth0 10.0.0.1`; empty where the target has no ip(8).
        upon: those of macvlan and ipvlan, and what they are upon: `macvlan0 eth0`.
        addresses: the lines of /proc/PID/net/if_inet6.
        routes: the lines of /proc/PID/net/route, which tell networks alone: a smaller one may be elsewhere.

    Raises:
        EvidenceError: what was told is no address.
    """
    known = [line.split() for line in told]
    if not known:
        return _cards_with(address, addresses) if ":" in address else _cards_in_network_of(address, routes)
    wanted, parents = ipaddress.ip_address(address), dict(line.split() for line in upon)
    try:
        cards = [card for card, each in known if ipaddress.ip_address(each) == wanted]
    except ValueError as error:
        raise EvidenceError(f"swarm: the answer is damaged: {error}") from None
    return frozenset(parents.get(each, each) for each in cards)


def _cards_with(address: str, lines: Iterable[str]) -> frozenset[str]:
    """Of the lines of /proc/PID/net/if_inet6, the interfaces that have this address."""
    wanted = ipaddress.ip_address(address).packed.hex()
    rows = (line.split() for line in lines)
    return frozenset(row[5] for row in rows if len(row) == 6 and row[0] == wanted)


def _cards_in_network_of(address: str, lines: Iterable[str]) -> frozenset[str]:
    """Of the lines of /proc/PID/net/route, those of the smallest network around it."""
    number = int(ipaddress.IPv4Address(address))
    cards: dict[int, set[str]] = {}
    for row in (line.split() for line in lines):
        if len(row) < 8 or not re.fullmatch("[0-9A-F]{8}", row[1]) or int(row[2], 16):
            continue
        network, mask = (int.from_bytes(bytes.fromhex(row[column]), "little") for column in (1, 7))
        if mask and number & mask == network:
            cards.setdefault(mask, set()).add(row[0])
    return frozenset(cards[max(cards)]) if cards else frozenset()
