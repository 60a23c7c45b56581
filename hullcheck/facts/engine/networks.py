"""The engine's networks."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from itertools import chain
from typing import Any, NamedTuple

from hullcheck.facts.host.presence import SIGNS, require_engine
from hullcheck.facts.registry import fact
from hullcheck.parsing.documents import COUNT, require
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import json_lines
from hullcheck.verdicts import EvidenceError

DOCKER_NETWORKS = Probe.from_file(
    __file__,
    "docker_networks",
    json_lines(
        {
            "Name": True,
            "Id": True,
            "Driver": True,
            "Scope": True,
            "EnableIPv6": True,
            "Ingress": True,
            **dict.fromkeys(
                ("Daemon", "Bridge", "Port", "Sends", "Unlisted", "By", "Encrypts", "Secures", "Lists"), True
            ),
            "Internal": True,
            "Peers": {"IP": True},
            "IPAM": {"Config": {"Subnet": True}},
            "Options": dict.fromkeys(
                (
                    "encrypted",
                    "parent",
                    "com.docker.network.bridge.enable_icc",
                    "com.docker.network.bridge.gateway_mode_ipv4",
                    "com.docker.network.bridge.gateway_mode_ipv6",
                    "com.docker.network.bridge.host_binding_ipv4",
                    "com.docker.network.bridge.name",
                    "com.docker.network.bridge.trusted_host_interfaces",
                    "com.docker.network.driver.overlay.vxlanid_list",
                    "com.docker.network.host_ipv4",
                ),
                True,
            ),
        }
    ),
)


_INSIDE = frozenset(("bridge", "host", "null", "overlay"))
"""The drivers of networks inside the host or the swarm; any other may give an address outside, as macvlan does."""
_ON_PARENTS = ("macvlan", "ipvlan")

_SHAPE = {
    **dict.fromkeys(("Name", "Id", "Driver", "Scope?"), str),
    **dict.fromkeys(("Ingress?", "Internal?"), bool),
    "EnableIPv6?": (None, bool),
    "Options?": (None, {"*": str}),
    "Peers?": (None, [{"IP?": str}]),
    "IPAM?": (None, {"Config?": (None, [{"Subnet?": (None, str)}])}),
}
_OF_DAEMONS = (("Sends",), ("Encrypts",), ("Secures",), ("Lists",), ("Unlisted", "By"))
_GONE = re.compile(r"(?:network [0-9a-f]{64} not found|No such network: [0-9a-f]{64})$", re.IGNORECASE)


@dataclass(frozen=True)
class Network:
    """One network.

    Attributes:
        options: those of its driver.
        internal: whether it has no way outside by the engine; see `is_outside`, and `cards`.
        scope: `local`, or `swarm` where it reaches over several hosts.
        ipv6: whether its containers have addresses of IPv6; None where the engine does not say.
        subnets: those of its containers' addresses; empty where the engine does not say.
        peers: how many nodes of a swarm have tasks in it, where this one has some: it is one of them.
        cards: the interfaces of the host that are ports of a bridge of its name, beside those of containers; each with
            the daemon by whose process it is seen, as another engine may have such a bridge in a network of its own.
    """

    name: str
    id: str
    driver: str
    ingress: bool
    options: dict[str, str]
    ipv6: bool | None = None
    internal: bool = False
    scope: str = ""
    subnets: tuple[str, ...] = ()
    peers: int = 0
    cards: tuple[tuple[int, str], ...] = ()

    @property
    def gateway_modes(self) -> frozenset[str]:
        """How what comes from outside gets to its containers: `nat`, `nat-unprotected`, `routed`, `isolated`."""
        families = ("ipv4", "ipv6") if self.ipv6 is not False else ("ipv4",)
        options = (self.options.get(f"com.docker.network.bridge.gateway_mode_{each}") for each in families)
        return frozenset(each or "nat" for each in options)

    @property
    def bridge(self) -> str:
        """The interface of the host that is its bridge, or to which it is another way, as those of macvlan."""
        if self.driver in _ON_PARENTS:
            return self.options.get("parent") or ""
        named = self.options.get("com.docker.network.bridge.name") or ""
        return named or ("docker0" if self.name == "bridge" else "")

    @property
    def is_way_outside(self) -> bool:
        """Whether its bridge is surely a way outside for its containers, so that the engine makes them no other."""
        has_ipv4 = any(":" not in each for each in self.subnets)
        return self.driver == "bridge" and has_ipv4 and not self.internal

    @property
    def is_outside(self) -> bool:
        """Whether it gives its containers addresses of their own outside the host, or may do so.

        An internal network on a parent has no default route, but all the neighbours of that. Without one it is of the
        host alone.
        """
        alone = self.internal and self.driver in _ON_PARENTS and not self.bridge
        return self.driver not in _INSIDE and not alone

    @property
    def interface(self) -> str:
        """The same, or the name that the engine gives the bridge of a network."""
        return self.bridge or f"br-{self.id[:12]}"

    @property
    def trusted_interfaces(self) -> str:
        """The interfaces of the host from which its containers are reached directly, separated by colons."""
        return self.options.get("com.docker.network.bridge.trusted_host_interfaces") or ""


@fact(*SIGNS, DOCKER_NETWORKS)
def networks(recording: Recording) -> tuple[Network, ...]:
    """All networks of the engine.

    Raises:
        NotApplicable: there is no Docker on this target.
        EvidenceError: the engine did not say.
    """
    documents = _documents(recording)
    ports = _of_daemons(documents, "Bridge", "Port")
    others = (_of_daemons(documents, *names) for names in _OF_DAEMONS)
    of_daemons = (*ports, *chain.from_iterable(others))
    own = [each for each in documents if each not in of_daemons]
    if not own:
        raise EvidenceError("docker network ls names none, and every engine has some")
    for each in own:
        require(each, _SHAPE, "docker network inspect")
    found = (
        Network(
            each["Name"],
            each["Id"],
            each["Driver"],
            bool(each.get("Ingress")),
            each.get("Options") or {},
            each.get("EnableIPv6"),
            bool(each.get("Internal")),
            str(each.get("Scope") or ""),
            tuple(_subnets(each)),
            len(each.get("Peers") or ()),
        )
        for each in own
    )
    return tuple(
        replace(
            each,
            cards=tuple((port["Daemon"], port["Port"]) for port in ports if port["Bridge"] == each.interface),
        )
        for each in found
    )


# Not a rule that only compares: `ct status dnat accept`.
_SENDS = re.compile(r"--to(?:-destination)? |(?<!status )\bdnat (?:\S+ ){0,5}?to ")
_IP = r"(?:\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:.]+)"


class Redirection(NamedTuple):
    """A rule of a host's packet filter that sends packets to another address (DNAT).

    Attributes:
        daemon: the one in whose network it is.
        words: as iptables writes it, from its chain on, or as nft does.
    """

    daemon: int
    words: str

    def leads_to(self, address: str) -> bool:
        """Whether it sends to this address, or may do so: by a map that has a name, whose elements are not listed."""
        *before, target = _SENDS.split(self.words)
        if not before:
            return False
        exact = re.search(rf"(?<![\w.:]){re.escape(address)}(?![\w.]|:\w*[:\]])", target)
        return bool(exact) or "@" in target or _is_among(address, target)

    def publishes(self, number: int, target: str) -> bool:
        """Whether it is what the engine makes where this port of the host is published for that of a container."""
        own = self.words.startswith("DOCKER") or "--to-destination" not in self.words
        return own and bool(re.search(rf"dport {number} .*[\]\d]:{target}\b", self.words))


_MANY = re.compile(rf"(?<![\w.:])({_IP})(?:-({_IP})|(/\d+))")


def _is_among(address: str, target: str) -> bool:
    """Whether it is in one of the ranges, or networks, of addresses in *target*; so it is where that is none."""
    own = int(ip_address(address))
    try:
        for first, last, length in _MANY.findall(target):
            network = ip_network(first + length, strict=False)
            lowest, highest = (ip_address(first), ip_address(last)) if last else (network[0], network[-1])
            if int(lowest) <= own <= int(highest):
                return True
    except ValueError:
        return True
    return False


@fact(*SIGNS, DOCKER_NETWORKS)
def redirections(recording: Recording) -> tuple[Redirection, ...]:
    """All such rules, those of the engine among them, but for what `network_gaps` names.

    Raises:
        NotApplicable: there is no Docker on this target.
        EvidenceError: the engine did not say.
    """
    found = _of_daemons(_documents(recording), "Sends")
    return tuple(Redirection(each["Daemon"], each["Sends"]) for each in found)


@dataclass(frozen=True)
class Encryption:
    """The rules of packet filters, and the policies of IPsec, by which engines have overlay networks encrypted.

    Attributes:
        rules: each with the daemon in whose network it is, as iptables writes it; of nftables also what is in sets.
        policies: the other nodes, each with the daemon whose kernel encrypts what the rules have marked for it.
        listed: the daemons in whose network a program listed all of what it knows, each with that program.
    """

    rules: frozenset[tuple[int, str]]
    policies: frozenset[tuple[int, str]]
    listed: frozenset[tuple[int, str]]

    def lacks(self, network: Network, daemon: int) -> str:
        """What of them is missing for a network that sends to other nodes, in words; empty where nothing is.

        Raises:
            EvidenceError: the rules could not be listed, or the engine did not say which are about the network.
        """
        ids = network.options.get("com.docker.network.driver.overlay.vxlanid_list", "").split(",")
        if not all(map(str.isdecimal, ids)):
            raise EvidenceError(
                "docker network inspect does not report by which numbers nodes know the network"
            )
        own = [words for each, words in self.rules if each == daemon]
        sets = [words for words in own if words.startswith("elements")]
        if not sets and not {(daemon, "iptables-save"), (daemon, "iptables-legacy-save")} & self.listed:
            raise EvidenceError("neither iptables nor nft listed rules by which the network is encrypted")
        if (daemon, "xfrm") not in self.listed:
            raise EvidenceError("`ip xfrm policy` did not list what the kernel encrypts")
        in_sets = {int(each, 16) for words in sets for each in re.findall(r"0x[0-9a-f]+", words)}
        for number in map(int, ids):
            about = [
                words
                for words in own
                if _is_about(number, words) or (_FOR_SETS in words and number in in_sets)
            ]
            if not any(words.startswith("-A OUTPUT") for words in about):
                return "the rule that has its packets encrypted is gone, so they are sent in clear"
            if not any(words.startswith("-A INPUT") for words in about):
                return (
                    "the rule that drops packets in clear is gone, so who can send to the node gets into it"
                )
        if sum(each == daemon for each, _ in self.policies) < network.peers - 1:
            return "policies of IPsec are gone from the kernel (ip xfrm policy), so packets are sent in clear"
        return ""


_FOR_SETS = "@encrypted-vnis"
"""In a rule of nftables, for the networks whose numbers are in the sets of this name."""


def _is_about(number: int, words: str) -> bool:
    """Whether a rule compares the number of a network with this one: by bpf, or as engines before 23 by u32."""
    return bool(re.search(rf"\b21 \d+ \d+ {number}\b|=0x{number << 8:x}\b", words))


@fact(*SIGNS, DOCKER_NETWORKS)
def encryption(recording: Recording) -> Encryption:
    """By which rules the engines of this host have overlay networks encrypted.

    Raises:
        NotApplicable: there is no Docker on this target.
        EvidenceError: the engine did not say.
    """
    documents = _documents(recording)
    seen = (
        frozenset((each["Daemon"], each[name]) for each in _of_daemons(documents, name))
        for name in ("Encrypts", "Secures", "Lists")
    )
    return Encryption(*seen)


CARDS, RULES = "cards", "rules"
"""What is asked of the network of each daemon: the cards that are ports of bridges, and rules of the packet filter."""


class Gap(NamedTuple):
    """What could not be listed in the network of a daemon: CARDS or RULES, and by which program."""

    daemon: int
    what: str
    by: str


@fact(*SIGNS, DOCKER_NETWORKS)
def network_gaps(recording: Recording) -> tuple[Gap, ...]:
    """What nothing is known of in the networks of daemons, as the programs that list it are missing or failed.

    Raises:
        NotApplicable: there is no Docker on this target.
        EvidenceError: the engine did not say.
    """
    found = _of_daemons(_documents(recording), "Unlisted", "By")
    return tuple(Gap(each["Daemon"], each["Unlisted"], each["By"]) for each in found)


def _documents(recording: Recording) -> list[Any]:
    """What the engine says of its networks, and what was seen in those of daemons."""
    require_engine(recording)
    return [decode_json(line, DOCKER_NETWORKS.name) for line in _said(recording).splitlines()]


def _of_daemons(documents: Iterable[Any], *names: str) -> list[dict[str, Any]]:
    """What was seen in the networks of daemons, with these words."""
    found = [each for each in documents if isinstance(each, dict) and names[0] in each]
    for each in found:
        require(each, {"Daemon": COUNT, **dict.fromkeys(names, str)}, DOCKER_NETWORKS.name)
    return found


def _subnets(document: Mapping[str, Any]) -> Iterator[str]:
    pools = (document.get("IPAM") or {}).get("Config") or ()
    return (each["Subnet"] for each in pools if each.get("Subnet"))


def _said(recording: Recording) -> str:
    """What the engine said of its networks; that some are gone since they were listed says nothing of the others."""
    answer = recording.answer(DOCKER_NETWORKS)
    complaints = [line for line in answer.stderr.splitlines() if line.strip()]
    if answer.status == 1 and complaints and all(map(_GONE.search, complaints)):
        return answer.stdout
    return recording.text(DOCKER_NETWORKS)
