"""Capabilities that the engine gives."""

from __future__ import annotations

import pytest

from hullcheck.parsing.capabilities import granted


@pytest.mark.parametrize(
    ("added", "dropped", "has", "lacks"),
    [
        ((), (), "NET_RAW", "SYS_ADMIN"),
        (("ALL",), (), "SYS_ADMIN", ""),
        (("all",), ("all",), "SYS_ADMIN", ""),
        (("CAP_SYS_TIME",), ("cap_net_raw",), "SYS_TIME", "NET_RAW"),
        ((), ("ALL",), "", "CHOWN"),
        (("chown",), ("ALL",), "CHOWN", "KILL"),
        (("NET_RAW",), ("NET_RAW",), "NET_RAW", ""),
    ],
)
def test_capabilities_by_options(
    added: tuple[str, ...], dropped: tuple[str, ...], has: str, lacks: str
) -> None:
    """What the engine gives is known from its options, whatever their spelling."""
    found = granted(added, dropped, privileged=False)
    assert not has or has in found
    assert not lacks or lacks not in found
