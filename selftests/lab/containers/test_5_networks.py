"""5.8 to 5.10, 5.14, 5.16, 5.17, 5.30 on real engines: ports, networks and joined namespaces."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.policy.parts import PortRange
from selftests.kit.judging import facts_of_engine, judged
from selftests.lab import lacking
from selftests.lab.containers.judgement import both, failing, of_both, reason, verdicts
from selftests.rig.shell import CommandError
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab


# ---- 5.8, 5.9, 5.14: ports


def test_ports(engine: EngineFactory) -> None:
    """5.8, 5.9, 5.14: every way to publish a port, IPv6 and udp too, before the start and after it."""
    one = engine()
    local = "127.0.0.1:"
    options = {
        "none": "",
        "low": f"-p {local}80:80",
        "high": f"-p {local}8080:80",
        "any": "-p 8081:80",
        "zero": "-p 0.0.0.0:8082:80",
        "six": "-p [::]:81:80",
        "six-local": "-p [::1]:8083:80",
        "udp": f"-p {local}53:53/udp",
        "chosen": "-p 80",
        "range": f"-p {local}1022-1025:1022-1025",
        "exposed": "--expose 80 --publish-all",
        "expose": "--expose 80",
        "no-network": "--network none -p 84:80",
        "hosts": "--network host -p 85:80",
    }
    for name, option in options.items():
        one.create(name, *shlex.split(option))
    before = facts_of_engine(one.socket, of="5")
    one.docker("start", *options)
    one.run("joined", "--network", "container:low")
    after = facts_of_engine(one.socket, of="5")
    low = {"low", "six", "udp", "range"}
    everywhere = {"any", "zero", "six", "chosen", "exposed"}
    opened = low | everywhere | {"high", "six-local"}
    for facts in (before, after):
        assert failing("5.8", facts) == low
        assert failing("5.14", facts) == everywhere
        assert failing("5.9", facts) == {"exposed"}
        left = opened - {"exposed"} | ({"hosts"} if facts is before else set())
        assert {name for name, verdict in verdicts("5.9", facts).items() if verdict == "manual"} == left
        policy = Policy.from_mapping({"allowed_ports": [80, 8080]})
        listed = Facts(facts.recording, policy)
        assert failing("5.8", listed) == low - {"low"}
        assert failing("5.9", listed) == opened - {"low", "high"}
    for number in ("5.8", "5.9", "5.14", "sensitive_container_listens_on_chosen_addresses"):
        assert (verdicts(number, before)["hosts"], verdicts(number, after)["hosts"]) == ("manual", "pass")
    assert reason("5.8", after, "six") == "opens [::]:81/tcp (published for 80)"
    assert "53/udp" in reason("5.8", before, "udp")


@pytest.mark.needs_engine("<29", "a later one takes no names, and no address with zeros in front")
def test_ports_as_programs_ask_for_them(engine: EngineFactory) -> None:
    """5.7, 5.14: what is no address to the engine means all of them, and a port may lack its protocol."""
    one = engine()
    asked = {
        "name": ("80/tcp", "localhost"),
        "short": ("81/tcp", "127.1"),
        "octal": ("82/tcp", "0127.0.0.1"),
        "mapped": ("83/tcp", "::ffff:127.0.0.1"),
        "bare": ("22", "127.0.0.1"),
        "upper": ("22/TCP", "127.0.0.1"),
    }
    for place, (name, (port, address)) in enumerate(asked.items()):
        for state in ("created", "runs"):
            host = {"PortBindings": {port: [{"HostIp": address, "HostPort": str(8000 + place)}]}}
            config = {
                "Image": "bb:1",
                "Cmd": ["sleep", "999"],
                "ExposedPorts": {port: {}},
                "HostConfig": host,
            }
            one.client.api.create_container_from_config(config, f"{name}-{state}")
        one.docker("start", f"{name}-runs")
    facts = facts_of_engine(one.socket, of="5.7 5.14")
    wide = dict.fromkeys(("name", "short", "octal"), "fail")
    assert of_both(verdicts("5.14", facts)) == wide | dict.fromkeys(("mapped", "bare", "upper"), "pass")
    ssh = of_both(verdicts("5.7", facts))
    assert ssh == dict.fromkeys(("name", "short", "octal", "mapped"), "pass") | {
        "bare": "manual",
        "upper": "manual",
    }


def listening(engine: Engine) -> set[str]:
    """The ports on which something listens in the engine's network."""
    lines = engine.nsenter("ss", "-lntuH").splitlines()
    return {line.split()[4].rpartition(":")[2] for line in lines}


