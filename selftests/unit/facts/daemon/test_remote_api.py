"""The TCP addresses at which a daemon takes commands."""

import pytest

from hullcheck.facts.daemon.sockets.remote_api import RemoteApi
from hullcheck.facts.daemon.sockets.tls import Protection
from hullcheck.verdicts import EvidenceError

PLAIN, TLS, VERIFIED = (
    Protection(False, "without TLS", encrypted=False),
    Protection(False, "without a certificate"),
    Protection(True, "with one"),
)


@pytest.mark.parametrize(
    ("api", "offered"),
    [
        (RemoteApi((), (), ()), False),
        (RemoteApi(("10.0.0.1:2376 (listening)",), (), (VERIFIED,)), True),
        (RemoteApi((), ("tcp://0.0.0.0",), (PLAIN,)), True),
        (RemoteApi((), ("tcp://0.0.0.0",), (VERIFIED,)), False),
    ],
)
def test_offered(api: RemoteApi, offered: bool) -> None:
    """An address in force always counts, one that the next start opens where it is weak."""
    assert api.offered is offered


def test_address_that_may_be_there() -> None:
    """Whether there is one is an error where none is known."""
    with pytest.raises(EvidenceError, match="why"):
        _ = RemoteApi((), (), (), doubt="why").offered
    assert RemoteApi(("1.2.3.4:1",), (), (PLAIN,), doubt="why").offered


@pytest.mark.parametrize(("protection", "port"), [(PLAIN, 2375), (TLS, 2376)])
def test_port_that_is_not_named(protection: Protection, port: int) -> None:
    """It is the usual one, with TLS or without."""
    found = RemoteApi((), ("tcp://10.0.0.1", "tcp://:9999"), (protection,))
    assert found.endpoints == (("10.0.0.1", port), ("*", 9999))
    assert found.note == "; restart pending: will listen on tcp://10.0.0.1, tcp://:9999"
