"""Addresses: what IPv6 maps of IPv4 is judged and written as IPv4, whichever Python judges."""

import ast

import pytest

from hullcheck.facts.engine.endpoints import endpoint
from hullcheck.parsing.addresses import canonical, is_loopback, is_unspecified
from hullcheck.parsing.proc.net import listener
from hullcheck.policy.values import to_listener
from selftests import REPOSITORY

PROPERTIES = "global link_local loopback multicast private reserved unspecified"
JUDGES = {f"is_{each}" for each in PROPERTIES.split()}


@pytest.mark.parametrize(
    ("text", "written", "loopback", "every"),
    [
        ("127.0.0.1", "127.0.0.1", True, False),
        ("::1", "::1", True, False),
        ("::ffff:127.0.0.1", "127.0.0.1", True, False),
        ("::ffff:7f00:1", "127.0.0.1", True, False),
        ("::ffff:10.0.0.5", "10.0.0.5", False, False),
        ("::ffff:0.0.0.0", "0.0.0.0", False, True),
        ("0::0", "::", False, True),
        ("fd00::05", "fd00::5", False, False),
    ],
)
def test_every_python_says_the_same(text: str, written: str, loopback: bool, every: bool) -> None:
    """In 3.13 the mapped addresses became loopback, private, unspecified and so on; here they always were."""
    assert (canonical(text), is_loopback(text), is_unspecified(text)) == (written, loopback, every)


def test_name_is_no_address() -> None:
    """It stays as it is, and is not judged."""
    for name in ("db.example", "1.2.3.4.5", "9999999999"):
        assert canonical(name) == name
    with pytest.raises(ValueError, match="db"):
        is_loopback("db.example")


def test_sockets_flags_and_policies_write_an_address_in_one_way() -> None:
    """So that a listener is found in the policy, and one on every address is seen as that."""
    for written, found in (
        ("[::ffff:10.0.0.5]:2376", ("10.0.0.5", 2376)),
        ("[::ffff:0.0.0.0]:2376", ("*", 2376)),
    ):
        assert endpoint(f"tcp://{written}") == to_listener(written) == found
    listens = listener("1/net/udp6: 0: 0000000000000000FFFF000000000000:1F90 0:0 07 0:0 00:0 0 0 0 5")
    assert listens is not None
    assert is_unspecified(listens.address)


def test_nobody_asks_python_itself() -> None:
    """Nothing of the library and no control judges an address by properties whose meaning differs."""
    for path in [*REPOSITORY.glob("hullcheck/**/*.py"), *REPOSITORY.glob("tests/*.py")]:
        if path.name == "addresses.py":
            continue
        called = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute))
        assert not [node.lineno for node in called if node.attr in JUDGES], path
