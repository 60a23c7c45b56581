"""Listeners and connections in /proc/net."""

from __future__ import annotations

import pytest

from hullcheck.parsing.proc.net import held, listener


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


def test_what_a_process_listens_on_and_calls() -> None:
    """Its own listeners, and whom it called: neither who called it, nor what another holds."""
    end = "0:0 00:0 0 0 0"
    lines = [
        "1/net/tcp:  sl  local_address rem_address   st",
        f"1/net/tcp:   0: 0100000A:01BB 00000000:0000 0A {end} 1 x",
        f"1/net/tcp6:   1: 00000000000000000000000001000000:0050 {'0' * 32}:0000 0A {end} 2 x",
        f"1/net/tcp:   2: 0100000A:C000 0200000A:1F90 01 {end} 3 x",
        f"1/net/tcp:   3: 0100000A:01BB 0300000A:C001 01 {end} 4 x",
        f"1/net/tcp:   4: 0100000A:C002 0400000A:1F90 01 {end} 5 x",
        f"1/net/tcp:   5: 0100000A:C003 0500000A:1F90 06 {end} 6 x",
    ]
    lines.append("1/net/tcp:   6: 0100000A:C004 0600000A:1F90 01 0:0 00:0 0 0 0")  # cut off
    links = [f"socket:[{number}]" for number in (1, 2, 3, 4, 6)]
    assert held(lines, links) == (["10.0.0.1 443", "::1 80"], ["10.0.0.2 8080"])
