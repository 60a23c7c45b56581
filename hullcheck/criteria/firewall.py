"""What of the packet filter limits the traffic of containers, beside the rules that the engine makes for itself.

A new connection between a container and a stranger is sent through the rules as the kernel would: the stranger has no
address and no port that a rule names, and comes in or goes out by an interface of the host that is no bridge of the
engine's; the container has one of the addresses of its bridge. Where rules drop or reject it for sure, by TCP and by
UDP, on every bridge and on every interface with a default route, the site has a default. An accept that it may
meet counts as met, and a drop that it may miss as missed.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network

from hullcheck.facts.engine.networks import Network
from hullcheck.facts.firewall import IPV6, Firewall, Interfaces, is_bridge
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
from hullcheck.verdicts import EvidenceError

_USER_CHAIN = "DOCKER-USER"
_LIMITING = frozenset({"DROP", "REJECT"})
_LETS_IN = frozenset(
    {"ACCEPT", "DOCKER", "DOCKER-BRIDGE", "DOCKER-FORWARD", "DOCKER-INGRESS", "NFQUEUE", "QUEUE"}
)
"""Where a packet to a published port, or out of a container, is accepted, or a program may do so."""
_ACCEPTING = frozenset({"ACCEPT", "NFQUEUE", "QUEUE"})
"""Where one is accepted in chains of the engine too."""
_OF_THE_ENGINE = re.compile(r"DOCKER(-CT|-INTERNAL|-ISOLATION-STAGE-[12])")  # nothing there is for strangers
_WIDE_PREFIX, _WIDE_PORTS = 7, 1 << 15
_PROTOCOLS = {"tcp": ("tcp", "6"), "udp": ("udp", "17")}


@dataclass(frozen=True)
class _Packet:
    """The first one of a connection.

    Attributes:
        out: None where its way is not chosen yet.
        published: whether it comes from outside, and may be for a published port.
        sender: the networks of the container that sends it; None where a stranger does.
        receiver: those of the container that it is for; None where it is for a stranger, or not known to be for one.
    """

    come_in: str
    out: str | None
    protocol: str
    published: bool
    sender: tuple[str, ...] | None = None
    receiver: tuple[str, ...] | None = None

    @property
    def inside(self) -> bool:
        """Whether both are containers on one bridge; the engine's own chains are for no other."""
        return self.sender is not None and self.receiver is not None

    @property
    def accepting(self) -> frozenset[str]:
        """The targets at which its way ends."""
        return _ACCEPTING if self.inside else _LETS_IN

    def enters(self, chain: str) -> bool:
        """Whether it is followed into a chain."""
        return self.inside or not _is_of_the_engine(chain)


def traffic_limit(firewall: Firewall, kind: str) -> str:
    """The rule of the site that new connections of strangers end at; empty where there is none.

    Args:
        kind: IPV4 or IPV6.

    Raises:
        EvidenceError: the rules could not be read, or which interfaces the host has.
    """
    known = firewall.interfaces(kind)
    limit = _limit(firewall, kind, known or Interfaces.unknown())
    if known is None and not limit and partial_limit(firewall, kind):
        raise EvidenceError("which interfaces the host has is not known: recorded by an older version")
    return limit


def _limit(firewall: Firewall, kind: str, interfaces: Interfaces) -> str:
    if firewall.backend == "iptables":
        chains = firewall.chains(kind)
        if _USER_CHAIN in chains:
            found = _dropped(interfaces, partial(_walk, chains, "FORWARD", None))
            if found:
                return found.text
    for table, nft_chains, hooks in firewall.nft_tables(kind):
        for name, (hook, policy) in hooks.items():
            end = Rule("DROP", (), f"the policy of {name} is drop") if policy == "drop" else None
            found = _dropped(interfaces, partial(_walk, nft_chains, name, end), hook)
            if found:
                return f"table {table}: {found.text}"
    return ""


def gap(firewall: Firewall, kind: str) -> str:
    """Why nothing limits it, in words."""
    chains = firewall.chains(kind) if firewall.backend == "iptables" else {_USER_CHAIN: []}
    if _USER_CHAIN not in chains:
        return f"there is no chain {_USER_CHAIN}"
    if _leads_nowhere(firewall, kind):
        return "the host has no interface that leads outside"
    if firewall.backend == "nftables":
        return "no table but the engine's own drops or rejects new connections of strangers"
    rules = [rule.text for rule in chains[_USER_CHAIN]]
    return f"no rule drops new connections of strangers; {_USER_CHAIN} has {'; '.join(rules) or 'no rule'}"


def partial_limit(firewall: Firewall, kind: str) -> str:
    """A rule of the site that drops some new connections, of some networks, ports or protocols; empty without one.

    One that drops single addresses, what is in a set, or what belongs to no connection is none.
    """
    if _leads_nowhere(firewall, kind):
        return ""
    tables = [(chains, tuple(hooks)) for _, chains, hooks in firewall.nft_tables(kind)]
    if firewall.backend == "iptables":
        tables.insert(0, (firewall.chains(kind), ("FORWARD",)))
    rules = (rule for chains, names in tables for name in names for rule in _reachable(chains, name))
    broad = (rule for rule in rules if rule.target in _LIMITING and all(map(_is_broad, rule.matches)))
    return next((rule.text for rule in broad if not _is_between_bridges(rule)), "")


