"""Which rules of a packet filter limit the traffic of containers."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.criteria.firewall import gap, let_through, partial_limit, traffic_limit, without_rules
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.firewall import IPV4, IPV6, Interfaces
from hullcheck.facts.firewall.rules import Rule, iptables_rule
from hullcheck.verdicts import EvidenceError

ENGINE = """
    -A FORWARD -j DOCKER-ISOLATION-STAGE-1
    -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    -A FORWARD -o docker0 -j DOCKER
    -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
    -A DOCKER ! -i docker0 -o docker0 -j DROP
    -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
    -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
"""


def bridge(name: str, subnet: str = "172.17.0.0/16", *, internal: bool = False) -> Network:
    """A network of the engine on the bridge of this name."""
    options = {"com.docker.network.bridge.name": name}
    return Network(name, "1" * 64, "bridge", False, options, internal=internal, subnets=(subnet,))


USUAL = Interfaces.of(("lo", "eth0", "docker0", "veth1"), (bridge("docker0"),), ("eth0",))


def firewall(*lines: str, interfaces: Interfaces | None = USUAL) -> Any:
    """What iptables lists: the engine's chains, one of the site's own, and one of the user's that comes first."""
    chains: dict[str, list[Rule]] = {"DOCKER-USER": [], "SITE": [], "FORWARD": [], "DOCKER": []}
    chains |= {f"DOCKER-ISOLATION-STAGE-{stage}": [] for stage in (1, 2)}
    for line in (*lines, "-A FORWARD -j DOCKER-USER", *filter(None, map(str.strip, ENGINE.split("\n")))):
        chains[line.split()[1]].append(iptables_rule(line))
    return SimpleNamespace(
        backend="iptables",
        chains=lambda kind: chains,
        nft_tables=lambda kind: (),
        interfaces=lambda kind: interfaces,
    )


