"""The rules with which a site filters the traffic of containers, in the network namespace of the daemon."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.registry import fact
from hullcheck.parsing.documents import require
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like, pick
from hullcheck.verdicts import EvidenceError, unread

IPTABLES, CNI = "iptables", "CNI plugins"
OPTIONS = (IPTABLES, CNI)

_KNOWN = lines_like("cni:(?:absent|unread|file .*)", r"\d+/(?:ip6?tables|nft):.*", r"\d+/ip6?tables-status:0")
# Options that may say anything.
_FREE = re.compile(
    r' --(comment|string|hex-string|log-prefix|nflog-prefix|ulog-prefix) (?:"(?:[^"\\]|\\.)*(?:"|$)|[^\s"]\S*)'
)
_CHAIN = dict.fromkeys(("family", "table", "name", "type", "hook", "policy"), True)
_RULE = dict.fromkeys(("family", "table", "chain"), True)
_SHAPE = {
    "nftables": [
        {
            "chain?": dict.fromkeys(("family", "table", "name", "type?", "hook?", "policy?"), str),
            "rule?": dict.fromkeys(_RULE, str),
        }
    ]
}
_FILTERS = (("filter", "forward"), ("filter", "prerouting"))  # type and hook of chains
_OF_THE_ENGINE = "docker-bridges"
_OF_IPTABLES = ("FORWARD", "PREROUTING")


def _keep(text: str) -> str:
    """Drop comments from the rules of iptables, and everything but names of chains from those of nft."""
    return "\n".join(map(_without_words, _KNOWN(text).split("\n")))


def _without_words(line: str) -> str:
    label, colon, text = line.partition(":")
    if not label.endswith("/nft"):
        return _FREE.sub(r" --\1 -", line)
    try:
        items = json.loads(text)["nftables"]
        chains = [{"chain": pick(each["chain"], _CHAIN)} for each in items if "chain" in each]
        rules = [{"rule": pick(each["rule"], _RULE)} for each in items if "rule" in each]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return label + colon
    return label + colon + json.dumps({"nftables": chains + rules}, separators=(",", ":"))


FIREWALL = Probe.from_file("firewall", _keep, like=_KNOWN)


@dataclass(frozen=True)
class Firewall:
    """The packet filter in the network of the daemon, and the configuration of CNI."""

    lines: tuple[str, ...]
    daemon: Daemon

    @property
    def user_rules(self) -> tuple[str, ...]:
        """The rules of DOCKER-USER other than RETURN, with the command that lists them.

        Raises:
            EvidenceError: the engine uses iptables, and the rules could not be read.
        """
        kinds = () if self.daemon.engine.filters_by_nftables else ("iptables", "ip6tables")
        return tuple(
            f"{kind} {line}"
            for kind in kinds
            for line in self._answer(kind)
            if line.startswith("-A DOCKER-USER ") and line != "-A DOCKER-USER -j RETURN"
        )

    def _answer(self, kind: str) -> list[str]:
        lines = self._of_daemon(kind)
        if self._of_daemon(f"{kind}-status") != ["0"] and kind == "iptables":
            raise EvidenceError(
                unread("the rules of iptables", f"could not be read ({next(iter(lines), 'no answer')})")
            )
        return lines

    @property
    def tables(self) -> tuple[str, ...]:
        """The chains of nftables that filter forwarded packets, without those of the engine and of iptables.

        Raises:
            EvidenceError: the engine uses nftables, and the tables could not be read.
        """
        return tuple(self._chains())

    def _chains(self) -> Iterator[str]:
        text = "".join(self._of_daemon("nft"))
        if not text and self.daemon.engine.filters_by_nftables:
            raise EvidenceError(unread("the tables of nftables"))
        document = decode_json(text or '{"nftables": []}', FIREWALL.name)
        items: list[dict[str, Any]] = require(document, _SHAPE, FIREWALL.name)["nftables"]
        rules = Counter(tuple(each["rule"][key] for key in _RULE) for each in items if "rule" in each)
        for each in (item["chain"] for item in items if "chain" in item):
            family, table, name = each["family"], each["table"], each["name"]
            filters = (each.get("type"), each.get("hook")) in _FILTERS
            own = table == _OF_THE_ENGINE or (family != "inet" and name in _OF_IPTABLES)
            count = rules[family, table, name]
            if filters and not own and (count or each.get("policy") == "drop"):
                yield f"{family} {table} {name} ({count} rules, policy {each.get('policy')})"

    def _of_daemon(self, name: str) -> list[str]:
        prefix = f"{self.daemon.pid}/{name}:"
        return [line.removeprefix(prefix) for line in self.lines if line.startswith(prefix)]

    @property
    def cni_files(self) -> tuple[str, ...]:
        """The files in /etc/cni/net.d.

        Raises:
            EvidenceError: the folder could not be read.
        """
        found = [line.removeprefix("cni:") for line in self.lines if line.startswith("cni:")]
        if not found or "unread" in found:
            raise EvidenceError(unread("/etc/cni/net.d"))
        return tuple(each.removeprefix("file ") for each in found if each not in ("absent", "file "))


@fact(FIREWALL)
def firewall(recording: Recording, daemon: Daemon) -> Firewall:
    """Return the packet filter in the network of the daemon, and the configuration of CNI.

    Raises:
        EvidenceError: the target did not answer, or a line of the answer was dropped.
    """
    lines = recording.text(FIREWALL).split("\n")
    if DROPPED in lines:
        raise EvidenceError("firewall: a line of the answer was not understood")
    return Firewall(tuple(lines), daemon)
