"""What of the packet filter limits the traffic of containers, beside the rules that the engine makes for itself.

A new connection between a container and a stranger is sent through the rules as the kernel would: the stranger has no
address and no port that a rule names, and comes in or goes out by an interface of the host that is no bridge of the
engine's; the container has one of the addresses of its bridge. Where rules drop or reject it for sure, by TCP and by
UDP, on every bridge and on every interface with a default route, the site has a default. An accept that it may
meet counts as met, and a drop that it may miss as missed.
"""

from collections.abc import Callable, Iterable
from functools import partial

from hullcheck.criteria.firewall.packet import (
    LETS_IN,
    LIMITING,
    PROTOCOLS,
    Packet,
    is_of_the_engine,
    prefix_of,
    through,
)
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.firewall import IPV6, STRANGE, Firewall, Interfaces, is_bridge
from hullcheck.facts.firewall.nft_tables import BEFORE_STATES
from hullcheck.facts.firewall.rules import (
    DESTINATION,
    IN,
    OTHER,
    OUT,
    SET,
    SOURCE,
    STATE,
    Chains,
    Match,
    Rule,
)
from hullcheck.verdicts import EvidenceError

_USER_CHAIN = "DOCKER-USER"
_INTO = "filter-forward-in__"
_EARLY = ("prerouting", BEFORE_STATES)
_ENGINES = LETS_IN - {"ACCEPT", "NFQUEUE", "QUEUE"}


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
        raise EvidenceError("which interfaces the host has is not known")
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
        tables.insert(0, (_up_to_the_engine(firewall.chains(kind)), ("FORWARD",)))
    rules = (rule for chains, names in tables for name in names for rule in _reachable(chains, name))
    broad = (rule for rule in rules if rule.target in LIMITING and all(map(_is_broad, rule.matches)))
    return next((rule.text for rule in broad if not _is_between_bridges(rule)), "")


def _up_to_the_engine(chains: Chains) -> Chains:
    """The chains, without what comes behind the engine's rules, as ufw's: published ports are accepted before."""
    rules = list(chains.get("FORWARD", ()))
    last = max((place for place, rule in enumerate(rules) if rule.target in _ENGINES), default=len(rules))
    return {**chains, "FORWARD": rules[:last]}


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
        if rule.target in chains and rule.target not in above and not is_of_the_engine(rule.target):
            yield from _reachable(chains, rule.target, (*above, name))
        if not rule.matches and (rule.target in LETS_IN or rule.target == "RETURN"):
            return


def _is_broad(match: Match) -> bool:
    if match.subject == STATE:
        return match.negated or "NEW" in match.values
    if match.subject in (SOURCE, DESTINATION) and not match.negated:
        return any(prefix is not None and prefix[0] < prefix[1] for prefix in map(prefix_of, match.values))
    return match.subject != SET or match.negated


# ---- the engine's own


