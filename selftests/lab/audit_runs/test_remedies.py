"""Remedies do what they say and no harm: the commands of docstrings, as they stand, in the network of a real engine."""

from __future__ import annotations

import json
import re
import resource
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from hullcheck.controls.metadata import read_docstring
from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import (
    control,
    facts_of_engine,
    facts_of_guest,
    judge_engine,
    judged,
)
from selftests.rig import images
from selftests.rig.engines.engine import IMAGE
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab

FIREWALL = "firewall_limits_container_traffic"
PAGE = "passwd"  # each server shows its own /etc
OUTSIDE_PORT, PUBLISHED_PORT = 7000, 8080
PATIENCE, SHORT = 60, 3  # seconds for what has to get through, and for what must not


@dataclass(frozen=True)
class Site:
    """An engine with a container, behind a cable to another network of which some addresses are the site's own.

    Attributes:
        hosts: by name, the addresses at both ends: of the engine, and of the host that the name is of.
    """

    engine: Engine
    outside: Engine
    hosts: dict[str, tuple[str, str]]

    def traffic(self) -> dict[str, bool]:
        """What gets through, to and from a container that publishes a port."""
        found = {}
        for name, (here, there) in self.hosts.items():
            found[f"container to {name}"] = fetches(self.engine, "web", there, OUTSIDE_PORT)
            found[f"{name} to container"] = fetches(self.outside, "host", here, PUBLISHED_PORT)
        return found


def fetches(engine: Engine, container: str, address: str, port: int) -> bool:
    """Whether a container of *engine* gets a page from there."""
    host = f"[{address}]" if ":" in address else address
    url = f"http://{host}:{port}/{PAGE}"
    script = f"wget -q -T {SHORT} -O /dev/null {shlex.quote(url)} || echo no"
    return engine.docker("exec", container, "sh", "-c", script, timeout=PATIENCE).strip() != "no"


def serve(engine: Engine, name: str, port: int, *options: str) -> None:
    """Start a container with a web server."""
    engine.run(name, *options, command=("httpd", "-f", "-p", str(port), "-h", "/etc"))


def plug(one: Engine, card: str, other: Engine, other_card: str, *addresses: tuple[str, str]) -> None:
    """A cable between two engines' networks, with addresses (with their prefix length) at both ends."""
    peer = ("type", "veth", "peer", "name", other_card, "netns", other.netns)
    one.nsenter("ip", "link", "add", card, *peer)
    for engine, name, end in ((one, card, 0), (other, other_card, 1)):
        engine.nsenter("ip", "link", "set", name, "up")
        for pair in addresses:
            dad = ["nodad"] if ":" in pair[end] else []
            engine.nsenter("ip", "address", "add", pair[end], "dev", name, *dad)


def commands(key: str, *programs: str) -> list[list[str]]:
    """The commands in a control's remedy, of these programs, in their order."""
    _, _, remedy = read_docstring(control(key).__doc__ or "")
    quoted = [shlex.split(each) for each in re.findall(r"`([^`]+)`", remedy) if each.count('"') % 2 == 0]
    return [words for words in quoted if words[0] in programs and len(words) > 1]


FAMILIES = {
    "IPv4": {
        "settings": {},
        "hosts": {"office": ("10.9.0.1", "10.9.0.2"), "world": ("192.0.2.1", "192.0.2.2")},
    },
    "IPv6": {
        "settings": {"experimental": True, "ip6tables": True, "ipv6": True, "fixed_cidr_v6": "fd00:5::/64"},
        "hosts": {"office": ("fd00:9::1", "fd00:9::2"), "world": ("2001:db8:9::1", "2001:db8:9::2")},
    },
}
LENGTH = {"IPv4": 24, "IPv6": 64}


@pytest.fixture(params=FAMILIES)
def site(request: pytest.FixtureRequest, engine: EngineFactory) -> Site:
    """A container that reaches everybody, and that everybody reaches."""
    family = FAMILIES[request.param]
    one, outside = engine(fresh=True, **family["settings"]), engine(fresh=True)
    length = LENGTH[request.param]
    pairs = [(f"{here}/{length}", f"{there}/{length}") for here, there in family["hosts"].values()]
    plug(one, "eth0", outside, "eth0", *pairs)
    serve(one, "web", 80, "--publish", f"{PUBLISHED_PORT}:80")
    serve(outside, "host", OUTSIDE_PORT, "--network", "host")
    made = Site(one, outside, family["hosts"])
    assert set(made.traffic().values()) == {True}, made.traffic()
    return made


# ---- 3.4 of the guide: rules of the site's own

