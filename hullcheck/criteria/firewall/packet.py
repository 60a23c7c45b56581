"""A new connection's first packet on its way through chains of rules, as far as it is known what it is."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from hullcheck.facts.firewall.rules import (
    DESTINATION,
    IN,
    OTHER,
    OUT,
    PORT,
    PROTOCOL,
    SET,
    SOURCE,
    STATE,
    Chains,
    Match,
    Rule,
)

LIMITING = frozenset({"DROP", "REJECT"})
LETS_IN = frozenset(
    {"ACCEPT", "DOCKER", "DOCKER-BRIDGE", "DOCKER-FORWARD", "DOCKER-INGRESS", "NFQUEUE", "QUEUE"}
)
"""Where a packet to a published port, or out of a container, is accepted, or a program may do so."""
_ACCEPTING = frozenset({"ACCEPT", "NFQUEUE", "QUEUE"})
"""Where one is accepted in chains of the engine too."""
_OF_THE_ENGINE = re.compile(r"DOCKER(-CT|-INTERNAL|-ISOLATION-STAGE-[12])")  # nothing there is for strangers
_WIDE_PREFIX, _WIDE_PORTS = 7, 1 << 15
PROTOCOLS = {"tcp": ("tcp", "6"), "udp": ("udp", "17")}


@dataclass(frozen=True)
class Packet:
    """The first one of a connection.

    Attributes:
        out: None where its way is not chosen yet.
        published: whether it comes from outside, and may be for a published port.
        sender: the networks of the container that sends it; None where a stranger does.
        receiver: those of the container that it is for; None where it is for a stranger, or not known to be for one.
        tracked: whether the kernel knows already that it begins a connection.
    """

    come_in: str
    out: str | None
    protocol: str
    published: bool
    sender: tuple[str, ...] | None = None
    receiver: tuple[str, ...] | None = None
    tracked: bool = True

    @property
    def inside(self) -> bool:
        """Whether both are containers on one bridge; the engine's own chains are for no other."""
        return self.sender is not None and self.receiver is not None

    @property
    def accepting(self) -> frozenset[str]:
        """The targets at which its way ends."""
        return _ACCEPTING if self.inside else LETS_IN

    def enters(self, chain: str) -> bool:
        """Whether it is followed into a chain."""
        return self.inside or not is_of_the_engine(chain)


def is_of_the_engine(name: str) -> bool:
    """Whether a chain is one of the engine's, or a target at which it may let a packet in."""
    return bool(_OF_THE_ENGINE.fullmatch(name)) or name in LETS_IN


def through(
    chains: Chains, name: str, packet: Packet, sure: bool, above: tuple[str, ...]
) -> tuple[Rule | None, bool]:
    """What becomes of a packet in a chain: the rule that drops or accepts it, None where it comes back.

    The second is whether all that is sure.
    """
    for rule in chains.get(name, ()):
        met = _meets(packet, rule.matches)
        if met is False:
            continue
        certain = sure and met is True
        if rule.target in LIMITING and certain:
            return rule, True
        if rule.target in packet.accepting:
            return rule, certain
        if rule.target == "RETURN" and met:
            return None, sure
        sure = sure and rule.target != "RETURN"
        if rule.target not in chains or rule.target in above or not packet.enters(rule.target):
            continue
        found, still = through(chains, rule.target, packet, certain, (*above, name))
        if found is not None:
            return found, still
        sure = sure and (still or not certain)
        if not rule.comes_back and met:
            return None, sure
        sure = sure and rule.comes_back
    return None, sure


def _meets(packet: Packet, matches: Iterable[Match]) -> bool | None:
    """Whether a packet meets every condition; None where that is not known."""
    answers = [_answer(packet, match) for match in matches]
    return False if False in answers else None if None in answers else True


def _answer(packet: Packet, match: Match) -> bool | None:
    answer = _JUDGES.get(match.subject, _unknown)(packet, match.values)
    return None if answer is None else answer is not match.negated


def _unknown(_packet: Packet, _values: tuple[str, ...]) -> bool | None:
    return None


def _interface(name: str | None, patterns: tuple[str, ...]) -> bool | None:
    if name is None:
        return None
    return any(name.startswith(each[:-1]) if each[-1:] in ("+", "*") else name == each for each in patterns)


def _protocol(packet: Packet, values: tuple[str, ...]) -> bool | None:
    return any(each in ("all", "0", *PROTOCOLS[packet.protocol]) for each in values)


def _state(packet: Packet, values: tuple[str, ...]) -> bool | None:
    if not packet.tracked:  # what belongs to nothing is invalid, and has no status that could be compared
        return None if "DNAT" in values else "INVALID" in values
    return "NEW" in values or ("DNAT" in values and packet.published)


def _network(ends: tuple[str, ...] | None, values: tuple[str, ...]) -> bool | None:
    """A stranger is in no network that a rule names, but may be in one that is a good part of the world.

    A container is in one that holds the network of its bridge, and may be in one that is a good part of that.
    """
    if ends is not None:
        return _is_inside(ends, values)
    prefixes = [each for each in map(prefix_of, values) if each is not None]
    if any(length == 0 for length, _ in prefixes):
        return True
    return None if any(length <= _WIDE_PREFIX for length, _ in prefixes) or _has_range(values) else False


def _in_set(packet: Packet, values: tuple[str, ...]) -> bool | None:
    """A stranger is in no set; a container may be in one, for its address at either end."""
    ends = {"src": packet.sender, "dst": packet.receiver}
    return False if all(ends.get(each) is None for each in values[1:]) else None


def _is_inside(subnets: tuple[str, ...], values: tuple[str, ...]) -> bool | None:
    own = [ip_network(each, strict=False) for each in subnets]
    named = [ip_network(each, strict=False) for each in values if prefix_of(each)]
    shared = [each.prefixlen - one.prefixlen for one in own for each in named if one.overlaps(each)]
    if any(prefix.prefixlen == 0 for prefix in named) or min(shared, default=1) <= 0:
        return True
    wide = min(shared, default=_WIDE_PREFIX + 1) <= _WIDE_PREFIX
    return None if wide or not own or _has_range(values) else False


def _has_range(values: tuple[str, ...]) -> bool:
    return any("-" in each for each in values)


def prefix_of(text: str) -> tuple[int, int] | None:
    """How many bits of an address a network fixes, and how many there are; None where it is no network."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return network.prefixlen, network.max_prefixlen


def _port(_packet: Packet, values: tuple[str, ...]) -> bool | None:
    """A stranger uses no port that a rule names, but may use one of most."""
    sizes = []
    for each in values:
        first, _, last = each.replace(":", "-").partition("-")
        if not (first.isdigit() and (last or first).isdigit()):
            return None
        sizes.append(int(last or first) - int(first) + 1)
    return None if sum(sizes) >= _WIDE_PORTS else False


_JUDGES: dict[str, Callable[[Packet, tuple[str, ...]], bool | None]] = {
    IN: lambda packet, values: _interface(packet.come_in, values),
    OUT: lambda packet, values: _interface(packet.out, values),
    PROTOCOL: _protocol,
    STATE: _state,
    SOURCE: lambda packet, values: _network(packet.sender, values),
    DESTINATION: lambda packet, values: _network(packet.receiver, values),
    PORT: _port,
    SET: _in_set,
    OTHER: _unknown,
}