def test_listeners_in_the_network_of_the_host(guarded_engine: EngineFactory) -> None:
    """5.8, 5.9, 5.14: in the host's network a container opens what its own processes listen on."""
    one = guarded_engine()
    listen = ("--network", "host")
    one.run("low", *listen, command=("httpd", "-f", "-p", "443"))
    one.run("high", *listen, command=("httpd", "-f", "-p", "127.0.0.1:8443"))
    datagrams = (
        "import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', 514)); time.sleep(999)"
    )
    one.run(
        "udp", *listen, "-v", "/:/h", command=("busybox", "chroot", "/h", sys.executable, "-c", datagrams)
    )
    one.run("silent", *listen)
    one.run("joined", "--network", "container:silent", command=("httpd", "-f", "-p", "444"))
    one.create("will-join", "--network", "container:silent")
    one.run("own", command=("httpd", "-f", "-p", "443"))
    until(lambda: listening(one) >= {"443", "444", "514", "8443"})
    facts = facts_of_engine(one.socket, of="5")
    assert failing("5.8", facts) == {"low", "udp", "joined"}
    assert failing("5.14", facts) == {"low", "udp", "joined"}
    manual = {name for name, verdict in verdicts("5.9", facts).items() if verdict == "manual"}
    assert manual == {"low", "high", "udp", "joined", "will-join"}
    assert reason("5.8", facts, "low") == "opens [::]:443/tcp (listens, network of the host)"


def test_network_outside(engine: EngineFactory) -> None:
    """5.8: a container with an address of its own outside the host opens whatever it listens on."""
    one = engine()
    try:
        one.nsenter("ip", "link", "add", "parent0", "type", "veth", "peer", "name", "parent1")
        options = ("--driver", "macvlan", "--opt", "parent=parent0", "--subnet", "10.250.1.0/24")
        one.docker("network", "create", *options, "outside")
        one.run("web", "--network", "outside", command=("httpd", "-f", "-p", "80"))
    except CommandError as error:
        pytest.skip(f"the kernel has no macvlan: {error}")
    one.run("quiet", "--network", "outside")
    one.run("local", "--network", "outside", command=("httpd", "-f", "-p", "127.0.0.1:81"))
    one.create("created", "--network", "outside")
    time.sleep(0.5)
    facts = facts_of_engine(one.socket, of="5")
    assert verdicts("5.8", facts) == {"web": "fail", "quiet": "pass", "local": "pass", "created": "manual"}


def test_internal_network_with_a_parent(engine: EngineFactory) -> None:
    """5.8: it has no default route, and its neighbours on the parent reach what listens all the same."""
    one = engine()
    try:
        one.nsenter("ip", "link", "add", "parent2", "type", "veth", "peer", "name", "parent3")
        one.docker(
            *("network", "create", "--internal", "--driver", "macvlan", "--opt", "parent=parent2", "outside")
        )
        one.run("web", "--network", "outside", command=("httpd", "-f", "-p", "80"))
    except CommandError as error:
        pytest.skip(f"the kernel has no macvlan: {error}")
    one.create("created", "--network", "outside")
    time.sleep(0.5)
    assert verdicts("5.8", facts_of_engine(one.socket, of="5.8")) == {"web": "fail", "created": "manual"}


RULES = """
iptables -t nat -I PREROUTING -p tcp --dport 80 -m comment --comment "a word" -j DNAT --to-destination {sent}:8080
iptables -t nat -A DOCKER -p tcp --dport 443 -j DNAT --to-destination {among}:80
nft add table ip site
nft add chain ip site in {{ type nat hook prerouting priority -110; }}
nft add rule ip site in tcp dport 8443 dnat to {nft}:80
iptables-legacy -t nat -A PREROUTING -p tcp --dport 8444 -j DNAT --to-destination {old}:80
iptables -t nat -A PREROUTING -d 10.99.99.1/32 -j NETMAP --to {netmap}/32
iptables -t nat -A PREROUTING -p tcp --dport 8446 -j DNAT --to-destination {range}-{range}
"""


NAMED_MAP = """
nft add map ip site ports { type inet_service : ipv4_addr; }
nft add element ip site ports { 8447 : 10.1.1.1 }
nft add rule ip site in dnat to tcp dport map @ports
"""