def without_rules(firewall: Firewall, networks: Iterable[Network], kind: str) -> tuple[str, ...]:
    """The bridge networks that lead outside, and of whose bridges no rule of the engine is any more.

    It makes its rules when it starts and when it makes a network, and does not see that another program takes them
    away. With nftables they are in a chain for each bridge; the maps that lead there are not listed.

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
    if not bridges:
        return ()
    nftables = firewall.backend == "nftables"
    found = _with_chains_of_nft(firewall, kind) if nftables else _with_rules_of_iptables(firewall, kind)
    return tuple(name for bridge, name in bridges.items() if bridge not in found)


def _with_chains_of_nft(firewall: Firewall, kind: str) -> set[str]:
    """The bridges for which a chain of the engine decides what gets in, if forwarded packets come to its chains."""
    chains = firewall.engine_chains(kind)
    if chains.get("filter-FORWARD", 0) < 2:  # of which one leads to the chains for what gets in, by a map
        return set()
    return {name.removeprefix(_INTO) for name in chains if name.startswith(_INTO)}


def _with_rules_of_iptables(firewall: Firewall, kind: str) -> set[str]:
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
    return found


# ---- between other networks


def closed_chains(firewall: Firewall, kind: str) -> tuple[str, ...]:
    """The chains of nft that drop what is forwarded and no rule of them is about, those of iptables among them.

    What accepts under a condition that is not understood is about something.

    Raises:
        EvidenceError: nft could not be asked.
    """
    found = []
    for table, chains, hooks in firewall.all_nft_tables(kind):
        known = {name: [rule for rule in rules if not _is_special(rule)] for name, rules in chains.items()}
        for name, (hook, policy) in hooks.items():
            end = Rule("DROP", (), "") if policy == "drop" else None
            packets = (Packet(STRANGE, STRANGE, each, False) for each in PROTOCOLS)
            if hook == "forward" and all(_walk(known, name, end, each) for each in packets):
                found.append(f"the chain {name} of the table {table}")
    return tuple(found)


def open_rule(firewall: Firewall, kind: str) -> str:
    """The rule of iptables that surely accepts what is forwarded between other networks, whichever these are.

    Empty where none does: one that names an interface, a network or a port is about that.

    Raises:
        EvidenceError: the rules could not be read.
    """
    chains = {
        name: [rule for rule in rules if rule.target not in _ENGINES and not _is_special(rule)]
        for name, rules in firewall.chains(kind).items()
    }
    for protocol in PROTOCOLS:
        rule, sure = through(chains, "FORWARD", Packet(STRANGE, STRANGE, protocol, False), True, ())
        if rule and sure and rule.target not in LIMITING:
            return rule.text
    return ""


def _is_special(rule: Rule) -> bool:
    return rule.target == "ACCEPT" and any(each.subject in (OTHER, SET) for each in rule.matches)


# ---- between containers


def let_through(firewall: Firewall, bridge: Network, kind: str) -> tuple[str, bool]:
    """What lets one container reach another on *bridge*, in words, and whether it surely does.

    The first is empty where what they send is dropped. With nftables the kernel's switch is looked at, and whether the
    engine's rules are there: where they lead is in maps, which are not listed.

    Raises:
        EvidenceError: the rules could not be read.
    """
    name = bridge.options.get("com.docker.network.bridge.name") or "docker0"
    nftables = firewall.backend == "nftables"
    chains, end = ({}, None) if nftables else (firewall.chains(kind), firewall.forward_policy(kind))
    if not firewall.sees_bridged(kind):
        return f"the packet filter does not see what goes over a bridge (bridge-nf-call-{kind} is off)", True
    if nftables:
        gone = without_rules(firewall, (bridge,), kind)
        return "the engine's rules are gone" if gone else "", True
    subnets = tuple(each for each in bridge.subnets if (":" in each) is (kind == IPV6))
    for protocol in PROTOCOLS:
        packet = Packet(name, name, protocol, False, subnets, subnets)
        found, sure = through(chains, "FORWARD", packet, True, ())
        if found is None and not (end and sure):
            return "no rule drops it for sure", sure
        if found and found.target not in LIMITING:
            return f"{found.text} comes first", sure
    return "", True


# ---- strangers


def _dropped(
    interfaces: Interfaces, walk: Callable[[Packet], Rule | None], hook: str = "forward"
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


def _coming_in(outside: str, bridge: str, subnets: tuple[str, ...], hook: str) -> list[Packet]:
    early = hook in _EARLY  # what it is for may still be the address of the host
    ends = (None, None if early else subnets)
    return [
        Packet(outside, None if early else bridge, each, True, *ends, hook != BEFORE_STATES)
        for each in PROTOCOLS
    ]


def _going_out(outside: str, bridge: str, subnets: tuple[str, ...], hook: str) -> list[Packet]:
    way = None if hook in _EARLY else outside
    return [Packet(bridge, way, each, False, subnets, None, hook != BEFORE_STATES) for each in PROTOCOLS]


def _walk(chains: Chains, name: str, end: Rule | None, packet: Packet) -> Rule | None:
    """The rule that surely drops a packet on its way through a chain; *end* is that of its policy."""
    found, sure = through(chains, name, packet, True, ())
    if found:
        return found if found.target in LIMITING else None
    return end if sure else None
