"""The packet filter of a target, and the configuration of CNI beside it.

The rules are those of the daemon's network namespace.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.firewall import nft_tables
from hullcheck.facts.firewall.nft_tables import Table
from hullcheck.facts.firewall.rules import OTHER, SET, Rule, iptables_rule, iptables_words
from hullcheck.facts.registry import Later, fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like, pick
from hullcheck.verdicts import EvidenceError, unread

_KNOWN = lines_like(
    "cni:(?:absent|unread|file .*)",
    r'cni:type "type"[ ]*:[ ]*"[\w.-]*"',
    r"\d+/(?:ip6?tables|nft|namespace|bridge-nf-call-ip6?tables):.*",
    r"\d+/(?:ip6?tables|nft|bridge-nf-call-ip6?tables)-status:\d+",
    r"\d+/(?:interface|iptables-default|ip6tables-default):\S+",
    r"\d+/set:\S+ [0-9A-Fa-f.:/-]+",
    r"\d+/sets:unread",
)
# Options that may say anything, or are looked for in what is sent.
_FREE = re.compile(
    r' --(comment|string|hex-string|log-prefix|nflog-prefix|ulog-prefix) (?:"(?:[^"\\]|\\.)*"|[^\s"]\S*)'
)
_CUT_OFF = re.compile(r'( --[\w-]+ ")(?!.*").*')
_CHAIN = dict.fromkeys(("family", "table", "name", "type", "hook", "prio", "policy"), True)
_RULE = dict.fromkeys(("family", "table", "chain"), True)
_TABLE = dict.fromkeys(("family", "name", "flags"), True)
_EXPRESSION_WORDS = """
    accept addr and bytes concat counter ct data dir drop elem expr family field goto jump key left len limit log mangle
    map mark masquerade match meta op packets payload prefix protocol queue range rate reject return right set snat dnat
    target type val value vmap xor or
