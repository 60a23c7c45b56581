"""2.14 on real engines: addresses of the default bridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hullcheck.policy import Policy
from selftests.kit.judging import facts_of_engine, judged

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine


def test_log_driver_that_sends_to_the_default_bridge(engine: Callable[..., Engine]) -> None:
    """2.14: the address is the daemon's own, in whatever network that is: nothing leaves the host by it."""
    policy = Policy(log_drivers=("gelf",))
    for address, expected in ("172.17.0.1", "manual"), ("172.17.1.1", "pass"):
        one = engine(log_driver="gelf", log_opts={"gelf-address": f"udp://{address}:12201"})
        (found,) = judged("2.14", facts_of_engine(one.socket, policy, of="2.14")).values()
        assert found[0] == expected, found
