"""Which rules of a packet filter limit the traffic of containers."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.criteria.firewall import gap, traffic_limit
from hullcheck.facts.firewall import IPV4, Rule, iptables_rule


def firewall(*lines: str) -> Any:
    """What iptables lists, with a chain of the site's own and one of the user's to which all packets come."""
    chains: dict[str, list[Rule]] = {"DOCKER-USER": [], "SITE": [], "FORWARD": [Rule("DOCKER-USER", "", "")]}
    for line in lines:
        chains[line.split()[1]].append(iptables_rule(line))
    return SimpleNamespace(backend="iptables", chains=lambda kind: chains)


LIMITING = [
    ("-A DOCKER-USER ! -s 10.0.0.0/8 -i eth0 -j DROP",),
    (
        "-A DOCKER-USER -s 10.0.0.0/8 -j ACCEPT",
        "-A DOCKER-USER -j REJECT --reject-with icmp-port-unreachable",
    ),
    ("-A DOCKER-USER -i eth0 -j SITE", "-A DOCKER-USER -j RETURN", "-A SITE -p tcp -j DROP"),
    ("-A DOCKER-USER -g SITE", "-A SITE -m comment --comment - -j DROP"),
    ("-A DOCKER-USER -j LOG", "-A DOCKER-USER -j DROP", "-A DOCKER-USER -j RETURN"),
    ("-A DOCKER-USER -j SITE", "-A SITE -i eth0 -j ACCEPT", "-A SITE -j RETURN", "-A DOCKER-USER -j DROP"),
    ("-A DOCKER-USER -s 10.0.0.1/32 -j RETURN", "-A DOCKER-USER -s 10.0.0.0/8 -j DROP"),
    ("-A DOCKER-USER -i eth0 -g SITE", "-A SITE -j RETURN", "-A DOCKER-USER -j DROP"),
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
    ("-A DOCKER-USER -j SITE", "-A SITE -j ACCEPT", "-A DOCKER-USER -j DROP"),
    ("-A DOCKER-USER -g SITE", "-A SITE -j RETURN", "-A DOCKER-USER -j DROP"),
    ("-A DOCKER-USER -i eth0 -j RETURN", "-A DOCKER-USER -i eth0 -j DROP"),
]


@pytest.mark.parametrize("rules", LIMITING)
def test_rules_that_limit(rules: tuple[str, ...]) -> None:
    """A rule that drops or rejects and that a packet can come to is one, in DOCKER-USER or where it leads."""
    assert traffic_limit(firewall(*rules), IPV4) in rules


@pytest.mark.parametrize("rules", IDLE)
def test_rules_that_limit_nothing(rules: tuple[str, ...]) -> None:
    """What accepts, returns, logs, or is never reached limits nothing."""
    found = firewall(*rules)
    assert traffic_limit(found, IPV4) == ""
    assert gap(found, IPV4).startswith("DOCKER-USER drops and rejects nothing; it has ")
