"""5.8 to 5.10, 5.14, 5.16, 5.17, 5.30 on real engines: ports, networks and joined namespaces."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import facts_of_engine, judged
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


@pytest.mark.needs_engine(">=28", "earlier ones know no gateway modes")
def test_network_without_protection(engine: EngineFactory) -> None:
    """5.14: in the gateway mode nat-unprotected a container opens what it listens on."""
    one = engine(fresh=True)
    mode = "com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected"
    one.docker("network", "create", "--opt", mode, "open")
    both(one, "web", "--network", "open", command=("httpd", "-f", "-p", "5432"))
    assert of_both(verdicts("5.14", facts_of_engine(one.socket, of="5.14"))) == {"web": ("fail", "manual")}