IN_IPV6 = {"ip": "ip6", "10.0.0.0/8": "fd00::/8"}  # as the remedy says it
LIMITED = {
    "container to office": True,
    "container to world": True,
    "office to container": True,
    "world to container": False,
}


def test_rules_in_the_chain_of_the_site(site: Site) -> None:
    """New connections from elsewhere are dropped; containers get their replies, and the office its pages."""
    assert judge_engine(FIREWALL, site.engine.socket)["iptables"][0] == "fail"
    programs = ["iptables", "ip6tables"] if ":" in site.hosts["world"][0] else ["iptables"]
    remedy = commands(FIREWALL, *programs)
    assert len(remedy) == len(programs)
    for words in remedy:
        site.engine.nsenter(*words)
    assert site.traffic() == LIMITED
    verdict, reason = judge_engine(FIREWALL, site.engine.socket)["iptables"]
    assert verdict == "manual", reason


@pytest.mark.needs("nft")
def test_rules_in_a_table_of_the_site(site: Site) -> None:
    """With nft the same. The tables of the engine's nftables backend are a stand-in: no engine here has it."""
    remedy = commands(FIREWALL, "nft")
    if ":" in site.hosts["world"][0]:
        remedy += [[IN_IPV6.get(word, word) for word in words] for words in remedy]
    for words in remedy:
        site.engine.nsenter(*words)
    assert site.traffic() == LIMITED
    site.engine.nsenter("nft", "add", "table", "ip", "docker-bridges")
    verdict, reason = judged(FIREWALL, with_nftables(facts_of_engine(site.engine.socket)))["iptables"]
    assert verdict == "manual", reason


def with_nftables(facts: Facts) -> Facts:
    """The same of an engine that says it has that backend."""
    known = facts.recording.answers["engine"]
    said = re.sub('"FirewallBackend":(null|{[^}]*})', '"FirewallBackend":{"Driver":"nftables"}', known.stdout)
    answers = {**facts.recording.answers, known.name: replace(known, stdout=said)}
    return Facts(replace(facts.recording, answers=answers), Policy())


# ---- 1.4 of the guide: what the host forwards besides


# ---- section 2: settings of daemon.json

SET = ("2.2", "2.9", "2.10", "2.15", "2.16", "2.17")
"""The controls whose remedies say which settings to make."""


def settings(key: str) -> dict[str, Any]:
    """What a control's remedy says to set in daemon.json."""
    _, _, remedy = read_docstring(control(key).__doc__ or "")
    (text,) = re.findall(r"set `(\".+?)` in daemon.json", " ".join(remedy.split()))
    found: dict[str, Any] = json.loads(f"{{{text}}}")
    return found


def test_settings_of_the_daemon(lab_host: Callable[..., Host]) -> None:
    """With all of them a host fails none of these controls, and its containers reach and are reached as before."""
    host = lab_host()
    assert {verdict(host, key) for key in SET} == {"fail"}
    start(host)
    wanted = {name: value for key in SET for name, value in settings(key).items()}
    wanted["default-ulimits"]["nofile"]["Hard"] = resource.getrlimit(resource.RLIMIT_NOFILE)[
        1
    ]  # of this machine
    host.write("/etc/docker/daemon.json", json.dumps(wanted))
    host.docker("rm", "--force", "web", "client")
    host.exec("systemctl", "restart", "docker")
    host.docker(
        "import", f"/{images.HOST_BUSYBOX}", IMAGE
    )  # the data root is another one, as the remedy of 2.10 says
    start(host)
    assert {key: verdict(host, key) for key in SET} == dict.fromkeys(SET, "pass")


def verdict(host: Host, key: str) -> str:
    """What a control says of a host."""
    (found,) = judged(key, facts_of_guest(host, of=key)).values()
    return found[0]


def start(host: Host) -> None:
    """Start two containers of which one is reached by the other, and from outside."""
    if "site" not in host.docker("network", "ls", "--format", "{{.Name}}").split():
        host.docker("network", "create", "site")
    serving = ("httpd", "-f", "-p", "8000", "-h", "/etc")
    host.run("web", "--network", "site", "--publish", "127.0.0.1:8080:8000", command=serving)
    host.run("client", "--network", "site")
    fetch = ("wget", "-q", "-T", "3", "-O", "/dev/null")
    until(lambda: succeeds(host, "docker", "exec", "client", *fetch, f"http://web:8000/{PAGE}"), "no answer")
    until(lambda: succeeds(host, "busybox", *fetch, f"http://127.0.0.1:8080/{PAGE}"), "no answer outside")


def succeeds(host: Host, *command: str) -> bool:
    """Whether a command ends with status 0 there."""
    return (
        host.exec("sh", "-c", '"$@" >/dev/null 2>&1 && echo yes || echo no', "sh", *command).strip() == "yes"
    )