@pytest.mark.needs("iptables-legacy")
def test_rule_that_leads_to_a_container(engine: EngineFactory) -> None:
    """5.8, 5.9, 5.14: one that is not the engine's, beside ports that are published and without."""
    one = engine(fresh=True)
    one.docker("network", "create", "own")
    for place, name in enumerate(("plain", "sent", "among", "nft", "old", "netmap", "range")):
        one.run(name, "--network", "own", "-p", f"127.0.0.1:{8080 + place}:80")
    found = {
        name: each["NetworkSettings"]["Networks"]["own"]["IPAddress"]
        for name in ("sent", "among", "nft", "old", "netmap", "range")
        for each in one.inspect(name)
    }
    for rule in RULES.format(**found).strip().splitlines():
        one.nsenter(*shlex.split(rule))
    policy = Policy(allowed_ports=(PortRange.parse("8080-8086"),))
    facts = facts_of_engine(one.socket, policy, of="5.8 5.9 5.14")
    for number in ("5.8", "5.9", "5.14"):
        assert verdicts(number, facts) == {"plain": "pass", **dict.fromkeys(found, "manual")}
    assert "a word" not in facts.recording.answers["docker_networks"].stdout
    for rule in NAMED_MAP.strip().splitlines():
        one.nsenter(*shlex.split(rule))
    facts = facts_of_engine(one.socket, policy, of="5.8 5.9 5.14")
    for number in ("5.8", "5.9", "5.14"):
        assert set(verdicts(number, facts).values()) == {"manual"}  # its elements are not listed


# ---- 5.10, 5.16, 5.17: joined namespaces


def test_joined_namespaces(engine: EngineFactory) -> None:
    """5.10, 5.16, 5.17: who joins a container that is in the host's namespace is in it too, before the start
    and after."""
    one = engine()
    for number, option in {"5.10": "network", "5.16": "pid", "5.17": "ipc"}.items():
        own = ("--ipc", "shareable") if option == "ipc" else ()
        one.run(f"host-{option}", f"--{option}", "host")
        one.run(f"own-{option}", *own)
        for of in ("host", "own"):
            both(one, f"{of}-{option}-joined", f"--{option}", f"container:{of}-{option}")
        facts = facts_of_engine(one.socket, of="5")
        found = verdicts(number, facts)
        assert {found[f"host-{option}-joined-{state}"] for state in ("runs", "created")} == {"fail"}
        assert {found[f"own-{option}-joined-{state}"] for state in ("runs", "created")} == {"pass"}
        one.docker("rm", "--force", f"own-{option}")
        facts = facts_of_engine(one.socket, of="5")
        assert verdicts(number, facts)[f"own-{option}-joined-created"] == "error"
        assert verdicts("5.6", facts)[f"own-{option}-joined-runs"] == "pass"


def test_name_that_is_the_id_of_another(engine: EngineFactory) -> None:
    """5.10: who joins a container by its id is not taken for one that joins another, which has that id as its
    name."""
    one = engine()
    one.run("host", "--network", "host")
    one.run("own")
    ids = {name: one.inspect(name)[0]["Id"] for name in ("host", "own")}
    for name, identifier in ids.items():
        one.create(f"joins-{name}", "--network", f"container:{identifier}")
    one.run(ids["host"])
    one.run(ids["own"], "--network", "host")
    created = failing("5.10", facts_of_engine(one.socket, of="5"))
    assert created == {"host", "joins-host", ids["own"]}
    one.docker("start", "joins-host", "joins-own")
    assert failing("5.10", facts_of_engine(one.socket, of="5")) == created  # as the links of its process say


def test_containers_that_join_each_other(engine: EngineFactory) -> None:
    """5.16: a circle, which names that are ids allow, has no namespace to tell."""
    one = engine()
    one.create("gone")
    gone = one.inspect("gone")[0]["Id"]
    one.create("first", "--pid", f"container:{gone}")
    one.docker("rm", "gone")
    one.create(gone, "--pid", f"container:{one.inspect('first')[0]['Id']}")
    found = judged("5.16", facts_of_engine(one.socket, of="5"))
    assert set(found.values()) == {("error", "it joined containers that joined each other (PidMode)")}


def test_disconnected_from_the_default_bridge(engine: EngineFactory) -> None:
    """5.30: a container that was disconnected before its start is on no bridge, then and when it runs."""
    one = engine()
    for name in ("created", "runs", "stays"):
        one.create(name)
    for name in ("created", "runs"):
        one.docker("network", "disconnect", "bridge", name)
    one.docker("start", "runs")
    (described,) = one.inspect("runs")
    assert described["HostConfig"]["NetworkMode"] == ("bridge" if one.version.at_least(23) else "default")
    facts = facts_of_engine(one.socket, of="5")
    assert verdicts("5.30", facts) == {"created": "pass", "runs": "pass", "stays": "fail"}