def _leads_nowhere(firewall: Firewall, kind: str) -> bool:
    known = firewall.interfaces(kind)
    return known is not None and not known.outside


def _is_between_bridges(rule: Rule) -> bool:
    """Whether it takes what goes from one bridge of the engine to another, as the engine's own for `icc`."""
    ends = {each.subject: each.values for each in rule.matches if not each.negated}
    return all(ends.get(end) and all(map(is_bridge, ends[end])) for end in (IN, OUT))


def _reachable(chains: Chains, name: str, above: tuple[str, ...] = ()) -> Iterable[Rule]:
    for rule in chains.get(name, ()):
        yield rule
        if rule.target in chains and rule.target not in above and not _is_of_the_engine(rule.target):
            yield from _reachable(chains, rule.target, (*above, name))
        if not rule.matches and (rule.target in _LETS_IN or rule.target == "RETURN"):
            return


def _is_of_the_engine(name: str) -> bool:
    return bool(_OF_THE_ENGINE.fullmatch(name)) or name in _LETS_IN


def _is_broad(match: Match) -> bool:
    if match.subject == STATE:
        return match.negated or "NEW" in match.values
    if match.subject in (SOURCE, DESTINATION) and not match.negated:
        return any(prefix is not None and prefix[0] < prefix[1] for prefix in map(_prefix, match.values))
    return match.subject != SET or match.negated


# ---- the engine's own


def without_rules(firewall: Firewall, networks: Iterable[Network], kind: str) -> tuple[str, ...]:
    """The bridge networks that lead outside, and of whose bridges no rule of the engine is any more.

    It makes its rules when it starts and when it makes a network, and does not see that another program takes them
    away. Those for nftables are in maps, which are not listed.

    Raises:
        EvidenceError: the rules could not be read.
    """
    bridges = {
        each.interface: each.name
        for each in networks
        if each.driver == "bridge"
        and not each.internal
        and any((":" in subnet) is (kind == IPV6) for subnet in each.subnets or ("",))
    }
    if firewall.backend == "nftables" or not bridges:
        return ()
    chains, found, seen = firewall.chains(kind), set[str](), {"FORWARD", ""}
    ways = ["FORWARD"]
    while ways:
        rules = list(chains.get(ways.pop(), ()))
        own = (rule for rule in rules if rule.target == "DOCKER")
        found |= {
            name for rule in own for match in rule.matches if match.subject == OUT for name in match.values
        }
        ways += [rule.target for rule in rules if rule.target not in seen]
        seen |= {*ways}
    return tuple(name for bridge, name in bridges.items() if bridge not in found)


# ---- between containers


def let_through(firewall: Firewall, bridge: Network, kind: str) -> tuple[str, bool]:
    """What lets one container reach another on *bridge*, in words, and whether it surely does.

    The first is empty where what they send is dropped. With nftables only the kernel's switch is looked at: where the
    engine's rules lead is in maps, which are not listed.

    Raises:
        EvidenceError: the rules could not be read.
    """
    name = bridge.options.get("com.docker.network.bridge.name") or "docker0"
    nftables = firewall.backend == "nftables"
    chains, end = ({}, None) if nftables else (firewall.chains(kind), firewall.forward_policy(kind))
    if not firewall.sees_bridged(kind):
        return f"the packet filter does not see what goes over a bridge (bridge-nf-call-{kind} is off)", True
    if nftables:
        return "", True
    subnets = tuple(each for each in bridge.subnets if (":" in each) is (kind == IPV6))
    for protocol in _PROTOCOLS:
        packet = _Packet(name, name, protocol, False, subnets, subnets)
        found, sure = _through(chains, "FORWARD", packet, True, ())
        if found is None and not (end and sure):
            return "no rule drops it for sure", sure
        if found and found.target not in _LIMITING:
            return f"{found.text} comes first", sure
    return "", True


# ---- a packet on its way


def _dropped(
    interfaces: Interfaces, walk: Callable[[_Packet], Rule | None], hook: str = "forward"
) -> Rule | None:
    """The rule that drops what strangers send to containers, or are sent, on every bridge, by TCP and by UDP."""
    for way in interfaces.ways:
        for packets in (_coming_in, _going_out):
            found = [
                walk(packet)
                for outside in way
                for bridge, subnets in interfaces.bridges.items()
                for packet in packets(outside, bridge, subnets, hook)
            ]
            if found and all(found):
                return found[0]
    return None


def _coming_in(outside: str, bridge: str, subnets: tuple[str, ...], hook: str) -> list[_Packet]:
    early = hook == "prerouting"  # what it is for may still be the address of the host
    return [
        _Packet(outside, None if early else bridge, each, True, None, None if early else subnets)
        for each in _PROTOCOLS
    ]


