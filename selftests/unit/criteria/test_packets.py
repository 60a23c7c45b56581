"""What becomes of a packet in chains of rules, and which conditions it meets."""

from dataclasses import replace

import pytest

from hullcheck.criteria.firewall.packet import Packet, through
from hullcheck.facts.firewall.rules import Rule, iptables_rule

IN = Packet("eth0", "docker0", "tcp", True, receiver=("172.17.0.1/16",))
"""From a stranger, to a container."""
BETWEEN = Packet("docker0", "docker0", "udp", False, ("172.17.0.0/16",), ("172.17.0.0/16",))
"""From one container to another on its bridge."""
SIX = replace(IN, receiver=("172.17.0.0/16", "fd00::/64"))


def end(packet: Packet, *rules: str) -> tuple[str | None, bool]:
    """At which of the rules it ends, those of the chain C first, and whether that is sure."""
    chains: dict[str, list[Rule]] = {"C": [], "SITE": [], "DOCKER": []}
    for rule in rules:
        chains[rule.split()[1]].append(iptables_rule(rule))
    found, sure = through(chains, "C", packet, True, ())
    return (found.text if found else None), sure


@pytest.mark.parametrize(
    ("packet", "condition", "met"),
    [
        (IN, "-s 0.0.0.0/0", True),
        (IN, "-s 128.0.0.0/1", None),
        (IN, "-s 2.0.0.0/7", None),
        (IN, "-s 10.0.0.0/8", False),
        (IN, "! -s 10.0.0.0/8", True),
        (IN, "-m iprange --src-range 192.0.2.1-192.0.2.9", None),
        (IN, "-d 172.17.0.0/16", True),
        (IN, "-d 172.17.9.9/16", True),  # as nft and older commands may write it
        (IN, "-d 172.16.0.0/12", True),
        (IN, "-d 0.0.0.0/0", True),
        (IN, "-d 172.17.128.0/17", None),
        (IN, "-d 172.17.2.0/23", None),
        (IN, "-d 172.17.2.0/24", False),
        (IN, "-d 10.0.0.0/8", False),
        (IN, "! -d 10.0.0.0/8", True),
        (replace(IN, receiver=()), "-d 10.0.0.0/8", None),  # of whose networks nothing is known
        (IN, "-m iprange --dst-range 172.17.0.1-172.17.0.9", None),
        (SIX, "-d fd00::/64", True),
        (SIX, "-d ::/0", True),
        (SIX, "-d fd00::/72", False),
        (IN, "-i eth0", True),
        (IN, "-i eth+", True),
        (IN, "-i eth1+", False),
        (IN, "-i eth", False),
        (IN, "! -i eth1", True),
        (replace(IN, out=None), "-o docker0", None),
        (IN, "-p tcp", True),
        (IN, "-p udp", False),
        (BETWEEN, "-p 17", True),
        (IN, "-p tcp -m tcp --dport 22", False),
        (IN, "-p tcp -m tcp --dport 1:32767", False),
        (IN, "-p tcp -m tcp --dport 1:32768", None),
        (IN, "-p tcp -m tcp ! --dport 22", True),
        (IN, "-p tcp -m multiport --dports 1:16384,20001:36384", None),
        (IN, "-p tcp -m multiport --dports 1:16384,20001:36383", False),
        (IN, "-p tcp -m tcp --dport ssh", None),
        (IN, "-p tcp -m tcp --dport 1:ssh", None),
        (IN, "-m conntrack --ctstate NEW", True),
        (IN, "-m conntrack --ctstate RELATED,ESTABLISHED", False),
        (IN, "-m conntrack --ctstate DNAT", True),
        (BETWEEN, "-m conntrack --ctstate DNAT", False),
        (replace(IN, tracked=False), "-m conntrack --ctstate NEW", False),
        (replace(IN, tracked=False), "-m conntrack --ctstate INVALID", True),
        (replace(IN, tracked=False), "-m conntrack --ctstate DNAT", None),
        (IN, "-m set --match-set friends src", False),
        (IN, "-m set --match-set friends dst", None),
        (BETWEEN, "-m set --match-set friends src", None),
        (IN, "-m mark --mark 1", None),
        (IN, "-i eth1 -m mark --mark 1", False),
    ],
)
def test_conditions(packet: Packet, condition: str, met: bool | None) -> None:
    """A rule that accepts is met for sure, perhaps, or not."""
    rule = f"-A C {condition} -j ACCEPT"
    assert end(packet, rule) == {True: (rule, True), None: (rule, False), False: (None, True)}[met]


@pytest.mark.parametrize(
    ("packet", "rules", "found"),
    [
        (IN, ("-A C -j DROP",), (0, True)),
        (IN, ("-A C -m mark --mark 1 -j DROP", "-A C -j REJECT"), (1, True)),
        (IN, ("-A C -m mark --mark 1 -j DROP",), (None, True)),
        (IN, ("-A C -j RETURN", "-A C -j DROP"), (None, True)),
        (IN, ("-A C -m mark --mark 1 -j RETURN", "-A C -j ACCEPT"), (1, False)),
        (IN, ("-A C -m mark --mark 1 -j RETURN", "-A C -j DROP"), (None, False)),
        (IN, ("-A C -m mark --mark 1 -j RETURN",), (None, False)),
        (IN, ("-A SITE -j DROP", "-A C -j SITE"), (0, True)),
        (IN, ("-A SITE -j DROP", "-A C -m mark --mark 1 -j SITE"), (None, True)),
        (IN, ("-A SITE -j ACCEPT", "-A C -m mark --mark 1 -j SITE"), (0, False)),
        # perhaps it did not come to the end of the other chain
        (
            IN,
            ("-A SITE -m mark --mark 1 -j RETURN", "-A SITE -j DROP", "-A C -j SITE", "-A C -j ACCEPT"),
            (3, False),
        ),
        (IN, ("-A SITE -j LOG", "-A C -m mark --mark 1 -j SITE", "-A C -j ACCEPT"), (2, True)),
        (IN, ("-A SITE -j LOG", "-A C -m mark --mark 1 -g SITE", "-A C -j ACCEPT"), (2, False)),
        (IN, ("-A SITE -j LOG", "-A C -g SITE", "-A C -j ACCEPT"), (None, True)),
        (IN, ("-A SITE -j C", "-A C -j SITE", "-A C -j DROP"), (2, True)),
        (IN, ("-A C -j DOCKER", "-A DOCKER -j DROP"), (0, True)),
        (BETWEEN, ("-A DOCKER -j DROP", "-A C -j DOCKER"), (0, True)),
    ],
)
def test_ways_through_chains(packet: Packet, rules: tuple[str, ...], found: tuple[int | None, bool]) -> None:
    """Where it ends, and whether it surely comes there."""
    place, sure = found
    assert end(packet, *rules) == (None if place is None else rules[place], sure)