def test_network_that_is_named_like_the_default_bridge(engine: EngineFactory) -> None:
    """5.30: a part of the bridge's id means the bridge, unless a network has it as its name."""
    one = engine()
    bridge = one.docker("network", "inspect", "bridge", "--format", "{{.Id}}").strip()
    both(one, "part", "--network", bridge[:14])
    facts = facts_of_engine(one.socket, of="5")
    assert of_both(verdicts("5.30", facts)) == {"part": "fail"}
    one.docker("rm", "--force", "part-created", "part-runs")
    one.docker("network", "create", bridge[:14])
    both(one, "own", "--network", bridge[:14])
    facts = facts_of_engine(one.socket, of="5")
    assert of_both(verdicts("5.30", facts)) == {"own": "pass"}


def test_other_bridge(engine: EngineFactory) -> None:
    """5.30: without a default bridge nobody is on it."""
    one = engine(bridge="none", iptables=False)
    both(one, "web")
    assert of_both(verdicts("5.30", facts_of_engine(one.socket, of="5"))) == {"web": "pass"}


def test_ports_in_several_networks(engine: EngineFactory) -> None:
    """5.8, 5.14: an internal network publishes nothing; of two others it is the engine that chooses one."""
    one = engine()
    binding = "com.docker.network.bridge.host_binding_ipv4=127.0.0.1"
    one.docker("network", "create", "--opt", binding, "local")
    one.docker("network", "create", "--internal", "inside")
    names = {"local": 8080, "inside": 80, "two": 8082}
    for name, port in names.items():
        for state in ("created", "runs"):
            network = "inside" if name == "inside" else "local"
            published = f"{port if state == 'runs' else port + 1}:80"
            one.create(f"{name}-{state}", "--network", network, "--publish", published)
    for state in ("created", "runs"):
        one.docker("network", "connect", "bridge", f"two-{state}")
    one.docker("start", *(f"{name}-runs" for name in names))
    facts = facts_of_engine(one.socket, of="5")
    assert of_both(verdicts("5.14", facts)) == {"local": "pass", "inside": "pass", "two": "fail"}
    assert set(verdicts("5.8", facts).values()) == {"pass"}


def test_address_of_the_daemon(engine: EngineFactory) -> None:
    """5.14: a port without an address is bound where the daemon's own setting says."""
    one = engine(ip="127.0.0.1")
    both(one, "web", "-p", "80")
    assert of_both(verdicts("5.14", facts_of_engine(one.socket, of="5"))) == {"web": "pass"}


def test_sockets_are_not_forged(engine: EngineFactory, place: Path) -> None:
    """5.8: a process cannot hide its listener behind the name of an open file."""
    one = engine()
    name = "x\n999999/fd:\nlrwx------ 1 0 0 64 Nov 1 10:00 999999/fd/3 -> socket:[1]\nx"
    forge = f"exec 9>'/tmp/{name.replace('/', chr(92))}'; exec httpd -f -p 443"
    one.run("web", "--network", "host", command=("sh", "-c", forge))
    until(lambda: "443" in listening(one))
    assert verdicts("5.8", facts_of_engine(one.socket, of="5")) == {"web": "fail"}


def test_networks_that_let_more_in(engine: EngineFactory) -> None:
    """5.9, 5.14: gateway modes and trusted interfaces of a bridge count from the engine that knows them, 28."""
    one = engine(fresh=True)
    known = int(one.docker("version", "--format", "{{.Server.Version}}").partition(".")[0]) >= 28
    prefix = "com.docker.network.bridge"
    options = {
        "plain": f"{prefix}.enable_icc=true",
        "open": f"{prefix}.gateway_mode_ipv4=nat-unprotected",
        "routed": f"{prefix}.gateway_mode_ipv4=routed",
        "trusted": f"{prefix}.trusted_host_interfaces=eth0",
    }
    for place, (name, option) in enumerate(options.items()):
        one.docker("network", "create", "--opt", option, name)
        publish = ("--network", name, "--publish", f"127.0.0.1:{8080 + place}:80")
        both(one, name, *publish, command=("httpd", "-f", "-p", "5432"))
        both(one, f"{name}-silent", "--network", name, command=("httpd", "-f", "-p", "127.0.0.1:5432"))
    facts = facts_of_engine(one.socket, of="5.9 5.14")
    bad = {"open", "routed", "trusted"} if known else set()
    wanted = {name: "fail" if name in bad else "pass" for name in options}
    silent = {f"{name}-silent": "pass" for name in options}
    if known:
        silent["open-silent"] = ("pass", "fail")  # what will listen is not known before it runs
    assert of_both(verdicts("5.14", facts)) == wanted | silent, judged("5.14", facts)
    listed = Facts(facts.recording, Policy(allowed_ports=tuple(map(PortRange.parse, ("8080-8083",)))))
    assert of_both(verdicts("5.9", listed)) == wanted | silent, judged("5.9", listed)
    if not known:
        assert "Docker before 28 lets neighbours" in reason("5.14", facts, "plain-runs")