"""
_EXPRESSION = frozenset(_EXPRESSION_WORDS.split()) - {"log"}


def _keep(text: str) -> str:
    """The same without what a rule or chain is given as words, which may say anything."""
    return "\n".join(_without_words(line) for line in _KNOWN(text).split("\n"))


def _without_words(line: str) -> str:
    label, colon, text = line.partition(":")
    if not label.endswith("/nft") or not text.startswith("{"):
        return _CUT_OFF.sub(r"\1", _FREE.sub(r" --\1 -", line))
    try:
        return label + colon + json.dumps(_chains_alone(json.loads(text)), separators=(",", ":"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return label + colon


def _chains_alone(ruleset: Any) -> dict[str, Any]:
    kept = []
    for item in ruleset["nftables"]:
        kinds = item.keys()
        if "table" in kinds:
            kept.append({"table": pick(item["table"], _TABLE)})
        if "chain" in kinds:
            kept.append({"chain": pick(item["chain"], _CHAIN)})
        if "rule" in kinds:
            words = {"expr": [_statement(each) for each in item["rule"].get("expr", ())]}
            kept.append({"rule": pick(item["rule"], _RULE) | words})
    return {"nftables": kept}


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _known(name, value) for name, value in statement.items()}


def _known(name: str, value: Any) -> Any:
    """What a part of a statement is given; nothing where the part is not known."""
    if name not in _EXPRESSION:
        return None
    if isinstance(value, list):
        return [_known(name, each) for each in value]
    if isinstance(value, dict):
        return {below: _known(below, each) for below, each in value.items()}
    return value


IPTABLES, CNI = "iptables", "CNI plugins"
OPTIONS = (IPTABLES, CNI)
IPV4, IPV6 = "iptables", "ip6tables"
"""The two kinds of traffic, by the command that lists the rules for one."""
FIREWALL = Probe.from_file(__file__, "firewall", _keep, like=_KNOWN)

_FAMILY_OF_THE_OTHER = {IPV4: "ip6", IPV6: "ip"}  # as nft calls it


_LEAST_WORDS = {"-N": 2, "-P": 3, "-A": 2}
"""How many words a line of `iptables -S` has, with the option that it begins with."""
_WIDE = re.compile("[0-9a-fA-F.:]+/[0-7]")  # a network with a hundredth of all addresses, or more
_BRIDGE = re.compile(r"docker0|docker_gwbridge|br-[0-9a-f]{12}")
_NEVER_OUTSIDE = re.compile(r"lo|veth.*")
STRANGE = "\0"  # an interface that no rule names


def is_bridge(name: str) -> bool:
    """Whether the engine itself gives its bridges such names."""
    return bool(_BRIDGE.fullmatch(name))


@dataclass(frozen=True)
class Interfaces:
    """The interfaces of the network of the daemon.

    Attributes:
        bridges: those of networks that lead outside, and the addresses of their containers by CIDR; none are known
            of a bridge that no network names.
        outside: what may lead outside.
        ways: those of them that lead there by default, or each alone where none does: a rule for one way has to be
            for all interfaces of it.
    """

    bridges: Mapping[str, tuple[str, ...]]
    outside: tuple[str, ...]
    ways: tuple[tuple[str, ...], ...]

    @classmethod
    def of(
        cls, names: Iterable[str], networks: Iterable[Network], default: Iterable[str] = ()
    ) -> "Interfaces":
        """Tell them apart; bridges of the engine have names of its own, or those that networks give them."""
        found = tuple(dict.fromkeys(names))
        known = {each.interface: each for each in networks if each.driver == "bridge"}
        own = tuple(each for each in found if is_bridge(each) or each in known)
        others = (each for each in found if each not in own and not _NEVER_OUTSIDE.fullmatch(each))
        outside = tuple(others)
        leading = {name: known[name].subnets for name in own if name in known and not known[name].internal}
        ways = tuple(each for each in outside if each in default)
        return cls(
            leading or dict.fromkeys(own, ()),
            outside,
            (ways,) if ways else tuple((each,) for each in outside),
        )

    @classmethod
    def unknown(cls) -> "Interfaces":
        """Some that no rule names."""
        return cls({"docker0": ()}, (STRANGE,), ((STRANGE,),))


@dataclass(frozen=True)
class Firewall:
    """The packet filter in the network of the daemon, and the configuration of CNI beside it."""

    recording: Recording
    daemon: Daemon
    networks: Later[tuple[Network, ...]] = field(repr=False)

    @cached_property
    def backend(self) -> str:
        """What the engine makes its rules with: `iptables`, `nftables`; engines before 29 know the first alone."""
        return "nftables" if self.daemon.engine.filters_by_nftables else "iptables"

    @property
    def ipv6_networks(self) -> tuple[str, ...]:
        """The bridges whose containers have addresses of IPv6.

        Raises:
            EvidenceError: the engine does not say.
        """
        bridges = [each for each in self.networks.get() if each.driver == "bridge"]
        if any(each.ipv6 is None for each in bridges):
            raise EvidenceError("docker network inspect does not report EnableIPv6")
        return tuple(each.name for each in bridges if each.ipv6)

    def chains(self, kind: str) -> Mapping[str, list[Rule]]:
        """The chains of the table filter of iptables, for IPV4 or IPV6.

        Raises:
            EvidenceError: they could not be read.
        """
        chains: dict[str, list[Rule]] = {}
        for line in self._answer(kind):
            try:
                words = iptables_words(line)
            except ValueError:
                raise EvidenceError(f"the answer of {kind} is not what it documents") from None
            if len(words) < _LEAST_WORDS.get(words[0] if words else "", 0):
                raise EvidenceError(f"the answer of {kind} has a line that ends early: {line}")
            if words[:1] in (("-N",), ("-P",)):
                chains.setdefault(words[1], [])
            elif words[:1] == ("-A",):
                chains.setdefault(words[1], []).append(self._with_sets(iptables_rule(line)))
        return chains

    def _with_sets(self, rule: Rule) -> Rule:
        """The rule, where what a wide set holds is as good as unknown: a stranger may be in it."""
        wide, unread_ones = self._wide_sets, bool(self._told("sets"))
        found = (
            replace(each, subject=OTHER)
            if each.subject == SET and (unread_ones or each.values[0] in wide)
            else each
            for each in rule.matches
        )
        return replace(rule, matches=tuple(found)) if wide or unread_ones else rule

    @cached_property
    def _wide_sets(self) -> frozenset[str]:
        """The sets of ipset that hold a good part of all addresses."""
        lines = (line.partition(" ") for line in self._told("set"))
        return frozenset(name for name, _, entry in lines if _WIDE.fullmatch(entry))

    def forward_policy(self, kind: str) -> Rule | None:
        """The end of the chain FORWARD where that drops what no rule has decided on; None where it lets it through.

        Raises:
            EvidenceError: the rules could not be read.
        """
        policies = [line for line in self._answer(kind) if line.startswith("-P FORWARD ")]
        return Rule("DROP", (), policies[0]) if policies == ["-P FORWARD DROP"] else None

    def sees_bridged(self, kind: str) -> bool:
        """Whether what goes from one port of a bridge to another comes to the rules (`bridge-nf-call-iptables`).

        Raises:
            EvidenceError: it could not be read.
        """
        name = f"bridge-nf-call-{kind}"
        said = next(iter(self._told(name)), "no answer")
        if said.endswith("No such file or directory"):  # br_netfilter is not loaded
            return False
        if said not in ("0", "1"):
            raise EvidenceError(f"{name} could not be read: {said}")
        return said == "1"

    def nft_tables(self, kind: str) -> Iterable[Table]:
        """The tables of nft to which the packets of IPV4 or IPV6 come, but the engine's own.

        Of each its name, its chains, and hook and policy of those to which forwarded packets come. With iptables there
        are none where nft is not there or does not answer, and those that iptables shows itself are left out.

        Raises:
            EvidenceError: they could not be read.
        """
        try:
            tables = self.all_nft_tables(kind)
        except EvidenceError:
            if self.backend == "nftables":
                raise
            return ()
        native = self.backend == "nftables"
        return [each for each in tables if native or each[0].startswith("inet ") or "FORWARD" not in each[1]]

    def all_nft_tables(self, kind: str) -> Iterable[Table]:
        """The same with those of iptables.

        Raises:
            EvidenceError: nft could not be asked.
        """
        return nft_tables.of_others(self._answer("nft"), _FAMILY_OF_THE_OTHER[kind])

    def engine_chains(self, kind: str) -> Mapping[str, int]:
        """How many rules there are in each chain of the engine's own table of nft, for IPV4 or IPV6.

        Raises:
            EvidenceError: nft could not be asked.
        """
        return nft_tables.rules_of_the_engine(self._answer("nft"), "ip" if kind == IPV4 else "ip6")

    def interfaces(self, kind: str) -> Interfaces | None:
        """The interfaces of the daemon's network, for IPV4 or IPV6; None where none was listed."""
        names = self._told("interface")
        networks = [
            replace(each, subnets=tuple(one for one in each.subnets if (":" in one) is (kind == IPV6)))
            for each in self.networks.get()
        ]
        return Interfaces.of(names, networks, self._told(f"{kind}-default")) if names else None

    def _told(self, name: str) -> list[str]:
        prefix = f"{self.daemon.pid}/{name}:"
        return [line.removeprefix(prefix) for line in self._lines if line.startswith(prefix)]

    @cached_property
    def _lines(self) -> list[str]:
        """What the probe said.

        Raises:
            EvidenceError: it did not answer, or a line of it was dropped, which may have said anything.
        """
        lines = self.recording.text(FIREWALL).split("\n")
        if DROPPED in lines:
            raise EvidenceError("firewall: a line of the answer was not understood")
        return lines

    def _answer(self, name: str) -> list[str]:
        """The lines of one tool, asked in the network of the daemon."""
        lines = self._lines
        prefix = f"{self.daemon.pid}/{name}"
        said = [line.removeprefix(f"{prefix}:") for line in lines if line.startswith(f"{prefix}:")]
        if f"{prefix}-status:0" in lines:
            return said
        if f"{self.daemon.pid}/namespace:unread" in lines or said == ["unread"]:
            raise EvidenceError(unread("the packet filter of the daemon's network"))
        if not said or said == ["absent"]:
            raise EvidenceError(f"the packet filter could not be asked: the target has no {name} command")
        raise EvidenceError(f"the packet filter could not be read: {said[0]}")

    @property
    def cni_files(self) -> tuple[str, ...]:
        """The files in /etc/cni/net.d.

        Raises:
            EvidenceError: it could not be read.
        """
        lines = self._lines
        if "cni:unread" in lines:
            raise EvidenceError(unread("/etc/cni/net.d"))
        if not any(line.startswith("cni:") for line in lines):
            raise EvidenceError("firewall: the answer does not say what is in /etc/cni/net.d")
        return tuple(line.removeprefix("cni:file ") for line in lines if re.match("cni:file .", line))

    @property
    def cni_plugins(self) -> tuple[str, ...]:
        """The types of plugins that are configured there."""
        return tuple(sorted({line.split('"')[3] for line in self._lines if line.startswith("cni:type ")}))


@fact(FIREWALL)
def firewall(recording: Recording, daemon: Daemon, networks: Later[tuple[Network, ...]]) -> Firewall:
    """The packet filter in the network of the daemon, and the configuration of CNI."""
    return Firewall(recording, daemon, networks)
