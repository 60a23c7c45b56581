"""Hosts with the products that controls speak of: the packages of Debian 13, no stand-ins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

PACKAGES = "ansible-core cron git needrestart puppet-agent rsyslog systemd-journal-remote unattended-upgrades"


@pytest.fixture
def product_host(lab_host: Callable[..., Host]) -> Callable[..., Host]:
    """Make hosts with the products, of which one image is made; keywords are those of `lab_host`."""

    def make(**keywords: object) -> Host:
        return lab_host(release="trixie", packages=PACKAGES, **keywords)

    return make