@pytest.mark.parametrize("way", ["allow-direct-routing", "DOCKER_INSECURE_NO_IPTABLES_RAW"])
def test_daemons_that_let_neighbours_in(
    engine: EngineFactory, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """5.14: a port of one address is open to neighbours where the daemon is told so."""
    plain = engine(fresh=True)
    if int(plain.docker("version", "--format", "{{.Server.Version}}").partition(".")[0]) < 28:
        pytest.skip("this engine knows neither")
    if way.islower():
        one = engine(fresh=True, **{way: True})
    else:
        one = engine(fresh=True)
        one.stop()
        environment = one._environment()
        monkeypatch.setattr(one, "_environment", lambda: {**environment, way: "1"})
        one.start()
    for each, verdict in ((plain, "pass"), (one, "fail")):
        each.run("web", "--publish", "127.0.0.1:8080:80")
        assert verdicts("5.14", facts_of_engine(each.socket, of="5.14")) == {"web": verdict}


@pytest.mark.parametrize("program", ["ip", "busybox"])
def test_card_of_the_host_in_a_bridge(
    engine: EngineFactory, program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """5.14: who is in the network of the card needs no published port.

    The ip of busybox may take the other end of a container's card for an interface of the host with its number.
    """
    one = engine()
    (tmp_path / "ip").symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for name, options in {"own": (), "inside": ("--internal",), "other": ()}.items():
        option = f"com.docker.network.bridge.name=lab-{name}"
        one.docker("network", "create", "--opt", option, *options, name)
        one.run(name, "--network", name)
    one.nsenter("ip", "link", "add", "card", "type", "veth", "peer", "name", "wire")
    found = {}
    try:
        for name in ("own", "inside"):
            one.nsenter("ip", "link", "set", "card", "master", f"lab-{name}")
            found[name] = judged("5.14", facts_of_engine(one.socket, of="5.14"))
    finally:
        one.nsenter("ip", "link", "delete", "card")
    for name, each in found.items():
        wanted = dict.fromkeys(("own", "inside", "other"), "pass") | {name: "manual"}
        assert {container: verdict for container, (verdict, _) in each.items()} == wanted
        assert each[name][1].startswith(f"card is a port of its bridge lab-{name}")


LACKING: dict[str, tuple[dict[str, str | None], str]] = {
    "all": ({}, "pass"),
    "no-nft": ({"nft": None}, "pass"),
    "no-iptables": ({"iptables-save": None, "ip6tables-save": None}, "pass"),
    "none": ({"nft": None, "iptables-save": None, "ip6tables-save": None}, "error"),
    "nft-fails": ({"nft": lacking.FAILS}, "error"),
    "iptables-fails": ({"ip6tables-save": lacking.FAILS}, "error"),
    "not-in-the-kernel": ({"nft": "echo 'Error: Operation not supported' >&2; exit 1"}, "pass"),
    "no-netlink": ({"nft": "echo 'Netlink socket: Address family not supported' >&2; exit 3"}, "error"),
    "no-nsenter": ({"nsenter": None}, "error"),
    "nsenter-fails": ({"nsenter": lacking.FAILS}, "error"),
    "no-ip": ({"ip": None}, "error"),
}


@pytest.mark.parametrize("case", LACKING)
def test_rules_that_no_program_lists(engine: EngineFactory, tmp_path: Path, case: str) -> None:
    """5.8, 5.9, 5.14: where nothing lists the rules of the engine's network, any may lead to a container."""
    instead, verdict = LACKING[case]
    one = engine()
    one.run("web", "-p", "127.0.0.1:8080:80")
    one.run("alone", "--network", "none")
    folder = lacking.programs(tmp_path / "bin", instead)
    facts = lacking.facts_of_engine(one.socket, folder, of="5.8 5.9 5.14")
    facts = Facts(facts.recording, Policy(allowed_ports=(PortRange.parse("8080"),)))
    for number in ("5.9", "5.14"):
        assert verdicts(number, facts) == {"web": verdict, "alone": "pass"}, number
    # a card in the bridge of the engine opens no port of the host
    assert verdicts("5.8", facts) == {"web": "pass" if case == "no-ip" else verdict, "alone": "pass"}
