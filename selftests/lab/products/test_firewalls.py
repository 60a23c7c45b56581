"""Firewalls in front of containers: whether a packet of a stranger reaches a published port, and what is said of it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hullcheck.policy import Policy
from selftests.kit.judging import judge_guest

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]

PACKAGES = "fail2ban firewalld nftables ufw"
FORWARD = "type filter hook forward priority 0;"
EARLY = "type filter hook prerouting priority raw;"
REPLIES = "ct state established,related accept;"
# Chains in a table of the site's own, whether a packet passes them, and the verdict.
CHAINS = {
    f"chain FORWARD {{ {FORWARD} policy drop; {REPLIES} iifname docker0 accept; }}": (False, "pass"),
    f"chain way {{ {FORWARD} {REPLIES} iifname eth0 oifname docker0 reject; }}": (False, "pass"),
    f"chain way {{ {FORWARD} iifname eth0 jump x; }}": (True, "manual"),
    f"chain way {{ {FORWARD} {REPLIES} iifname vmap @cards; }}": (False, "manual"),
    f"chain way {{ {EARLY} tcp dport 22 accept; iifname eth0 ct state new drop; }}": (True, "manual"),
    f"chain way {{ {FORWARD} {REPLIES} iifname eth0 ct status dnat accept; iifname eth0 drop; }}": (
        True,
        "manual",
    ),
}
OTHERS = """map cards { type ifname : verdict; elements = { eth0 : drop }; }
chain x { ct original proto-dst 8080 accept; reject; }
"""


@pytest.fixture
def host(product_host: HostFactory) -> Host:
    """A host with a published port, and no firewall at work."""
    found = product_host(packages=PACKAGES)
    found.exec("systemctl", "disable", "--now", "fail2ban", "firewalld", "ufw")
    restart(found)
    found.run("web", "--publish", "8080:80", "--restart", "always", command=["httpd", "-f", "-p", "80"])
    return found


def restart(host: Host) -> None:
    """Let the engine make its rules again."""
    host.exec("sh", "-c", "systemctl reset-failed docker.service; systemctl restart docker")


def comes(host: Host) -> bool:
    """Whether a connection from outside comes to the container."""
    try:
        socket.create_connection((host.address, 8080), timeout=2).close()
    except OSError:
        return False
    return True


def own_address(host: Host) -> str:
    """Where connections to the host come from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((host.address, 8080))
        return str(way.getsockname()[0])


def judged(host: Host) -> tuple[bool, str]:
    """Whether a connection comes, and the verdict."""
    return comes(host), judge_guest("firewall_limits_container_traffic", host)["iptables"][0]


@pytest.mark.product("firewalld 2.3")
def test_firewalld(host: Host) -> None:
    """It lets in what is published, unless it is told to be strict with that."""
    host.exec("systemctl", "start", "firewalld")
    restart(host)
    assert judged(host) == (True, "manual")  # it drops what is not published
    host.exec(
        "sed", "-i", "s/^StrictForwardPorts=.*/StrictForwardPorts=yes/", "/etc/firewalld/firewalld.conf"
    )
    host.exec("systemctl", "restart", "firewalld")
    restart(host)
    assert judged(host) == (False, "pass")
    policy = Policy(ip_forward_reason="bridges")
    host.exec("iptables", "-P", "FORWARD", "ACCEPT")
    (found,) = judge_guest("ipv4_forwarding_is_off_or_recorded", host, policy).values()
    assert (found[0], "filter_FORWARD" in found[1]) == ("pass", True)
    host.exec("firewall-cmd", "--set-default-zone=trusted")
    (found,) = judge_guest("ipv4_forwarding_is_off_or_recorded", host, policy).values()
    assert found[0] == "fail"


@pytest.mark.product("nftables 1.1")
def test_tables_of_the_service_of_nftables(host: Host) -> None:
    """Chains of /etc/nftables.conf, before and behind what the engine does; with its rules flushed 2.4 fails."""
    for chain, expected in CHAINS.items():
        lines = f"{OTHERS}{chain}".replace("{ ", "{\n").replace("; }", "\n}").replace("; ", "\n")
        lines = lines.replace("{\neth0 : drop }", "{ eth0 : drop }")
        host.write("/etc/nftables.conf", f"destroy table inet site\ntable inet site {{\n{lines}\n}}\n")
        host.exec("systemctl", "reload-or-restart", "nftables")
        assert judged(host) == expected, chain
    assert judge_guest("2.4", host)[host.name][0] == "pass"
    host.exec("systemctl", "stop", "nftables")
    assert judge_guest("2.4", host)[host.name][0] == "fail"


@pytest.mark.product("ufw 0.36")
def test_ufw(host: Host) -> None:
    """Its rules come behind the engine's, which has let in by then what is published."""
    host.exec("ufw", "allow", "22/tcp")
    host.exec("ufw", "route", "deny", "in", "on", "eth0", "out", "on", "docker0")
    host.exec("ufw", "--force", "enable")
    assert judged(host) == (True, "fail")


@pytest.mark.product("fail2ban 1.1")
@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ("iptables-allports[name=web, chain=DOCKER-USER]", "fail"),
        ("nftables-allports[name=web, chain_hook=forward]", "manual"),  # what is in a set is not read
    ],
)
def test_fail2ban(host: Host, action: str, verdict: str) -> None:
    """It keeps out the addresses that it banned, and lets in the rest: no default for what reaches a container."""
    host.write("/etc/fail2ban/filter.d/web.conf", "[Definition]\nfailregex = ^<HOST> failed$\n")
    host.write("/var/log/web.log", "")
    host.write(
        "/etc/fail2ban/jail.d/web.local",
        "[DEFAULT]\nbackend = polling\n[sshd]\nenabled = false\n"
        f"[web]\nenabled = true\nlogpath = /var/log/web.log\naction = {action}\n",
    )
    host.exec("systemctl", "restart", "fail2ban")
    assert judged(host) == (True, "fail")
    host.exec("fail2ban-client", "set", "web", "banip", "203.0.113.9")
    assert judged(host) == (True, verdict)
    host.exec("fail2ban-client", "set", "web", "banip", own_address(host))
    assert judged(host) == (False, verdict)