def _going_out(outside: str, bridge: str, subnets: tuple[str, ...], hook: str) -> list[_Packet]:
    way = None if hook == "prerouting" else outside
    return [_Packet(bridge, way, each, False, subnets) for each in _PROTOCOLS]


def _walk(chains: Chains, name: str, end: Rule | None, packet: _Packet) -> Rule | None:
    """The rule that surely drops a packet on its way through a chain; *end* is that of its policy."""
    found, sure = _through(chains, name, packet, True, ())
    if found:
        return found if found.target in _LIMITING else None
    return end if sure else None


def _through(
    chains: Chains, name: str, packet: _Packet, sure: bool, above: tuple[str, ...]
) -> tuple[Rule | None, bool]:
    """What becomes of a packet in a chain: the rule that drops or accepts it, None where it comes back.

    The second is whether all that is sure.
    """
    for rule in chains.get(name, ()):
        met = _meets(packet, rule.matches)
        if met is False:
            continue
        certain = sure and met is True
        if rule.target in _LIMITING and certain:
            return rule, True
        if rule.target in packet.accepting:
            return rule, certain
        if rule.target == "RETURN" and met:
            return None, sure
        sure = sure and rule.target != "RETURN"
        if rule.target not in chains or rule.target in above or not packet.enters(rule.target):
            continue
        found, still = _through(chains, rule.target, packet, certain, (*above, name))
        if found is not None:
            return found, still
        sure = sure and (still or not certain)
        if not rule.comes_back and met:
            return None, sure
        sure = sure and rule.comes_back
    return None, sure


def _meets(packet: _Packet, matches: Iterable[Match]) -> bool | None:
    """Whether a packet meets every condition; None where that is not known."""
    answers = [_answer(packet, match) for match in matches]
    return False if False in answers else None if None in answers else True


def _answer(packet: _Packet, match: Match) -> bool | None:
    answer = _JUDGES.get(match.subject, _unknown)(packet, match.values)
    return None if answer is None else answer is not match.negated


def _unknown(_packet: _Packet, _values: tuple[str, ...]) -> bool | None:
    return None


def _interface(name: str | None, patterns: tuple[str, ...]) -> bool | None:
    if name is None:
        return None
    return any(name.startswith(each[:-1]) if each[-1:] in ("+", "*") else name == each for each in patterns)


def _protocol(packet: _Packet, values: tuple[str, ...]) -> bool | None:
    return any(each in ("all", "0", *_PROTOCOLS[packet.protocol]) for each in values)


def _state(packet: _Packet, values: tuple[str, ...]) -> bool | None:
    return "NEW" in values or ("DNAT" in values and packet.published)


def _network(ends: tuple[str, ...] | None, values: tuple[str, ...]) -> bool | None:
    """A stranger is in no network that a rule names, but may be in one that is a good part of the world.

    A container is in one that holds the network of its bridge, and may be in one that is a good part of that.
    """
    if ends is not None:
        return _is_inside(ends, values)
    prefixes = [each for each in map(_prefix, values) if each is not None]
    if any(length == 0 for length, _ in prefixes):
        return True
    return None if any(length <= _WIDE_PREFIX for length, _ in prefixes) or _has_range(values) else False


def _in_set(packet: _Packet, values: tuple[str, ...]) -> bool | None:
    """A stranger is in no set; a container may be in one, for its address at either end."""
    ends = {"src": packet.sender, "dst": packet.receiver}
    return False if all(ends.get(each) is None for each in values[1:]) else None


def _is_inside(subnets: tuple[str, ...], values: tuple[str, ...]) -> bool | None:
    own = [ip_network(each, strict=False) for each in subnets]
    named = [ip_network(each, strict=False) for each in values if _prefix(each)]
    shared = [each.prefixlen - one.prefixlen for one in own for each in named if one.overlaps(each)]
    if any(prefix.prefixlen == 0 for prefix in named) or min(shared, default=1) <= 0:
        return True
    wide = min(shared, default=_WIDE_PREFIX + 1) <= _WIDE_PREFIX
    return None if wide or not own or _has_range(values) else False


def _has_range(values: tuple[str, ...]) -> bool:
    return any("-" in each for each in values)


def _prefix(text: str) -> tuple[int, int] | None:
    """How many bits of an address a network fixes, and how many there are; None where it is no network."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return network.prefixlen, network.max_prefixlen


def _port(_packet: _Packet, values: tuple[str, ...]) -> bool | None:
    """A stranger uses no port that a rule names, but may use one of most."""
    sizes = []
    for each in values:
        first, _, last = each.replace(":", "-").partition("-")
        if not (first.isdigit() and (last or first).isdigit()):
            return None
        sizes.append(int(last or first) - int(first) + 1)
    return None if sum(sizes) >= _WIDE_PORTS else False


_JUDGES: dict[str, Callable[[_Packet, tuple[str, ...]], bool | None]] = {
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
