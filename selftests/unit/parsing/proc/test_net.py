"""Listeners and connections in /proc/net."""

from __future__ import annotations

import pytest

from hullcheck.parsing.proc.net import listener


@pytest.mark.parametrize(
    ("line", "address", "loopback"),
    [
        ("1/net/tcp:  0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 5", "127.0.0.1", True),
        ("1/net/tcp6: 0: 00000000000000000000000001000000:1F90 0:0 0A 0:0 00:0 0 0 0 5", "::1", True),
        (
            "1/net/tcp6: 0: 0000000000000000FFFF00000100007F:1F90 0:0 0A 0:0 00:0 0 0 0 5",
            "127.0.0.1",
            True,
        ),
        ("1/net/udp6: 0: 00000000000000000000000000000000:1F90 0:0 07 0:0 00:0 0 0 0 5", "::", False),
    ],
)
def test_addresses_of_listeners(line: str, address: str, loopback: bool) -> None:
    """The kernel's hexadecimal words are read as addresses."""
    found = listener(line)
    assert found is not None
    assert (found.address, found.number, found.on_loopback) == (address, 8080, loopback)
    assert (found.pid, found.inode) == (1, "5")


def test_connections_are_no_listeners() -> None:
    """An established connection opens no port."""
    assert listener("1/net/tcp:  0: 0100007F:1F90 0100007F:1234 01 0:0 00:0 0 0 0 5") is None
