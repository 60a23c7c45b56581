"""Section 2 on real engines: whether containers on the default bridge reach each other, and what 2.2 says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hullcheck.policy import Policy
from selftests.kit.judging import facts_of_engine, judged
from selftests.needs import stop_if
from selftests.rig.engines import rootless
from selftests.rig.shell import CommandError, call
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.laboratory import Laboratory

FILTER = "firewall_limits_container_traffic"
SWITCH = "/proc/sys/net/bridge/bridge-nf-call-iptables"
BETWEEN = ("DOCKER-USER", "-i", "docker0", "-o", "docker0", "-j", "ACCEPT")


class Detached(rootless.RootlessEngine):
    """A rootless engine whose networks are in another one than its daemon, as by default from 29.5 on."""

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS": "--detach-netns"}


def verdict(engine: Engine, number: str = "2.2") -> str:
    """What the control says."""
    (found,) = judged(number, facts_of_engine(engine.socket, of=number)).values()
    return found[0]


def reaches(engine: Engine, address: str, container: str = "client") -> bool:
    """Whether a container gets an answer of the server at this *address*."""
    try:
        return "hello" in engine.docker("exec", container, "nc", "-w", "2", address, "7000")
    except CommandError:
        return False


def test_log_driver_that_sends_to_the_default_bridge(engine: Callable[..., Engine]) -> None:
    """2.14: the address is the daemon's own, in whatever network that is: nothing leaves the host by it."""
    policy = Policy(log_drivers=("gelf",))
    for address, expected in ("172.17.0.1", "manual"), ("172.17.1.1", "pass"):
        one = engine(log_driver="gelf", log_opts={"gelf-address": f"udp://{address}:12201"})
        (found,) = judged("2.14", facts_of_engine(one.socket, policy, of="2.14")).values()
        assert found[0] == expected, found


def test_rules_that_are_gone(engine: Callable[..., Engine]) -> None:
    """The engine does not see that they were taken away; every kind of bridge has some before."""
    one = engine(fresh=True)
    for options in ((), ("--internal",), ("--ipv6", "--subnet", "fd00:1::/64")):
        one.docker("network", "create", *options, f"n{len(options)}")
    assert verdict(one, "2.4") == "pass"
    one.nsenter("iptables", "-F", "FORWARD")
    assert verdict(one, "2.4") == "fail"
    one.restart()
    assert verdict(one, "2.4") == "pass"


@pytest.mark.needs_engine(">=29.5", "it can make its networks in one that RootlessKit keeps apart")
def test_rules_of_a_rootless_engine_in_a_network_apart(lab: Laboratory) -> None:
    """2.4, and the guide's control of the packet filter: they are looked for there, and not beside the daemon."""
    stop_if(rootless.obstacle())
    one = Detached(lab)
    try:
        one.start()
        assert verdict(one, "2.4") == "pass"
        chains = judged(FILTER, facts_of_engine(one.socket, of=FILTER))["iptables"]
        assert "DOCKER-USER has no rule" in chains[1], chains
        state = f"/proc/{one.daemon_pid}/root{one.socket.parent}/dockerd-rootless"
        call("nsenter", f"--net={state}/netns", "iptables", "-F", "FORWARD")
        assert verdict(one, "2.4") == "fail"
    finally:
        one.down()


@pytest.mark.needs_engine(">=29", "the engine makes rules of nftables itself")
def test_rules_of_nftables_that_are_gone(engine: Callable[..., Engine]) -> None:
    """With them goes what keeps containers apart; every kind of bridge has some before."""
    one = engine(fresh=True, iptables=False)
    one.stop()
    one.nsenter(
        "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"
    )  # left to the site
    one.configure({"firewall-backend": "nftables", "icc": False})
    one.start()
    for options in ((), ("--internal",), ("--ipv6", "--subnet", "fd00:1::/64")):
        one.docker("network", "create", *options, f"n{len(options)}")
    one.run("server", command=("nc", "-ll", "-p", "7000", "-e", "echo", "hello"))
    one.run("client")
    address = one.inspect("server")[0]["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    until(lambda: reaches(one, "127.0.0.1", "server"), "the server does not answer")

    assert (reaches(one, address), verdict(one), verdict(one, "2.4")) == (False, "pass", "pass")
    one.nsenter("nft", "flush", "chain", "ip6", "docker-bridges", "filter-FORWARD")
    assert (reaches(one, address), verdict(one), verdict(one, "2.4")) == (False, "pass", "fail")
    one.nsenter("nft", "flush", "chain", "ip", "docker-bridges", "filter-FORWARD")
    assert (reaches(one, address), verdict(one), verdict(one, "2.4")) == (True, "fail", "fail")
    one.restart()
    assert (reaches(one, address), verdict(one), verdict(one, "2.4")) == (False, "pass", "pass")


def test_isolation_in_force(engine: Callable[..., Engine]) -> None:
    """A rule before the daemon's own, a bridge past the filter and rules that are gone undo what the setting says."""
    one = engine(fresh=True, icc=False)
    one.run("server", command=("nc", "-ll", "-p", "7000", "-e", "echo", "hello"))
    one.run("client")
    address = one.inspect("server")[0]["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    until(lambda: reaches(one, "127.0.0.1", "server"), "the server does not answer")

    steps: list[tuple[tuple[str, ...], bool]] = [
        ((), False),
        (("iptables", "-I", *BETWEEN), True),
        (("iptables", "-D", *BETWEEN), False),
        (("sh", "-c", f"echo 0 >{SWITCH}"), True),
        (("sh", "-c", f"echo 1 >{SWITCH}"), False),
        (("iptables", "-F", "FORWARD"), False),  # its policy is left
        (("iptables", "-P", "FORWARD", "ACCEPT"), True),
    ]
    for command, is_reached in steps:
        if command:
            one.nsenter(*command)
        assert (reaches(one, address), verdict(one)) == (
            is_reached,
            "fail" if is_reached else "pass",
        ), command
