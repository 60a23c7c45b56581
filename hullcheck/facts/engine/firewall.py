"""The packet filter for containers, in the network namespace of the daemon."""

import re
from collections import Counter
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.models import decode, kept_as
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import InSections, LinesLike
from hullcheck.verdicts import EvidenceError, unread

IPTABLES, CNI = "iptables", "CNI plugins"
OPTIONS = (IPTABLES, CNI)

_KNOWN = LinesLike("cni:(?:absent|read|file .*)", r"\d+/(?:ip6?tables|nft):.*", r"\d+/ip6?tables-status:0")
# Options that may say anything.
_FREE = regex(
    r' --(comment|string|hex-string|log-prefix|nflog-prefix|ulog-prefix) (?:"(?:[^"\\]|\\.)*(?:"|$)|[^\s"]\S*)'
)


class Chain(msgspec.Struct, frozen=True, omit_defaults=True):
    """A chain of nftables, or the *chain* of a rule, as nft(8) writes it."""

    family: str
    table: str
    name: str = ""
    chain: str = ""
    type: str = ""
    hook: str = ""
    policy: str = ""


class _Item(msgspec.Struct, frozen=True, omit_defaults=True):
    chain: Chain | None = None
    rule: Chain | None = None


class _Ruleset(msgspec.Struct, frozen=True):
    """What `nft -j list ruleset` answers."""

    nftables: tuple[_Item, ...]


_FILTERS = (("filter", "forward"), ("filter", "prerouting"))  # type and hook of chains
_OF_THE_ENGINE = "docker-bridges"
_LIMITS = regex(r"-A DOCKER-USER (?!-j RETURN$)")
_OF_IPTABLES = ("FORWARD", "PREROUTING")
_kept_ruleset = kept_as(_Ruleset)


def _keep(text: str) -> str:
    """Return iptables rules without comments, and of nft the names of chains."""
    lines = (re.sub("(?<=/nft:).*", lambda match: _kept_ruleset(match[0]), line) for line in _KNOWN(text).split("\n"))
    return "\n".join(_FREE.sub(r" --\1 -", line) for line in lines)


FIREWALL = Probe.from_file("firewall", InSections(rules=_keep))


class Firewall(Struct, frozen=True):
    """The packet filter in the network of the daemon, and the configuration of CNI."""

    words: Words
    daemon: Daemon

    @property
    def user_rules(self) -> tuple[str, ...]:
        """The rules of DOCKER-USER other than RETURN, with the command that lists them."""
        if self.daemon.engine.filters_by_nftables:
            return ()
        if self._of_daemon("iptables-status") != ("0",):
            (why, *_) = (*self._of_daemon("iptables"), "no answer")
            raise EvidenceError(unread("the rules of iptables", f"could not be read ({why})"))
        listed = ((kind, line) for kind in ("iptables", "ip6tables") for line in self._of_daemon(kind))
        return tuple(f"{kind} {line}" for kind, line in listed if _LIMITS.match(line))

    @property
    def chains(self) -> Iterator[tuple[Chain, int]]:
        """The nftables chains that filter forwarded packets, with counts of rules, except the engine's."""
        text = "".join(self._of_daemon("nft"))
        if not text and self.daemon.engine.filters_by_nftables:
            raise EvidenceError(unread("the tables of nftables"))
        items = decode(text, _Ruleset, "nft").nftables if text else ()
        rules = Counter((each.rule.family, each.rule.table, each.rule.chain) for each in items if each.rule)
        for each in (item.chain for item in items if item.chain):
            count = rules[each.family, each.table, each.name]
            own = each.table == _OF_THE_ENGINE or (each.family != "inet" and each.name in _OF_IPTABLES)
            if (each.type, each.hook) in _FILTERS and (count or each.policy == "drop") and not own:
                yield each, count

    def _of_daemon(self, name: str) -> tuple[str, ...]:
        return self.words.all(f"{self.daemon.pid}/{name}")

    @property
    def cni_files(self) -> tuple[str, ...]:
        found = self.words.all("cni")
        if not {"absent", "read"}.intersection(found):
            raise EvidenceError(unread("/etc/cni/net.d"))
        return tuple(each.removeprefix("file ") for each in found if each.startswith("file "))


@fact(FIREWALL)
def firewall(recording: Recording, daemon: Daemon) -> Firewall:
    """The packet filter in the network of the daemon, and the configuration of CNI."""
    return Firewall(Words(recording.section(FIREWALL, "rules")), daemon)
