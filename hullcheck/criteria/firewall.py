"""What of the packet filter limits the traffic of containers, beside the rules that the engine makes for itself.

Looked for is a rule that drops or rejects, in a chain that the traffic of containers reaches. One that accepts,
returns or logs limits nothing, and what comes after a rule that takes everything is never reached.
"""

from hullcheck.facts.firewall import Chains, Firewall, Rule

_USER_CHAIN = "DOCKER-USER"
_LIMITING = frozenset({"DROP", "REJECT"})
_ENDING = frozenset({"ACCEPT", "RETURN"})


def traffic_limit(firewall: Firewall, kind: str) -> str:
    """A rule of the site that limits this kind of traffic of containers; empty where there is none.

    Args:
        kind: IPV4 or IPV6.

    Raises:
        EvidenceError: the rules could not be read.
    """
    return (
        _nftables_limit(firewall, kind) if firewall.backend == "nftables" else _iptables_limit(firewall, kind)
    )


def gap(firewall: Firewall, kind: str) -> str:
    """Why nothing limits it, in words."""
    if firewall.backend == "nftables":
        return "no table but the engine's own drops or rejects what is forwarded"
    chains = firewall.chains(kind)
    if _USER_CHAIN not in chains:
        return f"there is no chain {_USER_CHAIN}"
    if not _leads_to(chains, "FORWARD", _USER_CHAIN):
        return f"what is forwarded does not come to {_USER_CHAIN}"
    rules = [rule.text for rule in chains[_USER_CHAIN]]
    return f"{_USER_CHAIN} drops and rejects nothing; it has {'; '.join(rules) or 'no rule'}"


def _iptables_limit(firewall: Firewall, kind: str) -> str:
    chains = firewall.chains(kind)
    if not _leads_to(chains, "FORWARD", _USER_CHAIN):
        return ""
    rule = limiting_rule(chains, _USER_CHAIN)
    return rule.text if rule else ""


def _nftables_limit(firewall: Firewall, kind: str) -> str:
    for table, chains, policies in firewall.nft_tables(kind):
        for name, policy in policies.items():
            rule = limiting_rule(chains, name)
            if rule or policy == "drop":
                return f"table {table}: {rule.text if rule else f'the policy of {name} is drop'}"
    return ""


def limiting_rule(chains: Chains, name: str, above: tuple[str, ...] = ()) -> Rule | None:
    """The first rule that drops or rejects, in this chain or one to which it leads; None where there is none."""
    passed = set[str]()
    for rule in chains.get(name, ()):
        if rule.target in _LIMITING and rule.conditions not in passed:
            return rule
        if rule.target in chains and rule.target not in above:
            found = limiting_rule(chains, rule.target, (*above, name))
            if found:
                return found
        if rule.takes_all and _lets_pass(chains, rule, (*above, name)):
            return None
        if rule.target in _ENDING:
            passed.add(rule.conditions)
    return None


def _lets_pass(chains: Chains, rule: Rule, above: tuple[str, ...]) -> bool:
    """Whether no packet that it takes comes to the next rule of its chain."""
    if rule.target in _ENDING or (rule.target in chains and not rule.comes_back):
        return True
    return rule.target not in above and _accepts_all(chains, rule.target, above)


def _accepts_all(chains: Chains, name: str, above: tuple[str, ...]) -> bool:
    """Whether every packet in a chain is accepted for good."""
    for rule in chains.get(name, ()):
        if not rule.takes_all:
            continue
        if rule.target == "ACCEPT":
            return True
        if rule.target == "RETURN" or not rule.comes_back:
            return False
        if rule.target not in above and _accepts_all(chains, rule.target, (*above, name)):
            return True
    return False


def _leads_to(chains: Chains, name: str, wanted: str) -> bool:
    """Whether every packet in a chain comes to a rule that sends it to the wanted one."""
    for rule in chains.get(name, ()):
        if rule.target == wanted and rule.takes_all:
            return True
        if rule.takes_all and rule.target in _ENDING | _LIMITING:
            return False
    return False
