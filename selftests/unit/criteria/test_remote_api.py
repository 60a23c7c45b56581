"""What is wrong with the addresses at which a daemon takes commands."""

import pytest

from hullcheck.criteria.remote_api import weakness
from hullcheck.facts.daemon.sockets.remote_api import RemoteApi
from hullcheck.facts.daemon.sockets.tls import Protection
from hullcheck.verdicts import EvidenceError

VERIFIED, PLAIN = Protection(True, "with the CA /ca"), Protection(False, "without TLS", encrypted=False)
NOW, LATER = ("tcp://a:1",), ("tcp://b:2",)


@pytest.mark.parametrize(
    ("api", "found"),
    [
        (RemoteApi(NOW, (), (VERIFIED,)), ""),
        (RemoteApi(NOW, (), (PLAIN,)), "takes commands on tcp://a:1 without TLS"),
        (
            RemoteApi(NOW, LATER, (VERIFIED, PLAIN), protection_doubt="changed"),
            "takes commands on tcp://a:1 without TLS; restart pending: changed; restart pending: will listen on tcp://b:2",
        ),
        (RemoteApi((), LATER, (PLAIN,)), "restart pending: will take commands on tcp://b:2 without TLS"),
        (RemoteApi((), LATER, (VERIFIED, PLAIN)), ""),
    ],
)
def test_weakness(api: RemoteApi, found: str) -> None:
    """Where an address is open now, the options of both starts count; else those of the next one alone."""
    assert weakness(api) == found


@pytest.mark.parametrize("doubts", [("more may listen", ""), ("", "more may listen")])
def test_doubt_is_no_weakness(doubts: tuple[str, str]) -> None:
    """What may be weak and is not known to be is an error, which names the address."""
    with pytest.raises(EvidenceError, match=r"^tcp://a:1: more may listen$"):
        weakness(RemoteApi(NOW, (), (VERIFIED,), *doubts))
