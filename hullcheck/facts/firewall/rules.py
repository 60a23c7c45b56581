"""Rules of iptables and nftables as one thing: what a packet has to be like, and where it goes then."""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

IN, OUT, SOURCE, DESTINATION, STATE = "interface in", "interface out", "source", "destination", "state"
PROTOCOL, PORT, SET, OTHER = "protocol", "port", "set", "other"
"""What a condition is about; OTHER is what is not understood."""

_OPTIONS = {
    "-i": IN,
    "-o": OUT,
    "-s": SOURCE,
    "-d": DESTINATION,
    "-p": PROTOCOL,
    "--ctstate": STATE,
    "--state": STATE,
    "--ctstatus": STATE,
    "--src-range": SOURCE,
    "--dst-range": DESTINATION,
    "--ctorigsrc": SOURCE,
    "--match-set": SET,
    **dict.fromkeys(("--dport", "--sport", "--dports", "--sports", "--ports", "--ctorigdstport"), PORT),
}
_SILENT = frozenset({"--comment", "--syn"})  # say nothing of a first packet that is not known
_MODULES = frozenset({"comment", "conntrack", "state", "tcp", "udp", "multiport", "iprange", "set"})
_META = {"iifname": IN, "iif": IN, "oifname": OUT, "oif": OUT, "l4proto": PROTOCOL}
_PAYLOAD = {"saddr": SOURCE, "daddr": DESTINATION, "protocol": PROTOCOL, "nexthdr": PROTOCOL}
_VERDICTS = ("drop", "reject", "accept", "return", "queue")
_GO_ON = frozenset({"counter", "log", "mangle", "ct helper", "notrack"})


@dataclass(frozen=True)
class Match:
    """One condition: the packet's *subject* is one of these values, or none of them."""

    subject: str
    values: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Rule:
    """One rule: where it sends a packet, and which ones.

    Attributes:
        matches: the conditions, all of which a packet has to meet.
        comes_back: whether a packet that the chain of its target lets pass goes on with the next rule.
    """

    target: str
    matches: tuple[Match, ...]
    text: str
    comes_back: bool = True


Chains = Mapping[str, Iterable[Rule]]


@lru_cache(maxsize=4096)  # several controls ask for the same chains
def iptables_words(line: str) -> tuple[str, ...]:
    """The words of a line of `iptables -S`.

    Raises:
        ValueError: a quote is left open.
    """
    return tuple(shlex.split(line))


@lru_cache(maxsize=4096)
def iptables_rule(line: str) -> Rule:
    """`-A CHAIN` with conditions, and `-j` or `-g` with where it leads."""
    words = iptables_words(line)
    jump = next((place for place, word in enumerate(words) if word in ("-j", "-g")), len(words))
    target = words[jump + 1] if jump + 1 < len(words) else ""
    return Rule(target, tuple(_conditions(words[2:jump])), line, words[jump : jump + 1] != ("-g",))


def _conditions(words: Iterable[str]) -> Iterable[Match]:
    rest, negated = list(words), False
    while rest:
        word = rest.pop(0)
        if word == "!":
            negated = True
            continue
        values = []
        while rest and rest[0] != "!" and not (rest[0].startswith("-") and len(rest[0]) > 1):
            values.append(rest.pop(0))
        if word == "-m":
            if not _MODULES.issuperset(values):
                yield Match(OTHER, tuple(values))
        elif word not in _SILENT or negated:
            subject = _OPTIONS.get(word, OTHER)
            yield Match(subject, tuple(each for value in values for each in value.split(",")), negated)
        negated = False


def nft_rules(expressions: list[dict[str, Any]]) -> list[Rule]:
    """A rule of nft; one with a map of verdicts is as many as that has entries."""
    text = json.dumps(expressions)
    matches: list[Match] = []
    for each in expressions:
        ((name, value),) = each.items()
        if name in _VERDICTS or name in ("jump", "goto"):
            return [_verdict(name, value, matches, text)]
        if name == "vmap":
            return list(_mapped(value, matches, text))
        if name == "match":
            matches += _matches(value)
        elif name not in _GO_ON:
            matches.append(Match(OTHER, (name,)))
    return [Rule("", tuple(matches), text)]


def _verdict(name: str, value: Any, matches: Iterable[Match], text: str) -> Rule:
    if name in ("jump", "goto"):
        return Rule(str(value["target"]), tuple(matches), text, name == "jump")
    return Rule(name.upper(), tuple(matches), text)


def _mapped(value: Mapping[str, Any], matches: list[Match], text: str) -> Iterable[Rule]:
    data = value.get("data")
    entries = data.get("set") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        unknown = (*matches, Match(OTHER, ("map",)))  # a map of a name: what is in it is not listed
        return [Rule("ACCEPT", unknown, text), Rule("DROP", unknown, text)]
    found = []
    for key, verdict in entries:
        ((name, target),) = verdict.items()
        condition = _matches({"op": "==", "left": value.get("key"), "right": key})
        found.append(_verdict(name, target, (*matches, *condition), text))
    return found


def _matches(value: Any) -> list[Match]:
    """A condition of nft; one on a port is on the protocol too."""
    left = value.get("left") if isinstance(value, dict) else None
    if not isinstance(left, dict) or value.get("op") not in ("==", "in", "!=") or len(left) != 1:
        return [Match(OTHER, ("match",))]
    ((kind, field),) = left.items()
    values, negated = tuple(_values(value.get("right"))), value["op"] == "!="
    key = str(field.get("key") or field.get("field")) if isinstance(field, dict) else ""
    if any(each.startswith("@") for each in values):
        return [Match(OTHER, values)]  # a set of a name: what is in it is unknown, and may change
    if kind == "meta" and key in ("nfproto", "protocol"):
        return []  # rules for the other family were left out
    if kind == "meta" and key in _META:
        return [Match(_META[key], values, negated)]
    if kind == "ct" and key in ("state", "status"):
        return [Match(STATE, tuple(each.upper() for each in values), negated)]
    if kind == "payload" and field.get("protocol") in ("ip", "ip6") and key in _PAYLOAD:
        return [Match(_PAYLOAD[key], values, negated)]
    if kind == "payload" and key in ("dport", "sport"):
        protocol = str(field.get("protocol"))
        return [*([] if protocol == "th" else [Match(PROTOCOL, (protocol,))]), Match(PORT, values, negated)]
    if kind == "payload" and str(field.get("protocol")).startswith("icmp"):
        return [Match(PROTOCOL, ("icmp",)), Match(OTHER)]
    return [Match(OTHER, (kind,))]


def _values(right: Any) -> Iterable[str]:
    if isinstance(right, list):
        for each in right:
            yield from _values(each)
    elif isinstance(right, dict) and "set" in right:
        yield from _values(right["set"])
    elif isinstance(right, dict) and isinstance(right.get("elem"), dict):
        yield from _values(right["elem"].get("val"))
    elif isinstance(right, dict) and "prefix" in right:
        yield f"{right['prefix']['addr']}/{right['prefix']['len']}"
    elif isinstance(right, dict) and "range" in right:
        yield "-".join(map(str, right["range"]))
    else:
        yield str(right)