LIMITING = [
    ("-A DOCKER-USER ! -s 10.0.0.0/8 -i eth0 -j DROP",),
    ("-A DOCKER-USER ! -s 10.0.0.0/8 -i eth0 -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP",),
    (
        "-A DOCKER-USER -s 10.0.0.0/8 -j ACCEPT",
        "-A DOCKER-USER -j REJECT --reject-with icmp-port-unreachable",
    ),
    ("-A DOCKER-USER -i eth0 -j SITE", "-A DOCKER-USER -j RETURN", "-A SITE -j DROP"),
    ("-A DOCKER-USER -g SITE", "-A SITE -m comment --comment - -j DROP"),
    ("-A DOCKER-USER -j LOG", "-A DOCKER-USER -j DROP", "-A DOCKER-USER -j RETURN"),
    ("-A DOCKER-USER -j SITE", "-A SITE -i eth1 -j ACCEPT", "-A SITE -j RETURN", "-A DOCKER-USER -j DROP"),
    ("-A DOCKER-USER -i eth1 -g SITE", "-A SITE -j RETURN", "-A DOCKER-USER -j DROP"),
    (
        "-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A DOCKER-USER -i eth0 -p tcp -m multiport --dports 80,443 -j ACCEPT",
        "-A DOCKER-USER -i eth0 -m set --match-set friends src -j RETURN",
        "-A DOCKER-USER -i eth+ -j DROP",
    ),
    ("-A DOCKER-USER -i docker0 ! -d 10.0.0.0/8 -j DROP",),
    ("-A DOCKER-USER -i eth0 -p tcp -j DROP", "-A DOCKER-USER -i eth0 -p udp -j DROP"),
    ("-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctstate NEW -j REJECT", "-A DOCKER-USER ! -p tcp -j DROP"),
    ("-A FORWARD -i eth0 -j DROP",),
    ("-A DOCKER-USER -i eth0 -j SITE", "-A SITE -s 203.0.113.0/24 -j RETURN", "-A SITE -j DROP"),
    ("-A DOCKER-USER -s 172.17.0.0/16 -j RETURN", "-A DOCKER-USER -j DROP"),
    ("-A DOCKER-USER -s 10.0.0.0/8 -j RETURN", "-A DOCKER-USER -d 172.16.0.0/12 -j DROP"),
    ("-A DOCKER-USER -d 172.17.0.9/32 -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
]


IDLE: list[tuple[str, ...]] = [
    (),
    ("-A DOCKER-USER -j RETURN",),
    ("-A DOCKER-USER -j ACCEPT",),
    ("-A DOCKER-USER -j RETURN", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -m comment --comment - -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -i eth0 -j LOG --log-prefix -",),
    ("-A DOCKER-USER -i eth0 -j SITE", "-A SITE -j RETURN", "-A SITE -j DROP"),
    ("-A SITE -j DROP",),
    ("-A DOCKER-USER -j SITE", "-A SITE -j DOCKER-USER"),
    ("-A DOCKER-USER -m mark --mark 1",),
    ("-A DOCKER-USER -i docker0 -o docker0 -j DROP",),
    ("-A DOCKER-USER -m conntrack --ctstate INVALID -j DROP",),
    ("-A DOCKER-USER -m state --state INVALID,UNTRACKED -j DROP",),
    ("-A DOCKER-USER -s 192.0.2.7/32 -j DROP",),
    ("-A DOCKER-USER -s 192.0.2.7/32,192.0.2.8/32 -i eth0 -j DROP",),
    ("-A DOCKER-USER -s 2001:db8::1/128 -j REJECT",),
    ("-A DOCKER-USER -m set --match-set f2b-docker src -j REJECT",),
    ("-A DOCKER-USER -j SITE", "-A SITE -s 192.0.2.7/32 -j REJECT", "-A SITE -j RETURN"),
    ("-A DOCKER-USER -j NFQUEUE --queue-num 1", "-A DOCKER-USER -j DROP"),
]
"""Nothing drops a stranger, nor a part of what they send."""


PARTIAL: list[tuple[str, ...]] = [
    ("-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 22 -j DROP",),
    ("-A DOCKER-USER -i eth0 -p tcp -j DROP",),
    ("-A DOCKER-USER -s 10.0.0.1/32 -j RETURN", "-A DOCKER-USER -s 10.0.0.0/8 -j DROP"),
    ("-A DOCKER-USER -i eth9 -j DROP",),
    ("-A DOCKER-USER -i lo -j DROP",),
    ("-A DOCKER-USER -i eth0 -j RETURN", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -i eth0 -j ACCEPT", "-A DOCKER-USER -i eth0 -p tcp -j DROP"),
    ("-A DOCKER-USER -m conntrack --ctstate NEW -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -p tcp -j RETURN", "-A DOCKER-USER -p udp -j RETURN", "-A DOCKER-USER -j DROP"),
    ("-A DOCKER-USER -p tcp -m tcp --dport 1:65535 -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -s 128.0.0.0/1 -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -m limit --limit 5/sec -j ACCEPT", "-A DOCKER-USER -j DROP"),
    ("-A DOCKER-USER -i eth0 -m statistic --mode random --probability 0.01 -j DROP",),
    ("-A DOCKER-USER -i eth0 -m addrtype --dst-type LOCAL -j SITE", "-A SITE -j DROP"),
    ("-A DOCKER-USER -m conntrack --ctstate DNAT -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER ! -s 0.0.0.0/0 -j DROP",),
    ("-A DOCKER-USER -d 172.17.0.0/16 -j RETURN", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -d 172.16.0.0/12 -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -d 172.17.0.0/20 -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -m set --match-set local dst -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -m conntrack --ctorigdst 192.0.2.9/32 -j ACCEPT", "-A DOCKER-USER -i eth0 -j DROP"),
    ("-A DOCKER-USER -i eth0 -m mark --mark 0x1 -j RETURN", "-A DOCKER-USER -i eth0 -j DROP"),
    (
        "-A DOCKER-USER -j SITE",
        "-A SITE -i eth0 -j ACCEPT",
        "-A SITE -j RETURN",
        "-A DOCKER-USER -i eth0 -j DROP",
    ),
]
"""Some packets are dropped, and not every stranger's; or all are accepted before."""


@pytest.mark.parametrize("rules", LIMITING)
def test_rules_that_limit(rules: tuple[str, ...]) -> None:
    """A rule at which every stranger's new connection ends is one, wherever it comes before the engine's own."""
    assert traffic_limit(firewall(*rules), IPV4) in rules


@pytest.mark.parametrize("rules", [*IDLE, *PARTIAL])
def test_rules_that_limit_nothing(rules: tuple[str, ...]) -> None:
    """What accepts, returns, logs, is never reached, or takes some strangers alone is no default."""
    found = firewall(*rules)
    assert traffic_limit(found, IPV4) == ""
    assert gap(found, IPV4).startswith("no rule drops new connections of strangers; DOCKER-USER has ")


@pytest.mark.parametrize("rules", PARTIAL)
def test_rules_for_some(rules: tuple[str, ...]) -> None:
    """What drops by network, port, protocol or what is not known here is for a person to judge."""
    assert partial_limit(firewall(*rules), IPV4) in rules


@pytest.mark.parametrize("rules", IDLE)
def test_lists_of_addresses(rules: tuple[str, ...]) -> None:
    """Single addresses, sets of them, and packets of no connection are nobody's default."""
    assert partial_limit(firewall(*rules), IPV4) == ""


def test_interfaces_that_are_not_known() -> None:
    """A rule that names none limits all; one that does may name one that is not there."""
    assert traffic_limit(firewall("-A DOCKER-USER -j DROP", interfaces=None), IPV4)
    with pytest.raises(EvidenceError):
        traffic_limit(firewall("-A DOCKER-USER -i eth0 -j DROP", interfaces=None), IPV4)


NAMES = ("lo", "eth0", "eth1", "docker0", "br-site", "veth1")
TWO = (bridge("docker0"), bridge("br-site", "172.18.0.0/16"))
INSIDE = (bridge("docker0"), bridge("br-site", "172.18.0.0/16", internal=True))


@pytest.mark.parametrize(
    ("rules", "networks", "default", "limits"),
    [
        (("-i eth0",), TWO, ("eth0",), True),
        (("-i eth1",), TWO, ("eth0",), False),
        (("-i eth1",), TWO, (), True),
        (("-i eth0",), TWO, ("eth0", "eth1"), False),
        (("-i eth0", "-i eth1"), TWO, ("eth0", "eth1"), True),
        (("! -i br-site",), TWO, ("eth0", "eth1"), True),
        (("-i eth0 -o docker0",), TWO, ("eth0",), False),
        (("-i eth0 -o docker0",), INSIDE, ("eth0",), True),
        (("-i eth0 -o docker0", "-i eth0 -o br-site"), TWO, ("eth0",), True),
        (("-i eth0 -d 172.18.0.0/16",), TWO, ("eth0",), False),
        (("-i eth0 -o docker0", "-i br-site -o eth0"), TWO, ("eth0",), False),
        (("-i docker0 ! -o br-site", "-i br-site ! -o docker0"), TWO, ("eth0",), True),
    ],
)
def test_every_bridge_and_every_way_outside(
    rules: tuple[str, ...], networks: tuple[Network, ...], default: tuple[str, ...], limits: bool
) -> None:
    """A rule for one of two bridges, or beside the interface with the default route, leaves strangers a way."""
    interfaces = Interfaces.of(NAMES, networks, default)
    found = firewall(*(f"-A DOCKER-USER {each} -j DROP" for each in rules), interfaces=interfaces)
    assert (traffic_limit(found, IPV4) != "") is limits
    assert partial_limit(found, IPV4)


def test_first_of_the_rules_that_limit() -> None:
    """It is named where several do it together, and of what limits a part the first before the engine's rules."""
    both = ("-A DOCKER-USER -i eth0 -p tcp -j DROP", "-A DOCKER-USER -i eth0 -p udp -j DROP")
    assert traffic_limit(firewall(*both), IPV4) == both[0]
    table = {"site": [Rule("DROP", (), "a rule of a table")]}
    found = firewall(both[0])
    found.nft_tables = lambda kind: (("ip site", table, {"site": ("forward", "accept")}),)
    assert partial_limit(found, IPV4) == both[0]


def test_states_of_connections() -> None:
    """Not NEW is a part of what strangers send as well; a rule for all that is known already is none."""
    assert partial_limit(firewall("-A DOCKER-USER -m conntrack ! --ctstate NEW -j DROP"), IPV4)
    assert partial_limit(firewall("-A DOCKER-USER -m conntrack --ctstate NEW,INVALID -i eth1 -j DROP"), IPV4)
    assert not partial_limit(firewall("-A DOCKER-USER -m conntrack --ctstate ESTABLISHED -j DROP"), IPV4)


PLAIN = bridge("br-a")


@pytest.mark.parametrize(
    ("network", "four", "six"),
    [
        (PLAIN, True, False),
        (bridge("docker0"), False, False),  # of which there is a rule
        (replace(PLAIN, subnets=("fd00::/64",)), False, True),
        (replace(PLAIN, subnets=("172.18.0.0/16", "fd00::/64")), True, True),
        (replace(PLAIN, subnets=()), True, False),
        (replace(PLAIN, internal=True), False, False),
        (replace(PLAIN, driver="macvlan"), False, False),
    ],
)
def test_bridges_without_rules_of_the_engine(network: Network, four: bool, six: bool) -> None:
    """A bridge with a way outside has rules of its own, for each kind of address that it has."""
    found = {kind: without_rules(firewall(), (network,), kind) for kind in (IPV4, IPV6)}
    assert found == {IPV4: (network.name,) * four, IPV6: (network.name,) * six}


def test_rules_that_nobody_needs() -> None:
    """Without a bridge that leads outside they are not asked for."""

    def fail(kind: str) -> object:
        raise EvidenceError(kind)

    unread: Any = SimpleNamespace(backend="iptables", chains=fail)
    assert without_rules(unread, (replace(PLAIN, internal=True),), IPV4) == ()
    with pytest.raises(EvidenceError):
        without_rules(unread, (PLAIN,), IPV4)


@pytest.mark.parametrize(
    ("chains", "gone"),
    [
        ({"filter-FORWARD": 2, "filter-forward-in__br-a": 4}, False),
        ({"filter-FORWARD": 2, "filter-forward-in__br-b": 4}, True),
        ({"filter-FORWARD": 2, "filter-forward-out__br-a": 4}, True),
        ({"filter-FORWARD": 1, "filter-forward-in__br-a": 4}, True),
        ({"filter-forward-in__br-a": 4}, True),
        ({}, True),
    ],
)
def test_rules_of_the_backend_of_nftables(chains: dict[str, int], gone: bool) -> None:
    """A chain for each bridge says what gets in; it does nothing where the first one is empty."""
    one: Any = SimpleNamespace(
        backend="nftables", engine_chains=lambda kind: chains, sees_bridged=lambda kind: True
    )
    assert without_rules(one, (PLAIN,), IPV4) == ((PLAIN.name,) if gone else ())
    assert let_through(one, PLAIN, IPV4) == ("the engine's rules are gone" if gone else "", True)
