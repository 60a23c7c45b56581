"""The addresses that the daemon was told to listen on."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.daemon.sockets import Asked
from hullcheck.facts.daemon.sockets.asked import asked_addresses
from hullcheck.verdicts import EvidenceError

UNIT = ("/run/docker.sock", "127.0.0.1:2375")


@pytest.mark.parametrize(
    ("hosts", "given", "was_given", "expected"),
    [
        (
            ("tcp://a:1", "fd://"),
            UNIT,
            True,
            ("tcp://a:1", "unix:///run/docker.sock", "tcp://127.0.0.1:2375"),
        ),
        (("tcp://a:1", "fd://"), UNIT, False, None),
        (("tcp://a:1", "fd://"), None, True, None),
    ],
)
def test_sockets_of_a_service_manager(
    hosts: tuple[str, ...], given: tuple[str, ...] | None, was_given: bool, expected: tuple[str, ...] | None
) -> None:
    """Those of docker.socket stand for `fd://` if the daemon started with them; else there may be others."""
    process: Any = SimpleNamespace(values=lambda _: hosts, was_given=lambda _: was_given)
    asked = asked_addresses(process, lambda: pytest.fail("not needed"), tuple, lambda: given)
    if expected:
        assert asked == Asked(expected, "command line")
    else:
        assert asked == Asked(("tcp://a:1",), "command line", open_ended=True)


@pytest.mark.parametrize(
    ("encrypted", "usual"), [(False, "unix:///var/run/docker.sock"), (True, "tcp://localhost:2376")]
)
def test_address_that_is_empty(encrypted: bool, usual: str) -> None:
    """It is the usual socket, and a port where TLS is on; systemd is not asked."""
    process: Any = SimpleNamespace(values=lambda _: ("",))
    protection: Any = (SimpleNamespace(encrypted=encrypted),)
    asked = asked_addresses(
        process, lambda: pytest.fail("not needed"), lambda: protection, lambda: pytest.fail("not needed")
    )
    assert asked == Asked((usual,), "command line")


def test_settings_that_cannot_be_read() -> None:
    """There may be any address."""

    def unread() -> Any:
        raise EvidenceError("may not be read")

    process: Any = SimpleNamespace(values=lambda _: ())
    assert asked_addresses(process, unread, tuple, lambda: None) == Asked((), "", "may not be read")
