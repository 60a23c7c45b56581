"""Hosts with the products that controls speak of: the packages of Debian 13, no stand-ins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

PACKAGES = "unattended-upgrades"


@pytest.fixture
def product_host(lab_host: Callable[..., Host], request: pytest.FixtureRequest) -> Callable[..., Host]:
    """Make hosts with the products, of which one image is made; keywords are those of `lab_host`, as other `packages`.

    What the test names by its marker `product`, a package and its version, is what the host has.
    """
    products = [name.split() for mark in request.node.iter_markers("product") for name in mark.args]

    def make(**keywords: object) -> Host:
        host = lab_host(**{"release": "trixie", "packages": PACKAGES, **keywords})
        for package, version in products:
            found = host.exec("dpkg-query", "--show", "--showformat", "${Version}", package)
            assert found.startswith(version), f"{package} is {found}"
        return host

    return make
