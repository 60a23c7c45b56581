"""What keeps a host up to date: unattended-upgrades, as its package sets it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import judge_guest

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host


@pytest.mark.product("unattended-upgrades 2.12")
def test_unattended_upgrades(product_host: Callable[..., Host]) -> None:
    """It is on and did not run, off, on and ran, and is stopped."""
    host = product_host(docker=False)

    def verdict() -> str:
        return judge_guest("patching_is_automated", host)[host.name][0]

    host.exec("systemctl", "enable", "--now", "apt-daily-upgrade.timer")
    assert verdict() == "manual"  # its package switches it on
    host.write("/etc/apt/apt.conf.d/99off", 'APT::Periodic::Unattended-Upgrade "0";\n')
    assert verdict() == "fail"
    host.exec("rm", "/etc/apt/apt.conf.d/99off")
    host.exec("systemctl", "start", "apt-daily-upgrade.service")
    assert verdict() == "pass"
    host.exec("systemctl", "disable", "apt-daily-upgrade.timer")
    assert verdict() == "manual"
    host.exec("systemctl", "stop", "apt-daily-upgrade.timer")
    assert verdict() == "fail"
